//! `/vault/{record}/terminal`: launches at once, or asks first with which account, or which session to resume.

use leptos::prelude::*;
use leptos::task::spawn_local;
use leptos_meta::Title;
use leptos_router::hooks::{use_params_map, use_query_map};
use protocol::errors::Refusal;
use protocol::ids::{RecordId, SessionId};
use protocol::terminal::{LaunchChoice, LaunchDraft, LaunchView, LiveSession};

use super::api::look_at_launch;
use super::back::ComeBack;
use super::choice::{Asked, Choose, NEEDS_JAVASCRIPT};
use super::keep;
use super::session::{Session, Start};
use super::ticket::Ticket;
use super::xterm;
use crate::errors::AppError;
use crate::ui::layout::Page;
use crate::ui::notice::Refused;
use crate::ui::raw::raw_text;

#[component]
pub fn TerminalPage() -> impl IntoView {
    let params = use_params_map();
    let record = Memo::new(move |_| params.with(|params| params.get("record")?.parse::<RecordId>().ok()));
    let asked = use_asked();
    let ticket = Ticket::new();
    let offer = Resource::new_blocking(
        move || record.get(),
        move |record| async move {
            let offer = look_at_launch(record.ok_or_else(|| AppError(Refusal::not_found()))?).await?;
            if is_browser() && offer.live.is_empty() {
                // Before the page is made, which takes as long as the answer.
                let asked = asked.get_untracked();
                if let Some(choice) = chosen(&offer, &asked) {
                    ticket.ask_ahead(draft(&offer, choice, &asked));
                }
            }

            Ok::<_, AppError>(offer)
        },
    );

    // xterm.js is on its way while the server says with which accounts.
    Effect::new(|_| spawn_local(xterm::fetch_ahead()));

    view! {
        <Page title="Terminal">
            <Transition>
                {move || Suspend::new(async move {
                    match offer.await {
                        Ok(offer) => view! { <Offered offer ticket /> }.into_any(),
                        Err(error) => view! { <Refused error /> }.into_any(),
                    }
                })}
            </Transition>
        </Page>
    }
}

/// What the person who is here wants.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Wish {
    /// Nobody knows before the page is alive: the browser remembers what it was left with.
    Unknown,
    /// Sessions are running; the person is asked.
    Ask,
    Resume(LiveSession),
    New,
}

#[component]
fn Offered(offer: LaunchView, ticket: Ticket) -> impl IntoView {
    let asked = use_asked();
    let title = raw_text(&format!("{} · Postern", offer.record_title));
    let wish = RwSignal::new(match offer.live.is_empty() {
        true => Wish::New,
        false => Wish::Unknown,
    });
    let again = Callback::new(move |()| wish.set(Wish::New));
    let resume = Callback::new(move |live| wish.set(Wish::Resume(live)));
    let (record, live) = (offer.record.clone(), offer.live.clone());
    Effect::new(move || {
        let left = keep::take_left(&record);
        if wish.get_untracked() == Wish::Unknown {
            wish.set(wish_of(&live, left));
        }
    });
    let shown = move || match wish.get() {
        Wish::Unknown => view! { <Waiting /> }.into_any(),
        Wish::Ask => view! { <ComeBack offer=offer.clone() on_resume=resume on_new=again /> }.into_any(),
        Wish::Resume(live) => {
            view! { <Session offer=offer.clone() start=Start::Resume(live) ticket on_again=again /> }
                .into_any()
        }
        Wish::New => asked.with(|asked| match chosen(&offer, asked) {
            Some(choice) => {
                let start = Start::Launch(choice.clone(), draft(&offer, choice, asked));

                view! { <Session offer=offer.clone() start ticket on_again=again /> }.into_any()
            }
            None => view! { <Choose offer=offer.clone() asked=asked.clone() /> }.into_any(),
        }),
    };

    view! {
        <Title text=title />
        {shown}
    }
}

/// An empty terminal, for as long as it takes to look.
#[component]
fn Waiting() -> impl IntoView {
    view! {
        <div class="terminal">
            <section class="terminal-screen" aria-label="Terminal">
                <div class="terminal-cover">
                    <noscript inner_html=NEEDS_JAVASCRIPT></noscript>
                </div>
            </section>
        </div>
    }
}

