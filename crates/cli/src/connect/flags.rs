//! psql's own flags, as far as the command behind each is built: in the order they were given, which counts.

use clap::builder::{ArgAction, ValueParser};
use clap::{Arg, ArgMatches, Command, Error, FromArgMatches};
use protocol::terminal::script::{Flag, Source};

/// psql's flags of one call.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Flags {
    /// Those that set something.
    pub set: Vec<Flag>,
    /// Commands and files, with the texts of commands.
    pub parts: Vec<Part>,
    pub is_one_transaction: bool,
    /// Nobody edits what is read.
    pub is_unedited: bool,
}

/// A part of the script.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Part {
    Command(String),
    File(String),
    /// `-f -`
    Dash,
}

/// A flag without a value: letter, long name, help, and what it sets.
type Switch = (char, &'static str, &'static str, Setting);

/// What a flag sets.
#[derive(Debug, Clone, Copy)]
enum Setting {
    Set(&'static str, &'static str),
    Pset(&'static str, &'static str),
}

#[rustfmt::skip]
const SWITCHES: &[Switch] = &[
    ('a', "echo-all", "Print all lines of the script", Setting::Set("ECHO", "all")),
    ('b', "echo-errors", "Print statements that fail", Setting::Set("ECHO", "errors")),
    ('e', "echo-queries", "Print statements as they are sent", Setting::Set("ECHO", "queries")),
    ('E', "echo-hidden", "Print the statements of \\d and its relatives", Setting::Set("ECHO_HIDDEN", "on")),
    ('q', "quiet", "Print nothing but results", Setting::Set("QUIET", "on")),
    ('S', "single-line", "The end of a line ends a statement", Setting::Set("SINGLELINE", "on")),
    ('A', "no-align", "Print unaligned tables", Setting::Pset("format", "unaligned")),
    ('t', "tuples-only", "Print rows only", Setting::Pset("tuples_only", "on")),
    ('x', "expanded", "Print expanded tables", Setting::Pset("expanded", "on")),
    ('z', "field-separator-zero", "Separate fields of unaligned tables by a zero byte", Setting::Pset("fieldsep_zero", "")),
    ('0', "record-separator-zero", "Separate records of unaligned tables by a zero byte", Setting::Pset("recordsep_zero", "")),
];

/// The heading of psql's flags in the help.
const HEADING: &str = "As psql has them";

/// Adds the flags to a command.
pub fn add(command: Command) -> Command {
    let switches = SWITCHES.iter().map(|(letter, long, help, _)| {
        Arg::new(*long)
            .short(*letter)
            .long(*long)
            .help(*help)
            .action(ArgAction::SetTrue)
    });
    let value = |id: &'static str, letter: char, name: &'static str, help: &'static str| {
        Arg::new(id)
            .short(letter)
            .long(id)
            .value_name(name)
            .help(help)
            .action(ArgAction::Append)
            .value_parser(ValueParser::string())
            .allow_hyphen_values(true)
    };
    let others = [
        value(
            "command",
            'c',
            "COMMAND",
            "Run a statement, or one backslash command, and end",
        ),
        value(
            "file",
            'f',
            "FILE",
            "Run the statements of a file and end; - is standard input",
        ),
        value("set", 'v', "NAME=VALUE", "Set a psql variable").visible_alias("variable"),
        value("pset", 'P', "NAME[=VALUE]", "Set how tables look, as \\pset does"),
        value(
            "field-separator",
            'F',
            "STRING",
            "Separate fields of unaligned tables by this",
        ),
        value(
            "record-separator",
            'R',
            "STRING",
            "Separate records of unaligned tables by this",
        ),
        Arg::new("csv")
            .long("csv")
            .help("Print tables as CSV")
            .action(ArgAction::SetTrue),
        Arg::new("single-transaction")
            .short('1')
            .long("single-transaction")
            .help("Run all of a script in one transaction")
            .action(ArgAction::SetTrue),
        Arg::new("no-readline")
            .short('n')
            .long("no-readline")
            .help("Edit no lines; of scripts nobody does")
            .action(ArgAction::SetTrue),
        Arg::new("no-psqlrc")
            .short('X')
            .long("no-psqlrc")
            .help("Read no startup file; none is ever read")
            .action(ArgAction::SetTrue),
    ];

    command.args(
        switches
            .chain(others)
            .map(|argument| argument.help_heading(HEADING)),
    )
}

