//! How often somebody may try to sign in. Three bars, and the strictest counts:
//!
//! - An account from one network: so that its password is not guessed there. It locks.
//! - An account from everywhere: so that its password is not guessed from many addresses. It slows down and never
//!   locks, and networks the account's owner has signed in from are spared: others cannot lock the owner out.
//! - A network: so that one guess is not tried on everybody. It locks.
//!
//! An unknown account is counted like a known one: the answer does not tell which it is.

use std::net::IpAddr;
use std::time::Duration;

use protocol::time::Timestamp;

/// Attempts older than this no longer count.
pub const WINDOW: Duration = Duration::from_secs(15 * 60);

/// How long a network somebody signed in from is spared what others try from elsewhere.
pub const KNOWN: Duration = Duration::from_secs(90 * 24 * 3600);

/// Failures of an account from one network before it must wait between attempts there.
const PATIENT: u32 = 5;
/// Failures of an account from one network that lock it there until they are forgotten.
const HERE_LIMIT: u32 = 10;
/// Failures of an account from everywhere before it must wait between attempts.
const EVERYWHERE_PATIENT: u32 = 30;
/// Of those, as many again double the wait,
const EVERYWHERE_STEP: u32 = 5;
/// up to 2 s times two to the power of this: 32 s. Some 75 guesses fit into a window.
const EVERYWHERE_DOUBLINGS: u32 = 4;
/// Failures from a network that lock it until they are forgotten.
const NETWORK_LIMIT: u32 = 50;

/// Wrong codes of a device login after which a person waits until they are forgotten.
const CODES: u32 = 10;

/// Failed attempts within the last [`WINDOW`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Failures {
    pub count: u32,
    /// The most recent one.
    pub last: Option<Timestamp>,
}

/// What failed before an attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Past {
    /// Of this account from this network.
    pub here: Failures,
    /// Of this account from every network.
    pub everywhere: Failures,
    /// Of every account from this network.
    pub network: Failures,
    /// Whether the account was signed in to from this network within [`KNOWN`].
    pub is_known: bool,
}

/// Which bar an attempt ran into.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Bar {
    AccountHere,
    AccountEverywhere,
    Network,
}

impl Bar {
    /// The stable text, for events.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::AccountHere => "account_at_address",
            Self::AccountEverywhere => "account",
            Self::Network => "address",
        }
    }
}

/// Whether an attempt may be made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    Allowed,
    /// Not before this moment.
    Refused {
        bar: Bar,
        until: Timestamp,
    },
}

/// Decides an attempt from what failed before it.
pub fn judge(past: &Past, now: Timestamp) -> Verdict {
    let everywhere = if past.is_known {
        None
    } else {
        wait_everywhere(past.everywhere)
    };
    let bars = [
        (Bar::Network, wait_of_network(past.network)),
        (Bar::AccountEverywhere, everywhere),
        (Bar::AccountHere, wait_here(past.here)),
    ];

    bars.into_iter()
        .filter_map(|(bar, until)| until.map(|until| (bar, until)))
        .filter(|(_, until)| *until > now)
        .max_by_key(|(_, until)| *until)
        .map_or(Verdict::Allowed, |(bar, until)| Verdict::Refused { bar, until })
}

/// 2, 4, 8, 16 and 32 s after the fifth to ninth failure, then the window.
fn wait_here(failures: Failures) -> Option<Timestamp> {
    let last = failures.last?;
    if failures.count >= HERE_LIMIT {
        return Some(last + WINDOW);
    }
    let doublings = failures.count.checked_sub(PATIENT)?;

    Some(last + Duration::from_secs(2 << doublings))
}

fn wait_everywhere(failures: Failures) -> Option<Timestamp> {
    let last = failures.last?;
    let doublings = failures.count.checked_sub(EVERYWHERE_PATIENT)? / EVERYWHERE_STEP;

    Some(last + Duration::from_secs(2 << doublings.min(EVERYWHERE_DOUBLINGS)))
}

