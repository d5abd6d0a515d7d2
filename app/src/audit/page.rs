//! The page of the audit log.

use leptos::prelude::*;
use leptos_router::hooks::use_query_map;
use leptos_router::params::ParamsMap;
use protocol::audit::AuditFilter;
use protocol::forms::Draft;

use super::api::audit;
use super::chain::Chain;
use super::filters::Filters;
use super::list::Events;
use crate::ui::layout::{Page, Top};
use crate::ui::notice::Refused;
use crate::ui::query::address;

#[component]
pub fn AuditPage() -> impl IntoView {
    let query = use_query_map();
    let filter = Memo::new(move |_| query.with(filter_of));
    let errors = Memo::new(move |_| filter.with(Draft::check));
    let events = Resource::new_blocking(move || filter.get(), audit);

    view! {
        <Page title="Audit">
            <Top heading="Audit">
                <ExportLink filter format="csv" label="Export CSV" />
                <ExportLink filter format="jsonl" label="Export JSON Lines" />
            </Top>
            <Filters filter errors />
            <Chain />
            <Transition>
                {move || Suspend::new(async move {
                    match events.await {
                        Ok(page) => view! { <Events page filter /> }.into_any(),
                        Err(error) => view! { <Refused error /> }.into_any(),
                    }
                })}
            </Transition>
        </Page>
    }
}

/// The filter an address says.
fn filter_of(query: &ParamsMap) -> AuditFilter {
    let get = |name| query.get(name).unwrap_or_default();

    AuditFilter {
        from: get("from"),
        to: get("to"),
        person: get("person"),
        event: get("event"),
        record: get("record"),
        outcome: get("outcome"),
        text: get("text"),
        before: get("before"),
    }
}

/// The address that says `filter`, from the event `before` on.
pub(super) fn page_before(filter: &AuditFilter, before: &str) -> String {
    let mut pairs = pairs(filter);
    pairs.push(("before", before));

    address("/audit", &pairs)
}

fn pairs(filter: &AuditFilter) -> Vec<(&'static str, &str)> {
    vec![
        ("from", &filter.from),
        ("to", &filter.to),
        ("person", &filter.person),
        ("event", &filter.event),
        ("record", &filter.record),
        ("outcome", &filter.outcome),
        ("text", &filter.text),
    ]
}

/// Downloads everything the filter lets through.
#[component]
fn ExportLink(filter: Memo<AuditFilter>, format: &'static str, label: &'static str) -> impl IntoView {
    let href = move || {
        filter.with(|filter| {
            let mut pairs = pairs(filter);
            pairs.insert(0, ("format", format));

            address("/audit/export", &pairs)
        })
    };

    view! {
        <a class="btn" href=href download="" rel="external">
            {label}
        </a>
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_filter_survives_its_address() {
        let filter = AuditFilter {
            person: "ada@example.org".into(),
            text: "a b".into(),
            ..AuditFilter::default()
        };
        let address = page_before(&filter, "17");

        assert_eq!(address, "/audit?person=ada%40example.org&text=a%20b&before=17");
    }
}