impl FromArgMatches for Flags {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, Error> {
        let mut set: Vec<(usize, Flag)> = Vec::new();
        for (_, long, _, setting) in SWITCHES {
            if let Some(idx) = given(matches, long) {
                set.push((idx, setting.flag()));
            }
        }
        if let Some(idx) = given(matches, "csv") {
            set.push((idx, Setting::Pset("format", "csv").flag()));
        }
        for (idx, text) in values(matches, "set") {
            let (name, value) = split(text);
            set.push((idx, Flag::Set { name, value }));
        }
        for (idx, text) in values(matches, "pset") {
            let (name, value) = split(text);
            set.push((idx, Flag::Pset { name, value }));
        }
        for (id, name) in [("field-separator", "fieldsep"), ("record-separator", "recordsep")] {
            for (idx, text) in values(matches, id) {
                let (name, value) = (name.to_owned(), Some(text.to_owned()));
                set.push((idx, Flag::Pset { name, value }));
            }
        }
        let commands = values(matches, "command").map(|(idx, text)| (idx, Part::Command(text.to_owned())));
        let files = values(matches, "file").map(|(idx, name)| {
            let part = match name {
                "-" => Part::Dash,
                name => Part::File(name.to_owned()),
            };
            (idx, part)
        });
        let parts = commands.chain(files).collect();

        Ok(Self {
            set: in_order(set),
            parts: in_order(parts),
            is_one_transaction: matches.get_flag("single-transaction"),
            is_unedited: matches.get_flag("no-readline"),
        })
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), Error> {
        *self = Self::from_arg_matches(matches)?;

        Ok(())
    }
}

impl clap::Args for Flags {
    fn augment_args(command: Command) -> Command {
        add(command)
    }

    fn augment_args_for_update(command: Command) -> Command {
        add(command)
    }
}

impl Part {
    /// What the server is told of it; its text is read when it is wanted.
    pub fn source(&self) -> Source {
        match self {
            Self::Command(_) => Source::Command,
            Self::File(name) => Source::File(name.clone()),
            Self::Dash => Source::Dash,
        }
    }
}

impl Setting {
    fn flag(self) -> Flag {
        match self {
            Self::Set(name, value) => Flag::Set {
                name: name.to_owned(),
                value: Some(value.to_owned()),
            },
            Self::Pset(name, value) => Flag::Pset {
                name: name.to_owned(),
                value: Some(value.to_owned()),
            },
        }
    }
}

/// Where a switch stands, if it was given.
fn given(matches: &ArgMatches, id: &str) -> Option<usize> {
    matches.get_flag(id).then(|| matches.index_of(id)).flatten()
}

/// The values of an option, with their places.
fn values<'m>(matches: &'m ArgMatches, id: &str) -> impl Iterator<Item = (usize, &'m str)> {
    let places = matches.indices_of(id).into_iter().flatten();
    let texts = matches.get_many::<String>(id).into_iter().flatten();

    places.zip(texts.map(String::as_str))
}

fn split(text: &str) -> (String, Option<String>) {
    match text.split_once('=') {
        Some((name, value)) => (name.to_owned(), Some(value.to_owned())),
        None => (text.to_owned(), None),
    }
}

fn in_order<T>(mut placed: Vec<(usize, T)>) -> Vec<T> {
    placed.sort_by_key(|(idx, _)| *idx);

    placed.into_iter().map(|(_, value)| value).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(arguments: &[&str]) -> Flags {
        let command = add(Command::new("connect").no_binary_name(true));
        let matches = command.try_get_matches_from(arguments).unwrap();

        Flags::from_arg_matches(&matches).unwrap()
    }

    #[test]
    fn commands_and_files_keep_their_order() {
        let flags = parsed(&["-c", "a", "-f", "b.sql", "-1c", "-c", "-f-"]);

        assert_eq!(
            flags.parts,
            [
                Part::Command("a".to_owned()),
                Part::File("b.sql".to_owned()),
                Part::Command("-c".to_owned()),
                Part::Dash
            ]
        );
        assert!(flags.is_one_transaction);
    }

    #[test]
    fn settings_keep_their_order() {
        let flags = parsed(&["-Atq", "-P", "format=csv", "-v", "x=1=2", "-F,", "-v", "y"]);
        let pset =
            |name: &str, value: &str| Setting::Pset(name.to_owned().leak(), value.to_owned().leak()).flag();

        assert_eq!(
            flags.set,
            [
                pset("format", "unaligned"),
                pset("tuples_only", "on"),
                Setting::Set("QUIET", "on").flag(),
                pset("format", "csv"),
                Flag::Set {
                    name: "x".to_owned(),
                    value: Some("1=2".to_owned())
                },
                pset("fieldsep", ","),
                Flag::Set {
                    name: "y".to_owned(),
                    value: None
                },
            ]
        );
    }
}
