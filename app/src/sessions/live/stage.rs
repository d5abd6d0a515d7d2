//! Screen and statements of a live session; it follows, and comes back when its connection is lost.

use std::cell::{Cell, RefCell};
use std::rc::{Rc, Weak};
use std::time::Duration;

use leptos::ev;
use leptos::html;
use leptos::prelude::*;
use protocol::ids::SessionId;
use protocol::terminal::watch::WatchFrame;
use protocol::time::Timestamp;
use send_wrapper::SendWrapper;
use web_sys::HtmlElement;

use super::watch::Watch;
use crate::sessions::outcome::Outcome;
use crate::sessions::player::painter::Painter;
use crate::sessions::player::reel::Step;
use crate::sessions::player::words::{clock, took};
use crate::terminal::xterm::{self, Size};
use crate::ui::fetched::fetched;

/// Statements on the page at once; older ones are in the recording.
const MAX_LINES: usize = 200;

/// Seconds before each attempt to come back; after the last one only a reload does.
const WAITS: [u64; 6] = [0, 1, 2, 4, 8, 16];

/// What the page shows beside the screen.
#[derive(Clone, Copy)]
struct Shown {
    lines: RwSignal<Vec<Line>>,
    /// What is to be known about the connection or the session's end.
    said: RwSignal<Option<String>>,
    /// The session is over; the view may be cut while it goes on.
    has_ended: RwSignal<bool>,
    is_cut: RwSignal<bool>,
}

/// A statement that was run while somebody watched.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Line {
    seq: u64,
    at: Timestamp,
    is_interfaces: bool,
    sql: String,
    end: End,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum End {
    NotYet,
    Seen(Outcome),
    /// It may have ended while there was no connection.
    Unseen,
}

#[component]
pub(super) fn Stage(id: SessionId, started_at: Timestamp, has_ended: RwSignal<bool>) -> impl IntoView {
    let shown = Shown {
        lines: RwSignal::new(Vec::new()),
        said: RwSignal::new(None),
        has_ended,
        is_cut: RwSignal::new(false),
    };
    let host = NodeRef::<html::Div>::new();
    let view: StoredValue<Option<SendWrapper<Rc<View>>>> = StoredValue::new(None);
    let widget = fetched(|| Some(()), |()| xterm::load());
    Effect::new(move || {
        let (Some(loaded), Some(host)) = (widget.get(), host.get()) else {
            return;
        };
        if view.with_value(Option::is_some) {
            return;
        }
        match loaded {
            Ok(()) => view.set_value(Some(SendWrapper::new(View::open(host.into(), &id, shown)))),
            Err(sentence) => shown.said.set(Some(sentence.to_owned())),
        }
    });
    let sizes = window_event_listener(ev::resize, move |_| {
        view.with_value(|view| view.iter().for_each(|view| view.painter.fill()));
    });
    on_cleanup(move || {
        sizes.remove();
        drop(view.try_update_value(Option::take));
    });

    view! {
        <div class="player-body">
            <section class="player-screen" aria-label="Live screen" tabindex="0">
                <noscript inner_html="<p>Watching a session needs JavaScript. Switch it on for this site and reload the page.</p>"></noscript>
                <p class="live-said" role="status" hidden=move || shown.said.with(Option::is_none)>
                    {move || shown.said.get()}
                </p>
                <div class="player-host" role="img" aria-label="Screen" node_ref=host></div>
            </section>
            <Statements shown started_at />
        </div>
    }
    .into_any()
}

/// What has been run since the page was opened, newest first.
#[component]
fn Statements(shown: Shown, started_at: Timestamp) -> impl IntoView {
    let rows = move || {
        let mut lines = shown.lines.get();
        lines.reverse();

        lines
    };

    view! {
        <aside class="statements" aria-label="Statements">
            <header>
                <h2>"Statements since you watch"</h2>
            </header>
            {move || {
                shown
                    .lines
                    .with(Vec::is_empty)
                    .then(|| view! { <p class="muted">"Nothing was run yet. Earlier ones are in the replay."</p> })
            }}
            <ol>
                <For
                    each=rows
                    key=|line| (line.seq, line.end.clone())
                    children=move |line| view! { <StatementRow line started_at /> }
                />
            </ol>
        </aside>
    }
    .into_any()
}

