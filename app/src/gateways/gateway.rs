//! One gateway: what it serves, its instances, a test, and its end.

use leptos::prelude::*;
use leptos_router::hooks::use_query_map;
use protocol::gateways::GatewayView;
use protocol::ids::GatewayId;

use super::api::{DeleteGateway, gateway};
use super::instances::Instances;
use super::test::TestGateway;
use super::{Standing, connections, named, use_gateway_id, use_looks};
use crate::ui::form::{DraftForm, FormSentence, FormState};
use crate::ui::layout::{Page, Top};
use crate::ui::notice::Refused;

#[component]
pub fn GatewayPage() -> impl IntoView {
    let id = use_gateway_id();
    let query = use_query_map();
    let detail = Resource::new_blocking(
        move || (id.get(), query.get()),
        |(id, _)| async move { gateway(named(id)?).await },
    );

    view! {
        <Page title="Gateway">
            <Transition>
                {move || Suspend::new(async move {
                    match detail.await {
                        Ok(gateway) => view! { <Gateway gateway /> }.into_any(),
                        Err(error) => view! { <Refused error /> }.into_any(),
                    }
                })}
            </Transition>
        </Page>
    }
}

#[component]
fn Gateway(gateway: GatewayView) -> impl IntoView {
    let saved = use_query_map().with_untracked(|query| query.get("saved").as_deref().and_then(saved));
    let path = format!("/gateways/{}", gateway.id);

    view! {
        <Top heading=gateway.name.clone()>
            <a class="btn" href="/gateways">"All gateways"</a>
            <a class="btn" href=format!("{path}/edit")>"Edit"</a>
        </Top>
        <div class="column">
            {saved.map(|sentence| view! { <p class="done" role="status">{sentence}</p> })}
            <Live gateway=gateway.clone() /> <TestGateway id=gateway.id.clone() />
            <Delete id=gateway.id.clone() name=gateway.name.clone() is_used=!gateway.configurations.is_empty() />
        </div>
    }
}

/// What a saved change is called above the page.
fn saved(what: &str) -> Option<&'static str> {
    match what {
        "changed" => Some("The gateway was changed."),
        "instance" => {
            Some("The instance was removed: its connections have ended, and it does not come back.")
        }
        _ => None,
    }
}

/// What changes by itself: looked at again and again, apart from the forms, so that nothing typed is lost.
#[component]
fn Live(gateway: GatewayView) -> impl IntoView {
    let id = StoredValue::new(gateway.id.clone());
    let first = StoredValue::new(gateway);
    let looks = use_looks();
    let now = Resource::new(
        move || looks.get(),
        move |n_looks| async move {
            match n_looks {
                0 => Ok(first.get_value()),
                _ => super::api::gateway(id.get_value()).await,
            }
        },
    );

    view! {
        <Transition>
            {move || Suspend::new(async move {
                match now.await {
                    Ok(gateway) => view! { <Facts gateway=gateway.clone() /> <Instances gateway /> }.into_any(),
                    Err(error) => view! { <Refused error /> }.into_any(),
                }
            })}
        </Transition>
    }
}

#[component]
fn Facts(gateway: GatewayView) -> impl IntoView {
    let folders: Vec<_> = gateway
        .folders
        .iter()
        .map(|(id, name)| view! { <li><a href=format!("/folders/{id}")>{name.clone()}</a></li> })
        .collect();
    let users: Vec<_> = gateway
        .configurations
        .iter()
        .map(|link| view! { <li><a href=format!("/vault/{}", link.id)>{link.title.clone()}</a></li> })
        .collect();
    let targets = match gateway.targets.is_empty() {
        true => view! { "Everything but loopback, link-local and multicast addresses" }.into_any(),
        false => gateway
            .targets
            .iter()
            .map(|rule| view! { <code>{rule.clone()}</code> " " })
            .collect_view()
            .into_any(),
    };
    let none = users.is_empty().then_some("None yet: choose this gateway in one");

    view! {
        <section class="card">
            <dl class="facts">
                <dt>"State"</dt>
                <dd>
                    <Standing is_online=gateway.is_online() />
                </dd>
                <dt>"Open connections"</dt>
                <dd>{connections(&gateway)}</dd>
                <dt>"Folders it may serve"</dt>
                <dd>
                    <ul class="plain">{folders}</ul>
                </dd>
                <dt>"May connect to"</dt>
                <dd>{targets}</dd>
                <dt>"PAM Configurations"</dt>
                <dd>
                    <ul class="plain">{users}</ul>
                    {none}
                </dd>
                <dt>"Locked to addresses"</dt>
                <dd>{if gateway.address_lock { "yes" } else { "no" }}</dd>
            </dl>
        </section>
    }
}

#[component]
fn Delete(id: GatewayId, name: String, is_used: bool) -> impl IntoView {
    let action = ServerAction::<DeleteGateway>::new();
    let state = FormState::of(action);
    let about = match is_used {
        true => "PAM Configurations use this gateway. Choose another way there before it can be removed."
            .to_owned(),
        false => format!("Removes {name} with its instances; their keys open nothing from then on."),
    };

    view! {
        <DraftForm action state check=|_| Vec::new() class="card">
            <h2>"Remove"</h2>
            <FormSentence state />
            <input type="hidden" name="id" value=id.to_string() />
            <footer>
                <p class="muted">{about}</p>
                {(!is_used).then(|| view! { <button class="danger">"Remove gateway"</button> })}
            </footer>
        </DraftForm>
    }
}
