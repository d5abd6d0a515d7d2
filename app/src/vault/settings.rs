//! *Set Up*: the PAM settings of a database, tabs of one dialog, each a page of its own.

mod connection;
mod general;
mod tunnel;

use leptos::prelude::*;
use leptos_router::hooks::use_query_map;
use protocol::vault::{SettingsView, Source, Tri};

use self::connection::ConnectionForm;
use self::general::GeneralForm;
use self::tunnel::TunnelForm;
use super::api::{SaveConnection, SaveGeneral, SaveTunnel, settings};
use super::fields::word;
use super::{SettingsDetail, named, successes, use_record_id};
use crate::ui::field::{ChoiceField, TextField};
use crate::ui::form::FormState;
use crate::ui::layout::{Dialog, Page};
use crate::ui::notice::Refused;

/// What the other tabs need first (spec §6).
const FIRST: &str = "Select a PAM configuration and an administrative credential first.";

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Tab {
    General,
    Connection,
    Tunnel,
}

impl Tab {
    const ALL: [Self; 3] = [Self::General, Self::Connection, Self::Tunnel];

    /// As the address says it.
    fn word(self) -> &'static str {
        match self {
            Self::General => "general",
            Self::Connection => "connection",
            Self::Tunnel => "tunnel",
        }
    }

    fn label(self) -> &'static str {
        match self {
            Self::General => "General",
            Self::Connection => "Connection",
            Self::Tunnel => "Tunnel",
        }
    }
}

/// What the forms of the tabs send.
#[derive(Clone, Copy)]
struct Saves {
    general: ServerAction<SaveGeneral>,
    connection: ServerAction<SaveConnection>,
    tunnel: ServerAction<SaveTunnel>,
}

#[component]
pub fn SettingsPage() -> impl IntoView {
    let id = use_record_id();
    let query = use_query_map();
    let tab = Memo::new(move |_| {
        query.with(|query| {
            let word = query.get("tab");
            Tab::ALL
                .into_iter()
                .find(|tab| word.as_deref() == Some(tab.word()))
                .unwrap_or(Tab::General)
        })
    });
    let saves = Saves {
        general: ServerAction::new(),
        connection: ServerAction::new(),
        tunnel: ServerAction::new(),
    };
    let general = successes(saves.general);
    let connection = successes(saves.connection);
    let tunnel = successes(saves.tunnel);
    // Loaded again for each tab and after each save: the one tab may have changed what the others show.
    let detail = Resource::new_blocking(
        move || (id.get(), tab.get(), general.get(), connection.get(), tunnel.get()),
        |(id, ..)| async move { settings(named(id)?).await },
    );

    view! {
        <Page title="PAM settings">
            <Transition>
                {move || Suspend::new(async move {
                    match detail.await {
                        Ok(detail) => view! { <Forms detail tab=tab.get_untracked() saves /> }.into_any(),
                        Err(error) => view! { <Refused error /> }.into_any(),
                    }
                })}
            </Transition>
        </Page>
    }
}

#[component]
fn Forms(detail: SettingsDetail, tab: Tab, saves: Saves) -> impl IntoView {
    let complete = detail.settings.is_general_complete();
    let back = format!("/vault/{}", detail.record);

    view! {
        <Dialog title="PAM settings" about=detail.title.clone() back wide=true>
            {match (tab, complete) {
                (Tab::Connection, true) => view! { <ConnectionForm detail action=saves.connection /> }.into_any(),
                (Tab::Tunnel, true) => view! { <TunnelForm detail action=saves.tunnel /> }.into_any(),
                (Tab::Connection | Tab::Tunnel, false) | (Tab::General, _) => {
                    view! { <GeneralForm detail action=saves.general /> }.into_any()
                }
            }}
        </Dialog>
    }
}

/// The tabs, with the number of fields that need attention at the one that is open.
#[component]
fn Tabs(state: FormState, path: String, current: Tab, complete: bool) -> impl IntoView {
    let total = state.total();
    let tabs = Tab::ALL.map(|tab| {
        let label = tab.label();
        let is_current = tab == current;
        if tab != Tab::General && !complete {
            return view! {
                <button type="button" disabled title=FIRST>
                    {label}
                </button>
            }
            .into_any();
        }

        view! {
            <a href=format!("{path}?tab={}", tab.word()) aria-current=is_current.then_some("page")>
                {label}
                {is_current
                    .then(|| {
                        view! {
                            <span class="count" hidden=move || total.get() == 0>
                                {move || total.get()}
                            </span>
                        }
                    })}
            </a>
        }
        .into_any()
    });

    view! {
        <nav class="form-tabs" aria-label="PAM settings">
            {tabs.collect_view()}
        </nav>
    }
    .into_any()
}

/// What is in force for a field and where it comes from.
fn in_force(settings: StoredValue<SettingsView>, field: &str) -> String {
    settings.with_value(|settings| {
        let Some(resolved) = settings.resolved(field) else {
            return String::new();
        };
        let from = match &resolved.source {
            Source::Record => String::new(),
            Source::Configuration(title) => format!(" · from {title}"),
            Source::Default => " · Postern's default".to_owned(),
        };
        let denied = resolved
            .denied
            .as_ref()
            .map(|sentence| format!(" · {sentence}"))
            .unwrap_or_default();

        format!("in force: {}{from}{denied}", resolved.in_force)
    })
}

/// A switch of three positions.
#[component]
fn Switch(
    state: FormState,
    settings: StoredValue<SettingsView>,
    field: &'static str,
    label: &'static str,
    #[prop(optional)] hint: &'static str,
    value: Tri,
) -> impl IntoView {
    view! {
        <ChoiceField
            state
            name=format!("draft[{field}]")
            label
            hint
            value=word(value)
            options=vec![("inherit", "Inherit"), ("on", "On"), ("off", "Off")]
            note=in_force(settings, field)
        />
    }
}

/// A line of text that inherits when it is empty.
#[component]
fn Line(
    state: FormState,
    settings: StoredValue<SettingsView>,
    field: &'static str,
    label: &'static str,
    hint: &'static str,
    value: String,
) -> impl IntoView {
    view! {
        <TextField state name=format!("draft[{field}]") label hint value mono=true note=in_force(settings, field) />
    }
}
