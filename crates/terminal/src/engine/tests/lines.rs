//! What typed lines lead to: statements, commands, words, the history.

use super::*;

#[test]
fn a_session_begins_with_a_banner_and_a_prompt() {
    let mut session = Session::new();
    let settings = Settings {
        database: "a\x1bb".to_owned(),
        server_version: "15.18".to_owned(),
        is_superuser: true,
        ..Settings::default()
    };
    session.engine = Engine::new(settings, session.now);

    session.poll().check(&expect![[r#"
        ␛[?2004hPostern (PostgreSQL 15.18)
        Type "\?" for help.

        a\x1Bb=# "#]]);
}

#[test]
fn a_session_in_read_only_mode_says_so_in_its_banner_and_its_prompts() {
    let mut session = Session::new();
    let settings = Settings {
        database: "app".to_owned(),
        server_version: "15.18".to_owned(),
        standard_conforming_strings: true,
        is_read_only: true,
        ..Settings::default()
    };
    session.engine = Engine::new(settings, session.now);

    session
        .poll()
        .check(&expect![[r#"
            ␛[?2004hPostern (PostgreSQL 15.18)
            Read-only mode: statements that write are blocked.
            Type "\?" for help.

            app [RO]=> "#]])
        .keys("select (\r1);\r")
        .check(&expect![[r#"
            {remember "select (\n1);"}{"select (\n1);"}select (
            app [RO](> 1);
        "#]])
        .hear(tagged("BEGIN"))
        .ready(TransactionStatus::InTransaction)
        .check(&expect!["BEGIN\napp [RO]=*> "]);
}

#[test]
fn statements_on_one_line_run_one_after_another() {
    Session::new()
        .keys("select 1; select 2;\r")
        .check(&expect![[
            r#"{remember "select 1; select 2;"}{"select 1;"}select 1; select 2;
"#
        ]])
        .hear(columns())
        .hear(row("1"))
        .done("SELECT 1")
        .check(&expect![[r#"
             n 
            ---
             1
            (1 row)

            {"select 2;"}"#]])
        .done("SELECT 0")
        .check(&expect!["SELECT 0\napp=> "]);
}

#[test]
fn the_prompt_shows_what_is_open_and_the_state_of_the_transaction() {
    Session::new()
        .keys("select (\r1, '\rx'\r);\r")
        .check(&expect![[r#"
            {remember "select (\n1, '\nx'\n);"}{"select (\n1, '\nx'\n);"}select (
            app(> 1, '
            app'> x'
            app(> );
        "#]])
        .hear(tagged("BEGIN"))
        .ready(TransactionStatus::InTransaction)
        .check(&expect!["BEGIN\napp=*> "])
        .keys("select\r;\r")
        .ready(TransactionStatus::Failed)
        .check(&expect![[r#"
            {remember "select\n;"}{"select\n;"}select
            app-*> ;
            app=!> "#]]);
}

#[test]
fn what_psql_has_and_this_terminal_has_not_is_said_alike() {
    Session::new()
        .keys("\\watch 2\r\\gset\r\\if true\r\\lo_import f\r\\startpipeline\r")
        .check(&expect![[r#"
            {remember "\\watch 2"}{remember "\\gset"}{remember "\\if true"}{remember "\\lo_import f"}{remember "\\startpipeline"}\watch 2
            \watch is not available in this terminal.
            app=> \gset
            \gset is not available in this terminal.
            app=> \if true
            \if is not available in this terminal.
            app=> \lo_import f
            \lo_import is not available in this terminal.
            app=> \startpipeline
            \startpipeline is not available in this terminal.
            app=> "#]]);
}

#[test]
fn backslash_commands_do_what_psql_does() {
    Session::new()
        .keys("\\foo bar\r\\p\r\\echo 'a\\tb' \"q\" x\\\\ \\echo -n y\r\\r z\r\\! ls\r\\o /etc/passwd\r\\echo `ls`\r")
        .check(&expect![[r#"
            {remember "\\foo bar"}{remember "\\p"}{remember "\\echo 'a\\tb' \"q\" x\\\\ \\echo -n y"}{remember "\\r z"}{remember "\\! ls"}{remember "\\o /etc/passwd"}{remember "\\echo `ls`"}\foo bar
            invalid command \foo
            Try \? for help.
            app=> \p
            Query buffer is empty.
            app=> \echo 'a\tb' "q" x\\ \echo -n y
            a	b "q" x
            yapp=> \r z
            Query buffer reset (cleared).
            \r: extra argument "z" ignored
            app=> \! ls
            \! is not available in this terminal.
            app=> \o /etc/passwd
            \o is not available in this terminal.
            app=> \echo `ls`
            Backquotes are not available in this terminal.
            app=> "#]])
        .keys("\\conninfo\r")
        .check(&expect![[r#"
            {remember "\\conninfo"}\conninfo
            You are connected to database "app" as user "ann" on host "db-1" at port "5432".
            app=> "#]])
        .keys("\\?\r")
        .check(&expect![[r#"
            {remember "\\?"}\?
            General
              \errverbose            show most recent error message at maximum verbosity
              \g [(OPTIONS)]         execute query
              \gx [(OPTIONS)]        as \g, but forces expanded output mode
              \q                     quit

            Help
              \?                     show help on backslash commands
              \h [NAME]              SQL commands: their usual form and PostgreSQL's page, * for all

            Query Buffer
              \e                     edit the query buffer
              \p                     show the contents of the query buffer
              \r                     reset (clear) the query buffer

            Input/Output
              \copy ...              perform SQL COPY with a file that is uploaded or downloaded
              \echo [-n] [STRING]    write string to standard output (-n for no newline)
              \qecho [-n] [STRING]   same as \echo here
              \warn [-n] [STRING]    same as \echo here

            Formatting
              \a                     toggle between unaligned and aligned output mode
              \C [STRING]            set table title, or unset if none
              \f [STRING]            show or set field separator for unaligned query output
              \pset [NAME [VALUE]]   set table output option, or list all if no parameters
              \t [on|off]            show only rows
              \T [STRING]            set HTML <table> tag attributes, or unset if none
              \x [on|off|auto]       toggle expanded output

            Connection
              \c[onnect] [DBNAME]    connect to another database
              \conninfo              display information about current connection
              \password USERNAME     change the password of another user

            Operating System
              \timing [on|off]       toggle timing of commands

            Variables
              \set [NAME [VALUE]]    set internal variable, or list all if no parameters
              \unset NAME            unset (delete) internal variable

            Informational (S: system objects too, +: more of each)
              \d[S+]                 list tables, views and sequences
              \d[S+]  NAME           describe table, view, sequence or index
              \da[S]  [PATTERN]      list aggregates
              \dA[+]  [PATTERN]      list access methods
              \dAc[+] [AM [TYPE]]    list operator classes
              \dAf[+] [AM [TYPE]]    list operator families
              \dAo[+] [AM [FAMILY]]  list operators of operator families
              \dAp[+] [AM [FAMILY]]  list support functions of operator families
              \db[+]  [PATTERN]      list tablespaces
              \dc[S+] [PATTERN]      list conversions
              \dconfig[+] [PATTERN]  list configuration parameters
              \dC[+]  [PATTERN]      list casts
              \dd[S]  [PATTERN]      show comments not shown elsewhere
              \dD[S+] [PATTERN]      list domains
              \ddp    [PATTERN]      list default privileges
              \dE[S+] [PATTERN]      list foreign tables as relations
              \des[+] [PATTERN]      list foreign servers
              \det[+] [PATTERN]      list foreign tables
              \deu[+] [PATTERN]      list user mappings
              \dew[+] [PATTERN]      list foreign-data wrappers
              \df[anptw][S+] [FUNC]  list [only agg/normal/proc/trigger/window] functions
              \dF[+]  [PATTERN]      list text search configurations
              \dFd[+] [PATTERN]      list text search dictionaries
              \dFp[+] [PATTERN]      list text search parsers
              \dFt[+] [PATTERN]      list text search templates
              \dg[S+] [PATTERN]      list roles
              \di[S+] [PATTERN]      list indexes
              \dl[+]                 list large objects
              \dL[S+] [PATTERN]      list procedural languages
              \dm[S+] [PATTERN]      list materialized views
              \dn[S+] [PATTERN]      list schemas
              \do[S+] [OPPTRN [TYPE]] list operators
              \dO[S+] [PATTERN]      list collations
              \dp     [PATTERN]      list access privileges of tables, views and sequences
              \dP[itn+] [PATTERN]    list [only index/table] partitioned relations [n=nested]
              \drds [ROLE [DB]]      list settings of roles in databases
              \dRp[+] [PATTERN]      list publications
              \dRs[+] [PATTERN]      list subscriptions
              \ds[S+] [PATTERN]      list sequences
              \dt[S+] [PATTERN]      list tables
              \dT[S+] [PATTERN]      list data types
              \du[S+] [PATTERN]      list roles
              \dv[S+] [PATTERN]      list views
              \dx[+]  [PATTERN]      list extensions
              \dX     [PATTERN]      list extended statistics
              \dy[+]  [PATTERN]      list event triggers
              \l[+]   [PATTERN]      list databases
              \lo_list[+]            list large objects
              \sf[+]  FUNCNAME       show the definition of a function
              \sv[+]  VIEWNAME       show the definition of a view
              \z      [PATTERN]      same as \dp
            app=> "#]]);
}

#[test]
fn g_runs_the_buffer_and_then_the_statement_before() {
    Session::new()
        .keys("\\g\rselect 6 \\p \\g\r")
        .done("SELECT 0")
        .keys("\\g\r")
        .done("SELECT 0")
        .keys("select 7 \\g file\r\\p\r")
        .check(&expect![[r#"
            {remember "\\g"}{remember "select 6 \\p \\g"}{"select 6 "}\g
            app=> select 6 \p \g
            select 6 
            SELECT 0
            app=> {remember "\\g"}{"select 6 "}\g
            SELECT 0
            app=> {remember "select 7 \\g file"}{remember "\\p"}select 7 \g file
            \g with a file or a program is not available in this terminal.
            app-> \p
            select 7 
            app-> "#]]);
}

#[test]
fn words_of_other_clients_are_understood_where_psql_understands_them() {
    Session::new()
        .keys("help\rselect\rquit\rhelp\r/*\rexit;\r\\q\r\x03 quit\r\x03quit\r")
        .check(&expect![[r#"
            {Terminate}help
            Type:  \? for help with backslash commands
                   \g or terminate with semicolon to execute query
                   \q to quit
            app=> select
            app-> quit
            Use \q to quit.
            app-> help
            Use \? for help or press control-C to clear the input buffer.
            app-> /*
            app*> exit;
            Use control-D to quit.
            app*> \q
            Use control-D to quit.
            app*> ^C
            app=>  quit
            app-> ^C
            app=> quit
            ␛[?2004l{Quit}"#]]);
}

#[test]
fn ctrl_d_and_backslash_q_leave() {
    Session::new().keys("\x04").check(&expect![[r#"
        {Terminate}
        \q
        ␛[?2004l{Quit}"#]]);
    Session::new().keys("select 1 \\q\r").check(&expect![[r#"
        {remember "select 1 \\q"}{Terminate}select 1 \q
        ␛[?2004l{Quit}"#]]);
}

#[test]
fn statements_with_a_password_are_not_remembered() {
    let mut session = Session::new();
    session
        .keys("alter role a password 'x';\r")
        .done("ALTER ROLE")
        .keys("alter role a password \\p\r'y';\r")
        .done("ALTER ROLE")
        .keys("\x1b[A");

    assert!(
        !session.seen.contains("remember \"alter role a password '"),
        "{}",
        session.seen
    );
    assert!(!session.seen.contains("remember \"'y'"), "{}", session.seen);
    assert!(session.seen.ends_with("alter role a password \\p"));
}

#[test]
fn statements_of_earlier_sessions_are_there() {
    let settings = Settings {
        history: vec!["select\n1;".to_owned()],
        ..Settings::default()
    };
    Session::with(settings).keys("\x1b[A\r").check(&expect![[r#"
        {"select\n1;"}select
        1;
    "#]]);
}
