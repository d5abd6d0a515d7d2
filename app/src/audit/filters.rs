//! The filter form of the audit log.

use leptos::prelude::*;
use leptos_router::components::Form;
use protocol::audit::{AuditFilter, Category, EventName, Outcome};
use protocol::forms::FieldError;

use crate::ui::filter::{FilterDay, FilterOption, FilterSelect, FilterText};

#[component]
pub(super) fn Filters(filter: Memo<AuditFilter>, errors: Memo<Vec<FieldError>>) -> impl IntoView {
    let field = move |get: fn(&AuditFilter) -> &String| {
        Signal::derive(move || filter.with(|filter| get(filter).clone()))
    };
    let event = field(|filter| &filter.event);
    let outcome = field(|filter| &filter.outcome);

    view! {
        <Form method="GET" action="/audit" attr:class="filters" attr:role="search" attr:aria-label="Filter events">
            <FilterDay name="from" label="From (UTC)" value=field(|filter| &filter.from) errors />
            <FilterDay name="to" label="To (UTC)" value=field(|filter| &filter.to) errors />
            <FilterText name="person" label="Person" value=field(|filter| &filter.person) errors />
            <FilterSelect name="event" label="Event" value=event errors>
                {events_by_category()
                    .into_iter()
                    .map(|(category, names)| {
                        view! {
                            <optgroup label=category.label()>
                                {names
                                    .into_iter()
                                    .map(|name| {
                                        view! { <FilterOption word=name.as_str() label=name.label() value=event /> }
                                    })
                                    .collect_view()}
                            </optgroup>
                        }
                    })
                    .collect_view()}
            </FilterSelect>
            <FilterText name="record" label="Record" value=field(|filter| &filter.record) errors />
            <FilterSelect name="outcome" label="Result" value=outcome errors>
                {Outcome::ALL
                    .into_iter()
                    .map(|word| view! { <FilterOption word=word.as_str() label=word.as_str() value=outcome /> })
                    .collect_view()}
            </FilterSelect>
            <FilterText
                name="text"
                label="Text"
                placeholder="details, address, session"
                search=true
                value=field(|filter| &filter.text)
                errors
            />
            <div class="actions">
                <button>"Filter"</button>
                <a class="btn ghost" href="/audit">"Clear"</a>
            </div>
        </Form>
    }
}

/// Events in groups, in their order.
fn events_by_category() -> Vec<(Category, Vec<EventName>)> {
    EventName::ALL
        .chunk_by(|a, b| a.category() == b.category())
        .filter_map(|names| Some((names.first()?.category(), names.to_vec())))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_category_is_offered_once() {
        let groups = events_by_category();

        for (idx, (category, _)) in groups.iter().enumerate() {
            assert!(
                groups[..idx].iter().all(|(other, _)| other != category),
                "{category:?}"
            );
        }
    }
}
