//! Fields: label, control, hint and the sentence of what is wrong, tied together for screen readers.

use leptos::prelude::*;

use super::dialog::is_over_a_page;
use super::form::FormState;
use super::raw::raw_text;

/// Id of the control of a field, from its name: `draft[port]` → `draft-port`. In a dialog another one, since the page
/// below may have a field of that name.
fn id_of(name: &str) -> String {
    let id = name.replace('[', "-").replace(']', "");

    if is_over_a_page() {
        format!("dialog-{id}")
    } else {
        id
    }
}

/// What errors are keyed by: `draft[port]` → `port`, `draft[accounts][2][user]` → `accounts[2][user]`.
fn key_of(name: &str) -> String {
    match name.split_once('[').and_then(|(_, rest)| rest.split_once(']')) {
        Some((first, rest)) => format!("{first}{rest}"),
        None => name.to_owned(),
    }
}

/// A field around any control.
#[component]
fn Around(
    id: String,
    label: String,
    hint: String,
    #[prop(default = String::new())] note: String,
    error: Signal<Option<String>>,
    children: Children,
) -> impl IntoView {
    let hint_id = format!("{id}-hint");
    let error_id = format!("{id}-error");

    view! {
        <div class="field">
            <div class="field-label">
                <label for=id>{label}</label>
                {(!hint.is_empty()).then(|| view! { <p id=hint_id>{hint}</p> })}
            </div>
            <div class="field-control">
                {children()}
                {(!note.is_empty()).then(|| view! { <p class="in-force">{note}</p> })}
                <p class="field-error" id=error_id hidden=move || error.get().is_none()>
                    {move || error.get()}
                </p>
            </div>
        </div>
    }
}

/// One line of text, a number, an e-mail address or a password.
#[component]
pub fn TextField(
    state: FormState,
    #[prop(into)] name: String,
    #[prop(into)] label: String,
    #[prop(optional, into)] hint: String,
    #[prop(default = "text")] kind: &'static str,
    #[prop(optional, into)] value: String,
    #[prop(optional)] placeholder: &'static str,
    #[prop(default = "off")] autocomplete: &'static str,
    #[prop(optional)] autofocus: bool,
    #[prop(optional)] mono: bool,
    /// What is in force and where it comes from.
    #[prop(optional, into)]
    note: String,
) -> impl IntoView {
    let id = id_of(&name);
    let error = state.error(key_of(&name));
    // A secret is never written back into a page.
    let value = if kind == "password" {
        String::new()
    } else {
        state.kept_or(&name, value)
    };
    let described = format!("{id}-hint {id}-error");

    view! {
        <Around id=id.clone() label hint note error>
            <input
                id=id
                name=name
                type=kind
                value=value
                placeholder=placeholder
                autocomplete=autocomplete
                autofocus=autofocus
                class:mono=mono
                aria-invalid=move || error.get().is_some().then_some("true")
                aria-describedby=described
            />
        </Around>
    }
}

/// The password of who is signed in, once more, before something sensitive.
#[component]
pub fn OwnPassword(
    state: FormState,
    #[prop(into)] name: String,
    #[prop(optional)] autofocus: bool,
) -> impl IntoView {
    view! {
        <TextField
            state
            name
            label="Your password"
            hint="The password you sign in to Postern with."
            kind="password"
            autocomplete="current-password"
            autofocus
        />
    }
}

/// Several lines of text, e.g. a certificate.
#[component]
pub fn AreaField(
    state: FormState,
    #[prop(into)] name: String,
    #[prop(into)] label: String,
    #[prop(optional, into)] hint: String,
    #[prop(optional, into)] value: String,
    #[prop(optional)] placeholder: &'static str,
    #[prop(default = 4)] rows: u32,
    /// A key is never written back into a page.
    #[prop(optional)]
    secret: bool,
) -> impl IntoView {
    let id = id_of(&name);
    let error = state.error(key_of(&name));
    let value = if secret {
        String::new()
    } else {
        state.kept_or(&name, value)
    };
    let described = format!("{id}-hint {id}-error");

    view! {
        <Around id=id.clone() label hint error>
            <textarea
                id=id
                name=name
                rows=rows
                placeholder=placeholder
                autocomplete="off"
                spellcheck="false"
                class="mono"
                aria-invalid=move || error.get().is_some().then_some("true")
                aria-describedby=described
            >
                {raw_text(&value)}
            </textarea>
        </Around>
    }
}

