//! The list of pages: path and who may see it. The server declares each as a door; the door test walks it.

use protocol::people::Role;

/// Who may pass a door.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Who {
    /// Anybody, signed in or not.
    Anyone,
    /// Every person who is signed in.
    SignedIn,
    /// Administrators and auditors.
    Evidence,
    /// Administrators and users: whoever may launch.
    Launcher,
    Administrator,
    /// Who brings an access token in `Authorization`. A cookie opens nothing here.
    TokenHolder,
}

impl Who {
    /// Whether somebody who is signed in with this role, `None` for nobody signed in, may pass.
    pub fn includes(self, role: Option<Role>) -> bool {
        match (self, role) {
            (Self::Anyone, _)
            | (Self::SignedIn, Some(_))
            | (Self::Evidence, Some(Role::Administrator | Role::Auditor))
            | (Self::Launcher, Some(Role::Administrator | Role::User))
            | (Self::Administrator, Some(Role::Administrator)) => true,
            (Self::TokenHolder, _)
            | (Self::SignedIn | Self::Evidence | Self::Launcher | Self::Administrator, None)
            | (Self::Evidence, Some(Role::User))
            | (Self::Launcher, Some(Role::Auditor))
            | (Self::Administrator, Some(Role::Auditor | Role::User)) => false,
        }
    }
}

/// One page. `path` uses axum's `{name}` for parameters.
#[derive(Debug, Clone, Copy)]
pub struct Page {
    pub path: &'static str,
    pub who: Who,
}

const fn page(path: &'static str, who: Who) -> Page {
    Page { path, who }
}

/// Every page there is.
pub const PAGES: &[Page] = &[
    page("/", Who::SignedIn),
    page("/sign-in", Who::Anyone),
    page("/welcome/{token}", Who::Anyone),
    page("/account", Who::SignedIn),
    page("/account/tokens/new", Who::SignedIn),
    page("/device", Who::SignedIn),
    page("/vault", Who::SignedIn),
    page("/vault/new", Who::Administrator),
    page("/vault/new/personal", Who::Launcher),
    page("/vault/new/{kind}", Who::Administrator),
    page("/vault/{record}", Who::SignedIn),
    page("/vault/{record}/edit", Who::SignedIn),
    page("/vault/{record}/settings", Who::SignedIn),
    page("/vault/{record}/sharing", Who::SignedIn),
    page("/vault/{record}/activity", Who::Evidence),
    page("/vault/{record}/history", Who::SignedIn),
    page("/vault/{record}/reveal", Who::SignedIn),
    page("/vault/{record}/terminal", Who::SignedIn),
    page("/folders/new", Who::Administrator),
    page("/folders/{folder}", Who::SignedIn),
    page("/sessions", Who::SignedIn),
    page("/sessions/{session}", Who::SignedIn),
    page("/sessions/{session}/transcript", Who::SignedIn),
    page("/sessions/{session}/live", Who::Evidence),
    page("/sessions/{session}/terminate", Who::Evidence),
    page("/audit", Who::Evidence),
    page("/gateways", Who::Administrator),
    page("/gateways/new", Who::Administrator),
    page("/gateways/{gateway}", Who::Administrator),
    page("/gateways/{gateway}/edit", Who::Administrator),
    page("/gateways/{gateway}/instances/new", Who::Administrator),
    page("/people", Who::Administrator),
    page("/people/invite", Who::Administrator),
    page("/people/service-accounts/new", Who::Administrator),
    page("/people/{person}", Who::Administrator),
    page("/people/{person}/tokens/new", Who::Administrator),
];

/// Server functions that work before sign-in; every other one is refused to nobody-in-particular at the door.
pub const OPEN_FUNCTIONS: &[&str] = &[
    "/api/sign-in",
    "/api/link",
    "/api/set-up",
    "/api/use-link",
    "/api/viewer",
];

/// The page at a path, if there is one. A page with a fixed path comes before those it could be a parameter of.
pub fn page_at(path: &str) -> Option<&'static Page> {
    PAGES.iter().find(|page| params_of(page.path, path).is_some())
}

/// The parameters a path has as one of `pattern`, by name; `None` when it is none of it.
pub fn params_of<'a>(pattern: &'static str, path: &'a str) -> Option<Vec<(&'static str, &'a str)>> {
    let (mut expected, mut found) = (pattern.split('/'), path.split('/'));
    let mut params = Vec::new();
    loop {
        match (expected.next(), found.next()) {
            (None, None) => return Some(params),
            (Some(expected), Some(found)) if expected == found => {}
            (Some(expected), Some(found)) => {
                let name = expected.strip_prefix('{')?.strip_suffix('}')?;
                params.push((name, found));
            }
            (Some(_), None) | (None, Some(_)) => return None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fixed_path_comes_before_a_parameter() {
        for (path, expected) in [
            ("/vault/new", Some("/vault/new")),
            ("/vault/new/personal", Some("/vault/new/personal")),
            ("/vault/abc", Some("/vault/{record}")),
            ("/vault/abc/edit", Some("/vault/{record}/edit")),
            ("/people/invite", Some("/people/invite")),
            ("/nothing", None),
            ("/vault/abc/edit/more", None),
        ] {
            assert_eq!(page_at(path).map(|page| page.path), expected, "{path}");
        }
    }

    #[test]
    fn a_parameter_is_found_by_its_name() {
        for (path, expected) in [
            ("/vault/abc/edit", Some(vec![("record", "abc")])),
            ("/vault/abc", None),
            ("/vault/abc/history", None),
        ] {
            assert_eq!(params_of("/vault/{record}/edit", path), expected, "{path}");
        }
    }
}
