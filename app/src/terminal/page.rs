//! `/vault/{record}/terminal`: launches at once, or asks first with which account.

use leptos::prelude::*;
use leptos::task::spawn_local;
use leptos_meta::Title;
use leptos_router::hooks::{use_params_map, use_query_map};
use protocol::errors::Refusal;
use protocol::ids::RecordId;
use protocol::terminal::{LaunchChoice, LaunchView};

use super::api::look_at_launch;
use super::choice::Choose;
use super::session::Session;
use super::xterm;
use crate::errors::AppError;
use crate::ui::layout::Page;
use crate::ui::notice::Refused;
use crate::ui::raw::raw_text;

#[component]
pub fn TerminalPage() -> impl IntoView {
    let params = use_params_map();
    let record = Memo::new(move |_| params.with(|params| params.get("record")?.parse::<RecordId>().ok()));
    let offer = Resource::new_blocking(
        move || record.get(),
        |record| async move { look_at_launch(record.ok_or_else(|| AppError(Refusal::not_found()))?).await },
    );

    // xterm.js is on its way while the server says with which accounts.
    Effect::new(|_| spawn_local(xterm::fetch_ahead()));

    view! {
        <Page title="Terminal">
            <Transition>
                {move || Suspend::new(async move {
                    match offer.await {
                        Ok(offer) => view! { <Offered offer /> }.into_any(),
                        Err(error) => view! { <Refused error /> }.into_any(),
                    }
                })}
            </Transition>
        </Page>
    }
}

#[component]
fn Offered(offer: LaunchView) -> impl IntoView {
    let query = use_query_map();
    let asked = Memo::new(move |_| query.with(|query| query.get("account")));
    let attempt = RwSignal::new(0_u32);
    let title = raw_text(&format!("{} · Postern", offer.record_title));
    let shown = move || {
        attempt.track();

        match asked.with(|asked| chosen(&offer.choices, asked.as_deref())) {
            Some(choice) => {
                view! { <Session offer=offer.clone() choice=choice.clone() attempt /> }.into_any()
            }
            None => view! { <Choose offer=offer.clone() /> }.into_any(),
        }
    };

    view! {
        <Title text=title />
        {shown}
    }
}

/// The account to launch with, where there is nothing left to ask. An address that names an account the person may
/// not use launches with no other instead.
fn chosen<'a>(choices: &'a [LaunchChoice], asked: Option<&str>) -> Option<&'a LaunchChoice> {
    match (choices, asked) {
        (choices, Some(asked)) => choices.iter().find(|choice| choice.account.as_str() == asked),
        ([only], None) => Some(only),
        (_, None) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_account_launches_and_several_are_asked_for() {
        let one = [choice(1)];
        let two = [choice(1), choice(2)];
        let first = one[0].account.to_string();

        for (choices, asked, expected) in [
            (&one[..], None, Some(&one[0])),
            (&two[..], None, None),
            (&two[..], Some(first.as_str()), Some(&two[0])),
            (&one[..], Some("another"), None),
            (&[][..], None, None),
        ] {
            assert_eq!(chosen(choices, asked), expected);
        }
    }

    fn choice(id: u8) -> LaunchChoice {
        LaunchChoice {
            account: RecordId::from_random([id; 16]),
            title: "App".to_owned(),
            login: "app_ro".to_owned(),
            is_launch_credential: id == 1,
        }
    }
}
