//! Forms: one draft, checked by the same code in the browser and on the server, working before the wasm has loaded.
//!
//! Without JavaScript a form posts to its server function. A refusal is answered by the page the form stands on,
//! status 422, values kept (never secrets); a value to show, e.g. a link that is shown once, by the same page with
//! status 200. Both are rendered from [`PostedForm`].

use leptos::ev;
use leptos::form::{ActionForm, FromFormData};
use leptos::html::Div;
use leptos::prelude::*;
use leptos::server_fn::client::Client;
use leptos::server_fn::codec::PostUrl;
use leptos::server_fn::request::ClientReq;
use leptos::server_fn::{Http, ServerFn};
use leptos::wasm_bindgen::JsCast;
use leptos::web_sys::{FormData, HtmlElement, HtmlInputElement, HtmlTextAreaElement};
use leptos_router::hooks::use_location;
use protocol::errors::Refusal;
use protocol::forms::{FieldError, SECRET_FIELDS};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::errors::AppError;

/// Name of the hidden field that says on which page a form stands. The `Referer` does not: after one refusal the
/// browser's address is the server function's.
pub const STANDS_ON: &str = "stands_on";

/// A form that was posted without JavaScript; the server puts it into the context of the page it renders again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PostedForm {
    /// Path of the server function.
    pub path: String,
    pub outcome: PostedOutcome,
}

/// What became of a posted form.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum PostedOutcome {
    Refused {
        refusal: Refusal,
        /// Names and values as posted, without secrets.
        values: Vec<(String, String)>,
    },
    /// Done; what the function answered, as JSON.
    Answered(String),
}

/// Hands the posted form of this page, if any, from the server's rendering to the browser's.
pub fn provide_posted_form() {
    let posted = SharedValue::new(use_context::<PostedForm>).into_inner();

    provide_context(LoadedWith(posted));
}

#[derive(Debug, Clone)]
struct LoadedWith(Option<PostedForm>);

impl LoadedWith {
    /// What became of the form of the function at `path` before this page was loaded.
    fn outcome(path: &str) -> Option<PostedOutcome> {
        use_context::<Self>()
            .and_then(|loaded| loaded.0)
            .filter(|posted| posted.path == path)
            .map(|posted| posted.outcome)
    }
}

/// What the function of `action` last answered, with or without JavaScript; nothing after a refusal.
pub fn answer_of<S>(action: ServerAction<S>) -> Memo<Option<S::Output>>
where
    S: ServerFn<Error = AppError> + Clone + Send + Sync + 'static,
    S::Output: DeserializeOwned + Clone + PartialEq + Send + Sync + 'static,
{
    let first = match LoadedWith::outcome(S::PATH) {
        Some(PostedOutcome::Answered(value)) => serde_json::from_str(&value).ok(),
        Some(PostedOutcome::Refused { .. }) | None => None,
    };
    let first: StoredValue<Option<S::Output>> = StoredValue::new(first);

    Memo::new(move |_| match action.value().get() {
        Some(answer) => answer.ok(),
        None => first.get_value(),
    })
}

/// What the fields of one form show: errors and the values entered before.
#[derive(Clone, Copy)]
pub struct FormState {
    refusal: Memo<Option<Refusal>>,
    kept: StoredValue<Vec<(String, String)>>,
    local: RwSignal<Vec<FieldError>>,
}

impl FormState {
    /// The state of the form that dispatches `action`.
    pub fn of<S>(action: ServerAction<S>) -> Self
    where
        S: ServerFn<Error = AppError> + Clone + Send + Sync + 'static,
        S::Output: Clone + Send + Sync + 'static,
    {
        let (first, kept) = match LoadedWith::outcome(S::PATH) {
            Some(PostedOutcome::Refused { refusal, values }) => (Some(refusal), values),
            Some(PostedOutcome::Answered(_)) | None => (None, Vec::new()),
        };
        let first = StoredValue::new(first);
        let kept = StoredValue::new(kept);
        let refusal = Memo::new(move |_| match action.value().get() {
            Some(Err(AppError(refusal))) => Some(refusal),
            Some(Ok(_)) => None,
            None => first.get_value(),
        });

        Self {
            refusal,
            kept,
            local: RwSignal::new(Vec::new()),
        }
    }

    /// The sentence beside `field`, from the browser's own check or from the server.
    pub fn error(self, field: impl Into<String>) -> Signal<Option<String>> {
        let field = field.into();

        Signal::derive(move || {
            let local = self.local.get();
            let errors = if local.is_empty() {
                self.refusal
                    .get()
                    .map(|refusal| refusal.fields)
                    .unwrap_or_default()
            } else {
                local
            };

            errors
                .into_iter()
                .find(|error| error.field == field)
                .map(|error| error.message)
        })
    }

