//! The *General* tab: configuration, administrative credential, accounts.

use leptos::prelude::*;
use protocol::forms::Draft;
use protocol::ids::PersonId;
use protocol::vault::{AccountView, Link};

use super::super::SettingsDetail;
use super::super::api::SaveGeneral;
use super::super::edit::Which;
use super::super::fields::word;
use super::{Tab, Tabs};
use crate::ui::field::{CheckList, ChoiceField, SelectField};
use crate::ui::form::{DraftForm, FormSentence, FormState};
use crate::ui::layout::Leave;

#[component]
pub fn GeneralForm(detail: SettingsDetail, action: ServerAction<SaveGeneral>) -> impl IntoView {
    let state = FormState::of(action);
    let path = format!("/vault/{}", detail.record);
    let SettingsDetail {
        record,
        settings,
        configurations,
        users,
        launchers,
        ..
    } = detail;
    let complete = settings.is_general_complete();
    let id_text = |id: Option<&protocol::ids::RecordId>| id.map(ToString::to_string).unwrap_or_default();
    let configuration = id_text(settings.general.configuration.as_ref());
    let administrative = id_text(settings.general.administrative_credential.as_ref());

    view! {
        <DraftForm action state check=|sent: &SaveGeneral| sent.draft.check() class="settings">
            <Tabs state path=format!("{path}/settings") current=Tab::General complete />
            <div class="settings-parts">
                <section>
                    <Which state id=record version=settings.version />
                    <h2 class="form-section">"General"</h2>
                    <SelectField
                        state
                        name="draft[configuration]"
                        label="PAM configuration"
                        hint="How this database is reached, and what its sessions may do at most."
                        value=configuration
                        options=link_options("Select a PAM configuration", configurations)
                    />
                    <SelectField
                        state
                        name="draft[administrative_credential]"
                        label="Administrative credential"
                        hint="The PAM User that administers this database. Nobody launches with it unless it is the launch credential too."
                        value=administrative
                        options=link_options("Select a PAM User", users.clone())
                    />
                    {(!complete).then(|| view! { <p class="muted">"The other tabs open when both are saved."</p> })}
                </section>
                <Accounts state accounts=settings.accounts users launchers sharing=format!("{path}/sharing") />
            </div>
            <footer>
                <FormSentence state />
                <Leave href=path word="Cancel" />
                <button name="then" value="general">
                    "Save and stay"
                </button>
                <button class="primary" name="then" value=if complete { "record" } else { "connection" }>
                    {if complete { "Save" } else { "Save and continue" }}
                </button>
            </footer>
        </DraftForm>
    }
}

/// Records as a select offers them, with their second line; the first is none.
pub fn link_options(none: &'static str, links: Vec<Link>) -> Vec<(String, String)> {
    let named = links.into_iter().map(|link| {
        let label = if link.subtitle.is_empty() || link.subtitle == link.title {
            link.title
        } else {
            format!("{} ({})", link.title, link.subtitle)
        };

        (link.id.to_string(), label)
    });

    std::iter::once((String::new(), none.to_owned()))
        .chain(named)
        .collect()
}

/// One row for each account, and an empty one to add the next.
#[component]
fn Accounts(
    state: FormState,
    accounts: Vec<AccountView>,
    users: Vec<Link>,
    launchers: Vec<(PersonId, String)>,
    sharing: String,
) -> impl IntoView {
    let error = state.error("accounts");
    let n_accounts = accounts.len();
    let rows = accounts
        .into_iter()
        .map(Some)
        .chain([None])
        .enumerate()
        .map(|(idx, account)| {
            view! { <AccountRow state idx account users=users.clone() launchers=launchers.clone() /> }
        })
        .collect_view();
    let nobody = launchers.is_empty().then(|| {
        view! {
            <p class="muted">
                "Nobody holds a launch share on this record yet. " <a href=sharing>"Share it"</a>
            </p>
        }
    });

    view! {
        <section>
            <h2 class="form-section">"Accounts"</h2>
            <p class="muted">
                "PAM Users people launch with. Launching takes a launch share on the record and a place on the account's list; neither shows anybody the credential."
            </p>
            {nobody}
            <p class="field-error" hidden=move || error.get().is_none()>
                {move || error.get()}
            </p>
            {rows}
            {(n_accounts > 0)
                .then(|| view! { <p class="muted">"To remove an account, choose “None” in its row."</p> })}
        </section>
    }
    .into_any()
}

#[component]
fn AccountRow(
    state: FormState,
    idx: usize,
    account: Option<AccountView>,
    users: Vec<Link>,
    launchers: Vec<(PersonId, String)>,
) -> impl IntoView {
    let name = move |field: &str| format!("draft[accounts][{idx}]{field}");
    let chosen = account
        .as_ref()
        .map(|account| account.user.id.to_string())
        .unwrap_or_default();
    let is_launch = account
        .as_ref()
        .is_some_and(|account| account.is_launch_credential);
    let may_launch = account
        .as_ref()
        .map(|account| account.may_launch)
        .unwrap_or_default();
    let persons = account.map(|account| account.persons).unwrap_or_default();
    let boxes = person_boxes(launchers, persons);
    let label = if chosen.is_empty() {
        "Add an account".to_owned()
    } else {
        format!("Account {}", idx + 1)
    };

    view! {
        <div class="account">
            <SelectField
                state
                name=name("[user]")
                label
                hint=if is_launch { "The launch credential: taken unless another account is chosen." } else { "" }
                value=chosen
                options=link_options("None", users)
            />
            <ChoiceField
                state
                name=name("[may_launch]")
                label="May launch with"
                value=word(may_launch)
                hint="Of those who hold a launch share."
                options=vec![("everyone", "Everyone"), ("persons", "Chosen persons")]
            />
            {(!boxes.is_empty())
                .then(|| view! { <CheckList state name=name("[persons][]") label="Chosen persons" options=boxes /> })}
        </div>
    }
    .into_any()
}

/// Everybody with a launch share, and those on the list who have lost theirs: leaving them out would drop them unseen.
fn person_boxes(
    launchers: Vec<(PersonId, String)>,
    chosen: Vec<(PersonId, String)>,
) -> Vec<(String, String, bool)> {
    let lost: Vec<(PersonId, String)> = chosen
        .iter()
        .filter(|(id, _)| !launchers.iter().any(|(other, _)| other == id))
        .map(|(id, name)| (id.clone(), format!("{name} (no launch share)")))
        .collect();

    launchers
        .into_iter()
        .chain(lost)
        .map(|(id, name)| {
            let ticked = chosen.iter().any(|(other, _)| *other == id);

            (id.to_string(), name, ticked)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use protocol::vault::MayLaunch;

    use super::*;

    #[test]
    fn who_lost_the_launch_share_stays_on_the_list_until_unticked() {
        let person = |byte| PersonId::from_random([byte; 16]);
        let launchers = vec![(person(1), "Ada".to_owned())];
        let chosen = vec![(person(2), "Bob".to_owned())];

        let boxes: Vec<(String, bool)> = person_boxes(launchers, chosen)
            .into_iter()
            .map(|(_, name, ticked)| (name, ticked))
            .collect();

        assert_eq!(
            boxes,
            [
                ("Ada".to_owned(), false),
                ("Bob (no launch share)".to_owned(), true)
            ]
        );
        assert_eq!(word(MayLaunch::Persons), "persons");
    }
}
