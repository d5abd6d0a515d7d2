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
    Administrator,
}

impl Who {
    /// Whether somebody of this role, `None` for nobody signed in, may pass.
    pub fn includes(self, role: Option<Role>) -> bool {
        match (self, role) {
            (Self::Anyone, _)
            | (Self::SignedIn, Some(_))
            | (Self::Evidence, Some(Role::Administrator | Role::Auditor))
            | (Self::Administrator, Some(Role::Administrator)) => true,
            (Self::SignedIn | Self::Evidence | Self::Administrator, None)
            | (Self::Evidence, Some(Role::User))
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
    page("/vault", Who::SignedIn),
    page("/vault/new", Who::Administrator),
    page("/vault/new/{kind}", Who::Administrator),
    page("/vault/{record}", Who::SignedIn),
    page("/vault/{record}/edit", Who::SignedIn),
    page("/vault/{record}/settings", Who::SignedIn),
    page("/vault/{record}/sharing", Who::SignedIn),
    page("/vault/{record}/history", Who::SignedIn),
    page("/vault/{record}/reveal", Who::SignedIn),
    page("/vault/{record}/terminal", Who::SignedIn),
    page("/folders/new", Who::Administrator),
    page("/folders/{folder}", Who::SignedIn),
    page("/sessions", Who::SignedIn),
    page("/sessions/{session}", Who::Evidence),
    page("/audit", Who::Evidence),
    page("/people", Who::Administrator),
    page("/people/invite", Who::Administrator),
    page("/people/{person}", Who::Administrator),
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
    PAGES.iter().find(|page| matches(page.path, path))
}

fn matches(pattern: &str, path: &str) -> bool {
    let (mut expected, mut found) = (pattern.split('/'), path.split('/'));
    loop {
        match (expected.next(), found.next()) {
            (None, None) => return true,
            (Some(expected), Some(found)) if expected == found || expected.starts_with('{') => {}
            (Some(_), _) | (None, Some(_)) => return false,
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
            ("/vault/abc", Some("/vault/{record}")),
            ("/vault/abc/edit", Some("/vault/{record}/edit")),
            ("/people/invite", Some("/people/invite")),
            ("/nothing", None),
            ("/vault/abc/edit/more", None),
        ] {
            assert_eq!(page_at(path).map(|page| page.path), expected, "{path}");
        }
    }
}
