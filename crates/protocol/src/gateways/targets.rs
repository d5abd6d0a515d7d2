//! Which targets a gateway may connect to: rules, held against the name that was asked for and the address it has.

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

use ipnet::IpNet;

/// One rule: `10.0.0.0/24`, `10.0.0.5`, `orders.internal` or `*.internal`, each with `:5432` behind it or not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rule {
    place: Place,
    port: Option<u16>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Place {
    Network(IpNet),
    /// In lower case.
    Name(String),
    /// What stands behind the star, with its dot.
    Under(String),
}

impl Place {
    /// Whether a host of this name may be there.
    fn may_be(&self, host: &str) -> bool {
        match self {
            Self::Network(_) => true,
            Self::Name(name) => host.eq_ignore_ascii_case(name),
            Self::Under(suffix) => host.to_ascii_lowercase().ends_with(suffix),
        }
    }
}

/// A text that is no rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NoRule;

impl fmt::Display for NoRule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("not an address, a network or a name")
    }
}

impl std::error::Error for NoRule {}

impl FromStr for Rule {
    type Err = NoRule;

    fn from_str(text: &str) -> Result<Self, NoRule> {
        let text = text.trim();
        if let Some(place) = network(text) {
            return Ok(Self { place, port: None });
        }
        let (place, port) = match text.rsplit_once(':') {
            Some((place, port)) => (place, Some(port.parse().map_err(|_| NoRule)?)),
            None => (text, None),
        };
        if port == Some(0) {
            return Err(NoRule);
        }
        let bare = place
            .strip_prefix('[')
            .and_then(|place| place.strip_suffix(']'))
            .unwrap_or(place);
        let place = match network(bare) {
            Some(network) => network,
            None => name(place)?,
        };

        Ok(Self { place, port })
    }
}

/// Rules a list has at most.
pub const MAX_RULES: usize = 100;

/// The rules of a text, a line each.
///
/// # Errors
/// A sentence about the first line that is none, or about too many of them.
pub fn rules(text: &str) -> Result<Vec<Rule>, String> {
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    let rules: Vec<Rule> = lines
        .map(|line| {
            line.parse().map_err(|_| {
                format!(
                    "\"{line}\" is no address, network or name. Write for example 10.0.0.0/24, 10.0.0.5:5432 or \
                     *.internal, a line each."
                )
            })
        })
        .collect::<Result<_, _>>()?;
    if rules.len() > MAX_RULES {
        return Err(format!(
            "There may be {MAX_RULES} lines at most. Name networks instead of addresses."
        ));
    }

    Ok(rules)
}

fn network(text: &str) -> Option<Place> {
    if let Ok(address) = text.parse::<IpAddr>() {
        return Some(Place::Network(address.into()));
    }

    text.parse::<IpNet>().ok().map(|net| Place::Network(net.trunc()))
}

fn name(text: &str) -> Result<Place, NoRule> {
    let text = text.to_ascii_lowercase();
    let (name, is_under) = match text.strip_prefix("*.") {
        Some(rest) => (rest, true),
        None => (text.as_str(), false),
    };
    let is_name = !name.is_empty()
        && name.len() <= 253
        && name.split('.').all(|label| {
            !label.is_empty()
                && label
                    .bytes()
                    .all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte))
        })
        // Digits and dots that are no address are a slip, not a name.
        && name.bytes().any(|byte| byte.is_ascii_alphabetic());
    if !is_name {
        return Err(NoRule);
    }

    Ok(match is_under {
        true => Place::Under(format!(".{name}")),
        false => Place::Name(name.to_owned()),
    })
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.place {
            Place::Network(net) if net.prefix_len() != net.max_prefix_len() => write!(f, "{net}")?,
            Place::Network(IpNet::V6(net)) if self.port.is_some() => write!(f, "[{}]", net.addr())?,
            Place::Network(net) => write!(f, "{}", net.addr())?,
            Place::Name(name) => f.write_str(name)?,
            Place::Under(name) => write!(f, "*{name}")?,
        }
        match self.port {
            Some(port) => write!(f, ":{port}"),
            None => Ok(()),
        }
    }
}

/// The rules of a gateway.
///
/// Without one every address is admitted that is not special: loopback, link-local (where clouds keep their metadata),
/// unspecified and multicast addresses take a rule that names them or a part of their block.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Targets {
    rules: Vec<Rule>,
    standing: Standing,
}

/// What is said about everything, rules aside.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum Standing {
    #[default]
    ByRules,
    Nothing,
    Everything,
}

