//! What the two tabs may say, given the records they link to.

use std::collections::BTreeSet;

use protocol::errors::{Code, Refusal};
use protocol::forms::{Draft, FieldError};
use protocol::ids::RecordId;
use protocol::vault::settings::{NO_CREDENTIAL, account_field};
use protocol::vault::{
    AccountDraft, ConnectionDraft, GeneralDraft, MayLaunch, RecordKind, Tri, TunnelingDraft,
};

use super::{Account, Connection, Launchers, Settings, Tunneling};
use crate::effective::Parent;

/// What an editor may link to: the kind of a record they may at least view, `None` for any other id.
pub trait Linkable {
    fn kind(&self, id: &RecordId) -> Option<RecordKind>;
}

impl<F: Fn(&RecordId) -> Option<RecordKind>> Linkable for F {
    fn kind(&self, id: &RecordId) -> Option<RecordKind> {
        self(id)
    }
}

impl Settings {
    /// These settings with what the *General* tab says. The launch credential stays on the list of accounts.
    ///
    /// # Errors
    /// `Validation` with every wrong field.
    pub fn with_general(&self, draft: &GeneralDraft, linkable: &impl Linkable) -> Result<Self, Refusal> {
        let mut errors = draft.check();
        errors.extend(check_link(
            "configuration",
            draft.configuration.as_ref(),
            RecordKind::Configuration,
            linkable,
        ));
        errors.extend(check_link(
            "administrative_credential",
            draft.administrative_credential.as_ref(),
            RecordKind::User,
            linkable,
        ));
        let launch = self.connection.launch_credential.as_ref();
        for (idx, account) in draft.accounts.iter().enumerate() {
            let field = account_field(idx, "user");
            errors.extend(check_link(
                &field,
                account.user.as_ref(),
                RecordKind::User,
                linkable,
            ));
            if account.user.is_some()
                && account.user == draft.administrative_credential
                && account.user.as_ref() != launch
            {
                errors.push(FieldError::new(
                    field,
                    "The administrative credential is not for launching. To allow it, choose “None” here, save, and choose it as launch credential on the Connection tab.",
                ));
            }
        }
        let accounts: Vec<Account> = draft.accounts.iter().filter_map(account).collect();
        if let Some(launch) = launch
            && !accounts.iter().any(|account| account.user == *launch)
        {
            errors.push(FieldError::new(
                "accounts",
                "The launch credential is an account. Choose another one on the Connection tab before removing it here.",
            ));
        }
        if !errors.is_empty() {
            return Err(Refusal::invalid(errors));
        }

        Ok(Self {
            configuration: draft.configuration.clone(),
            administrative: draft.administrative_credential.clone(),
            accounts,
            ..self.clone()
        })
    }

    /// These settings with what the *Connection* tab says.
    ///
    /// A launch credential that is no account yet becomes one that everyone with a launch share may use. One that is
    /// replaced and was open to everyone is open to nobody from then on: who replaces `app_rw` by `app_ro` means it.
    ///
    /// # Errors
    /// `PamPrereq` if the *General* tab is not complete, `PamNoCredential` if connections would be enabled without a
    /// launch credential, else `Validation` with every wrong field.
    pub fn with_connection(
        &self,
        draft: &ConnectionDraft,
        parent: Option<Parent<'_>>,
        linkable: &impl Linkable,
    ) -> Result<Self, Refusal> {
        let (Some(parent), Some(_)) = (parent, &self.administrative) else {
            return Err(prerequisites());
        };
        let mut errors = draft.check();
        errors.extend(check_link(
            "launch_credential",
            draft.launch_credential.as_ref(),
            RecordKind::User,
            linkable,
        ));
        let enabled = parent.decide(draft.connections, parent.configuration.connections);
        if enabled
            && draft.launch_credential.is_none()
            && !draft.allow_supply_user
            && !errors.iter().any(|error| error.field == "launch_credential")
        {
            errors.push(FieldError::new("launch_credential", NO_CREDENTIAL));
        }
        errors.extend(check_parent(draft, parent));
        errors.extend(check_keys(draft, parent));
        if !errors.is_empty() {
            return Err(refusal(errors));
        }

        let mut settings = Self {
            connection: Connection::from(draft),
            ..self.clone()
        };
        settings.follow_launch_credential(self.connection.launch_credential.as_ref());
        Ok(settings)
    }

