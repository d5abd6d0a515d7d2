//! What narrows the list: search text, folder, kind; all in the URL.

use leptos::prelude::*;
use leptos_router::hooks::use_query_map;
use protocol::ids::FolderId;
use protocol::vault::RecordKind;
use serde::{Deserialize, Serialize};

/// What the URL says the list should show.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Find {
    pub q: String,
    pub folder: Option<FolderId>,
    pub kind: Option<RecordKind>,
}

impl Find {
    pub fn is_narrow(&self) -> bool {
        !self.q.trim().is_empty() || self.folder.is_some() || self.kind.is_some()
    }
}

/// What the URL of the page says, and the same as text to hand on from row to row.
pub fn use_find() -> Memo<(Find, String)> {
    let query = use_query_map();

    Memo::new(move |_| {
        query.with(|query| {
            let find = Find {
                q: query.get("q").unwrap_or_default(),
                folder: query.get("folder").and_then(|folder| folder.parse().ok()),
                kind: query.get("kind").and_then(|kind| kind_named(&kind)),
            };
            let mut kept = query.clone();
            for name in ["tab", "pasted", "saved"] {
                kept.remove(name);
            }

            (find, kept.to_query_string())
        })
    })
}

/// The kind a URL names.
pub fn kind_named(name: &str) -> Option<RecordKind> {
    RecordKind::ALL.into_iter().find(|kind| kind.name() == name)
}
