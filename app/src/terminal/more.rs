//! What is rarely needed: behind *More*, and the list of keys.

use leptos::html;
use leptos::prelude::*;

use super::clipboard::{NO_COPY, NO_PASTE, copy_selection, paste_clipboard};
use super::held::Held;
use super::keep;
use super::shown::Shown;

/// The button *More* and its menu.
#[component]
pub(super) fn More(
    held: Held,
    shown: Shown,
    /// Where F6 leads from the terminal: it is there on every screen.
    first_action: NodeRef<html::Button>,
    on_full_screen: Callback<()>,
) -> impl IntoView {
    let menu = NodeRef::<html::Div>::new();
    let help = NodeRef::<html::Dialog>::new();
    let then = move |what: fn(Held, Shown)| {
        move |_| {
            close(menu);
            what(held, shown);
        }
    };
    let full_screen = move |_| {
        close(menu);
        on_full_screen.run(());
    };
    let is_asked = RwSignal::new(false);
    let show_keys = move |_| {
        close(menu);
        is_asked.set(true);
        if let Some(help) = help.get_untracked() {
            // It is closed: the menu is over the page only while it is.
            let _shown = help.show_modal();
        }
    };
    let give_back = move |_| {
        if has_let_go(menu, first_action) {
            held.with(|line| line.focus());
        }
    };
    let no_copy = Memo::new(move |_| refused(shown, |look| look.can_copy, NO_COPY));
    let no_paste = Memo::new(move |_| refused(shown, |look| look.can_paste, NO_PASTE));

    view! {
        <button class="ghost" popovertarget="terminal-more" node_ref=first_action>
            "More"
        </button>
        <div id="terminal-more" class="terminal-menu" popover="auto" node_ref=menu on:toggle=give_back>
            <button disabled=move || no_copy.get().is_some() on:click=then(copy_selection)>
                "Copy"
                <kbd>"Ctrl-Shift-C"</kbd>
            </button>
            <p class="muted" hidden=move || no_copy.get().is_none()>
                {move || no_copy.get()}
            </p>
            <button disabled=move || no_paste.get().is_some() on:click=then(paste_clipboard)>
                "Paste"
                <kbd>"Ctrl-V"</kbd>
            </button>
            <p class="muted" hidden=move || no_paste.get().is_none()>
                {move || no_paste.get()}
            </p>
            <button on:click=then(|_, shown| shown.finds.set(true))>"Find" <kbd>"Ctrl-Shift-F"</kbd></button>
            <hr />
            <button on:click=then(|held, _| letters(held, Some(1)))>"Larger letters" <kbd>"Ctrl-+"</kbd></button>
            <button on:click=then(|held, _| letters(held, Some(-1)))>"Smaller letters" <kbd>"Ctrl--"</kbd></button>
            <button on:click=then(|held, _| letters(held, None))>"Usual letters" <kbd>"Ctrl-0"</kbd></button>
            <hr />
            <button
                aria-pressed=move || shown.reads_aloud.get().to_string()
                on:click=then(toggle_reading)
            >
                "Screen reader mode"
                <span class="muted">{move || if shown.reads_aloud.get() { "on" } else { "off" }}</span>
            </button>
            <button on:click=full_screen>"Full screen"</button>
            <button on:click=show_keys>"Keys"</button>
        </div>
        <KeyList held help is_asked />
    }
}

/// The keys of the terminal, of the page's and of the line that is typed; listed when somebody asks.
#[component]
fn KeyList(held: Held, help: NodeRef<html::Dialog>, is_asked: RwSignal<bool>) -> impl IntoView {
    let rows = |keys: &'static [(&'static str, &'static str)]| {
        keys.iter()
            .map(|(keys, does)| {
                let keys = keys
                    .split(' ')
                    .map(|key| view! { <kbd>{key}</kbd> })
                    .collect_view();

                view! {
                    <div>
                        <dt>{keys}</dt>
                        <dd>{*does}</dd>
                    </div>
                }
            })
            .collect_view()
    };

    view! {
        <dialog
            class="dialog terminal-keys"
            aria-labelledby="terminal-keys-title"
            node_ref=help
            on:close=move |_| {
                held.with(|line| line.focus());
            }
        >
            <header>
                <h2 id="terminal-keys-title">"Keys"</h2>
            </header>
            <div class="dialog-body">
                {move || {
                    is_asked
                        .get()
                        .then(|| {
                            view! {
                                <h3>"Terminal"</h3>
                                <dl>{rows(PAGE_KEYS)}</dl>
                                <h3>"Statement"</h3>
                                <dl>{rows(LINE_KEYS)}</dl>
                            }
                        })
                }}
            </div>
            <footer>
                <form method="dialog">
                    <button>"Close"</button>
                </form>
            </footer>
        </dialog>
    }
}

const PAGE_KEYS: &[(&str, &str)] = &[
    ("F6", "leaves the terminal, and comes back to it"),
    ("Ctrl-Shift-C", "copies what is selected"),
    ("Ctrl-V", "pastes; nothing runs before Enter"),
    ("Ctrl-Shift-F", "finds in the scrollback"),
    ("Shift-PageUp", "scrolls back"),
    ("Ctrl-+ Ctrl-- Ctrl-0", "larger, smaller, usual letters"),
];

const LINE_KEYS: &[(&str, &str)] = &[
    ("Ctrl-C", "cancels the statement that runs, or the line"),
    ("↑ ↓", "earlier and later statements"),
    ("Ctrl-R", "searches earlier statements"),
    ("Ctrl-A Ctrl-E", "start and end of the line"),
    ("Ctrl-W Ctrl-U Ctrl-K", "deletes a word, to the start, to the end"),
    ("Ctrl-L", "clears the screen"),
    ("Ctrl-D", "ends the session on an empty line"),
];

fn close(menu: NodeRef<html::Div>) {
    if let Some(menu) = menu.get_untracked() {
        // It may be closed already.
        let _hidden = menu.hide_popover();
    }
}

/// Whether the menu is closed and the focus went back to its button, where the terminal's keys would do nothing. What
/// was chosen may have put it elsewhere.
fn has_let_go(menu: NodeRef<html::Div>, button: NodeRef<html::Button>) -> bool {
    let (Some(menu), Some(button)) = (menu.get_untracked(), button.get_untracked()) else {
        return false;
    };
    if menu.matches(":popover-open").unwrap_or_default() {
        return false;
    }

    document().active_element().is_none_or(|at| {
        at.tag_name() == "BODY" || button.is_same_node(Some(&at)) || menu.contains(Some(&at))
    })
}

fn letters(held: Held, steps: Option<i8>) {
    held.with(|line| {
        line.resize_letters(steps);
        line.focus();
    });
}

fn toggle_reading(held: Held, shown: Shown) {
    let reads_aloud = !shown.reads_aloud.get_untracked();
    shown.reads_aloud.set(reads_aloud);
    keep::keep_reads_aloud(reads_aloud);
    held.with(|line| {
        line.read_aloud(reads_aloud);
        line.focus();
    });
}

fn refused(
    shown: Shown,
    allows: fn(&protocol::terminal::Look) -> bool,
    sentence: &'static str,
) -> Option<&'static str> {
    shown
        .hello
        .with(|hello| hello.as_ref().is_some_and(|hello| !allows(&hello.look)))
        .then_some(sentence)
}
