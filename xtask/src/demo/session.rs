//! A session to explore: Ben at work in the shop for half a minute, through the same doors a browser uses.

use std::net::TcpStream;
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use protocol::terminal::{ClientFrame, SUBPROTOCOL, ServerFrame, TICKET_PREFIX};
use serde_json::Value;
use tungstenite::client::IntoClientRequest;
use tungstenite::http::{HeaderValue, header};
use tungstenite::stream::MaybeTlsStream;
use tungstenite::{Error, Message, WebSocket};

use super::browser::Browser;
use super::folder::Folder;
use super::records::USER;

/// Between two keys.
const KEY: Duration = Duration::from_millis(35);
/// One look at what the terminal shows.
const LOOK: Duration = Duration::from_millis(20);
/// Looks until patience ends: 30 s.
const MAX_LOOKS: u32 = 1_500;

/// What Ben does.
enum Step {
    /// Types a line, sends it and waits for the prompt.
    Line(&'static str),
    /// Types a line and sends it.
    Start(&'static str),
    CtrlC,
    /// Reads, in milliseconds.
    Think(u64),
}

const SCRIPT: &[Step] = &[
    Step::Think(900),
    Step::Line(
        "SELECT status, count(*), min(placed_at)::date AS first FROM sales.orders GROUP BY 1 ORDER BY 2 DESC;",
    ),
    Step::Think(2_500),
    Step::Line("SELECT * FROM catalog.find_products('ridge') LIMIT 5;"),
    Step::Think(1_500),
    Step::Line("SELECT order_id, totl FROM sales.orders LIMIT 3;"),
    Step::Think(1_200),
    Step::Line("BEGIN;"),
    Step::Line("UPDATE sales.orders SET status = 'paid' WHERE order_id = 77;"),
    Step::Think(800),
    Step::Line("ROLLBACK;"),
    Step::Think(6_000),
    Step::Line("SELECT product_id, name"),
    Step::Line("  FROM catalog.products"),
    Step::Line("  ORDER BY 1 LIMIT 40;"),
    Step::Think(1_500),
    Step::Start("SELECT pg_sleep(600);"),
    Step::Think(3_000),
    Step::CtrlC,
    Step::Think(1_000),
    Step::Line("SELECT count(*) FROM sales.order_items;"),
    Step::Think(1_200),
    Step::Start("\\q"),
];

/// Launches the shop as Ben would, works through the script and leaves.
pub(super) fn record(folder: &Folder, url: &str) -> Result<()> {
    let mut ben = Browser::open(url);
    ben.sign_in(USER, folder.password("user")?)?;
    let records = ben.send("records", &[])?;
    let mut records = records
        .value
        .pointer("/records")
        .and_then(Value::as_array)
        .into_iter()
        .flatten();
    let shop = records.find(|record| record.get("title").and_then(Value::as_str) == Some("shop"));
    let shop = shop
        .and_then(|record| record.get("id"))
        .and_then(Value::as_str)
        .context("the shop is not in Ben's vault")?;
    let ticket = ben.send("launch", &[("draft[record]", shop)])?;
    let mut terminal = Terminal::open(url, ben.cookie(), ticket.text("/token")?)?;
    terminal.wait_for_prompt()?;
    for step in SCRIPT {
        match step {
            Step::Line(line) => {
                terminal.type_line(line)?;
                terminal.wait_for_prompt()?;
            }
            Step::Start(line) => terminal.type_line(line)?,
            Step::CtrlC => {
                terminal.send(&ClientFrame::Input(vec![3]))?;
                terminal.wait_for_prompt()?;
            }
            Step::Think(millis) => terminal.pass(Duration::from_millis(*millis))?,
        }
    }

    terminal.wait_for_end()
}

/// The browser's end of a terminal's socket.
struct Terminal {
    socket: WebSocket<MaybeTlsStream<TcpStream>>,
    shown: Vec<u8>,
    n_shown: u64,
    has_ended: bool,
}

impl Terminal {
    fn open(url: &str, cookie: &str, token: &str) -> Result<Self> {
        let address = format!("{}/terminal?cols=110&rows=32", url.replacen("http", "ws", 1));
        let mut request = address.into_client_request()?;
        let headers = request.headers_mut();
        headers.insert(header::ORIGIN, HeaderValue::from_str(url)?);
        headers.insert(header::COOKIE, HeaderValue::from_str(cookie)?);
        headers.insert(
            header::SEC_WEBSOCKET_PROTOCOL,
            HeaderValue::from_str(&format!("{SUBPROTOCOL}, {TICKET_PREFIX}{token}"))?,
        );
        let (socket, _) = tungstenite::connect(request)?;
        if let MaybeTlsStream::Plain(stream) = socket.get_ref() {
            stream.set_read_timeout(Some(LOOK))?;
        }

        Ok(Self {
            socket,
            shown: Vec::new(),
            n_shown: 0,
            has_ended: false,
        })
    }

    fn type_line(&mut self, line: &str) -> Result<()> {
        for key in line.chars() {
            self.send(&ClientFrame::Input(key.to_string().into_bytes()))?;
            self.pass(KEY)?;
        }
        // The prompt that is waited for is the next one.
        self.shown.clear();
        self.send(&ClientFrame::Input(b"\r".to_vec()))
    }

    fn wait_for_prompt(&mut self) -> Result<()> {
        for _ in 0..MAX_LOOKS {
            self.look()?;
            let text = String::from_utf8_lossy(&self.shown);
            if text.trim_end_matches("\u{1b}[K").ends_with("> ") {
                return Ok(());
            }
            if self.has_ended {
                bail!("the session ended: {text}");
            }
        }
        bail!("the terminal shows no prompt")
    }

    fn wait_for_end(&mut self) -> Result<()> {
        for _ in 0..MAX_LOOKS {
            if self.has_ended {
                return Ok(());
            }
            self.look()?;
        }
        bail!("the session does not end")
    }

    /// Lets time pass, and takes what is shown meanwhile.
    fn pass(&mut self, time: Duration) -> Result<()> {
        thread::sleep(time);
        self.look()
    }

    /// Takes what has come, and says so: the server sends no more than is taken.
    fn look(&mut self) -> Result<()> {
        loop {
            let message = match self.socket.read() {
                Ok(message) => message,
                Err(Error::Io(error)) if is_quiet(&error) => return Ok(()),
                Err(Error::ConnectionClosed | Error::AlreadyClosed) => {
                    self.has_ended = true;
                    return Ok(());
                }
                Err(error) => return Err(error.into()),
            };
            let Message::Binary(bytes) = message else {
                continue;
            };
            let frame: ServerFrame = postcard::from_bytes(&bytes)?;
            if let ServerFrame::Output(bytes) | ServerFrame::Screen(bytes) = &frame {
                self.n_shown += bytes.len() as u64;
                self.shown.extend_from_slice(bytes);
                let parsed = self.n_shown;
                self.send(&ClientFrame::Ack { parsed })?;
            }
            if let ServerFrame::Ended(_) = frame {
                self.has_ended = true;
                return Ok(());
            }
        }
    }

    fn send(&mut self, frame: &ClientFrame) -> Result<()> {
        let bytes = postcard::to_allocvec(frame)?;
        self.socket.send(Message::Binary(bytes.into()))?;
        Ok(())
    }
}

fn is_quiet(error: &std::io::Error) -> bool {
    matches!(
        error.kind(),
        std::io::ErrorKind::WouldBlock | std::io::ErrorKind::TimedOut
    )
}
