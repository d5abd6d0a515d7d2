//! Which targets are admitted, rule by rule.

use super::*;

fn targets(rules: &[&str]) -> Targets {
    Targets::new(rules.iter().map(|rule| rule.parse().unwrap()).collect())
}

fn check(rules: &[&str], (host, port, address): (&str, u16, &str), expected: bool) {
    assert_eq!(
        targets(rules).admit(host, port, address.parse().unwrap()),
        expected,
        "{rules:?}: {host}:{port} at {address}"
    );
}

#[test]
fn without_rules_everything_but_special_addresses_is_admitted() {
    check(&[], ("db", 5432, "10.0.0.5"), true);
    check(&[], ("db", 5432, "2001:db8::5"), true);
    for special in [
        "127.0.0.1",
        "169.254.169.254",
        "0.0.0.0",
        "224.0.0.1",
        "255.255.255.255",
        "0.1.2.3",
        "::1",
        "::",
        "fe80::1",
        "ff02::1",
        "fd00:ec2::254",
        "100.100.100.200",
        "fd20:ce::254",
        // The same ones in the other family's clothes.
        "64:ff9b::7f00:1",
        "64:ff9b::a9fe:a9fe",
        "2002:7f00:1::1",
        "::127.0.0.1",
        "::ffff:127.0.0.1",
        "::ffff:169.254.169.254",
    ] {
        check(&[], ("db", 5432, special), false);
    }
}

#[test]
fn a_network_admits_its_addresses_whatever_they_are_called() {
    check(&["10.0.0.0/24"], ("db", 5432, "10.0.0.5"), true);
    check(&["10.0.0.0/24"], ("db", 5432, "10.0.1.5"), false);
    check(&["10.0.0.5"], ("10.0.0.5", 1, "10.0.0.5"), true);
    check(&["127.0.0.0/8"], ("localhost", 5432, "127.0.0.2"), true);
    check(&["127.0.0.0/8"], ("localhost", 5432, "::ffff:127.0.0.2"), true);
    check(&["2001:db8::/32"], ("db", 5432, "2001:db8::5"), true);
}

#[test]
fn a_name_admits_what_is_asked_for_by_it_but_leads_to_nothing_special() {
    check(&["orders.internal"], ("Orders.Internal", 5432, "10.0.0.5"), true);
    check(&["orders.internal"], ("10.0.0.5", 5432, "10.0.0.5"), false);
    check(
        &["orders.internal"],
        ("orders.internal", 5432, "169.254.169.254"),
        false,
    );
    check(
        &["orders.internal"],
        ("orders.internal", 5432, "127.0.0.1"),
        false,
    );
    check(&["*.internal"], ("orders.internal", 5432, "10.0.0.5"), true);
    check(&["*.internal"], ("internal", 5432, "10.0.0.5"), false);
    check(&["*.internal"], ("notinternal", 5432, "10.0.0.5"), false);
}

#[test]
fn a_network_around_a_special_block_does_not_open_it() {
    check(&["0.0.0.0/0:5432"], ("db", 5432, "10.0.0.5"), true);
    check(&["0.0.0.0/0:5432"], ("db", 5432, "127.0.0.1"), false);
    check(&["0.0.0.0/0:5432"], ("db", 5432, "169.254.169.254"), false);
    check(&["::/0"], ("db", 5432, "::1"), false);
    check(&["::/0"], ("db", 5432, "64:ff9b::7f00:1"), false);
    check(&["64:ff9b::/96"], ("db", 5432, "64:ff9b::7f00:1"), true);
    check(&["169.254.169.254"], ("db", 5432, "169.254.169.254"), true);
}

#[test]
fn a_port_narrows_a_rule() {
    check(&["10.0.0.5:5432"], ("db", 5432, "10.0.0.5"), true);
    check(&["10.0.0.5:5432"], ("db", 22, "10.0.0.5"), false);
    check(&["10.0.0.0/24:5432"], ("db", 22, "10.0.0.5"), false);
    check(&["[2001:db8::5]:5432"], ("db", 5432, "2001:db8::5"), true);
    check(
        &["orders.internal:5432"],
        ("orders.internal", 22, "10.0.0.5"),
        false,
    );
}

#[test]
fn a_rule_is_written_as_it_is_read() {
    for (given, written) in [
        ("10.0.0.0/24", "10.0.0.0/24"),
        ("10.0.0.7/24", "10.0.0.0/24"),
        (" 10.0.0.5 ", "10.0.0.5"),
        ("10.0.0.0/24:5432", "10.0.0.0/24:5432"),
        ("2001:db8::5", "2001:db8::5"),
        ("[2001:db8::5]:5432", "[2001:db8::5]:5432"),
        ("Orders.Internal:5432", "orders.internal:5432"),
        ("*.internal", "*.internal"),
    ] {
        let rule: Rule = given.parse().unwrap();

        assert_eq!(rule.to_string(), written);
        assert_eq!(written.parse::<Rule>().unwrap(), rule, "{given}");
    }
}

#[test]
fn what_is_no_rule_is_refused() {
    for given in [
        "",
        "*",
        "*.",
        "10.0.0",
        "10.0.0.0/33",
        "300.1.1.1",
        "a..b",
        "a b",
        "db:0",
        "db:70000",
        "db:x",
        "http://db",
        "10.0.0.0/24:0",
    ] {
        assert_eq!(given.parse::<Rule>(), Err(NoRule), "{given}");
    }
}
