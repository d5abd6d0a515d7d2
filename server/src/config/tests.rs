//! What configuration is accepted, and what a wrong one says.

use expect_test::{Expect, expect};

use super::*;

fn check_error(text: &str, environment: &[(&str, &str)], expected: Expect) {
    let environment = environment
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    let file = Path::new("postern.toml");
    let error = read(file, text, environment)
        .and_then(|config| check(&config, Some(file)))
        .unwrap_err();

    expected.assert_eq(&error.to_string());
}

#[test]
fn the_defaults_are_valid() {
    let config = load(None, std::iter::empty()).unwrap();

    assert_eq!(config.http.listen.to_string(), "127.0.0.1:7480");
    assert!(config.metrics.listen.ip().is_loopback());
}

#[test]
fn the_environment_wins_over_the_file() {
    let environment = [("POSTERN_SIGN_IN_IDLE_MINUTES".to_owned(), "30".to_owned())];

    let config = read(
        Path::new("f"),
        "[sign_in]\nidle_minutes = 10",
        environment.into_iter(),
    )
    .unwrap();

    assert_eq!(config.sign_in.idle_minutes, 30);
}

#[test]
fn wrong_values_name_file_key_and_remedy() {
    check_error(
        "[http]\npublic_url = \"postern.example.org\"",
        &[],
        expect![[
            r#"postern.toml: `http.public_url` is "postern.example.org"; write scheme, host and port only, in lower case and without the scheme's own port, e.g. https://postern.example.org"#
        ]],
    );
    check_error(
        "[sign_in]\nidle_minutes = 1",
        &[],
        expect!["postern.toml: `sign_in.idle_minutes` must be from 5 to 1440"],
    );
    check_error(
        "",
        &[("POSTERN_STORE_URL", "mysql://x")],
        expect!["postern.toml: `store.url` must start with postgres:// or sqlite://"],
    );
}

#[test]
fn a_public_url_is_spelled_as_browsers_spell_an_origin() {
    for url in [
        "https://postern.example.org",
        "http://localhost:7480",
        "https://[2001:db8::1]:8443",
    ] {
        assert!(is_origin(url), "{url}");
    }
    for url in [
        "https://Postern.example.org",
        "https://postern.example.org/",
        "https://postern.example.org:443",
        "http://postern.example.org:80",
        "https://ada@postern.example.org",
        "https://",
        "ftp://postern.example.org",
    ] {
        assert!(!is_origin(url), "{url}");
    }
}

#[test]
fn unknown_keys_and_variables_are_refused() {
    let error = read(
        Path::new("postern.toml"),
        "[http]\nlisen = \"x\"",
        std::iter::empty(),
    )
    .unwrap_err();
    assert!(error.to_string().contains("unknown field `lisen`"), "{error}");

    let environment = [("POSTERN_HTTP_LISEN".to_owned(), "x".to_owned())];
    let error = read(Path::new("f"), "", environment.into_iter()).unwrap_err();
    assert!(
        error.to_string().contains("POSTERN_HTTP_LISEN names no key"),
        "{error}"
    );
}

#[test]
fn every_key_is_known_to_the_structs() {
    for (section, key) in KEYS {
        let text = format!("[{section}]\n{key} = {{}}");
        let error = read(Path::new("f"), &text, std::iter::empty())
            .unwrap_err()
            .to_string();

        assert!(!error.contains("unknown field"), "{section}.{key}: {error}");
    }
}
