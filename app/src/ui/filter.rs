//! Fields of filters: forms sent by GET, above the list they narrow, filled from the address.

use leptos::html::{Input, Select};
use leptos::prelude::*;
use protocol::dates::start_of;
use protocol::forms::FieldError;

use super::shortcut::SEARCH_KEY;

/// The sentence beside `field`, if it is wrong.
fn error_of(errors: Memo<Vec<FieldError>>, field: &'static str) -> Signal<Option<String>> {
    Signal::derive(move || {
        errors.with(|errors| {
            errors
                .iter()
                .find(|error| error.field == field)
                .map(|error| error.message.clone())
        })
    })
}

#[component]
fn Around(
    id: String,
    label: &'static str,
    error: Signal<Option<String>>,
    children: Children,
) -> impl IntoView {
    let error_id = format!("{id}-error");

    view! {
        <div class="filter">
            <label for=id>{label}</label>
            {children()}
            <p class="field-error" id=error_id hidden=move || error.get().is_none()>
                {move || error.get()}
            </p>
        </div>
    }
}

/// One line: starts with what the address says and follows it when it changes. What was typed before the page came
/// alive stays.
#[component]
fn Line(
    name: &'static str,
    label: &'static str,
    value: Signal<String>,
    errors: Memo<Vec<FieldError>>,
    #[prop(into)] kind: Signal<&'static str>,
    #[prop(optional)] placeholder: &'static str,
    #[prop(optional)] search: bool,
) -> impl IntoView {
    let id = format!("filter-{name}");
    let error = error_of(errors, name);
    let described = format!("{id}-error");
    let input = NodeRef::<Input>::new();
    follow(value, move |value| {
        if let Some(input) = input.get_untracked() {
            input.set_value(value);
        }
    });

    view! {
        <Around id=id.clone() label error>
            <input
                id=id
                name=name
                type=move || kind.get()
                placeholder=placeholder
                autocomplete="off"
                value=value.get_untracked()
                node_ref=input
                aria-keyshortcuts=search.then_some(SEARCH_KEY)
                aria-invalid=move || error.get().is_some().then_some("true")
                aria-describedby=described
            />
        </Around>
    }
}

/// Calls `show` with each later value, not with the first: that one the server has rendered, and it may have been
/// changed since.
pub fn follow(value: Signal<String>, show: impl Fn(&str) + 'static) {
    Effect::watch(move || value.get(), move |value, _, _| show(value), false);
}

/// A text to find.
#[component]
pub fn FilterText(
    name: &'static str,
    label: &'static str,
    value: Signal<String>,
    errors: Memo<Vec<FieldError>>,
    #[prop(optional)] placeholder: &'static str,
    /// Whether `/` leads to it.
    #[prop(optional)]
    search: bool,
) -> impl IntoView {
    view! { <Line name label value errors kind="text" placeholder search /> }
}

/// A day; or a minute, if the address has one.
#[component]
pub fn FilterDay(
    name: &'static str,
    label: &'static str,
    value: Signal<String>,
    errors: Memo<Vec<FieldError>>,
) -> impl IntoView {
    let kind = Signal::derive(move || value.with(|value| kind_of(value)));

    view! { <Line name label value errors kind /> }
}

/// The control that can show `value`; what is neither day nor minute is shown as it was typed.
fn kind_of(value: &str) -> &'static str {
    match (value.is_empty(), start_of(value).is_some(), value.contains('T')) {
        (true, _, _) | (false, true, false) => "date",
        (false, true, true) => "datetime-local",
        (false, false, _) => "text",
    }
}

/// One of several words, or any. `options` are the `<option>`s after the one that does not filter.
#[component]
pub fn FilterSelect(
    name: &'static str,
    label: &'static str,
    value: Signal<String>,
    errors: Memo<Vec<FieldError>>,
    children: Children,
) -> impl IntoView {
    let id = format!("filter-{name}");
    let error = error_of(errors, name);
    let described = format!("{id}-error");
    let select = NodeRef::<Select>::new();
    follow(value, move |value| {
        if let Some(select) = select.get_untracked() {
            select.set_value(value);
        }
    });

    view! {
        <Around id=id.clone() label error>
            <select
                id=id
                name=name
                node_ref=select
                aria-invalid=move || error.get().is_some().then_some("true")
                aria-describedby=described
            >
                <option value="">"Any"</option>
                {children()}
            </select>
        </Around>
    }
}

/// One word of a [`FilterSelect`].
#[component]
pub fn FilterOption(word: &'static str, label: &'static str, value: Signal<String>) -> impl IntoView {
    let is_chosen = value.with_untracked(|value| value == word);

    view! {
        <option value=word selected=is_chosen>
            {label}
        </option>
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_control_can_show_what_the_address_says() {
        for (value, expected) in [
            ("", "date"),
            ("2026-11-21", "date"),
            ("2026-11-21T14:30", "datetime-local"),
            ("yesterday", "text"),
        ] {
            assert_eq!(kind_of(value), expected, "{value:?}");
        }
    }
}
