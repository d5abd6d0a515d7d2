//! Which targets a gateway may connect to: rules, held against the name that was asked for and the address it has.

use std::fmt;
use std::net::{IpAddr, Ipv6Addr};
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
/// unspecified and multicast addresses take a rule that names their network.
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

    /// The rules as they are written.
    pub fn texts(&self) -> Vec<String> {
        self.rules.iter().map(Rule::to_string).collect()
    }

    /// Whether `host`, as it was asked for, may be connected to at this address, which is the one that is then dialled.
    pub fn admit(&self, host: &str, port: u16, address: IpAddr) -> bool {
        let address = address.to_canonical();
        match self.standing {
            Standing::ByRules => {}
            Standing::Nothing => return false,
            Standing::Everything => return true,
        }
        let named = self
            .rules
            .iter()
            .filter(|rule| rule.port.is_none_or(|own| own == port));
        let mut is_named = self.rules.is_empty();
        for rule in named {
            match &rule.place {
                // Whoever writes the network down means it, special or not.
                Place::Network(net) if net.contains(&address) => return true,
                Place::Network(_) => {}
                Place::Name(name) => is_named |= host.eq_ignore_ascii_case(name),
                Place::Under(suffix) => is_named |= host.to_ascii_lowercase().ends_with(suffix),
            }
        }

        is_named && !is_special(address)
    }
}

/// Addresses that lead to the machine itself or to what only its neighbours are to reach.
fn is_special(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => {
            address.is_loopback()
                || address.is_link_local()
                || address.is_unspecified()
                || address.is_broadcast()
                || address.is_multicast()
                // "This network" (RFC 1122).
                || address.octets().first() == Some(&0)
        }
        IpAddr::V6(address) => {
            address.is_loopback()
                || address.is_unspecified()
                || address.is_multicast()
                || address.is_unicast_link_local()
                // The metadata of one cloud has an address of its own.
                || address == METADATA
        }
    }
}

const METADATA: Ipv6Addr = Ipv6Addr::new(0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x254);

#[cfg(test)]
mod tests;
