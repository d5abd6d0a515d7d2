//! What of a native client's startup message reaches the target.

use pg_proto::Text;
use pg_proto::server::{Refusal, Startup};

use crate::connect::Target;

/// Settings that would make the session somebody else than its account.
const NOT_YOURS: [&str; 2] = ["role", "session_authorization"];

/// What a client asks for beside its name. Made by [`Wishes::of`] only, which holds policy.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Wishes {
    /// `None` takes the record's.
    database: Option<String>,
    application_name: Option<String>,
    /// Settings by name, `options` among them, in the order sent.
    settings: Vec<(String, String)>,
}

impl Wishes {
    /// Reads a startup message. A database named like the user is what clients send that were told none.
    ///
    /// # Errors
    /// For the client: replication, another role, a text that is not UTF-8.
    pub fn of(startup: &Startup) -> Result<Self, Refusal> {
        if startup.asks_for_replication() {
            return Err(Refusal::new(
                "0A000",
                "replication is not available on this connection",
            ));
        }
        let database = startup.database.as_ref().filter(|name| **name != startup.user);
        let settings = startup
            .settings
            .iter()
            .map(|(name, value)| (text(name), text(value)));
        let mut wishes = Self {
            database: database.map(text).transpose()?,
            application_name: startup.application_name.as_ref().map(text).transpose()?,
            settings: settings
                .map(|(name, value)| Ok((name?, value?)))
                .collect::<Result<_, Refusal>>()?,
        };
        let options = startup.options.as_ref().map(text).transpose()?;
        let of_options = options.as_deref().map(names).transpose()?.unwrap_or_default();
        for name in wishes
            .settings
            .iter()
            .map(|(name, _)| name.clone())
            .chain(of_options)
        {
            if NOT_YOURS.iter().any(|own| same(own, &name)) {
                return Err(Refusal::new(
                    "42501",
                    format!("{name} cannot be set when connecting: the record's account is who you are"),
                ));
            }
        }
        let encoding = startup.client_encoding.as_ref().map(text).transpose()?;
        for (name, value) in [("client_encoding", encoding), ("options", options)] {
            if let Some(value) = value {
                wishes.settings.push((name.to_owned(), value));
            }
        }

        Ok(wishes)
    }

    /// Settings the target is told, by name.
    pub fn settings(&self) -> &[(String, String)] {
        &self.settings
    }

    /// Where the connection goes then, and under what name.
    pub fn apply(&self, target: &mut Target) {
        if let Some(database) = &self.database {
            target.database.clone_from(database);
        }
        if let Some(name) = &self.application_name {
            target.application_name.clone_from(name);
        }
        target.options.extend(self.settings.iter().cloned());
    }
}

fn text(value: &Text) -> Result<String, Refusal> {
    match std::str::from_utf8(value.as_bytes()) {
        Ok(text) => Ok(text.to_owned()),
        Err(_) => Err(Refusal::new("22021", "the startup message is not UTF-8")),
    }
}

/// Names of settings in a text of options, which PostgreSQL splits at spaces that no backslash protects. Only the ways
/// to spell a setting are taken, `-c name=value`, `-cname=value` and `--name=value`: other switches can be written
/// together, and hide one. See `pg_split_opts` and `process_postgres_switches` in PostgreSQL.
fn names(options: &str) -> Result<Vec<String>, Refusal> {
    let words = words(options);
    let mut words = words.iter().filter(|word| !word.is_empty());
    let mut names = Vec::new();
    while let Some(word) = words.next() {
        let setting = match word.strip_prefix("--").or_else(|| word.strip_prefix("-c")) {
            Some("") if word == "-c" => words.next().map(String::as_str),
            Some("") | None => None,
            Some(setting) => Some(setting),
        };
        let Some((name, _)) = setting.and_then(|setting| setting.split_once('=')) else {
            return Err(Refusal::new(
                "0A000",
                format!(
                    "option \"{word}\" is not available on this connection: write settings as -c name=value"
                ),
            ));
        };
        names.push(name.trim().to_owned());
    }

    Ok(names)
}

fn words(options: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut characters = options.chars();
    while let Some(character) = characters.next() {
        match (character, words.last_mut()) {
            ('\\', Some(word)) => word.extend(characters.next()),
            (space, _) if space.is_ascii_whitespace() || space == '\x0b' => words.push(String::new()),
            (character, Some(word)) => word.push(character),
            (_, None) => {}
        }
    }

    words
}

/// PostgreSQL takes `-` for `_` on a command line, and any case.
fn same(own: &str, name: &str) -> bool {
    name.replace('-', "_").eq_ignore_ascii_case(own)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn startup(pairs: &[(&str, &str)]) -> Startup {
        let mut startup = Startup {
            user: "shop".into(),
            ..Startup::default()
        };
        for (name, value) in pairs {
            match *name {
                "database" => startup.database = Some((*value).into()),
                "options" => startup.options = Some((*value).into()),
                "replication" => startup.replication = Some((*value).into()),
                name => startup.settings.push((name.into(), (*value).into())),
            }
        }
        startup
    }

    fn refused(pairs: &[(&str, &str)]) -> String {
        Wishes::of(&startup(pairs)).map_or_else(|refusal| refusal.sqlstate.into_owned(), |_| String::new())
    }

    #[test]
    fn a_database_named_like_the_user_was_not_chosen() {
        let wishes = |database| Wishes::of(&startup(&[("database", database)])).unwrap().database;

        assert_eq!(wishes("shop"), None);
        assert_eq!(wishes("books").as_deref(), Some("books"));
    }

    #[test]
    fn nobody_becomes_another_role_by_connecting() {
        for options in [
            "-c role=postgres",
            "-crole=postgres",
            "--role=postgres",
            "-c work_mem=1MB  -c\tROLE=x",
            r"-c ro\le=x",
            "--session-authorization=x",
            "-c Session_Authorization=x",
        ] {
            assert_eq!(refused(&[("options", options)]), "42501", "{options}");
        }
        assert_eq!(refused(&[("Role", "x")]), "42501");
        assert_eq!(
            refused(&[
                ("options", r"-c search_path=role\ x -c geqo=off"),
                ("DateStyle", "ISO")
            ]),
            ""
        );
    }

    #[test]
    fn a_switch_that_could_hide_a_setting_is_not_taken() {
        for options in [
            "-ecrole=x",
            "-e-role=x",
            "-Ecsession_authorization=x",
            "-c",
            "--",
            "role=x",
            "-c geqo",
        ] {
            assert_eq!(refused(&[("options", options)]), "0A000", "{options}");
        }
    }

    #[test]
    fn replication_is_refused_however_it_is_spelled() {
        for value in ["database", "true", "1", "on", " yes", "x"] {
            assert_eq!(refused(&[("replication", value)]), "0A000", "{value}");
        }
        assert_eq!(refused(&[("replication", "off")]), "");
    }
}