fn wait_of_network(failures: Failures) -> Option<Timestamp> {
    let last = failures.last?;

    (failures.count >= NETWORK_LIMIT).then(|| last + WINDOW)
}

/// How long a person has to wait before they may enter the code of a device login, after as many wrong ones, the last of
/// them so long ago. Ten guesses at one of 25,600 million find none that waits.
pub fn wait_for_code(n_wrong: u32, since_last: Duration) -> Option<Duration> {
    let left = WINDOW.checked_sub(since_last)?;

    (n_wrong >= CODES && !left.is_zero()).then_some(left)
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

    fn failures(count: u32) -> Failures {
        Failures {
            count,
            last: (count > 0).then_some(NOW),
        }
    }

    fn wait(past: Past) -> Option<(Bar, u64)> {
        match judge(&past, NOW) {
            Verdict::Allowed => None,
            Verdict::Refused { bar, until } => Some((bar, until.since(NOW).as_secs())),
        }
    }

    fn here(count: u32) -> Past {
        Past {
            here: failures(count),
            ..Past::default()
        }
    }

    fn everywhere(count: u32) -> Past {
        Past {
            everywhere: failures(count),
            ..Past::default()
        }
    }

    #[test]
    fn an_account_waits_longer_with_each_failure_at_a_network_and_is_locked_there_at_the_tenth() {
        let waits: Vec<u64> = (0..=11)
            .map(|count| wait(here(count)).map_or(0, |(_, seconds)| seconds))
            .collect();

        assert_eq!(waits, [0, 0, 0, 0, 0, 2, 4, 8, 16, 32, 900, 900]);
    }

    #[test]
    fn an_account_that_is_guessed_from_everywhere_slows_down_and_is_never_locked() {
        for (count, expected) in [
            (29, 0),
            (30, 2),
            (34, 2),
            (35, 4),
            (49, 16),
            (50, 32),
            (10_000, 32),
        ] {
            let seconds = wait(everywhere(count)).map_or(0, |(_, seconds)| seconds);

            assert_eq!(seconds, expected, "{count}");
        }
    }

    #[test]
    fn where_its_owner_has_signed_in_what_others_tried_elsewhere_does_not_count() {
        let past = Past {
            is_known: true,
            ..everywhere(10_000)
        };

        assert_eq!(wait(past), None);
        assert_eq!(
            wait(Past {
                here: failures(10),
                ..past
            }),
            Some((Bar::AccountHere, 900))
        );
    }

    #[test]
    fn a_network_is_locked_at_fifty_failures() {
        let network = |count| Past {
            network: failures(count),
            is_known: true,
            ..Past::default()
        };

        assert_eq!(wait(network(49)), None);
        assert_eq!(wait(network(50)), Some((Bar::Network, 900)));
    }

    #[test]
    fn the_strictest_bar_counts() {
        let past = Past {
            here: failures(6),
            everywhere: failures(35),
            network: failures(50),
            is_known: false,
        };

        assert_eq!(wait(past), Some((Bar::Network, 900)));
        assert_eq!(
            wait(Past {
                network: failures(6),
                here: failures(9),
                ..past
            }),
            Some((Bar::AccountHere, 32))
        );
    }

    #[test]
    fn waiting_ends() {
        assert_eq!(judge(&here(5), NOW + Duration::from_secs(2)), Verdict::Allowed);
        assert_eq!(judge(&here(10), NOW + WINDOW), Verdict::Allowed);
        assert!(judge(&here(10), NOW + WINDOW - Duration::from_secs(1)) != Verdict::Allowed);
    }

    #[test]
    fn after_ten_wrong_codes_a_person_waits_until_they_are_forgotten() {
        let second = Duration::from_secs(1);

        assert_eq!(wait_for_code(9, Duration::ZERO), None);
        assert_eq!(wait_for_code(10, Duration::ZERO), Some(WINDOW));
        assert_eq!(wait_for_code(11, WINDOW - second), Some(second));
        assert_eq!(wait_for_code(10, WINDOW), None);
        assert_eq!(wait_for_code(10, WINDOW + second), None);
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
