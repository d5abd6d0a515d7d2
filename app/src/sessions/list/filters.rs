//! The filter form of the list of sessions.

use leptos::prelude::*;
use leptos_router::components::Form;
use protocol::forms::FieldError;
use protocol::sessions::{SessionFilter, SessionKind, SessionState};

use crate::ui::filter::{FilterDay, FilterOption, FilterSelect, FilterText};

/// `sees_everybody`: whether there is more than one person to choose from.
#[component]
pub(super) fn Filters(
    filter: Memo<SessionFilter>,
    errors: Memo<Vec<FieldError>>,
    sees_everybody: bool,
) -> impl IntoView {
    let field = move |get: fn(&SessionFilter) -> &String| {
        Signal::derive(move || filter.with(|filter| get(filter).clone()))
    };
    let state = field(|filter| &filter.state);
    let kind = field(|filter| &filter.kind);

    view! {
        <Form method="GET" action="/sessions" attr:class="filters" attr:role="search" attr:aria-label="Filter sessions">
            <FilterDay name="from" label="From (UTC)" value=field(|filter| &filter.from) errors />
            <FilterDay name="to" label="To (UTC)" value=field(|filter| &filter.to) errors />
            {sees_everybody
                .then(|| {
                    view! { <FilterText name="person" label="Person" value=field(|filter| &filter.person) errors /> }
                })}
            <FilterText name="record" label="Record" value=field(|filter| &filter.record) errors />
            <FilterSelect name="state" label="State" value=state errors>
                {SessionState::ALL
                    .into_iter()
                    .map(|word| view! { <FilterOption word=word.as_str() label=word.label() value=state /> })
                    .collect_view()}
            </FilterSelect>
            <FilterSelect name="kind" label="Kind" value=kind errors>
                {SessionKind::ALL
                    .into_iter()
                    .map(|word| view! { <FilterOption word=word.as_str() label=word.label() value=kind /> })
                    .collect_view()}
            </FilterSelect>
            <div class="actions">
                <button>"Filter"</button>
                <a class="btn ghost" href="/sessions">"Clear"</a>
            </div>
        </Form>
    }
}
