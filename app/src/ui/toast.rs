//! A sentence that goes away by itself.

use std::time::Duration;

use leptos::prelude::*;

/// How long a passing sentence stays.
const STAYS: Duration = Duration::from_secs(5);

/// Says a sentence for a while.
pub fn say_for_a_while(toast: RwSignal<Option<String>>, sentence: impl Into<String>) {
    let sentence = sentence.into();
    toast.set(Some(sentence.clone()));
    set_timeout(
        move || {
            // The page may have been left, and another sentence keeps its own time.
            let _left = toast.try_update(|said| {
                if said.as_ref() == Some(&sentence) {
                    *said = None;
                }
            });
        },
        STAYS,
    );
}
