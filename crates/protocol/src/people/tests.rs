//! Rules of the forms about people, and their words.

use super::*;

fn fields(draft: &impl Draft) -> Vec<String> {
    draft.check().into_iter().map(|error| error.field).collect()
}

#[test]
fn an_address_is_judged_by_its_shape() {
    for good in [
        "ada@example.org",
        "a.b+c@localhost",
        " Ada@Example.org ",
        "müller@exämple.de",
    ] {
        assert_eq!(check_email(good), None, "{good:?}");
    }
    for bad in [
        "",
        " ",
        "ada",
        "@example.org",
        "ada@",
        "ada@@b",
        "a da@b.c",
        "ada@b..c",
        "<ada@b.c>",
        "a@b,c@d",
    ] {
        assert!(check_email(bad).is_some(), "{bad:?}");
    }
    assert!(check_email(&format!("{}@b.c", "a".repeat(254))).is_some());
}

#[test]
fn a_password_has_12_to_200_characters_and_is_typed_twice() {
    let draft = |new: &str, repeat: &str| SetPasswordDraft {
        token: Password::new("t"),
        new: Password::new(new),
        repeat: Password::new(repeat),
    };

    assert!(fields(&draft("correct horse", "correct horse")).is_empty());
    assert!(fields(&draft("日本語のパスワード十二字", "日本語のパスワード十二字")).is_empty());
    assert_eq!(fields(&draft("short", "short")), ["new"]);
    assert_eq!(fields(&draft("", "")), ["new"]);
    assert_eq!(fields(&draft("aaaaaaaaaaaaaaaa", "aaaaaaaaaaaaaaaa")), ["new"]);
    assert_eq!(fields(&draft(&"ab".repeat(101), &"ab".repeat(101))), ["new"]);
    assert_eq!(fields(&draft("correct horse", "correct house")), ["repeat"]);
}

#[test]
fn a_password_is_not_the_address_of_its_person() {
    let draft = PasswordDraft {
        current: Password::new("something else"),
        new: Password::new("Ada@Example.org"),
        repeat: Password::new("Ada@Example.org"),
    };

    assert!(draft.check().is_empty());
    assert_eq!(draft.check_for("ada@example.org").len(), 1);
    assert!(draft.check_for("bob@example.org").is_empty());
}

#[test]
fn a_changed_password_differs_from_the_present_one() {
    let same = Password::new("correct horse");
    let draft = PasswordDraft {
        current: same.clone(),
        new: same.clone(),
        repeat: same,
    };

    assert_eq!(fields(&draft), ["new"]);
}

#[test]
fn a_password_is_not_shown_by_debug() {
    let draft = SignInDraft {
        email: "ada@example.org".into(),
        password: Password::new("correct horse"),
    };

    assert!(!format!("{draft:?}").contains("correct horse"));
}

#[test]
fn unknown_keys_are_refused() {
    assert!(
        serde_json::from_str::<InviteDraft>(r#"{"email":"a@b","name":"A","role":"user","x":1}"#).is_err()
    );
    assert!(serde_json::from_str::<InviteDraft>(r#"{"email":"a@b","name":"A","role":"root"}"#).is_err());
    assert!(serde_json::from_str::<InviteDraft>(r#"{"email":"a@b","name":"A","role":"auditor"}"#).is_ok());
}

#[test]
fn words_survive_their_text() {
    for role in Role::ALL {
        assert_eq!(role.as_str().parse(), Ok(role));
        assert_eq!(
            serde_json::to_string(&role).unwrap(),
            format!("\"{}\"", role.as_str())
        );
    }
    for state in PersonState::ALL {
        assert_eq!(state.as_str().parse(), Ok(state));
    }
    assert_eq!("root".parse::<Role>(), Err(UnknownWord));
}
