//! Icons: a few strokes each, drawn in the current colour, silent for screen readers.

use leptos::prelude::*;

/// What an icon shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    Vault,
    Sessions,
    Audit,
    People,
    Gateways,
    Account,
    Database,
    Key,
    Configuration,
    Folder,
    Launch,
}

impl Shape {
    fn path(self) -> &'static str {
        match self {
            Self::Vault => "M3 3h10v10H3zM8 6v4M6 8h4",
            Self::Sessions => "M2 3h12v10H2zM5 6l2 2-2 2M9 10h2",
            Self::Audit => "M4 2h8v12H4zM6 5h4M6 8h4M6 11h2",
            Self::Gateways => "M2 8h4M10 8h4M6 4h4v8H6zM8 1v3M8 12v3",
            Self::People => {
                "M6 3a2.3 2.3 0 1 1 0 4.6a2.3 2.3 0 1 1 0-4.6M1.500 13c.5-2.700 2.300-3.700 4.500-3.700s4 1 4.500 3.700M10.500 3.200a2.200 2.200 0 0 1 0 4.200M11.800 9.700c1.500.400 2.400 1.500 2.700 3.300"
            }
            Self::Account => {
                "M8 1.500a6.500 6.500 0 1 1 0 13a6.500 6.500 0 1 1 0-13M8 4.200a2.100 2.100 0 1 1 0 4.200a2.100 2.100 0 1 1 0-4.200M3.900 13c.600-1.900 2.100-2.700 4.100-2.700s3.500.800 4.100 2.700"
            }
            Self::Database => {
                "M3 4c0-1.1 2.2-2 5-2s5 .9 5 2-2.2 2-5 2-5-.9-5-2v8c0 1.1 2.2 2 5 2s5-.9 5-2V4M3 8c0 1.1 2.2 2 5 2s5-.9 5-2"
            }
            Self::Key => "M5 8a2.5 2.5 0 1 0 .01 0M7 9l6-6M11 5l2 2",
            Self::Configuration => "M8 5.5a2.5 2.5 0 1 1 0 5a2.5 2.5 0 1 1 0-5M8 2v2M8 12v2M2 8h2M12 8h2",
            Self::Folder => "M2 4h4l1.500 2H14v7H2z",
            Self::Launch => "M5 3l8 5-8 5z",
        }
    }
}

/// An icon of 16 pixels.
#[component]
pub fn Icon(shape: Shape) -> impl IntoView {
    view! {
        <svg class="icon" width="16" height="16" viewBox="0 0 16 16" aria-hidden="true">
            <path d=shape.path() />
        </svg>
    }
}

/// The door that stands for Postern.
#[component]
pub fn Door() -> impl IntoView {
    view! {
        <svg class="icon door" width="20" height="20" viewBox="0 0 20 20" aria-hidden="true">
            <path d="M4 18V9a6 6 0 0 1 12 0v9z" />
            <path d="M8 18v-8a2 2 0 0 1 4 0v8" />
        </svg>
    }
}
