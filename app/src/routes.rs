//! The route table: URL to page. `pages::PAGES` says who may see each.

use leptos::prelude::*;
use leptos_meta::provide_meta_context;
use leptos_router::components::{Redirect, Route, Router, Routes};
use leptos_router::path;

use crate::account::AccountPage;
use crate::audit::AuditPage;
use crate::people::{InvitePage, PeoplePage, PersonPage};
use crate::sessions::{ActivityPage, LivePage, PlayerPage, SessionsPage, TerminatePage, TranscriptPage};
use crate::sign_in::{SignInPage, WelcomePage};
use crate::terminal::TerminalPage;
use crate::ui::dialog::{DialogPage, DialogPlace, provide_dialogs};
use crate::ui::form::provide_posted_form;
use crate::ui::layout::Page;
use crate::ui::shortcut::provide_search_key;
use crate::vault::{
    EditPage, FolderPage, HistoryPage, NewFolderPage, NewKindPage, NewPage, RecordPage, RevealPage,
    SettingsPage, SharingPage, VaultPage,
};
use crate::viewer::Viewing;

/// The pages that open as dialogs over the page one is on. One with a fixed path comes before those it could be a
/// parameter of.
const DIALOGS: &[DialogPage] = &[
    dialog("/vault/new", || view! { <NewPage /> }.into_any()),
    dialog("/vault/new/{kind}", || view! { <NewKindPage /> }.into_any()),
    dialog("/vault/{record}/edit", || view! { <EditPage /> }.into_any()),
    dialog("/vault/{record}/settings", || {
        view! { <SettingsPage /> }.into_any()
    }),
    dialog("/vault/{record}/reveal", || view! { <RevealPage /> }.into_any()),
    dialog("/folders/new", || view! { <NewFolderPage /> }.into_any()),
    dialog("/people/invite", || view! { <InvitePage /> }.into_any()),
];

const fn dialog(path: &'static str, view: fn() -> AnyView) -> DialogPage {
    DialogPage { path, view }
}

/// The whole application.
#[component]
pub fn App() -> impl IntoView {
    provide_meta_context();
    provide_posted_form();
    provide_dialogs(DIALOGS);
    provide_search_key();

    view! {
        <Router>
            <Viewing>
                <Routes fallback=NotFound>
                    <Route path=path!("/") view=|| view! { <Redirect path="/vault" /> } />
                    <Route path=path!("/sign-in") view=SignInPage />
                    <Route path=path!("/welcome/:token") view=WelcomePage />
                    <Route path=path!("/account") view=AccountPage />
                    <Route path=path!("/vault") view=VaultPage />
                    <Route path=path!("/vault/new") view=NewPage />
                    <Route path=path!("/vault/new/:kind") view=NewKindPage />
                    <Route path=path!("/vault/:record") view=RecordPage />
                    <Route path=path!("/vault/:record/edit") view=EditPage />
                    <Route path=path!("/vault/:record/settings") view=SettingsPage />
                    <Route path=path!("/vault/:record/sharing") view=SharingPage />
                    <Route path=path!("/vault/:record/activity") view=ActivityPage />
                    <Route path=path!("/vault/:record/history") view=HistoryPage />
                    <Route path=path!("/vault/:record/reveal") view=RevealPage />
                    <Route path=path!("/vault/:record/terminal") view=TerminalPage />
                    <Route path=path!("/folders/new") view=NewFolderPage />
                    <Route path=path!("/folders/:folder") view=FolderPage />
                    <Route path=path!("/sessions") view=SessionsPage />
                    <Route path=path!("/sessions/:session") view=PlayerPage />
                    <Route path=path!("/sessions/:session/transcript") view=TranscriptPage />
                    <Route path=path!("/sessions/:session/live") view=LivePage />
                    <Route path=path!("/sessions/:session/terminate") view=TerminatePage />
                    <Route path=path!("/audit") view=AuditPage />
                    <Route path=path!("/people") view=PeoplePage />
                    <Route path=path!("/people/invite") view=InvitePage />
                    <Route path=path!("/people/:person") view=PersonPage />
                </Routes>
                <DialogPlace />
            </Viewing>
        </Router>
    }
}

#[component]
fn NotFound() -> impl IntoView {
    view! {
        <Page title="Not found">
            <section class="notice">
                <h1>"Not found"</h1>
                <p>"There is no page at this address. " <a href="/vault">"Go to the vault"</a></p>
            </section>
        </Page>
    }
}
