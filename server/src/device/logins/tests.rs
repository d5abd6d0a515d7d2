//! How a login waits, is decided once, and is over.

use super::*;

fn asking(network: &str) -> Asking {
    Asking {
        machine: "pc-7".to_owned(),
        user: "ada".to_owned(),
        address: "192.0.2.1".to_owned(),
        network: network.to_owned(),
        begun_at: Timestamp(7),
    }
}

fn ada() -> PersonId {
    PersonId::from_random([1; 16])
}

fn token(number: u8) -> TokenId {
    TokenId::from_random([number; 16])
}

fn approval() -> Approval {
    Approval {
        person: ada(),
        sign_in: SignInId::from_random([2; 16]),
        expires_at: Timestamp(9),
    }
}

/// A login that waits: its device code's hash, and the code.
fn begun(logins: &Logins, now: Instant) -> (TokenHash, UserCode) {
    let (device, code) = logins.begin(asking("192.0.2.1"), now).unwrap();

    (device.hash(), code)
}

/// A code nobody waits with.
fn wrong(code: UserCode) -> UserCode {
    let other = UserCode::from_random([0; 8]);

    if other == code {
        UserCode::from_random([1; 8])
    } else {
        other
    }
}

#[test]
fn an_approved_login_gives_one_token_and_a_replay_takes_it_away() {
    let (logins, now) = (Logins::default(), clock::instant());
    let (device, code) = begun(&logins, now);

    assert_eq!(logins.poll(&device, &token(1), now), Polled::Pending);
    let seen = logins.find(&ada(), code, now).unwrap();
    assert_eq!(
        (seen.machine.as_str(), seen.address.as_str()),
        ("pc-7", "192.0.2.1")
    );
    logins.approve(code, approval(), now).unwrap();
    let later = now + INTERVAL;

    assert_eq!(
        logins.poll(&device, &token(2), later),
        Polled::Approved(asking("192.0.2.1"), approval())
    );
    assert!(logins.may_give(&device));
    for number in [3, 4] {
        assert_eq!(
            logins.poll(&device, &token(number), later),
            Polled::Replayed(ada(), token(2))
        );
        assert!(!logins.may_give(&device));
    }
}

#[test]
fn a_login_is_decided_once() {
    let (logins, now) = (Logins::default(), clock::instant());
    let (device, denied) = begun(&logins, now);
    let (_, approved) = begun(&logins, now);

    assert_eq!(logins.deny(&ada(), denied, now), Ok(asking("192.0.2.1")));
    logins.approve(approved, approval(), now).unwrap();

    for code in [denied, approved] {
        assert_eq!(logins.find(&ada(), code, now), Err(Missed::Unknown));
        assert_eq!(logins.approve(code, approval(), now), Err(Missed::Unknown));
        assert_eq!(logins.deny(&ada(), code, now), Err(Missed::Unknown));
    }
    assert_eq!(logins.poll(&device, &token(1), now), Polled::Denied);
    assert_eq!(logins.poll(&device, &token(1), now + INTERVAL), Polled::Denied);
}

#[test]
fn who_asks_too_often_is_told_to_slow_down_also_where_it_was_approved() {
    let (logins, now) = (Logins::default(), clock::instant());
    let (device, code) = begun(&logins, now);
    let second = Duration::from_secs(1);

    assert_eq!(logins.poll(&device, &token(1), now), Polled::Pending);
    logins.approve(code, approval(), now).unwrap();
    for n in 1..=9 {
        assert_eq!(logins.poll(&device, &token(1), now + second * n), Polled::TooSoon);
    }
    assert!(matches!(
        logins.poll(&device, &token(1), now + second * 9 + INTERVAL),
        Polled::Approved(..)
    ));
}

#[test]
fn a_login_is_over_after_ten_minutes_whatever_became_of_it() {
    let (logins, now) = (Logins::default(), clock::instant());
    let (waiting, code) = begun(&logins, now);
    let (approved, other) = begun(&logins, now);
    logins.approve(other, approval(), now).unwrap();
    let end = now + PATIENCE;

    assert!(logins.find(&ada(), code, end - INTERVAL).is_ok());
    assert_eq!(logins.find(&ada(), code, end), Err(Missed::Unknown));
    assert_eq!(logins.approve(code, approval(), end), Err(Missed::Unknown));
    for device in [waiting, approved] {
        assert_eq!(logins.poll(&device, &token(1), end), Polled::Expired);
    }
    assert_eq!(
        logins.poll(&TokenHash::of("never was"), &token(1), now),
        Polled::Expired
    );
}

#[test]
fn an_approval_that_is_worth_nothing_is_a_denial() {
    let (logins, now) = (Logins::default(), clock::instant());
    let (device, code) = begun(&logins, now);
    logins.approve(code, approval(), now).unwrap();
    logins.poll(&device, &token(1), now);

    logins.refuse(&device);

    assert!(!logins.may_give(&device));
    assert_eq!(logins.poll(&device, &token(1), now + INTERVAL), Polled::Denied);
}

#[test]
fn who_guesses_codes_waits_also_with_the_right_one() {
    let (logins, now) = (Logins::default(), clock::instant());
    let (_, code) = begun(&logins, now);
    let bob = PersonId::from_random([2; 16]);

    for _ in 0..9 {
        assert_eq!(logins.find(&ada(), wrong(code), now), Err(Missed::Unknown));
    }
    assert_eq!(logins.find(&ada(), wrong(code), now), Err(Missed::Last(WINDOW)));
    assert_eq!(logins.find(&ada(), code, now), Err(Missed::Locked(WINDOW)));
    assert_eq!(logins.approve(code, approval(), now), Err(Missed::Locked(WINDOW)));
    assert_eq!(logins.deny(&ada(), code, now), Err(Missed::Locked(WINDOW)));
    assert!(logins.find(&bob, code, now).is_ok(), "somebody else");

    let later = now + WINDOW;
    let (_, code) = begun(&logins, later);
    assert!(logins.find(&ada(), code, later).is_ok());
}

#[test]
fn a_network_leaves_room_for_the_others_and_all_of_them_are_bounded() {
    let (logins, now) = (Logins::default(), clock::instant());
    for _ in 0..MAX_EACH {
        begun(&logins, now);
    }
    assert_eq!(logins.begin(asking("192.0.2.1"), now), None);
    for n in MAX_EACH..MAX_LOGINS {
        logins.begin(asking(&n.to_string()), now).unwrap();
    }

    assert_eq!(logins.begin(asking("192.0.2.9"), now), None);
    assert!(logins.begin(asking("192.0.2.1"), now + PATIENCE).is_some());
}

#[test]
fn what_was_decided_takes_no_room_of_its_network() {
    let (logins, now) = (Logins::default(), clock::instant());
    for _ in 0..=MAX_EACH {
        let (_, code) = begun(&logins, now);
        logins.deny(&ada(), code, now).unwrap();
    }
}