#[component]
fn StatementRow(line: Line, started_at: Timestamp) -> impl IntoView {
    let at = clock(line.at.micros() - started_at.micros());
    let (duration, words, error) = match line.end {
        End::NotYet => (None, "running".to_owned(), None),
        End::Seen(outcome) => (Some(took(outcome.duration)), outcome.words(), outcome.error),
        End::Unseen => (None, "end not seen".to_owned(), None),
    };
    let by = line
        .is_interfaces
        .then(|| view! { <span class="tag">"asked by a command"</span> });
    let class = if error.is_some() { "tag bad" } else { "tag" };

    view! {
        <li>
            <div class="line">
                <span class="at">{at}</span>
                <span class="took">{duration}</span>
                <span class=class>{words}</span>
                {by}
                <code>{line.sql}</code>
                {error.map(|error| view! { <span class="error">{error}</span> })}
            </div>
        </li>
    }
    .into_any()
}

/// The live view in the browser.
struct View {
    session: SessionId,
    painter: Rc<Painter>,
    socket: RefCell<Option<Watch>>,
    /// Bytes the terminal has parsed since the connection began.
    parsed: Cell<u64>,
    /// Attempts since there last was a connection.
    n_attempts: Cell<usize>,
    shown: Shown,
    this: Weak<Self>,
}

impl View {
    fn open(host: HtmlElement, session: &SessionId, shown: Shown) -> Rc<Self> {
        let view = Rc::new_cyclic(|view: &Weak<Self>| {
            let printed = view.clone();
            let painter = Painter::open(host, move |n_bytes, _| {
                if let Some(view) = printed.upgrade() {
                    view.acknowledge(n_bytes);
                }
            });

            Self {
                session: session.clone(),
                painter,
                socket: RefCell::new(None),
                parsed: Cell::new(0),
                n_attempts: Cell::new(0),
                shown,
                this: view.clone(),
            }
        });
        view.connect();

        view
    }

    fn connect(&self) {
        let told = self.this.clone();
        let socket = Watch::open(&self.session, move |frame| {
            if let Some(view) = told.upgrade() {
                view.handle(frame);
            }
        });
        self.parsed.set(0);
        match socket {
            Ok(socket) => drop(self.socket.replace(Some(socket))),
            Err(_) => self
                .shown
                .said
                .set(Some("The live view could not be opened.".to_owned())),
        }
    }

    fn handle(&self, frame: Option<WatchFrame>) {
        match frame {
            Some(WatchFrame::Snapshot { cols, rows, screen }) => self.painter.paint(vec![
                Step::Clear,
                Step::Resize(Size { cols, rows }),
                Step::Print(screen),
            ]),
            Some(WatchFrame::Output(bytes)) => self.painter.paint(vec![Step::Print(bytes)]),
            Some(WatchFrame::Resize { cols, rows }) => {
                self.painter.paint(vec![Step::Resize(Size { cols, rows })]);
            }
            Some(WatchFrame::Hello(hello)) => {
                self.n_attempts.set(0);
                self.shown.lines.update(|lines| forget_ends(lines));
                self.say_attached(hello.is_attached);
            }
            Some(WatchFrame::Attached(is_attached)) => self.say_attached(is_attached),
            Some(WatchFrame::Ended(ended)) => {
                self.shown.has_ended.set(true);
                self.shown.said.set(Some(ended.sentence));
            }
            Some(WatchFrame::Dropped(sentence)) => {
                self.shown.is_cut.set(true);
                self.shown.said.set(Some(sentence));
            }
            Some(start_or_end @ (WatchFrame::StatementStart { .. } | WatchFrame::StatementEnd { .. })) => {
                self.shown.lines.update(|lines| add(lines, start_or_end))
            }
            None => self.lost(),
        }
    }

