//! The bar of a file on its way: asks for one, shows how far it is, and stops it.

use leptos::ev;
use leptos::html;
use leptos::prelude::*;

use super::{Stage, Transfer};
use crate::terminal::held::Held;
use crate::terminal::shown::Shown;
use crate::ui::size::size;

#[component]
pub(in crate::terminal) fn TransferBar(held: Held, shown: Shown) -> impl IntoView {
    let bar = NodeRef::<html::Div>::new();
    let input = NodeRef::<html::Input>::new();
    let first = NodeRef::<html::Button>::new();
    let transfer = shown.transfer;
    let asks = Memo::new(move |_| {
        transfer.with(|transfer| {
            transfer
                .as_ref()
                .is_some_and(|transfer| matches!(transfer.stage, Stage::Choose | Stage::Place))
        })
    });
    let sends = Memo::new(move |_| {
        transfer.with(|transfer| {
            transfer
                .as_ref()
                .is_some_and(|transfer| transfer.stage == Stage::Choose)
        })
    });
    Effect::new(move || {
        if asks.get()
            && let (Some(bar), Some(button)) = (bar.get(), first.get())
        {
            // At once: what is hidden takes no focus.
            bar.set_hidden(false);
            button.set_hidden(false);
            let _focused = button.focus();
        }
    });

    let ask = move |_| {
        if !sends.get_untracked() {
            held.with(|line| line.choose_place());
        } else if let Some(input) = input.get_untracked() {
            // The same file may be chosen twice.
            input.set_value("");
            input.click();
        }
    };
    let chosen = move |_| {
        let file = input
            .get_untracked()
            .and_then(|input| input.files())
            .and_then(|files| files.get(0));
        if let Some(file) = file {
            held.with(|line| line.upload(file));
        }
    };
    let stop = move || {
        held.with(|line| {
            line.stop_transfer();
            line.focus();
        });
    };
    let keys = move |event: ev::KeyboardEvent| {
        let cancels = event.ctrl_key() && !event.shift_key() && event.code() == "KeyC";
        if event.key() == "Escape" || cancels {
            event.prevent_default();
            stop();
        }
    };

    view! {
        <div
            class="terminal-line"
            role="group"
            aria-label="File"
            node_ref=bar
            hidden=move || transfer.with(Option::is_none)
            on:keydown=keys
        >
            <p role="status">{move || transfer.with(|transfer| transfer.as_ref().map(question))}</p>
            <progress
                aria-label="Sent"
                max="1000"
                value=move || transfer.with(|transfer| transfer.as_ref().and_then(share))
                hidden=move || transfer.with(|transfer| transfer.as_ref().and_then(share).is_none())
            ></progress>
            <span class="muted">{move || transfer.with(|transfer| transfer.as_ref().map(progress_words))}</span>
            <span class="spacer"></span>
            <button class="primary" node_ref=first hidden=move || !asks.get() on:click=ask>
                {move || if sends.get() { "Choose file" } else { "Save as…" }}
            </button>
            <button on:click=move |_| stop()>"Cancel"</button>
            <input type="file" aria-label="File to send" hidden node_ref=input on:change=chosen />
        </div>
    }
}

/// What is asked of the person, or what is being done.
fn question(transfer: &Transfer) -> String {
    match (&transfer.stage, &transfer.name) {
        (Stage::Choose, Some(name)) => format!("Choose the file for {name}, or drop it on the terminal."),
        (Stage::Choose, None) => "Choose the file to copy from, or drop it on the terminal.".to_owned(),
        (Stage::Place, name) => format!(
            "{} is large. Choose where to save it.",
            name.as_deref().unwrap_or("The file")
        ),
        (Stage::Sending { .. }, name) => format!("Sending {}", name.as_deref().unwrap_or("the file")),
        (Stage::Saving { .. }, name) => format!("Saving {}", name.as_deref().unwrap_or("the file")),
    }
}

/// How much of it has gone, in thousandths, where the whole is known.
fn share(transfer: &Transfer) -> Option<String> {
    match transfer.stage {
        Stage::Sending { moved, total, .. } => Some((moved * 1000 / total.max(1)).to_string()),
        Stage::Choose | Stage::Place | Stage::Saving { .. } => None,
    }
}

fn progress_words(transfer: &Transfer) -> String {
    let rate = |per_second| match per_second {
        0 => String::new(),
        bytes => format!(" · {}/s", size(bytes)),
    };

    match transfer.stage {
        Stage::Choose | Stage::Place => String::new(),
        Stage::Sending {
            moved,
            total,
            per_second,
        } => format!("{} of {}{}", size(moved), size(total), rate(per_second)),
        Stage::Saving { moved, per_second } => format!("{}{}", size(moved), rate(per_second)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bar_says_how_far_a_file_is() {
        let sending = Transfer {
            name: Some("customers.csv".to_owned()),
            stage: Stage::Sending {
                moved: 3_200_000,
                total: 10_000_000,
                per_second: 1_100_000,
            },
        };
        let saving = Transfer {
            name: Some("customers.csv".to_owned()),
            stage: Stage::Saving {
                moved: 512,
                per_second: 0,
            },
        };

        assert_eq!(question(&sending), "Sending customers.csv");
        assert_eq!(progress_words(&sending), "3.2 MB of 10 MB · 1.1 MB/s");
        assert_eq!(share(&sending).as_deref(), Some("320"));
        assert_eq!(progress_words(&saving), "512 B");
        assert_eq!(share(&saving), None);
    }
}
