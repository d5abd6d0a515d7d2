//! `postern sessions watch`: the live view of the browser, in one's own terminal. Nothing that is typed goes there.

use std::time::Duration;

use clap::Args as Group;
use futures_util::{SinkExt as _, StreamExt as _};
use protocol::ids::SessionId;
use protocol::service_accounts::in_words;
use protocol::terminal::watch::{SUBPROTOCOL, WatchFrame, WatchHello, WatcherFrame};
use recording::{legible, take_text};
use serde_json::{Value, json};
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::Message;

use super::named::Named;
use crate::args::AccessArgs;
use crate::exit::{Exit, Failure};
use crate::look::{Happened, Screen, too_small};
use crate::server::{Server, Socket};
use crate::{account, print};

/// The longest frame of the server, in bytes: a screen, and what is above it.
const MAX_FRAME: usize = 16 * 1024 * 1024;

/// How long the server may say nothing: it asks from time to time whether somebody is there.
const SILENCE: Duration = Duration::from_secs(120);

#[derive(Debug, Group)]
pub struct WatchArgs {
    /// Its id, as postern sessions list shows it, or enough of its beginning.
    session: Named,
}

pub async fn run(access: &AccessArgs, wanted: &WatchArgs, wants_json: bool) -> Result<(), Failure> {
    let server = account::open(access)?;
    let mut watch = Watch::open(&server, &wanted.session.find(&server).await?).await?;
    let hello = watch.greeting().await?;
    if wants_json {
        print::json(&with_event("hello", json!(hello)))?;

        return watch.tell_programs().await;
    }
    print::remark(&announcement(&hello));
    let mut remarks = Vec::new();
    let mut screen = Screen::open(true)?;
    let end = watch.show(&mut screen, &mut remarks).await;
    screen.close();
    for remark in &remarks {
        print::remark(remark);
    }

    end
}

/// A live view that is open.
struct Watch {
    socket: Socket,
    parsed: u64,
}

impl Watch {
    async fn open(server: &Server, session: &SessionId) -> Result<Self, Failure> {
        let path = format!("/sessions/{session}/watch");

        Ok(Self {
            socket: server.open(&path, SUBPROTOCOL, MAX_FRAME).await?,
            parsed: 0,
        })
    }

    async fn greeting(&mut self) -> Result<WatchHello, Failure> {
        match self.next().await? {
            WatchFrame::Hello(hello) => Ok(hello),
            WatchFrame::Ended(ended) => Err(Failure::new(Exit::Denied, ended.sentence)),
            WatchFrame::Dropped(sentence) => Err(Failure::new(Exit::Denied, sentence)),
            WatchFrame::Snapshot { .. }
            | WatchFrame::Output(_)
            | WatchFrame::Resize { .. }
            | WatchFrame::StatementStart { .. }
            | WatchFrame::StatementEnd { .. }
            | WatchFrame::Attached(_) => Err(lost()),
        }
    }

    /// The next frame. Nothing is lost when the future is dropped.
    async fn next(&mut self) -> Result<WatchFrame, Failure> {
        loop {
            match timeout(SILENCE, self.socket.next()).await {
                Ok(Some(Ok(Message::Binary(bytes)))) => {
                    return postcard::from_bytes(&bytes).map_err(|_| lost());
                }
                Ok(Some(Ok(Message::Text(_) | Message::Ping(_) | Message::Pong(_) | Message::Frame(_)))) => {}
                Ok(Some(Ok(Message::Close(_)) | Err(_)) | None) | Err(_) => return Err(lost()),
            }
        }
    }

    /// Tells the server how much was shown: it sends no more than can be.
    async fn acknowledge(&mut self, n_bytes: usize) -> Result<(), Failure> {
        self.parsed += n_bytes as u64;
        let frame = WatcherFrame::Ack { parsed: self.parsed };
        let bytes = postcard::to_allocvec(&frame).map_err(|_| lost())?;
        // A server that has gone has said why: that is read.
        let _sent = self.socket.send(Message::Binary(bytes.into())).await;

        Ok(())
    }

