//! Every gateway: whether somebody is there, what it serves, who uses it.

use leptos::prelude::*;
use protocol::gateways::GatewayView;

use super::api::gateways;
use super::{Standing, connections, use_looks};
use crate::ui::dialog::use_changes;
use crate::ui::layout::{Page, Top};
use crate::ui::notice::Refused;

#[component]
pub fn GatewaysPage() -> impl IntoView {
    let changes = use_changes();
    let looks = use_looks();
    let list = Resource::new_blocking(move || (changes.get(), looks.get()), |_| gateways());

    view! {
        <Page title="Gateways">
            <Top heading="Gateways">
                <a class="btn primary" href="/gateways/new">"New gateway"</a>
            </Top>
            <Transition>
                {move || Suspend::new(async move {
                    match list.await {
                        Ok(list) if list.is_empty() => view! { <None /> }.into_any(),
                        Ok(list) => view! { <Gateways list /> }.into_any(),
                        Err(error) => view! { <Refused error /> }.into_any(),
                    }
                })}
            </Transition>
        </Page>
    }
}

#[component]
fn None() -> impl IntoView {
    view! {
        <section class="notice">
            <h2>"No gateways"</h2>
            <p>
                "A gateway reaches databases this server does not: it runs in their network, opens one connection to this server, "
                "and needs no open port. It relays bytes; credentials never get there. "
                <a href="/gateways/new">"New gateway"</a>
            </p>
        </section>
    }
}

#[component]
fn Gateways(list: Vec<GatewayView>) -> impl IntoView {
    let rows = list
        .into_iter()
        .map(|gateway| view! { <Row gateway /> })
        .collect_view();

    view! {
        <div class="table">
            <table>
                <caption class="unseen">"Gateways"</caption>
                <thead>
                    <tr>
                        <th scope="col">"Gateway"</th>
                        <th scope="col">"State"</th>
                        <th scope="col" class="hide">"Connections"</th>
                        <th scope="col" class="hide">"Used by"</th>
                    </tr>
                </thead>
                <tbody>{rows}</tbody>
            </table>
        </div>
    }
}

#[component]
fn Row(gateway: GatewayView) -> impl IntoView {
    let n_online = gateway
        .instances
        .iter()
        .filter(|instance| instance.live.is_some())
        .count();
    let n_instances = gateway.instances.len();
    let folders: Vec<&str> = gateway.folders.iter().map(|(_, name)| name.as_str()).collect();
    let users: Vec<&str> = gateway
        .configurations
        .iter()
        .map(|link| link.title.as_str())
        .collect();

    view! {
        <tr>
            <td>
                <a class="row-link" href=format!("/gateways/{}", gateway.id)>
                    {gateway.name.clone()}
                </a>
                <div class="muted">{folders.join(", ")}</div>
            </td>
            <td class="tight">
                <Standing is_online=gateway.is_online() />
                " "
                <span class="muted">{format!("{n_online} of {n_instances}")}</span>
            </td>
            <td class="tight hide">{connections(&gateway)}</td>
            <td class="hide muted">{users.join(", ")}</td>
        </tr>
    }
}
