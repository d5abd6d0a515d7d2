//! The fields of each kind of record.

use leptos::prelude::*;
use protocol::ids::RecordId;
use protocol::vault::{CertificateFacts, ConfigurationView, DatabaseView, RecordView, UserView};

use crate::ui::breaks::Breaks;
use crate::ui::when::When;
use crate::vault::fields::DIRECT;

/// A label and its value; nothing for an empty value.
#[component]
fn Fact(label: &'static str, #[prop(into)] value: String, #[prop(optional)] mono: bool) -> impl IntoView {
    (!value.is_empty()).then(|| {
        view! {
            <dt>{label}</dt>
            <dd class:mono=mono>
                {if mono { view! { <Breaks text=value /> }.into_any() } else { value.into_any() }}
            </dd>
        }
    })
}

#[component]
pub fn DatabaseFacts(view: DatabaseView) -> impl IntoView {
    let host = match view.host.as_str() {
        "" => "given at each launch: a connection template".to_owned(),
        host if host.contains(':') => format!("[{host}]:{}", view.port),
        host => format!("{host}:{}", view.port),
    };
    let is_mono = !view.host.is_empty();

    view! {
        <dl class="facts">
            <Fact label="Host" value=host mono=is_mono />
            <Fact label="Default database" value=view.database mono=true />
            <Fact label="TLS" value=view.tls_mode.name() />
            <Fact label="TLS server name" value=view.tls_server_name mono=true />
            <Certificates label="Trusted CA" facts=view.trusted_ca_facts />
            <Fact label="Notes" value=view.notes />
        </dl>
    }
    .into_any()
}

#[component]
pub fn UserFacts(id: RecordId, view: UserView, may_reveal: bool) -> impl IntoView {
    let set = |is_set: bool| if is_set { "set" } else { "not set" };
    let reveal = (may_reveal && (view.has_password || view.has_private_key)).then(|| {
        view! {
            <dt>"Secret"</dt>
            <dd>
                <a href=format!("/vault/{id}/reveal")>"Reveal"</a>
            </dd>
        }
    });

    view! {
        <dl class="facts">
            <Fact label="Login" value=view.login mono=true />
            <Fact label="Password" value=set(view.has_password) />
            <Fact label="Private PEM key" value=set(view.has_private_key) />
            {reveal}
            <Certificates label="Client certificate" facts=view.certificate_facts />
            <Fact label="Connect database" value=view.connect_database mono=true />
            <Fact label="Description" value=view.description />
        </dl>
        <Imported distinguished_name=view.distinguished_name />
    }
    .into_any()
}

/// What an import brought along; nothing where it brought nothing.
#[component]
fn Imported(distinguished_name: String) -> impl IntoView {
    (!distinguished_name.is_empty()).then(|| {
        view! {
            <section class="card">
                <header>
                    <h2>"Imported, not used by PostgreSQL"</h2>
                </header>
                <dl class="facts">
                    <Fact label="Distinguished Name" value=distinguished_name mono=true />
                </dl>
            </section>
        }
    })
}

#[component]
pub fn ConfigurationFacts(view: ConfigurationView) -> impl IntoView {
    let on = |is_on: bool| if is_on { "on" } else { "off" };
    let or_default = |text: String| {
        if text.is_empty() {
            "Postern's default".to_owned()
        } else {
            text
        }
    };

    view! {
        <dl class="facts">
            <Fact label="Environment" value=view.environment.label() />
            <Fact label="Gateway" value=view.gateway_name.unwrap_or_else(|| DIRECT.to_owned()) />
            <Fact label="Connections" value=on(view.connections) />
            <Fact label="Tunneling" value=on(view.tunneling) />
            <Fact label="Unguarded tunnels" value=on(view.unguarded_tunnels) />
            <Fact label="Graphical recording" value=on(view.graphical_session_recording) />
            <Fact label="Text recording" value=on(view.text_session_recording) />
            <Fact label="Key events" value=on(view.recording_include_keys) />
            <Fact label="Can export CSV" value=on(view.can_export) />
            <Fact label="Can import CSV" value=on(view.can_import) />
            <Fact label="Can copy" value=on(view.can_copy) />
            <Fact label="Can paste" value=on(view.can_paste) />
            <Fact label="Statement timeout" value=or_default(view.statement_timeout) />
            <Fact label="Connect timeout" value=or_default(view.connect_timeout) />
            <Fact label="Idle timeout" value=or_default(view.idle_timeout) />
            <Fact label="Maximum duration" value=or_default(view.max_session_duration) />
            <Fact label="Sessions per user" value=or_default(view.max_sessions_per_user) />
            <Fact label="Sessions per resource" value=or_default(view.max_sessions_per_resource) />
            <Fact label="Connections per session" value=or_default(view.max_connections_per_session) />
            <Fact label="Statements per session" value=or_default(view.max_statements_per_session) />
            <Fact label="Notes" value=view.notes />
        </dl>
    }
    .into_any()
}

/// Who each pasted certificate is for and until when.
#[component]
fn Certificates(label: &'static str, facts: Vec<CertificateFacts>) -> impl IntoView {
    facts
        .into_iter()
        .map(|facts| {
            let class = if facts.warning.is_some() {
                "tag warn"
            } else {
                "tag ok"
            };

            view! {
                <dt>{label}</dt>
                <dd>
                    <span class="mono">{facts.subject}</span>
                    " "
                    <span class=class>"valid until " <When at=facts.not_after /></span>
                    {facts.warning.map(|warning| view! { <p class="field-note">{warning}</p> })}
                </dd>
            }
        })
        .collect_view()
}

/// Who made the record and who changed it last.
#[component]
pub fn Stamps(record: RecordView) -> impl IntoView {
    let used = record.last_used.map(|at| {
        view! {
            <dt>"Last used"</dt>
            <dd>
                <When at />
            </dd>
        }
    });

    view! {
        <dl class="facts">
            {used}
            <dt>"Changed"</dt>
            <dd>
                <When at=record.updated_at />
                " by "
                {record.updated_by_name}
            </dd>
            <dt>"Created"</dt>
            <dd>
                <When at=record.created_at />
                " by "
                {record.created_by_name}
            </dd>
        </dl>
    }
    .into_any()
}
