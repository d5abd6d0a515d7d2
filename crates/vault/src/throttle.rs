//! How often somebody may try to sign in: per account, so that one password is not guessed, and per network,
//! so that one guess is not tried on everybody.
//!
//! An unknown account is counted like a known one: the answer does not tell which it is.

use std::net::IpAddr;
use std::time::Duration;

use protocol::time::Timestamp;

/// Attempts older than this no longer count.
pub const WINDOW: Duration = Duration::from_secs(15 * 60);

/// Failures of an account before it must wait between attempts.
const PATIENT: u32 = 5;
/// Failures of an account that lock it until they are forgotten.
const ACCOUNT_LIMIT: u32 = 10;
/// Failures from a network that lock it until they are forgotten.
const NETWORK_LIMIT: u32 = 50;

/// Failed attempts within the last [`WINDOW`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Failures {
    pub count: u32,
    /// The most recent one.
    pub last: Option<Timestamp>,
}

/// Whether an attempt may be made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    Allowed,
    /// Too fast: the account may try again at this moment.
    Wait {
        until: Timestamp,
    },
    /// Too often: nothing is tried until this moment.
    Locked {
        until: Timestamp,
    },
}

/// Decides an attempt from what failed before it: the stricter of account and network.
pub fn judge(account: Failures, network: Failures, now: Timestamp) -> Verdict {
    let verdicts = [judge_network(network, now), judge_account(account, now)];

    verdicts
        .into_iter()
        .max_by_key(|verdict| verdict.until())
        .unwrap_or(Verdict::Allowed)
}

impl Verdict {
    /// When an attempt may be made, if not at once.
    pub fn until(self) -> Option<Timestamp> {
        match self {
            Self::Allowed => None,
            Self::Wait { until } | Self::Locked { until } => Some(until),
        }
    }
}

fn judge_account(failures: Failures, now: Timestamp) -> Verdict {
    let Some(last) = failures.last else {
        return Verdict::Allowed;
    };
    if failures.count >= ACCOUNT_LIMIT {
        return locked(last + WINDOW, now);
    }
    if failures.count < PATIENT {
        return Verdict::Allowed;
    }

    // 2, 4, 8, 16 and 32 seconds after the fifth to ninth failure.
    let until = last + Duration::from_secs(2 << (failures.count - PATIENT));
    if until <= now {
        return Verdict::Allowed;
    }

    Verdict::Wait { until }
}

fn judge_network(failures: Failures, now: Timestamp) -> Verdict {
    let Some(last) = failures.last else {
        return Verdict::Allowed;
    };
    if failures.count < NETWORK_LIMIT {
        return Verdict::Allowed;
    }

    locked(last + WINDOW, now)
}

fn locked(until: Timestamp, now: Timestamp) -> Verdict {
    if until <= now {
        return Verdict::Allowed;
    }

    Verdict::Locked { until }
}

/// The network an address is counted under: an IPv4 address itself, of IPv6 the /64 its owner commands.
pub fn network(address: IpAddr) -> String {
    match address.to_canonical() {
        IpAddr::V4(address) => address.to_string(),
        IpAddr::V6(address) => {
            let [a, b, c, d, ..] = address.segments();

            format!("{a:x}:{b:x}:{c:x}:{d:x}::/64")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp(1_000_000_000_000_000);

    fn seconds_to_wait(account: u32, network: u32) -> (u64, bool) {
        let failures = |count: u32| Failures {
            count,
            last: (count > 0).then_some(NOW),
        };

        match judge(failures(account), failures(network), NOW) {
            Verdict::Allowed => (0, false),
            Verdict::Wait { until } => (until.since(NOW).as_secs(), false),
            Verdict::Locked { until } => (until.since(NOW).as_secs(), true),
        }
    }

    #[test]
    fn an_account_waits_longer_with_each_failure_and_is_locked_at_the_tenth() {
        let waits: Vec<(u64, bool)> = (0..=11).map(|count| seconds_to_wait(count, 0)).collect();

        assert_eq!(waits[..5], [(0, false); 5]);
        assert_eq!(
            waits[5..10],
            [(2, false), (4, false), (8, false), (16, false), (32, false)]
        );
        assert_eq!(waits[10..], [(900, true); 2]);
    }

    #[test]
    fn a_network_is_locked_at_fifty_failures() {
        assert_eq!(seconds_to_wait(0, 49), (0, false));
        assert_eq!(seconds_to_wait(0, 50), (900, true));
        assert_eq!(seconds_to_wait(5, 50), (900, true), "the stricter one counts");
    }

    #[test]
    fn waiting_ends() {
        let five = Failures {
            count: 5,
            last: Some(NOW),
        };
        let ten = Failures {
            count: 10,
            last: Some(NOW),
        };
        let none = Failures::default();

        assert_eq!(judge(five, none, NOW + Duration::from_secs(2)), Verdict::Allowed);
        assert_eq!(judge(ten, none, NOW + WINDOW), Verdict::Allowed);
        assert!(
            judge(ten, none, NOW + WINDOW - Duration::from_secs(1))
                .until()
                .is_some()
        );
    }

    #[test]
    fn neighbours_in_an_ipv6_network_count_as_one() {
        let of = |text: &str| network(text.parse().unwrap());

        assert_eq!(of("2001:db8:1:2::1"), of("2001:db8:1:2:ffff::9"));
        assert_ne!(of("2001:db8:1:2::1"), of("2001:db8:1:3::1"));
        assert_eq!(of("::ffff:192.0.2.1"), of("192.0.2.1"));
        assert_ne!(of("192.0.2.1"), of("192.0.2.2"));
    }
}
