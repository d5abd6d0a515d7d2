//! All that is recorded of one statement: its text, its parameters, how each of its results ended.

use std::rc::Rc;

use leptos::prelude::*;
use protocol::ids::SessionId;
use protocol::time::Timestamp;
use recording::{
    Body, Direction, Frame, Origin, Shown, Statement, StatementEnd, StatementKind, Transfer, TransferOutcome,
    legible, type_name,
};

use super::desk::Desk;
use super::log::{Entry, MAX_RESULTS, Run};
use crate::sessions::player::fetch;
use crate::sessions::player::shelf::{Shelf, Want};
use crate::sessions::player::stage::lack;
use crate::sessions::player::words::{exact_clock, rows, took};
use crate::ui::clipboard::copy;
use crate::ui::fetched::fetched;
use crate::ui::size::size;
use crate::ui::toast::say_for_a_while;
use crate::ui::when::When;

/// A statement with the sequence number of its frame.
type Whole = (u64, Statement);

/// Characters of a statement or value that are put on the page.
const MAX_SHOWN: usize = 200_000;

#[component]
pub(super) fn Details(session: SessionId, desk: Desk, said: RwSignal<Option<String>>) -> impl IntoView {
    let entry = Memo::new(move |_| {
        let seq = desk.selected.get()?;

        desk.log.with(|log| log.find(seq).cloned())
    });
    let full = full_text(session, desk, entry);

    view! {
        <aside class="run" aria-label="Details" tabindex="0">
            {move || match entry.get() {
                None => view! { <p class="muted">"Choose a statement to see all of it."</p> }.into_any(),
                Some(entry) => view! { <About entry desk full said /> }.into_any(),
            }}
        </aside>
    }
    .into_any()
}

/// The statement whole, once it has come: lists have its beginning, and no parameters.
fn full_text(session: SessionId, desk: Desk, entry: Memo<Option<Entry>>) -> RwSignal<Option<Whole>> {
    let want = Memo::new(move |_| {
        let entry = entry.get()?;
        entry.run()?;

        desk.shelf
            .with(|shelf| shelf.as_ref()?.around(entry.segment, entry.at))
    });
    let wanted = move || Some((want.get()?, desk.frames.attempt()));
    let arrived = fetched(wanted, move |(want, attempt): (Want, u32)| {
        let session = session.clone();

        async move {
            let frames = fetch::frames(&session, &want).await;

            (want, attempt, frames.map(Rc::new))
        }
    });
    let came: RwSignal<Option<Whole>> = RwSignal::new(None);
    Effect::new(move || {
        let (Some(entry), Some((of, attempt, frames))) = (entry.get(), arrived.get()) else {
            return;
        };
        if want.get().as_ref() != Some(&of) || !desk.frames.is_current(attempt) {
            return;
        }
        match frames {
            Ok(frames) => {
                desk.frames.succeed();
                came.set(statement_of(&frames, entry.seq).map(|statement| (entry.seq, statement)));
            }
            Err(missing) => lack(missing, desk.frames, desk.trouble),
        }
    });

    came
}

fn statement_of(frames: &[Frame], seq: u64) -> Option<Statement> {
    let frame = frames.iter().find(|frame| frame.seq == seq)?;
    match &frame.body {
        Body::StatementStart(statement) => Some(statement.clone()),
        Body::Header(_)
        | Body::Output(_)
        | Body::Input(_)
        | Body::Resize { .. }
        | Body::StatementEnd(_)
        | Body::Transfer(_)
        | Body::Marker(_)
        | Body::Gap(_)
        | Body::Keyframe(_)
        | Body::End { .. }
        | Body::Connected(_)
        | Body::Disconnected { .. }
        | Body::Unknown { .. } => None,
    }
}

#[component]
fn About(
    entry: Entry,
    desk: Desk,
    full: RwSignal<Option<Whole>>,
    said: RwSignal<Option<String>>,
) -> impl IntoView {
    let start = desk
        .shelf
        .with_untracked(|shelf| shelf.as_ref().map_or(0, Shelf::start));
    let connection = desk.log.with_untracked(|log| log.connection(&entry).cloned());
    let connection = connection.map(|connection| {
        let tls = if connection.about.tls { "TLS" } else { "no TLS" };
        view! {
            <dt>"Connection"</dt>
            <dd>{connection.name()} <div class="faint mono">{connection.place()} " · " {tls}</div></dd>
        }
    });
    let at = view! {
        <dt>"Time"</dt>
        <dd>
            <span class="mono">{exact_clock(entry.at)}</span>
            " · "
            <When at=Timestamp(start.saturating_add(entry.at)) />
            " UTC"
        </dd>
    };
    let seq = entry.seq;
    let Some(run) = entry.run().cloned() else {
        return view! {
            <h2>"Note"</h2>
            <p>{legible(&entry.text).into_owned()}</p>
            <dl>{at} {connection}</dl>
            <CopyLink seq said />
        }
        .into_any();
    };
    let beginning = entry.text.clone();
    // Of another statement than this before its own has come.
    let mine = Memo::new(move |_| {
        let (_, statement) = full.get().filter(|(of, _)| *of == seq)?;

        Some(statement)
    });
    let sql = move || {
        let sql = mine.with(|full| {
            full.as_ref()
                .map_or_else(|| beginning.clone(), |full| full.sql.clone())
        });

        shown(&sql)
    };
    let copy_sql = move |_| {
        if let Some(full) = mine.get_untracked()
            && copy(&full.sql)
        {
            say_for_a_while(said, "Statement copied.");
        }
    };

    view! {
        <header>
            <h2>"Statement"</h2>
            <button class="small" on:click=copy_sql>
                "Copy SQL"
            </button>
            <CopyLink seq said />
        </header>
        <pre class="sql" tabindex="0" aria-label="SQL">
            {sql}
        </pre>
        {move || mine.get().map(|full| view! { <Parameters full /> })}
        <Results run=run.clone() />
        <dl>
            {at} {connection} <dt>"Sent as"</dt> <dd>{how(run.how)} {backend(&run)}</dd> <dt>"By"</dt>
            <dd>{origin(run.origin)}</dd>
        </dl>
    }
    .into_any()
}