    fn say_attached(&self, is_attached: bool) {
        let sentence = "No browser shows this session to its person at the moment.";

        self.shown.said.set((!is_attached).then(|| sentence.to_owned()));
    }

    /// The socket is gone. Where the session's end was told, that stands; otherwise the view comes back.
    fn lost(&self) {
        if self.shown.has_ended.get_untracked() || self.shown.is_cut.get_untracked() {
            return;
        }
        let n_attempts = self.n_attempts.get();
        let Some(wait) = WAITS.get(n_attempts) else {
            self.shown.is_cut.set(true);
            self.shown.said.set(Some(
                "The connection to the server was lost. Reload the page to watch on.".to_owned(),
            ));
            return;
        };
        self.n_attempts.set(n_attempts + 1);
        self.shown
            .said
            .set(Some("Connection lost. Reconnecting…".to_owned()));
        let this = self.this.clone();
        set_timeout(
            move || {
                if let Some(view) = this.upgrade() {
                    view.connect();
                }
            },
            Duration::from_secs(*wait),
        );
    }

    fn acknowledge(&self, n_bytes: usize) {
        let parsed = self.parsed.get() + n_bytes as u64;
        self.parsed.set(parsed);
        if let Some(socket) = &*self.socket.borrow() {
            socket.acknowledge(parsed);
        }
    }
}

/// After a connection was lost: what ran then may have ended unseen.
fn forget_ends(lines: &mut [Line]) {
    for line in lines.iter_mut().filter(|line| line.end == End::NotYet) {
        line.end = End::Unseen;
    }
}

/// Takes a start as a new line, an end into its line.
fn add(lines: &mut Vec<Line>, frame: WatchFrame) {
    match frame {
        WatchFrame::StatementStart {
            seq,
            at,
            is_interfaces,
            sql,
        } => {
            lines.push(Line {
                seq,
                at,
                is_interfaces,
                sql,
                end: End::NotYet,
            });
            let n_over = lines.len().saturating_sub(MAX_LINES);
            lines.drain(..n_over);
        }
        WatchFrame::StatementEnd {
            statement,
            tag,
            rows,
            duration,
            error,
            ..
        } => {
            let Some(line) = lines.iter_mut().rev().find(|line| line.seq == statement) else {
                return;
            };
            let result = Outcome {
                duration,
                rows,
                tag,
                error,
                ..Outcome::default()
            };
            match &mut line.end {
                End::Seen(outcome) => outcome.append(result),
                End::NotYet | End::Unseen => line.end = End::Seen(result),
            }
        }
        WatchFrame::Hello(_)
        | WatchFrame::Snapshot { .. }
        | WatchFrame::Output(_)
        | WatchFrame::Resize { .. }
        | WatchFrame::Attached(_)
        | WatchFrame::Ended(_)
        | WatchFrame::Dropped(_) => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_end_is_told_of_the_statement_it_ends() {
        let mut lines = Vec::new();
        for seq in 1..=MAX_LINES as u64 + 1 {
            add(
                &mut lines,
                WatchFrame::StatementStart {
                    seq,
                    at: Timestamp(0),
                    is_interfaces: false,
                    sql: "select 1".to_owned(),
                },
            );
        }
        add(
            &mut lines,
            WatchFrame::StatementEnd {
                statement: 2,
                at: Timestamp(1),
                tag: "SELECT 1".to_owned(),
                rows: 1,
                duration: 400,
                error: None,
            },
        );

        assert_eq!(lines.len(), MAX_LINES);
        let End::Seen(outcome) = &lines[0].end else {
            panic!("its end was told");
        };
        assert_eq!(outcome.words(), "1 row");
        assert_eq!(lines[1].end, End::NotYet);
    }
}
