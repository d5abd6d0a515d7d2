//! What is fetched for a page that is shown already. A resource would hold the page back until it is there.

use std::future::Future;

use leptos::prelude::*;
use leptos::task::spawn_local;
use send_wrapper::SendWrapper;

/// What came last. Wrapped for its thread only once there is something, which is in the browser: the server renders
/// with many threads, and drops on another one than it made a signal on.
pub struct Fetched<T: 'static>(RwSignal<Option<SendWrapper<T>>>);

impl<T> Clone for Fetched<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Fetched<T> {}

impl<T: Clone> Fetched<T> {
    /// `None` before the first has come. Tracked.
    pub fn get(&self) -> Option<T> {
        self.0.with(|came| came.as_deref().cloned())
    }
}

/// What `fetch` brings for what is wanted, in the browser only. A newer wish takes the place of one that has not come;
/// where nothing is wanted, what came before stays.
pub fn fetched<I, T, F>(
    wanted: impl Fn() -> Option<I> + 'static,
    fetch: impl Fn(I) -> F + 'static,
) -> Fetched<T>
where
    T: 'static,
    F: Future<Output = T> + 'static,
{
    let answer = RwSignal::new(None);
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
                let _gone = answer.try_set(Some(SendWrapper::new(came)));
            }
        });
    });

    Fetched(answer)
}