    /// Shows it until its end, or until its person leaves.
    async fn show(&mut self, screen: &mut Screen, remarks: &mut Vec<String>) -> Result<(), Failure> {
        loop {
            let frame = tokio::select! {
                frame = self.next() => frame?,
                happened = screen.happened() => match happened {
                    Happened::Leave => return Ok(()),
                    Happened::Pause => continue,
                    Happened::Shown(n_bytes) => {
                        self.acknowledge(usize::try_from(n_bytes).unwrap_or(usize::MAX)).await?;
                        continue;
                    }
                },
            };
            match frame {
                WatchFrame::Snapshot {
                    cols,
                    rows,
                    screen: picture,
                } => {
                    *remarks = too_small(cols, rows).into_iter().collect();
                    screen.paint(&picture);
                }
                WatchFrame::Resize { cols, rows } => *remarks = too_small(cols, rows).into_iter().collect(),
                WatchFrame::Output(bytes) => screen.show(&bytes),
                WatchFrame::Ended(ended) => {
                    remarks.push(format!("The session has ended: {}", legible(&ended.sentence)));
                    return Ok(());
                }
                WatchFrame::Dropped(sentence) => return Err(Failure::new(Exit::Failed, sentence)),
                WatchFrame::Hello(_)
                | WatchFrame::StatementStart { .. }
                | WatchFrame::StatementEnd { .. }
                | WatchFrame::Attached(_) => {}
            }
        }
    }

    /// Writes every frame as a line, to the session's end.
    async fn tell_programs(&mut self) -> Result<(), Failure> {
        let mut pending = Vec::new();
        loop {
            let frame = self.next().await?;
            let n_bytes = match &frame {
                WatchFrame::Snapshot { screen, .. } => screen.len(),
                WatchFrame::Output(bytes) => bytes.len(),
                WatchFrame::Hello(_)
                | WatchFrame::Resize { .. }
                | WatchFrame::StatementStart { .. }
                | WatchFrame::StatementEnd { .. }
                | WatchFrame::Attached(_)
                | WatchFrame::Ended(_)
                | WatchFrame::Dropped(_) => 0,
            };
            let is_end = matches!(frame, WatchFrame::Ended(_));
            if let WatchFrame::Dropped(sentence) = frame {
                return Err(Failure::new(Exit::Failed, sentence));
            }
            print::json(&line(frame, &mut pending))?;
            if is_end {
                return Ok(());
            }
            if n_bytes > 0 {
                self.acknowledge(n_bytes).await?;
            }
        }
    }
}

fn announcement(hello: &WatchHello) -> String {
    let recorded = if hello.recordings.is_empty() {
        "not recorded"
    } else {
        "recorded"
    };
    let said = format!(
        "{} in {} as {}, {}, {recorded}. q leaves.",
        in_words(&hello.person_email),
        hello.record_title,
        hello.account,
        hello.reached
    );

    legible(&said).into_owned()
}

/// A frame for programs. `pending` is the beginning of a character.
fn line(frame: WatchFrame, pending: &mut Vec<u8>) -> Value {
    let mut text = |bytes: Vec<u8>| {
        pending.extend(bytes);

        take_text(pending)
    };
    match frame {
        WatchFrame::Hello(hello) => with_event("hello", json!(hello)),
        WatchFrame::Snapshot { cols, rows, screen } => {
            json!({ "event": "snapshot", "cols": cols, "rows": rows, "text": text(screen) })
        }
        WatchFrame::Output(bytes) => json!({ "event": "output", "text": text(bytes) }),
        WatchFrame::Resize { cols, rows } => json!({ "event": "resize", "cols": cols, "rows": rows }),
        WatchFrame::StatementStart {
            seq,
            at,
            is_interfaces,
            sql,
        } => json!({
            "event": "statement", "seq": seq, "at": at, "is_interfaces": is_interfaces, "sql": sql,
        }),
        WatchFrame::StatementEnd {
            statement,
            at,
            tag,
            rows,
            duration,
            error,
        } => json!({
            "event": "statement_end", "statement": statement, "at": at, "tag": tag, "rows": rows,
            "duration": duration, "error": error,
        }),
        WatchFrame::Attached(is_attached) => json!({ "event": "attached", "is_attached": is_attached }),
        WatchFrame::Ended(ended) => with_event("ended", json!(ended)),
        WatchFrame::Dropped(sentence) => json!({ "event": "dropped", "sentence": sentence }),
    }
}

fn with_event(event: &str, mut fields: Value) -> Value {
    if let Value::Object(fields) = &mut fields {
        fields.insert("event".to_owned(), event.into());
    }

    fields
}

fn lost() -> Failure {
    Failure::new(
        Exit::Failed,
        "The connection to Postern was lost; the session may go on. Watch it again.",
    )
}
