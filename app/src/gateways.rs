//! Gateways: the list, a new one with the command that starts its first instance, and one gateway's page.

pub mod api;
mod edit;
mod gateway;
mod instances;
mod list;
mod new;
mod test;

use leptos::prelude::*;
use leptos_router::hooks::use_params_map;
use protocol::errors::{Code, Refusal};
use protocol::gateways::{GatewayView, NewInstance};
use protocol::ids::GatewayId;

pub use edit::EditGatewayPage;
pub use gateway::GatewayPage;
pub use instances::NewInstancePage;
pub use list::GatewaysPage;
pub use new::NewGatewayPage;

use crate::errors::AppError;
use crate::ui::once::ShownOnce;
use crate::ui::when::When;

/// How often a page that shows who is online looks again, in the browser.
const LOOK_EVERY: std::time::Duration = std::time::Duration::from_secs(3);

/// Counts up in the browser, so that what depends on it looks again.
fn use_looks() -> ReadSignal<u32> {
    let (looks, set_looks) = signal(0_u32);
    Effect::new(move |_| {
        let again = move || set_looks.update(|n| *n = n.wrapping_add(1));
        if let Ok(every) = set_interval_with_handle(again, LOOK_EVERY) {
            on_cleanup(move || every.clear());
        }
    });

    looks
}

/// The gateway the page's address names.
fn use_gateway_id() -> Memo<Option<GatewayId>> {
    let params = use_params_map();

    Memo::new(move |_| params.with(|params| params.get("gateway")?.parse().ok()))
}

fn named(id: Option<GatewayId>) -> Result<GatewayId, AppError> {
    id.ok_or_else(|| AppError(Refusal::new(Code::PamNotFound, "There is no such gateway.")))
}

/// Whether somebody is there.
#[component]
fn Standing(is_online: bool) -> impl IntoView {
    match is_online {
        true => view! { <span class="tag ok">"online"</span> },
        false => view! { <span class="tag warn">"offline"</span> },
    }
}

/// Connections that are open through a gateway.
fn connections(gateway: &GatewayView) -> u32 {
    gateway
        .instances
        .iter()
        .filter_map(|instance| instance.live)
        .map(|live| live.n_connections)
        .sum()
}

/// The command that starts an instance, once.
#[component]
fn Started(new: NewInstance) -> impl IntoView {
    view! {
        <ShownOnce id="gateway-command" label="Command" value=new.command>
            <p>
                "Run this where the instance of " <b>{new.name}</b>
                " is to be, in a network that reaches its databases. It works once, until "
                <When at=new.expires_at /> ", and is not shown again."
            </p>
        </ShownOnce>
        <p class="muted">
            "The instance keeps a key of its own in " <code>"postern-gateway.json"</code>
            " and is started with " <code>"posternd gateway"</code>
            " from then on. It opens one connection to this server and none is opened to it."
        </p>
    }
}
