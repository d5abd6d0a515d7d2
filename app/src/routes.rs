//! The route table: URL to page. `pages::PAGES` says who may see each.

use leptos::prelude::*;
use leptos_meta::provide_meta_context;
use leptos_router::components::{Redirect, Route, Router, Routes};
use leptos_router::path;

use crate::parts::{Arriving, Forms, House, Sessions, Vault};
use crate::sign_in::{SignInPage, WelcomePage};
use crate::ui::dialog::{DialogPage, DialogPlace, provide_dialogs};
use crate::ui::form::provide_posted_form;
use crate::ui::layout::Page;
use crate::ui::shortcut::provide_search_key;
use crate::vault::VaultPage;
use crate::viewer::Viewing;

/// The pages that open as dialogs over the page one is on. One with a fixed path comes before those it could be a
/// parameter of.
const DIALOGS: &[DialogPage] = &[
    dialog("/vault/new", || Forms::New.fetch()),
    dialog("/vault/new/personal", || Forms::NewPersonal.fetch()),
    dialog("/vault/new/{kind}", || Forms::NewKind.fetch()),
    dialog("/vault/{record}/edit", || Forms::Edit.fetch()),
    dialog("/vault/{record}/settings", || Forms::Settings.fetch()),
    dialog("/vault/{record}/reveal", || Forms::Reveal.fetch()),
    dialog("/folders/new", || Forms::NewFolder.fetch()),
    dialog("/gateways/new", || House::NewGateway.fetch()),
    dialog("/gateways/{gateway}/edit", || House::EditGateway.fetch()),
    dialog("/gateways/{gateway}/instances/new", || House::NewInstance.fetch()),
    dialog("/people/invite", || House::Invite.fetch()),
    dialog("/people/service-accounts/new", || {
        House::NewServiceAccount.fetch()
    }),
    dialog("/people/{person}/tokens/new", || House::NewTokenOf.fetch()),
    dialog("/account/tokens/new", || House::NewToken.fetch()),
];

const fn dialog(path: &'static str, view: fn() -> Arriving) -> DialogPage {
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
                    <Route path=path!("/account") view=House::Account />
                    <Route path=path!("/account/tokens/new") view=House::NewToken />
                    <Route path=path!("/device") view=House::Device />
                    <Route path=path!("/vault") view=VaultPage />
                    <Route path=path!("/vault/new") view=Forms::New />
                    <Route path=path!("/vault/new/personal") view=Forms::NewPersonal />
                    <Route path=path!("/vault/new/:kind") view=Forms::NewKind />
                    <Route path=path!("/vault/:record") view=Vault::Record />
                    <Route path=path!("/vault/:record/edit") view=Forms::Edit />
                    <Route path=path!("/vault/:record/settings") view=Forms::Settings />
                    <Route path=path!("/vault/:record/sharing") view=Vault::Sharing />
                    <Route path=path!("/vault/:record/activity") view=Sessions::Activity />
                    <Route path=path!("/vault/:record/history") view=Vault::History />
                    <Route path=path!("/vault/:record/reveal") view=Forms::Reveal />
                    <Route path=path!("/vault/:record/terminal") view=Sessions::Terminal />
                    <Route path=path!("/folders/new") view=Forms::NewFolder />
                    <Route path=path!("/folders/:folder") view=Vault::Folder />
                    <Route path=path!("/sessions") view=Sessions::List />
                    <Route path=path!("/sessions/:session") view=Sessions::Player />
                    <Route path=path!("/sessions/:session/transcript") view=Sessions::Transcript />
                    <Route path=path!("/sessions/:session/live") view=Sessions::Live />
                    <Route path=path!("/sessions/:session/terminate") view=Sessions::Terminate />
                    <Route path=path!("/audit") view=House::Audit />
                    <Route path=path!("/gateways") view=House::Gateways />
                    <Route path=path!("/gateways/new") view=House::NewGateway />
                    <Route path=path!("/gateways/:gateway") view=House::Gateway />
                    <Route path=path!("/gateways/:gateway/edit") view=House::EditGateway />
                    <Route path=path!("/gateways/:gateway/instances/new") view=House::NewInstance />
                    <Route path=path!("/people") view=House::People />
                    <Route path=path!("/people/invite") view=House::Invite />
                    <Route path=path!("/people/service-accounts/new") view=House::NewServiceAccount />
                    <Route path=path!("/people/:person") view=House::Person />
                    <Route path=path!("/people/:person/tokens/new") view=House::NewTokenOf />
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
