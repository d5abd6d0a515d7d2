//! The frame of every page: navigation, main column, and the narrow page for people who are not signed in.

use leptos::html;
use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::hooks::use_location;
use protocol::people::Role;

use super::dialog::{focus_first, is_over_a_page};
use super::icon::{Door, Icon, Shape};
use super::raw::raw_text;
use crate::viewer::{ViewerView, use_viewer};

/// Sets the status of the page that is being rendered; nothing in the browser.
pub fn answer_with(status: u16) {
    if let Some(set) = use_context::<SetStatus>() {
        (set.0)(status);
    }
}

/// Put into the context by the server: how a page sets its own status.
#[derive(Clone, Copy)]
pub struct SetStatus(pub fn(u16));

#[component]
fn NavLink(href: &'static str, shape: Shape, children: Children) -> impl IntoView {
    let location = use_location();
    let current = move || {
        let path = location.pathname.get();

        (path == href || path.starts_with(&format!("{href}/"))).then_some("page")
    };

    view! {
        <a href=href aria-current=current>
            <Icon shape />
            <span>{children()}</span>
        </a>
    }
}

#[component]
fn Navigation(viewer: ViewerView) -> impl IntoView {
    let evidence = viewer.role.sees_evidence();
    let administers = viewer.role == Role::Administrator;
    let shown = if viewer.name.is_empty() {
        viewer.email.clone()
    } else {
        viewer.name.clone()
    };

    view! {
        <nav class="nav" aria-label="Main">
            <a class="brand" href="/vault">
                <Door />
                "Postern"
            </a>
            <NavLink href="/vault" shape=Shape::Vault>"Vault"</NavLink>
            <NavLink href="/sessions" shape=Shape::Sessions>"Sessions"</NavLink>
            {evidence.then(|| view! { <NavLink href="/audit" shape=Shape::Audit>"Audit"</NavLink> })}
            {administers
                .then(|| {
                    view! {
                        <h2>"Administration"</h2>
                        <NavLink href="/gateways" shape=Shape::Gateways>"Gateways"</NavLink>
                        <NavLink href="/people" shape=Shape::People>"People"</NavLink>
                    }
                })}
            <a class="me" href="/account">
                <Icon shape=Shape::Account />
                <span>
                    <b>{shown}</b>
                    {viewer.role.label()}
                </span>
            </a>
        </nav>
    }
}

/// A page of somebody who is signed in; in a dialog its content alone.
#[component]
pub fn Page(#[prop(into)] title: String, children: Children) -> impl IntoView {
    let title = view! { <Title text=raw_text(&format!("{title} · Postern")) /> };
    if is_over_a_page() {
        return view! {
            {title}
            {children()}
        }
        .into_any();
    }
    let viewer = use_viewer();

    view! {
        {title}
        <div class="app">
            <a class="skip" href="#main">"Skip to content"</a>
            <Suspense>
                {move || Suspend::new(async move {
                    viewer.await.ok().flatten().map(|viewer| view! { <Navigation viewer /> })
                })}
            </Suspense>
            <main id="main">{children()}</main>
        </div>
    }
    .into_any()
}

/// The bar at the top of a page: heading and actions.
#[component]
pub fn Top(#[prop(into)] heading: String, children: Children) -> impl IntoView {
    view! {
        <header class="top">
            <h1>{heading}</h1>
            {children()}
        </header>
    }
}

/// A page for people who are not signed in.
#[component]
pub fn Doorstep(#[prop(into)] title: String, children: Children) -> impl IntoView {
    view! {
        <Title text=raw_text(&format!("{title} · Postern")) />
        <main class="doorstep" id="main">
            <div class="brand">
                <Door />
                "Postern"
            </div>
            {children()}
        </main>
    }
}

/// A dialog: over the page one is on, or a page of its own that looks like one.
#[component]
pub fn Dialog(
    #[prop(into)] title: String,
    #[prop(optional, into)] about: String,
    #[prop(into)] back: String,
    #[prop(optional)] wide: bool,
    children: Children,
) -> impl IntoView {
    let is_over = is_over_a_page();
    let dialog = NodeRef::<html::Section>::new();
    Effect::new(move |_| {
        if let (true, Some(dialog)) = (is_over, dialog.get()) {
            // Not before it is in the document.
            request_animation_frame(move || focus_first(&dialog));
        }
    });
    let section = view! {
        <section
            class="dialog"
            class:wide=wide
            role=(!is_over).then_some("dialog")
            aria-labelledby="dialog-title"
            node_ref=dialog
        >
            <header>
                <h1 id="dialog-title">{title}</h1>
                <span class="muted">{about}</span>
                <a class="btn ghost" href=back data-close="" aria-label="Close">
                    "✕"
                </a>
            </header>
            {children()}
        </section>
    };

    if is_over {
        section.into_any()
    } else {
        view! { <div class="dialog-page">{section}</div> }.into_any()
    }
}

/// The way out of a dialog: back to `href`, or to the page below.
#[component]
pub fn Leave(
    #[prop(into)] href: String,
    word: &'static str,
    #[prop(optional)] primary: bool,
) -> impl IntoView {
    view! {
        <a class="btn" class:primary=primary href=href data-close="">
            {word}
        </a>
    }
}
