//! The replay of a session without a screen: its connections on a time axis, what was run as a table, one statement's
//! details.

mod axis;
mod chart;
mod desk;
mod details;
mod keys;
mod list;
mod load;
mod log;

use leptos::ev;
use leptos::html;
use leptos::prelude::*;
use protocol::sessions::SessionView;

use self::chart::Chart;
use self::desk::Desk;
use self::details::Details;
use self::list::List;
use self::log::{Log, Look};
use super::help::Help;
use super::stage::{NEEDS_JAVASCRIPT, Outage};

#[component]
pub(super) fn Lanes(session: SessionView, has_begun: RwSignal<bool>) -> impl IntoView {
    let desk = Desk::new(has_begun);
    let said = RwSignal::new(None::<String>);
    let helps = RwSignal::new(false);
    let search = NodeRef::<html::Input>::new();
    load::load(session.id.clone(), desk);
    let listener = window_event_listener(ev::keydown, move |event| {
        keys::handle(&event, desk, search, helps);
    });
    on_cleanup(move || listener.remove());

    view! {
        <div class="player-stage lanes-stage">
            <noscript inner_html=NEEDS_JAVASCRIPT></noscript>
            <p class="lanes-said" role="alert" hidden=move || desk.trouble.with(Option::is_none)>
                {move || desk.trouble.get()}
            </p>
            <Outage of=desk.fetched() />
            <Chart desk />
            <Filters desk search helps runs=session.state.runs() />
            <div class="lanes-body">
                <List desk />
                <Details session=session.id desk said />
            </div>
            <p class="toast" role="status" hidden=move || said.with(Option::is_none)>
                {move || said.get()}
            </p>
            <Help helps keys=&keys::KEYS />
        </div>
    }
    .into_any()
}

/// `runs`: more may have been added since.
#[component]
fn Filters(desk: Desk, search: NodeRef<html::Input>, helps: RwSignal<bool>, runs: bool) -> impl IntoView {
    let counts = move || desk.log.with(count_words);
    let only = move || {
        let seq = desk.only.get()?;

        desk.log.with(|log| {
            let connection = log.connections.iter().find(|connection| connection.seq == seq);

            connection.map(log::Connection::name)
        })
    };
    let only_errors = move || desk.only_errors.get().to_string();
    let refresh = runs.then(|| {
        view! { <button on:click=move |_| desk.refresh()>"Refresh"</button> }
    });

    view! {
        <div class="lanes-filters" role="search" aria-label="Filter statements">
            <h2>"Statements " <span class="muted">{counts}</span></h2>
            <span class="spacer"></span>
            {move || {
                only()
                    .map(|name| {
                        view! {
                            <button class="only" on:click=move |_| desk.only.set(None)>
                                "Only " {name} " ×"
                            </button>
                        }
                    })
            }}
            <button
                role="switch"
                aria-checked=only_errors
                on:click=move |_| desk.only_errors.update(|only| *only = !*only)
            >
                "Errors only: "
                {move || if desk.only_errors.get() { "on" } else { "off" }}
            </button>
            <input
                type="search"
                aria-label="Search statements"
                placeholder="Search"
                prop:value=move || desk.words.get()
                on:input:target=move |event| desk.words.set(event.target().value())
                node_ref=search
            />
            {refresh}
            <button class="hide" aria-label="Keys" on:click=move |_| helps.set(true)>
                "?"
            </button>
        </div>
    }
    .into_any()
}

/// `6 · 2 errors`.
fn count_words(log: &Log) -> String {
    let statements = || log.entries.iter().filter(|entry| entry.run().is_some());
    let n_statements = statements().count();
    let n_errors = statements().filter(|entry| entry.look() == Look::Failed).count();

    match n_errors {
        0 => n_statements.to_string(),
        1 => format!("{n_statements} · 1 error"),
        _ => format!("{n_statements} · {n_errors} errors"),
    }
}
