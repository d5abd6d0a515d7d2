//! Everybody: address, name, role, state, since when. Service accounts are among them, and say so.

use leptos::prelude::*;
use protocol::people::PersonView;

use super::api::people;
use super::tag_of;
use crate::ui::breaks::Breaks;
use crate::ui::dialog::use_changes;
use crate::ui::layout::{Page, Top};
use crate::ui::notice::Refused;
use crate::ui::when::When;

#[component]
pub fn PeoplePage() -> impl IntoView {
    let changes = use_changes();
    let people = Resource::new_blocking(move || changes.get(), |_| people());

    view! {
        <Page title="People">
            <Top heading="People">
                <a class="btn" href="/people/service-accounts/new">
                    "Add service" <span class="hide">" account"</span>
                </a>
                <a class="btn primary" href="/people/invite">"Add person"</a>
            </Top>
            <Transition>
                {move || Suspend::new(async move {
                    match people.await {
                        Ok(list) => view! { <People list /> }.into_any(),
                        Err(error) => view! { <Refused error /> }.into_any(),
                    }
                })}
            </Transition>
        </Page>
    }
}

#[component]
fn People(list: Vec<PersonView>) -> impl IntoView {
    let is_alone = list.iter().filter(|person| !person.is_service_account()).count() < 2;
    let rows = list
        .into_iter()
        .map(|person| {
            let (name, role) = match person.is_service_account() {
                true => (None, "Service account"),
                false => (Some(person.name), person.role.label()),
            };

            view! {
                <tr>
                    <td>
                        <a class="row-link" href=format!("/people/{}", person.id)>
                            <Breaks text=person.handle />
                        </a>
                        {name.map(|name| view! { <div class="muted">{name}</div> })}
                    </td>
                    <td class="tight">{role}</td>
                    <td class="tight">
                        <span class=tag_of(person.state)>{person.state.label()}</span>
                    </td>
                    <td class="tight muted hide">
                        <When at=person.created_at />
                    </td>
                </tr>
            }
        })
        .collect_view();

    view! {
        <div class="table">
            <table>
                <caption class="unseen">"People"</caption>
                <thead>
                    <tr>
                        <th scope="col">"Person"</th>
                        <th scope="col">"Role"</th>
                        <th scope="col">"State"</th>
                        <th scope="col" class="hide">"Since"</th>
                    </tr>
                </thead>
                <tbody>{rows}</tbody>
            </table>
        </div>
        {is_alone
            .then(|| {
                view! {
                    <section class="notice">
                        <h2>"You are the only one here"</h2>
                        <p>
                            "Users launch what is shared with them and never see a credential; auditors replay what happened. "
                            <a href="/people/invite">"Add somebody"</a>
                        </p>
                    </section>
                }
            })}
    }
}