#[component]
fn CopyLink(seq: u64, said: RwSignal<Option<String>>) -> impl IntoView {
    let copy_link = move |_| {
        let location = window().location();
        let (Ok(origin), Ok(path)) = (location.origin(), location.pathname()) else {
            return;
        };
        let link = format!("{origin}{path}#s={seq}");
        match copy(&link) {
            true => say_for_a_while(said, "Link to this statement copied."),
            // It stays until it has been copied by hand.
            false => said.set(Some(link)),
        }
    };

    view! {
        <button class="small" on:click=copy_link>
            "Copy link"
        </button>
    }
}

#[component]
fn Parameters(full: Statement) -> impl IntoView {
    if full.parameters.is_empty() {
        return ().into_any();
    }
    let rows = (1..)
        .zip(full.parameters)
        .map(|(number, parameter)| {
            let kind = type_name(parameter.type_oid).map_or_else(
                || match parameter.type_oid {
                    0 => "not said".to_owned(),
                    oid => format!("type {oid}"),
                },
                str::to_owned,
            );
            let is_null = parameter.value == recording::ParameterValue::Null;
            let Shown { value, remark } = parameter.value.shown();
            let class = if is_null { "faint" } else { "value" };

            view! {
                <tr>
                    <th scope="row" class="mono">
                        "$" {number}
                    </th>
                    <td class="mono faint">{kind}</td>
                    <td>
                        <code class=class>{shown(&value)}</code>
                        {remark.map(|remark| view! { <div class="faint">{remark}</div> })}
                    </td>
                </tr>
            }
        })
        .collect_view();

    view! {
        <h3>"Parameters"</h3>
        <table>
            <thead class="unseen">
                <tr>
                    <th scope="col">"Number"</th>
                    <th scope="col">"Type"</th>
                    <th scope="col">"Value"</th>
                </tr>
            </thead>
            <tbody>{rows}</tbody>
        </table>
    }
    .into_any()
}

#[component]
fn Results(run: Run) -> impl IntoView {
    let transfer = run
        .transfer
        .map(|transfer| view! { <p class="moved">{transfer_sentence(&transfer)}</p> });
    let hidden = (run.n_results > MAX_RESULTS).then(
        || view! { <p class="muted">{format!("And {} more results.", run.n_results - MAX_RESULTS)}</p> },
    );
    if run.results.is_empty() {
        return view! {
            <h3>"Result"</h3>
            {transfer}
            <p class="muted">"No end of it was recorded."</p>
        }
        .into_any();
    }
    let heading = if run.n_results == 1 { "Result" } else { "Results" };
    let results = run
        .results
        .into_iter()
        .map(|end| view! { <Result end /> })
        .collect_view();

    view! {
        <h3>{heading}</h3>
        {transfer}
        <ol class="results">{results}</ol>
        {hidden}
    }
    .into_any()
}

#[component]
fn Result(end: StatementEnd) -> impl IntoView {
    let has_failed = end.sqlstate.is_some() || end.error.is_some();
    let tag = match (has_failed, end.tag.as_str()) {
        (true, _) => end.sqlstate.clone().unwrap_or_else(|| "failed".to_owned()),
        (false, "") => "ok".to_owned(),
        (false, tag) => legible(tag).into_owned(),
    };
    let class = if has_failed { "tag bad" } else { "tag" };
    let counted = format!(
        "{} · {} · {}",
        rows(end.rows),
        size(end.bytes),
        took(end.duration)
    );
    let error = end
        .error
        .map(|error| view! { <div class="danger">{legible(&error).into_owned()}</div> });

    view! {
        <li>
            <span class=class>{tag}</span>
            <span class="muted">{counted}</span>
            {error}
        </li>
    }
}

fn transfer_sentence(transfer: &Transfer) -> String {
    let direction = match transfer.direction {
        Direction::ToDatabase => "to the database",
        Direction::FromDatabase => "from the database",
        Direction::Both => "both ways",
    };

    match transfer.outcome {
        TransferOutcome::Finished { rows: n_rows, bytes } => {
            format!(
                "Moved {} ({}) {direction}. The data itself is not recorded.",
                rows(n_rows),
                size(bytes)
            )
        }
        TransferOutcome::Failed { bytes } => {
            format!("Broke off after {} {direction}.", size(bytes))
        }
        TransferOutcome::Refused => format!("Refused by the record's settings: nothing moved {direction}."),
    }
}

fn how(kind: StatementKind) -> &'static str {
    match kind {
        StatementKind::Simple => "Simple query",
        StatementKind::Extended => "Extended query",
        StatementKind::FunctionCall => "Function call",
        StatementKind::Cancel => "Cancel request",
    }
}

fn origin(origin: Origin) -> &'static str {
    match origin {
        Origin::Person => "The person's client",
        Origin::Interface => "A command of the terminal",
        Origin::System => "Postern",
    }
}

fn backend(run: &Run) -> Option<String> {
    run.backend_pid.map(|pid| format!(" · backend {pid}"))
}

/// As it can be looked at, and not more than a page bears.
fn shown(text: &str) -> String {
    let text = legible(text);

    match text.char_indices().nth(MAX_SHOWN) {
        Some((end, _)) => format!(
            "{}…\n(The export has all of it.)",
            text.get(..end).unwrap_or_default()
        ),
        None => text.into_owned(),
    }
}
