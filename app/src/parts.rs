//! The parts of the browser's module: each is fetched when a page of it is first shown.
//!
//! Signing in and the list of records are in the module every page loads: they are what people see first. A part holds
//! its pages and what only they need; what several parts use is in the module every page loads, or in
//! chunks of its own. `xtask site` does the cutting. On the server everything is there at once.

use std::future::Future;
use std::pin::Pin;

use leptos::prelude::*;
use leptos::wasm_split::wasm_split;
use leptos_router::ChooseView;

use crate::account::AccountPage;
use crate::audit::AuditPage;
use crate::device::DevicePage;
use crate::gateways::{EditGatewayPage, GatewayPage, GatewaysPage, NewGatewayPage, NewInstancePage};
use crate::pages::page_at;
use crate::people::{InvitePage, NewServiceAccountPage, PeoplePage, PersonPage};
use crate::sessions::{ActivityPage, LivePage, PlayerPage, SessionsPage, TerminatePage, TranscriptPage};
use crate::terminal::TerminalPage;
use crate::tokens::{NewTokenOfPage, NewTokenPage};
use crate::vault::{
    EditPage, FolderPage, HistoryPage, NewFolderPage, NewKindPage, NewPage, NewPersonalPage, RecordPage,
    RevealPage, SettingsPage, SharingPage,
};

/// What the module is cut into.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    Vault,
    Forms,
    House,
    Sessions,
}

impl Part {
    /// The part the page at a path is in; `None` for one that comes with the module every page loads.
    pub fn at(path: &str) -> Option<Self> {
        let page = page_at(path)?.path;
        let starts_with = |starts: &[&str]| starts.iter().any(|start| page.starts_with(start));
        let ends_with = |ends: &[&str]| ends.iter().any(|end| page.ends_with(end));

        if starts_with(&["/gateways"]) {
            Some(Self::House)
        } else if starts_with(&["/vault/new", "/folders/new"])
            || ends_with(&["/edit", "/settings", "/reveal"])
        {
            Some(Self::Forms)
        } else if starts_with(&["/sessions"]) || ends_with(&["/terminal", "/activity"]) {
            Some(Self::Sessions)
        } else if starts_with(&["/people", "/account", "/audit", "/device"]) {
            Some(Self::House)
        } else if starts_with(&["/vault/", "/folders/"]) {
            Some(Self::Vault)
        } else {
            None
        }
    }

    /// What the function that is cut off is called, and with it the part's files.
    pub fn name(self) -> &'static str {
        match self {
            Self::Vault => "vault",
            Self::Forms => "forms",
            Self::House => "house",
            Self::Sessions => "sessions",
        }
    }
}

/// Fetches the part of the page at a path: a page is taken over at one go, with everything there.
pub async fn fetch(path: &str) {
    match Part::at(path) {
        Some(Part::Vault) => fetch_vault().await,
        Some(Part::Forms) => fetch_forms().await,
        Some(Part::House) => fetch_house().await,
        Some(Part::Sessions) => fetch_sessions().await,
        None => {}
    }
}

/// A page on its way.
pub type Arriving = Pin<Box<dyn Future<Output = AnyView> + Send>>;

/// Declares a part: an enum of its pages, each of which a route can show, and the function that is cut off.
macro_rules! part {
    ($(#[$about:meta])* $part:ident $fetch:ident $pages:ident { $($page:ident => $view:ident),+ $(,)? }) => {
        $(#[$about])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum $pages {
            $($page),+
        }

        #[wasm_split($part, wasm_split_path = leptos::wasm_split, preload($fetch))]
        fn $part(page: $pages) -> AnyView {
            match page {
                $($pages::$page => view! { <$view /> }.into_any()),+
            }
        }

        impl $pages {
            pub fn fetch(self) -> Arriving {
                Box::pin($part(self))
            }
        }

        impl ChooseView for $pages {
            async fn choose(self) -> AnyView {
                self.fetch().await
            }

            async fn preload(&self) {}
        }
    };
}

part! {
    /// Looking at one record or folder.
    vault fetch_vault Vault {
        Record => RecordPage,
        Sharing => SharingPage,
        History => HistoryPage,
        Folder => FolderPage,
    }
}

part! {
    /// Making and changing records.
    forms fetch_forms Forms {
        New => NewPage,
        NewKind => NewKindPage,
        NewPersonal => NewPersonalPage,
        NewFolder => NewFolderPage,
        Edit => EditPage,
        Settings => SettingsPage,
        Reveal => RevealPage,
    }
}

part! {
    /// People, gateways, one's own account and what acts in its name, the audit log.
    house fetch_house House {
        People => PeoplePage,
        Invite => InvitePage,
        NewServiceAccount => NewServiceAccountPage,
        Person => PersonPage,
        NewTokenOf => NewTokenOfPage,
        Account => AccountPage,
        NewToken => NewTokenPage,
        Device => DevicePage,
        Gateways => GatewaysPage,
        NewGateway => NewGatewayPage,
        Gateway => GatewayPage,
        EditGateway => EditGatewayPage,
        NewInstance => NewInstancePage,
        Audit => AuditPage,
    }
}

part! {
    /// Working in a terminal, and looking at what was done in one.
    sessions fetch_sessions Sessions {
        List => SessionsPage,
        Terminal => TerminalPage,
        Player => PlayerPage,
        Transcript => TranscriptPage,
        Live => LivePage,
        Terminate => TerminatePage,
        Activity => ActivityPage,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_asks_for_its_own_part() {
        for (path, part) in [
            ("/vault", None),
            ("/vault/abc/sharing", Some(Part::Vault)),
            ("/vault/new", Some(Part::Forms)),
            ("/vault/new/user", Some(Part::Forms)),
            ("/vault/abc/edit", Some(Part::Forms)),
            ("/folders/abc", Some(Part::Vault)),
            ("/vault/abc/terminal", Some(Part::Sessions)),
            ("/vault/abc/activity", Some(Part::Sessions)),
            ("/sessions/abc", Some(Part::Sessions)),
            ("/sessions/abc/terminate", Some(Part::Sessions)),
            ("/account", Some(Part::House)),
            ("/account/tokens/new", Some(Part::House)),
            ("/device", Some(Part::House)),
            ("/gateways/abc/edit", Some(Part::House)),
            ("/sign-in", None),
            ("/no/such/page", None),
        ] {
            assert_eq!(Part::at(path), part, "{path}");
        }
    }
}
