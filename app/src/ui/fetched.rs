//! What is fetched for a page that is shown already. A resource would hold the page back until it is there.

use std::future::Future;

use leptos::prelude::*;
use leptos::task::spawn_local;

/// What `fetch` brought last for what is wanted; `None` before the first. In the browser only. A newer wish takes the
/// place of one that has not come; where nothing is wanted, what came before stays.
pub fn fetched<I, T, F>(
    wanted: impl Fn() -> Option<I> + 'static,
    fetch: impl Fn(I) -> F + 'static,
) -> ReadSignal<Option<T>, LocalStorage>
where
    T: 'static,
    F: Future<Output = T> + 'static,
{
    let (answer, set_answer) = signal_local(None::<T>);
    let n_asked = StoredValue::new(0_u32);
    Effect::new(move || {
        let Some(input) = wanted() else {
            return;
        };
        let number = n_asked.get_value().wrapping_add(1);
        n_asked.set_value(number);
        let coming = fetch(input);

        spawn_local(async move {
            let came = coming.await;
            // The page may have gone meanwhile, or want something else.
            if n_asked.try_get_value() == Some(number) {
                let _gone = set_answer.try_set(Some(came));
            }
        });
    });

    answer
}