/// A page that was left with a session that is still running comes back to it; every other one asks.
fn wish_of(live: &[LiveSession], left: Option<SessionId>) -> Wish {
    live.iter()
        .find(|live| left.as_ref() == Some(&live.id))
        .cloned()
        .map_or(Wish::Ask, Wish::Resume)
}

/// What the address says.
fn use_asked() -> Memo<Asked> {
    let query = use_query_map();

    Memo::new(move |_| query.with(|query| Asked::of(|name| query.get(name))))
}

fn draft(offer: &LaunchView, choice: &LaunchChoice, asked: &Asked) -> LaunchDraft {
    let (host, host_record) = match offer.hosts {
        Some(_) => (asked.host.clone(), asked.host_record.parse().ok()),
        None => (String::new(), None),
    };

    LaunchDraft {
        record: offer.record.clone(),
        account: Some(choice.account.clone()),
        host,
        host_record,
    }
}

/// The account to launch with, where there is nothing left to ask. An address that names an account the person may
/// not use launches with no other instead.
fn chosen<'a>(offer: &'a LaunchView, asked: &Asked) -> Option<&'a LaunchChoice> {
    if offer.hosts.is_some() && asked.lacks().is_some() {
        return None;
    }
    match (offer.choices.as_slice(), &asked.account) {
        (choices, Some(asked)) => choices.iter().find(|choice| choice.account.as_str() == asked),
        ([only], None) => Some(only),
        (_, None) => None,
    }
}

#[cfg(test)]
mod tests {
    use protocol::time::Timestamp;

    use super::*;
    use crate::terminal::offered::{choice, offer};

    #[test]
    fn one_account_launches_and_several_are_asked_for() {
        let one = offer(vec![choice(1)]);
        let two = offer(vec![choice(1), choice(2)]);
        let first = one.choices[0].account.to_string();

        for (offer, account, expected) in [
            (&one, None, Some(&one.choices[0])),
            (&two, None, None),
            (&two, Some(first.as_str()), Some(&two.choices[0])),
            (&one, Some("another"), None),
            (&offer(Vec::new()), None, None),
        ] {
            let asked = asked(account, "", "");
            assert_eq!(chosen(offer, &asked), expected);
        }
    }

    #[test]
    fn a_template_is_not_launched_without_its_host() {
        let template = LaunchView {
            hosts: Some(Vec::new()),
            ..offer(vec![choice(1)])
        };
        let record = RecordId::from_random([7; 16]).to_string();

        for (host, host_record, launches) in [
            ("", "", false),
            ("db.internal", "", true),
            ("", record.as_str(), true),
            ("db.internal", record.as_str(), false),
        ] {
            let asked = asked(None, host, host_record);
            assert_eq!(chosen(&template, &asked).is_some(), launches, "{asked:?}");
        }
        let of_record = draft(&template, &template.choices[0], &asked(None, "", &record));
        assert_eq!(of_record.host_record.map(|id| id.to_string()), Some(record));
        let ordinary = offer(vec![choice(1)]);
        assert_eq!(
            draft(&ordinary, &ordinary.choices[0], &asked(None, "db", "")).host,
            ""
        );
    }

    fn asked(account: Option<&str>, host: &str, host_record: &str) -> Asked {
        Asked::of(|name| {
            Some(match name {
                "account" => account?.to_owned(),
                "host" => host.to_owned(),
                "host_record" => host_record.to_owned(),
                _ => return None,
            })
        })
    }

    #[test]
    fn a_reload_comes_back_and_another_window_asks() {
        let live = LiveSession {
            id: SessionId::from_random([1; 16]),
            account: "app_ro".to_owned(),
            started_at: Timestamp::from_micros(0),
            is_attached: true,
        };

        for (left, expected) in [
            (Some([1; 16]), Wish::Resume(live.clone())),
            (Some([2; 16]), Wish::Ask),
            (None, Wish::Ask),
        ] {
            let left = left.map(SessionId::from_random);
            assert_eq!(wish_of(std::slice::from_ref(&live), left), expected);
        }
    }
}