impl Targets {
    pub fn new(rules: Vec<Rule>) -> Self {
        Self {
            rules,
            standing: Standing::ByRules,
        }
    }

    /// Admits everything: for who leaves it to another's rules.
    pub fn all() -> Self {
        Self {
            rules: Vec::new(),
            standing: Standing::Everything,
        }
    }

    /// Admits nothing at all: for who does not understand the rules.
    pub fn none() -> Self {
        Self {
            rules: Vec::new(),
            standing: Standing::Nothing,
        }
    }

    /// Rules that were written elsewhere. One that is not known here admits nothing, and neither do the others then.
    pub fn read<'a>(texts: impl IntoIterator<Item = &'a String>) -> Self {
        texts
            .into_iter()
            .map(|text| text.parse())
            .collect::<Result<_, _>>()
            .map_or_else(|_| Self::none(), Self::new)
    }

    /// The rules as they are written.
    pub fn texts(&self) -> Vec<String> {
        self.rules.iter().map(Rule::to_string).collect()
    }

    /// Whether some address could be admitted for a host that is asked for by its name: none is looked up otherwise.
    pub fn may_admit(&self, host: &str, port: u16) -> bool {
        match self.standing {
            Standing::ByRules => {}
            Standing::Nothing => return false,
            Standing::Everything => return true,
        }

        self.rules.is_empty()
            || self
                .rules
                .iter()
                .filter(|rule| rule.port.is_none_or(|own| own == port))
                .any(|rule| rule.place.may_be(host))
    }

    /// Whether `host`, as it was asked for, may be connected to at this address, which is the one that is then dialled.
    pub fn admit(&self, host: &str, port: u16, address: IpAddr) -> bool {
        match self.standing {
            Standing::ByRules => {}
            Standing::Nothing => return false,
            Standing::Everything => return true,
        }
        let address = address.to_canonical();
        let rules = self
            .rules
            .iter()
            .filter(|rule| rule.port.is_none_or(|own| own == port));
        let block = special(address);
        let mut is_admitted = self.rules.is_empty();
        for rule in rules {
            match (&rule.place, block) {
                (Place::Network(net), Some(block)) => {
                    // Whoever names a part of the block means it; a network it is a part of is another matter.
                    if net.contains(&address) && block.contains(net) {
                        return true;
                    }
                }
                (Place::Network(net), None) => is_admitted |= net.contains(&address),
                (named @ (Place::Name(_) | Place::Under(_)), _) => is_admitted |= named.may_be(host),
            }
        }

        is_admitted && block.is_none()
    }
}

/// Blocks that lead to the machine itself, or to what only its neighbours or its cloud are to reach.
const SPECIAL: &[&str] = &[
    // "This network" (RFC 1122), loopback, link-local with the metadata of most clouds, multicast, broadcast.
    "0.0.0.0/8",
    "127.0.0.0/8",
    "169.254.0.0/16",
    "224.0.0.0/4",
    "255.255.255.255/32",
    // Metadata elsewhere.
    "100.100.100.200/32",
    "168.63.129.16/32",
    "192.0.0.192/32",
    "fd00:ec2::254/128",
    "fd20:ce::254/128",
    // Loopback, unspecified, link-local, multicast.
    "::1/128",
    "::/128",
    "fe80::/10",
    "ff00::/8",
];

/// IPv6 addresses that carry one of IPv4 (RFC 4291 §2.5.5.1, RFC 6052, RFC 8215, RFC 3056), and where.
const CARRIERS: &[(&str, usize)] = &[
    ("::/96", 12),
    ("64:ff9b::/96", 12),
    ("64:ff9b:1::/48", 12),
    ("2002::/16", 2),
];

/// The special block an address is in, also by the IPv4 address it carries.
fn special(address: IpAddr) -> Option<IpNet> {
    let own = SPECIAL
        .iter()
        .filter_map(|block| block.parse::<IpNet>().ok())
        .find(|block| block.contains(&address));
    let IpAddr::V6(v6) = address else {
        return own;
    };

    own.or_else(|| {
        let octets = v6.octets();
        CARRIERS.iter().find_map(|(carrier, at)| {
            let carrier: IpNet = carrier.parse().ok()?;
            let carried: [u8; 4] = octets.get(*at..at + 4)?.try_into().ok()?;
            let is_special = carrier.contains(&address) && special(IpAddr::V4(carried.into())).is_some();

            is_special.then_some(carrier)
        })
    })
}

#[cfg(test)]
mod tests;
