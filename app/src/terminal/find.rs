//! The line to find words with, on the screen and in the lines above it.

use leptos::ev;
use leptos::html;
use leptos::prelude::*;

use super::held::Held;
use super::shown::Shown;
use super::xterm::{Found, MAX_MATCHES, Way};

#[component]
pub(super) fn Find(held: Held, shown: Shown) -> impl IntoView {
    let words = RwSignal::new(String::new());
    let line = NodeRef::<html::Div>::new();
    let field = NodeRef::<html::Input>::new();
    Effect::new(move || {
        if shown.finds.get()
            && let (Some(line), Some(field)) = (line.get(), field.get())
        {
            // At once, so that the next key is the field's: what is hidden takes no focus.
            line.set_hidden(false);
            let _focused = field.focus();
            field.select();
        }
    });

    let find = move |way: Way| {
        held.with(|line| line.find(&words.get_untracked(), way));
    };
    let write = move |event: ev::Event| {
        words.set(event_target_value(&event));
        held.with(|line| line.find_afresh(&words.get_untracked()));
    };
    let close = move || {
        shown.finds.set(false);
        shown.found.set(None);
        held.with(|line| {
            line.find_afresh("");
            line.focus();
        });
    };
    let keys = move |event: ev::KeyboardEvent| match event.key().as_str() {
        "Enter" => {
            event.prevent_default();
            find(if event.shift_key() { Way::Down } else { Way::Up });
        }
        "Escape" => {
            event.prevent_default();
            close();
        }
        _ => {}
    };
    let count = move || match words.with(String::is_empty) {
        true => String::new(),
        false => shown.found.get().map(count_words).unwrap_or_default(),
    };

    view! {
        <div
            class="terminal-line"
            role="search"
            aria-label="Scrollback"
            node_ref=line
            hidden=move || !shown.finds.get()
        >
            <input
                type="search"
                aria-label="Find in the scrollback"
                placeholder="Find in the scrollback"
                autocomplete="off"
                spellcheck="false"
                node_ref=field
                on:input=write
                on:keydown=keys
            />
            <span class="muted" role="status">
                {count}
            </span>
            <span class="spacer"></span>
            <button title="Enter" on:click=move |_| find(Way::Up)>
                "Previous"
            </button>
            <button title="Shift-Enter" on:click=move |_| find(Way::Down)>
                "Next"
            </button>
            <button class="ghost" title="Escape" on:click=move |_| close()>
                "Close"
            </button>
        </div>
    }
}

fn count_words(found: Found) -> String {
    match found {
        Found { count: 0, .. } => "Not found".to_owned(),
        Found { at: Some(at), count } if count < MAX_MATCHES => format!("{} of {count}", at + 1),
        Found { count, .. } if count < MAX_MATCHES => format!("{count} found"),
        Found { .. } => format!("{MAX_MATCHES} or more"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_count_says_where_one_is() {
        for (at, count, expected) in [
            (None, 0, "Not found"),
            (Some(0), 12, "1 of 12"),
            (None, 12, "12 found"),
            (None, MAX_MATCHES, "1000 or more"),
        ] {
            assert_eq!(count_words(Found { at, count }), expected);
        }
    }
}