    /// These settings with what the *Tunnel* tab says.
    ///
    /// # Errors
    /// `PamPrereq` if the *General* tab is not complete, else `Validation` or `PamConfigDenied` with every wrong field.
    pub fn with_tunneling(
        &self,
        draft: &TunnelingDraft,
        parent: Option<Parent<'_>>,
    ) -> Result<Self, Refusal> {
        let (Some(parent), Some(_)) = (parent, &self.administrative) else {
            return Err(prerequisites());
        };
        let mut errors = draft.check();
        if draft.tunneling == Tri::On && !parent.configuration.tunneling {
            errors.push(FieldError::new("tunneling", parent.denied("tunneling")));
        }
        if !errors.is_empty() {
            return Err(refusal(errors));
        }

        Ok(Self {
            tunneling: Tunneling::from(draft),
            ..self.clone()
        })
    }

    fn follow_launch_credential(&mut self, before: Option<&RecordId>) {
        let launch = self.connection.launch_credential.clone();
        if launch.as_ref() == before {
            return;
        }

        let administrative = self.administrative.clone();
        if let Some(former) = self
            .accounts
            .iter_mut()
            .find(|account| Some(&account.user) == before)
            && former.launchers == Launchers::Everyone
        {
            former.launchers = Launchers::nobody();
        }
        self.accounts.retain(|account| {
            Some(&account.user) != administrative.as_ref() || Some(&account.user) == launch.as_ref()
        });
        if let Some(launch) = launch
            && self.account(&launch).is_none()
        {
            self.accounts.push(Account {
                user: launch,
                launchers: Launchers::Everyone,
            });
        }
    }
}

/// The sentence for everything that needs the *General* tab first (spec §27).
pub(crate) fn prerequisites() -> Refusal {
    Refusal::new(
        Code::PamPrereq,
        "Select a PAM configuration and an administrative credential first.",
    )
}

fn refusal(errors: Vec<FieldError>) -> Refusal {
    match errors.as_slice() {
        [only] if only.message == NO_CREDENTIAL => Refusal {
            code: Code::PamNoCredential,
            sentence: NO_CREDENTIAL.to_owned(),
            fields: errors,
        },
        _ => Refusal::invalid(errors),
    }
}

/// A record that does not exist and one the editor may not see get the same sentence.
fn check_link(
    field: &str,
    id: Option<&RecordId>,
    wanted: RecordKind,
    linkable: &impl Linkable,
) -> Option<FieldError> {
    match linkable.kind(id?) {
        Some(kind) if kind == wanted => None,
        Some(_) | None => Some(FieldError::new(
            field,
            format!("Choose a {} from the list.", wanted.label()),
        )),
    }
}

fn account(draft: &AccountDraft) -> Option<Account> {
    let launchers = match draft.may_launch {
        MayLaunch::Everyone => Launchers::Everyone,
        MayLaunch::Persons => Launchers::Persons(draft.persons.iter().cloned().collect::<BTreeSet<_>>()),
    };

    Some(Account {
        user: draft.user.clone()?,
        launchers,
    })
}

/// What the configuration turned off cannot be turned on here.
fn check_parent(draft: &ConnectionDraft, parent: Parent<'_>) -> Vec<FieldError> {
    let configuration = parent.configuration;

    [
        ("connections", draft.connections, configuration.connections),
        (
            "graphical_session_recording",
            draft.graphical_session_recording,
            configuration.graphical_session_recording,
        ),
        (
            "text_session_recording",
            draft.text_session_recording,
            configuration.text_session_recording,
        ),
        ("can_export", draft.can_export, configuration.can_export),
        ("can_import", draft.can_import, configuration.can_import),
        ("can_copy", draft.can_copy, configuration.can_copy),
        ("can_paste", draft.can_paste, configuration.can_paste),
    ]
    .into_iter()
    .filter(|(_, record, allowed)| *record == Tri::On && !allowed)
    .map(|(field, ..)| FieldError::new(field, parent.denied(field)))
    .collect()
}

/// Key events are written into a recording: without one they would be nowhere.
fn check_keys(draft: &ConnectionDraft, parent: Parent<'_>) -> Option<FieldError> {
    let configuration = parent.configuration;
    let recorded = parent.decide(
        draft.graphical_session_recording,
        configuration.graphical_session_recording,
    ) || parent.decide(draft.text_session_recording, configuration.text_session_recording);
    let both_off = draft.graphical_session_recording == Tri::Off && draft.text_session_recording == Tri::Off;
    if draft.recording_include_keys != Tri::On || recorded || both_off {
        return None;
    }

    Some(FieldError::new(
        "recording_include_keys",
        format!(
            "Key events are part of a recording, and recordings are turned off in PAM Configuration \"{}\".",
            parent.title
        ),
    ))
}

#[cfg(test)]
mod tests;
