//! `/sessions/{session}/transcript`: the text of a recording, page by page; needs no script.

use leptos::prelude::*;
use leptos_router::hooks::use_query_map;
use protocol::recordings::TranscriptView;
use protocol::service_accounts::in_words;
use protocol::time::Timestamp;

use super::address::{named, use_session_id};
use super::api::read_transcript;
use crate::ui::layout::{Page, Top};
use crate::ui::notice::{Empty, Refused};
use crate::ui::when::When;

#[component]
pub fn TranscriptPage() -> impl IntoView {
    let session = use_session_id();
    let query = use_query_map();
    let from = Memo::new(move |_| query.with(|query| query.get("from")?.parse().ok()).unwrap_or(0));
    let transcript = Resource::new_blocking(
        move || (session.get(), from.get()),
        |(session, from)| async move { read_transcript(named(session)?, from).await },
    );

    view! {
        <Page title="Transcript">
            <Transition>
                {move || Suspend::new(async move {
                    match transcript.await {
                        Ok(transcript) => view! { <Transcript transcript from=from.get_untracked() /> }.into_any(),
                        Err(error) => view! { <Refused error /> }.into_any(),
                    }
                })}
            </Transition>
        </Page>
    }
}

#[component]
fn Transcript(transcript: TranscriptView, from: u32) -> impl IntoView {
    let TranscriptView {
        session,
        text,
        span,
        next,
    } = transcript;
    let path = format!("/sessions/{}", session.id);
    let later = next.map(|next| format!("{path}/transcript?from={next}"));
    let first = (from > 0).then(|| format!("{path}/transcript"));
    let span = span.map(|(start, end)| {
        view! {
            <When at=Timestamp(start) />
            " to "
            <When at=Timestamp(end) />
            " UTC"
        }
    });
    let body = if text.trim().is_empty() {
        view! { <Empty title="No text">"Nothing was shown or run in this part of the session, or it was not recorded."</Empty> }
            .into_any()
    } else {
        // It scrolls, so it can be reached by keyboard.
        view! {
            <pre class="transcript" tabindex="0" aria-label="Transcript">
                {text}
            </pre>
        }
        .into_any()
    };

    view! {
        <Top heading=format!("Transcript · {}", session.record_title)>
            <a class="btn" href=path>
                {if session.kind.has_screen() { "Play" } else { "Timeline" }}
            </a>
        </Top>
        <p class="transcript-about muted">{in_words(&session.person_email)} " as " {session.account} " · " {span}</p>
        {body}
        <nav class="pager" aria-label="Pages">
            {first.map(|href| view! { <a class="btn" href=href>"First page"</a> })}
            {later.map(|href| view! { <a class="btn" href=href>"Next page"</a> })}
        </nav>
    }
    .into_any()
}
