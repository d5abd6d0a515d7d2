//! Accounts, PAM settings in force, and the records that link to this one.

use leptos::prelude::*;
use protocol::ids::RecordId;
use protocol::vault::{AccountView, Link, LinkKind, MayLaunch, SettingsView, Source};

use crate::ui::icon::{Icon, Shape};

/// The credentials of a database and who may launch with each.
#[component]
pub fn Accounts(id: RecordId, settings: SettingsView) -> impl IntoView {
    let administrative = settings.administrative.map(|link| {
        view! {
            <li>
                <Icon shape=Shape::Key />
                <a href=format!("/vault/{}", link.id)>{link.title}</a>
                <span class="end muted">"administrative credential"</span>
            </li>
        }
    });
    let is_empty = administrative.is_none() && settings.accounts.is_empty();
    let accounts = settings
        .accounts
        .into_iter()
        .map(|account| view! { <Account account /> })
        .collect_view();

    view! {
        <section class="card">
            <header>
                <h2>"Accounts"</h2>
                <a href=format!("/vault/{id}/settings?tab=general")>"Edit"</a>
            </header>
            <ul class="lines">
                {administrative} {accounts}
                {is_empty.then(|| view! { <li class="muted">"No PAM User is linked yet."</li> })}
            </ul>
        </section>
    }
    .into_any()
}

#[component]
fn Account(account: AccountView) -> impl IntoView {
    let who = match account.may_launch {
        MayLaunch::Everyone => "everyone with a launch share".to_owned(),
        MayLaunch::Persons if account.persons.is_empty() => "nobody".to_owned(),
        MayLaunch::Persons => account
            .persons
            .into_iter()
            .map(|(_, name)| name)
            .collect::<Vec<_>>()
            .join(", "),
    };

    view! {
        <li>
            <Icon shape=Shape::Key />
            <a href=format!("/vault/{}", account.user.id)>{account.user.title}</a>
            {account.is_launch_credential.then(|| view! { <span class="tag acc">"launch credential"</span> })}
            <span class="end muted">{who}</span>
        </li>
    }
    .into_any()
}

/// What is in force, and the way to *Set Up*.
#[component]
pub fn SettingsSummary(id: RecordId, settings: SettingsView, configures: bool) -> impl IntoView {
    let set_up = configures.then(|| view! { <a href=format!("/vault/{id}/settings")>"Set Up"</a> });
    let lines = if settings.is_general_complete() || !configures {
        view! { <InForce settings /> }.into_any()
    } else {
        view! {
            <ul class="lines">
                <li class="muted">
                    "Nobody can launch yet: select a PAM configuration and an administrative credential under Set Up."
                </li>
            </ul>
        }
        .into_any()
    };

    view! {
        <section class="card">
            <header>
                <h2>"PAM settings"</h2>
                {set_up}
            </header>
            {lines}
        </section>
    }
    .into_any()
}

#[component]
fn InForce(settings: SettingsView) -> impl IntoView {
    let value = |field: &str| {
        settings
            .resolved(field)
            .map(|of| of.in_force.clone())
            .unwrap_or_default()
    };
    let recorded: Vec<&str> = [
        ("graphical_session_recording", "graphical"),
        ("text_session_recording", "text"),
        ("recording_include_keys", "key events"),
    ]
    .into_iter()
    .filter(|(field, _)| value(field) == "on")
    .map(|(_, word)| word)
    .collect();
    let recording = if recorded.is_empty() {
        view! { <span class="end muted">"off"</span> }.into_any()
    } else {
        view! { <span class="end rec">{recorded.join(", ")}</span> }.into_any()
    };
    let configuration = settings.configuration.clone().map(|link| {
        view! {
            <li>
                <span>"PAM configuration"</span>
                <a class="end" href=format!("/vault/{}", link.id)>
                    {link.title}
                </a>
            </li>
        }
    });
    let times = format!("{} · {}", value("idle_timeout"), value("max_session_duration"));
    let switches = [
        ("connections", "Connections"),
        ("tunneling", "Tunneling"),
        ("can_export", "Can export CSV"),
        ("can_import", "Can import CSV"),
        ("can_copy", "Can copy"),
        ("can_paste", "Can paste"),
    ]
    .map(|(field, label)| view! { <Switch label settings=settings.clone() field /> })
    .collect_view();

    view! {
        <ul class="lines">
            {configuration}
            <li>
                <span>"Recording"</span>
                {recording}
            </li>
            {switches}
            <li>
                <span>"Read-only"</span>
                <span class="end muted">{value("read_only")}</span>
            </li>
            <li>
                <span>"Statement timeout"</span>
                <span class="end muted">{value("statement_timeout")}</span>
            </li>
            <li>
                <span>"Idle · maximum"</span>
                <span class="end muted">{times}</span>
            </li>
        </ul>
    }
    .into_any()
}

#[component]
fn Switch(label: &'static str, settings: SettingsView, field: &'static str) -> impl IntoView {
    settings.resolved(field).cloned().map(|resolved| {
        let from = match resolved.source {
            Source::Configuration(title) => format!(", from {title}"),
            Source::Record | Source::Default => String::new(),
        };
        let value = if resolved.in_force == "on" {
            view! { <span class="end muted">{format!("on{from}")}</span> }.into_any()
        } else {
            view! {
                <span class="end muted">
                    <span class="tag bad">{resolved.in_force}</span>
                    {from}
                </span>
            }
            .into_any()
        };

        view! {
            <li>
                <span>{label}</span>
                {value}
            </li>
        }
    })
}

/// The records that use this one.
#[component]
pub fn LinkedFrom(linked: Vec<(LinkKind, Link)>) -> impl IntoView {
    (!linked.is_empty()).then(|| {
        let lines = linked
            .into_iter()
            .map(|(kind, link)| {
                view! {
                    <li>
                        <Icon shape=Shape::Database />
                        <a href=format!("/vault/{}", link.id)>{link.title}</a>
                        <span class="end muted">"as " {kind.label()}</span>
                    </li>
                }
            })
            .collect_view();

        view! {
            <section class="card">
                <header>
                    <h2>"Used by"</h2>
                </header>
                <ul class="lines">{lines}</ul>
            </section>
        }
    })
}