    /// The sentence above the form.
    pub fn sentence(self) -> Signal<Option<String>> {
        Signal::derive(move || {
            let local = self.local.get();
            if !local.is_empty() {
                return Some(Refusal::invalid(local).sentence);
            }

            self.refusal.get().map(|refusal| refusal.sentence)
        })
    }

    /// How many of `fields` have an error; for the number at a tab.
    pub fn count(self, fields: &'static [&'static str]) -> Signal<usize> {
        Signal::derive(move || {
            fields
                .iter()
                .filter(|field| self.error(**field).get().is_some())
                .count()
        })
    }

    /// How many fields need attention; for the number at the tab of a form that has one tab.
    pub fn total(self) -> Signal<usize> {
        Signal::derive(move || {
            let local = self.local.get().len();
            if local > 0 {
                return local;
            }

            self.refusal
                .get()
                .map(|refusal| refusal.fields.len())
                .unwrap_or_default()
        })
    }

    /// What was entered before the refusal, or `value`.
    pub fn kept_or(self, name: &str, value: String) -> String {
        self.kept.with_value(|kept| {
            if kept.is_empty() {
                return value;
            }

            kept.iter()
                .find(|(key, _)| key == name)
                .map(|(_, value)| value.clone())
                .unwrap_or_default()
        })
    }

    /// Whether a box was ticked before the refusal, or `checked`.
    pub fn ticked_or(self, name: &str, value: &str, checked: bool) -> bool {
        self.kept.with_value(|kept| {
            if kept.is_empty() {
                return checked;
            }

            kept.iter().any(|(key, kept)| key == name && kept == value)
        })
    }
}

/// A form that sends one server function's arguments. `check` is the draft's own.
#[component]
pub fn DraftForm<S, O>(
    action: ServerAction<S>,
    state: FormState,
    check: fn(&S) -> Vec<FieldError>,
    #[prop(optional, into)] class: &'static str,
    children: Children,
) -> impl IntoView
where
    S: DeserializeOwned
        + ServerFn<Protocol = Http<PostUrl, O>, Error = AppError>
        + FromFormData
        + Clone
        + Send
        + Sync
        + 'static,
    S::Client: Client<AppError>,
    <<S::Client as Client<AppError>>::Request as ClientReq<AppError>>::FormData: From<FormData>,
    S::Output: Send + Sync + 'static,
    O: 'static,
{
    let on_submit = move |event: ev::SubmitEvent| {
        // A body the draft does not know is answered by the server, in words.
        let errors = S::from_event(&event).map(|sent| check(&sent)).unwrap_or_default();
        if !errors.is_empty() {
            event.prevent_default();
        }
        state.local.set(errors);
    };

    let around = NodeRef::<Div>::new();
    Effect::watch(
        move || action.version().get(),
        move |_, _, _| {
            if let Some(around) = around.get_untracked() {
                clear_secrets(&around);
            }
        },
        false,
    );

    let location = use_location();
    let stands_on = move || format!("{}{}", location.pathname.get(), search_of(&location.search.get()));

    view! {
        <div class=class node_ref=around on:submit:capture=on_submit>
            <ActionForm action attr:novalidate="">
                <input type="hidden" name=STANDS_ON value=stands_on />
                {children()}
            </ActionForm>
        </div>
    }
}

/// Empties the secrets that were typed: whatever the answer was, they are not left lying in the page.
fn clear_secrets(form: &HtmlElement) {
    for name in SECRET_FIELDS {
        // A hidden one was not typed: without its token the form could not be sent again.
        let field = form.query_selector(&format!(
            ":is(input:not([type=hidden]), textarea):is([name='{name}'], [name$='[{name}]'])"
        ));
        let Ok(Some(field)) = field else { continue };
        if let Some(input) = field.dyn_ref::<HtmlInputElement>() {
            input.set_value("");
        } else if let Some(area) = field.dyn_ref::<HtmlTextAreaElement>() {
            area.set_value("");
        }
    }
}

/// The query with its question mark, which the router leaves away.
fn search_of(query: &str) -> String {
    match query.trim_start_matches('?') {
        "" => String::new(),
        query => format!("?{query}"),
    }
}

/// The sentence above or below a form.
#[component]
pub fn FormSentence(state: FormState) -> impl IntoView {
    let sentence = state.sentence();

    view! {
        <p class="form-sentence" role="alert" hidden=move || sentence.get().is_none()>
            {move || sentence.get()}
        </p>
    }
}
