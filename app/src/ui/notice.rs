//! Sentences instead of content: what failed, what is empty and what to do about it.

use leptos::prelude::*;
use protocol::errors::Code;

use crate::errors::AppError;

/// A page that could not be shown: says why and sets the status of the answer.
#[component]
pub fn Refused(error: AppError) -> impl IntoView {
    crate::ui::layout::answer_with(error.0.code.status());
    let title = match error.0.code {
        Code::PamNotFound => "Not found",
        Code::SignedOut => "Signed out",
        Code::PamPolicyDenied => "Not allowed",
        Code::Validation
        | Code::PamConfigDenied
        | Code::PamDisabledOnRecord
        | Code::PamPrereq
        | Code::PamNoCredential
        | Code::PamConflict
        | Code::PamLimitSessions
        | Code::PamTicketInvalid
        | Code::PamTargetDenied
        | Code::PamRecordingRequired
        | Code::PamGatewayOffline
        | Code::PamDbUnreachable
        | Code::PamDbTls
        | Code::PamDbAuth
        | Code::PamDbRejected
        | Code::PamPasswordRequired
        | Code::TooMany
        | Code::CrossOrigin
        | Code::Unavailable
        | Code::RecordingDamaged
        | Code::Internal => "This could not be done",
    };

    view! {
        <section class="notice" role="alert">
            <h1>{title}</h1>
            <p>{error.0.sentence}</p>
        </section>
    }
}

/// A useful empty state.
#[component]
pub fn Empty(title: &'static str, children: Children) -> impl IntoView {
    view! {
        <section class="notice">
            <h2>{title}</h2>
            <p>{children()}</p>
        </section>
    }
}