/// One of several values; `options` are (value, label).
#[component]
pub fn SelectField(
    state: FormState,
    #[prop(into)] name: String,
    #[prop(into)] label: String,
    #[prop(optional, into)] hint: String,
    #[prop(optional, into)] value: String,
    options: Vec<(String, String)>,
    #[prop(optional, into)] note: String,
) -> impl IntoView {
    let id = id_of(&name);
    let error = state.error(key_of(&name));
    let chosen = state.kept_or(&name, value);
    let described = format!("{id}-hint {id}-error");
    let options = options
        .into_iter()
        .map(|(value, label)| {
            let selected = value == chosen;

            view! { <option value=value selected=selected>{label}</option> }
        })
        .collect_view();

    view! {
        <Around id=id.clone() label hint note error>
            <select
                id=id
                name=name
                aria-invalid=move || error.get().is_some().then_some("true")
                aria-describedby=described
            >
                {options}
            </select>
        </Around>
    }
}

/// Radio buttons in one row, e.g. Inherit · On · Off; `note` says what is in force and where it comes from.
#[component]
pub fn ChoiceField(
    state: FormState,
    #[prop(into)] name: String,
    #[prop(into)] label: String,
    #[prop(optional, into)] hint: String,
    #[prop(into)] value: String,
    /// (value, label)
    options: Vec<(&'static str, &'static str)>,
    #[prop(optional, into)] note: String,
) -> impl IntoView {
    let id = id_of(&name);
    let error = state.error(key_of(&name));
    let chosen = state.kept_or(&name, value);
    let label_id = format!("{id}-label");
    let hint_id = format!("{id}-hint");
    let error_id = format!("{id}-error");
    let described = format!("{hint_id} {error_id}");
    let options = options
        .into_iter()
        .map(|(value, label)| {
            view! {
                <label>
                    <input type="radio" name=name.clone() value=value checked=value == chosen />
                    <span>{label}</span>
                </label>
            }
        })
        .collect_view();

    view! {
        <div class="field">
            <div class="field-label">
                <span class="label" id=label_id.clone()>{label}</span>
                {(!hint.is_empty()).then(|| view! { <p id=hint_id>{hint}</p> })}
            </div>
            <div class="field-control">
                <div class="choice" role="radiogroup" aria-labelledby=label_id aria-describedby=described>
                    {options}
                </div>
                {(!note.is_empty()).then(|| view! { <p class="in-force">{note}</p> })}
                <p class="field-error" id=error_id hidden=move || error.get().is_none()>
                    {move || error.get()}
                </p>
            </div>
        </div>
    }
}

/// One box to tick.
#[component]
pub fn CheckField(
    state: FormState,
    #[prop(into)] name: String,
    #[prop(into)] label: String,
    #[prop(optional, into)] hint: String,
    #[prop(optional)] checked: bool,
) -> impl IntoView {
    let id = id_of(&name);
    let checked = state.ticked_or(&name, "true", checked);
    let hint_id = format!("{id}-hint");

    view! {
        <div class="field field-check">
            <input
                id=id.clone()
                name=name
                type="checkbox"
                value="true"
                checked=checked
                aria-describedby=hint_id.clone()
            />
            <div class="field-label">
                <label for=id>{label}</label>
                {(!hint.is_empty()).then(|| view! { <p id=hint_id>{hint}</p> })}
            </div>
        </div>
    }
}

/// Boxes of one list, e.g. persons: `name` ends with `[]` and is sent once for each ticked box.
#[component]
pub fn CheckList(
    state: FormState,
    #[prop(into)] name: String,
    #[prop(into)] label: String,
    /// (value, label, ticked)
    options: Vec<(String, String, bool)>,
) -> impl IntoView {
    let label_id = format!("{}-label", id_of(&name));
    let error = state.error(key_of(name.trim_end_matches("[]")));
    let options = options
        .into_iter()
        .map(|(value, label, ticked)| {
            let ticked = state.ticked_or(&name, &value, ticked);

            view! {
                <label>
                    <input type="checkbox" name=name.clone() value=value checked=ticked />
                    {label}
                </label>
            }
        })
        .collect_view();

    view! {
        <div class="field">
            <div class="field-label">
                <span class="label" id=label_id.clone()>{label}</span>
            </div>
            <div class="field-control checks" role="group" aria-labelledby=label_id>
                {options}
                <p class="field-error" hidden=move || error.get().is_none()>
                    {move || error.get()}
                </p>
            </div>
        </div>
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_are_keyed_as_drafts_name_them() {
        for (name, key) in [
            ("draft[port]", "port"),
            ("draft[accounts][2][user]", "accounts[2][user]"),
            ("password", "password"),
        ] {
            assert_eq!(key_of(name), key);
        }
    }
}
