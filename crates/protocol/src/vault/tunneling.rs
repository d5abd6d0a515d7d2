//! PAM settings of a database: the *Tunnel* tab (spec §13).

use serde::{Deserialize, Serialize};

use super::checks::{Checks, checkbox, within};
use super::settings::Tri;
use crate::forms::{Draft, FieldError};

/// What the *Tunnel* tab sends. A checkbox that is absent is off.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TunnelingDraft {
    /// *Enable tunneling*.
    #[serde(default)]
    pub tunneling: Tri,
    /// Overrides the record's port for tunnels only. Empty is the record's.
    #[serde(default)]
    pub remote_port: String,
    /// The command line listens on the same local port every time.
    #[serde(default, deserialize_with = "checkbox")]
    pub reuse_port: bool,
    /// Postern signs in with the account's credential; otherwise the client brings its own.
    #[serde(default, deserialize_with = "checkbox")]
    pub inject_credentials: bool,
}

/// Settings nobody has touched.
impl Default for TunnelingDraft {
    fn default() -> Self {
        Self {
            tunneling: Tri::Inherit,
            remote_port: String::new(),
            reuse_port: false,
            inject_credentials: true,
        }
    }
}

impl TunnelingDraft {
    pub fn remote_port(&self) -> Option<u16> {
        within(&self.remote_port, 1, 65_535).and_then(|port| u16::try_from(port).ok())
    }
}

impl Draft for TunnelingDraft {
    fn check(&self) -> Vec<FieldError> {
        let mut checks = Checks::default();
        checks.number("remote_port", "Remote port", &self.remote_port, 1, 65_535);

        checks.into_errors()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_with_nothing_ticked_injects_nothing() {
        let sent: TunnelingDraft = serde_qs::from_str("tunneling=inherit&remote_port=6432").unwrap();

        assert_eq!(sent.remote_port(), Some(6432));
        assert!(!sent.inject_credentials && !sent.reuse_port);
        assert!(TunnelingDraft::default().inject_credentials);
    }

    #[test]
    fn a_port_that_is_none_is_told() {
        let draft = TunnelingDraft {
            remote_port: "70000".to_owned(),
            ..TunnelingDraft::default()
        };

        assert_eq!(
            draft.check(),
            [FieldError::new(
                "remote_port",
                "Remote port must be a whole number from 1 to 65535."
            )]
        );
        assert_eq!(draft.remote_port(), None);
    }
}
