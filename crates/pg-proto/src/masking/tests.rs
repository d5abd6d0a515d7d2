//! What is masked, and what must not be.

use proptest::prelude::*;

use super::*;

fn check(sql: &str, expected: &str) {
    assert_eq!(masked(sql), expected);
}

fn same(sql: &str) {
    assert!(
        matches!(masked(sql), Cow::Borrowed(text) if text == sql),
        "{sql}: {}",
        masked(sql)
    );
}

#[test]
fn a_password_is_masked_however_it_is_written() {
    check("alter role a password 's'", "alter role a password '[MASKED]'");
    check(
        "CREATE USER a ENCRYPTED PASSWORD's''t' LOGIN",
        "CREATE USER a ENCRYPTED PASSWORD'[MASKED]' LOGIN",
    );
    check(
        "alter role a PaSsWoRd\n\t's';select 1",
        "alter role a PaSsWoRd\n\t'[MASKED]';select 1",
    );
    check(
        "alter role a password /* a /* b */ 'c' */ -- 'd'\n's'",
        "alter role a password /* a /* b */ 'c' */ -- 'd'\n'[MASKED]'",
    );
    check(
        r"alter role a password E's\'t\\'",
        "alter role a password E'[MASKED]'",
    );
    check(
        r"alter role a password U&'\0073'",
        "alter role a password U&'[MASKED]'",
    );
    check(
        "alter role a password $x$s$t$x$;",
        "alter role a password $x$[MASKED]$x$;",
    );
    check(
        "alter role a password 's'\n't'",
        "alter role a password '[MASKED]'\n'[MASKED]'",
    );
    check("alter role a password 's", "alter role a password '[MASKED]");
    check(
        "create user mapping for a server s options (user 'u', \"password\" 's')",
        "create user mapping for a server s options (user 'u', \"password\" '[MASKED]')",
    );
    check(
        "alter user mapping for a server s options (set password 's')",
        "alter user mapping for a server s options (set password '[MASKED]')",
    );
    check(
        "alter role a password 'żółw' -- ń",
        "alter role a password '[MASKED]' -- ń",
    );
}

#[test]
fn connection_strings_and_uris_lose_their_passwords() {
    check(
        "select dblink('host=a password=s dbname=b', 'select 1')",
        "select dblink('host=a password=[MASKED] dbname=b', 'select 1')",
    );
    check(
        "create subscription s connection 'host=a Password = ''s t u'' port=1' publication p",
        "create subscription s connection 'host=a Password = ''[MASKED]'' port=1' publication p",
    );
    check("select $$password='s t'$$", "select $$password='[MASKED]'$$");
    check(r"select E'password=\'s t\''", r"select E'password=\'[MASKED]\''");
    check(
        "select dblink_connect('postgresql://u:s@h:5432/d?password=t&sslmode=require')",
        "select dblink_connect('postgresql://u:[MASKED]@h:5432/d?password=[MASKED]&sslmode=require')",
    );
    check(
        "select 'postgres://u:s:t@u@h'",
        "select 'postgres://u:[MASKED]@h'",
    );
}

#[test]
fn bodies_are_looked_into() {
    check(
        "do $$ begin execute $x$alter role a password 's'$x$; alter role b password 't'; end $$",
        "do $$ begin execute $x$alter role a password '[MASKED]'$x$; alter role b password '[MASKED]'; end $$",
    );
    check(
        "create function f() returns void language plpgsql as $$ alter role b password 't' $$",
        "create function f() returns void language plpgsql as $$ alter role b password '[MASKED]' $$",
    );
}

#[test]
fn what_is_no_secret_stays() {
    same("select 1");
    same("select password, 'x' from t");
    same("set password_encryption = 'scram-sha-256'");
    same("alter role a password null");
    same("select 'the password is in the drawer'");
    same("-- password 's'\nselect 1");
    same("select \"my password\" 's'");
    same("select 'http://host/path:x'");
    same("select passwordx 's', xpassword 't'");
}

#[test]
fn nobody_hides_a_statement_behind_a_password() {
    // An empty password ends where it ends.
    check(
        "alter role a password ''; drop table t; select ''",
        "alter role a password '[MASKED]'; drop table t; select ''",
    );
    // With standard_conforming_strings off the DROP is not within a literal.
    same(r"select '\' password ' ; drop table t; --'");
    same(r"select 'a\'' password 's'");
    // Half a character of another encoding, and a backslash that is none.
    same("select E'\u{FFFD}\\' password '; drop table t; --'");
    same("select E'\u{e9}\\' password '; drop table t; --'");
    // The same, and a dollar quote whose tag ends in `@`.
    same("select $\u{FFFD}@$'$\u{FFFD}@$; alter role a password '; drop table t; --'");
    same("select 1 as \u{e9}`, $\u{e9}a$ password '; drop table t; --'");
    // Other languages have other literals.
    same("do language plperl $$ q(password ');spi_exec_query(\"drop table t\");q(') $$");
    same("do language/**/plperl $$ q(password ');spi_exec_query(\"drop table t\");q(') $$");
    // SQL is no connection string.
    same("do $$ begin execute 'select 1 as password=1;drop/**/table/**/t'; end $$");
}

/// What may be in a text with a secret: enough to get the lexer into every state.
fn pieces() -> impl Strategy<Value = String> {
    let piece = prop::sample::select(vec![
        "password", "PASSWORD", " ", "\n", "'", "''", "\"", "E'", "U&'", "$$", "$x$", "\\", "--", "/*", "*/",
        "=", "s", "host=", "://", ":", "@", "postgres", "language", "sql", ";", "ż", "\u{FFFD}", "?", "&",
    ]);
    prop::collection::vec(piece, 0..40).prop_map(|pieces| pieces.concat())
}

proptest! {
    #[test]
    fn what_is_not_masked_is_as_it_was(sql in pieces()) {
        let shown = masked(&sql);

        // Every part between two masks is in the text, in order.
        let mut rest = sql.as_str();
        for part in shown.split(MASKED) {
            let start = rest.find(part);
            prop_assert!(start.is_some(), "{} {}", sql, shown);
            rest = &rest[start.unwrap() + part.len()..];
        }
    }

    #[test]
    fn a_password_in_quotes_is_never_shown(
        before in "[a-z ;(,]{0,20}",
        between in "( |\n|\t|/\\*[a-z]*\\*/|--[a-z]*\n){1,4}",
        secret in "[A-Z0-9]{12,20}",
        kind in 0usize..3,
    ) {
        let literal = match kind {
            0 => format!("'{secret}'"),
            1 => format!("e'{secret}'"),
            _ => format!("$q${secret}$q$"),
        };
        let sql = format!("{before} password{between}{literal}");

        prop_assert!(!masked(&sql).contains(&secret), "{}", sql);
    }

    #[test]
    fn any_text_is_read(sql in ".{0,200}") {
        let _shown = masked(&sql);
    }
}
