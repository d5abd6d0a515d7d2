//! The choice of somebody whose session of the record is running: come back to it, or start another.

use leptos::prelude::*;
use protocol::terminal::{LaunchView, LiveSession};

use super::choice::NEEDS_JAVASCRIPT;
use crate::ui::layout::Dialog;
use crate::ui::when::When;

/// One row for each live session, the youngest first.
#[component]
pub(super) fn ComeBack(
    offer: LaunchView,
    on_resume: Callback<LiveSession>,
    on_new: Callback<()>,
) -> impl IntoView {
    let back = format!("/vault/{}", offer.record);
    let mut live = offer.live;
    live.sort_by_key(|live| std::cmp::Reverse(live.started_at));
    let rows = live
        .into_iter()
        .map(|live| view! { <Row live on_resume /> })
        .collect_view();

    view! {
        <Dialog title="Your session is running" about=offer.record_title back>
            <div class="dialog-body">
                <ul class="accounts">{rows}</ul>
                <noscript inner_html=NEEDS_JAVASCRIPT></noscript>
            </div>
            <footer>
                <button on:click=move |_| on_new.run(())>"Start new session"</button>
            </footer>
        </Dialog>
    }
}

#[component]
fn Row(live: LiveSession, on_resume: Callback<LiveSession>) -> impl IntoView {
    let where_it_is = match live.is_attached {
        true => "open in another window, which lets go of it",
        false => "not open in any window",
    };
    let login = live.account.clone();
    let since = live.started_at;

    view! {
        <li>
            <div>
                <b>{login}</b>
                <span class="muted">" since " <When at=since /> " UTC, " {where_it_is}</span>
            </div>
            <button class="primary" on:click=move |_| on_resume.run(live.clone())>
                "Resume here"
            </button>
        </li>
    }
}
