//! The list of pages: path and who may see it. The server declares each as a door; the door test walks it.

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
