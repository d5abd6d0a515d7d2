//! One session: frames of the server to terminal and files, keys and pieces of the script to the server.

use std::io;

use futures_util::{SinkExt, StreamExt};
use gateway::messages::lost;
use protocol::terminal::script::Begin;
use protocol::terminal::{ClientFrame, EndReason, Ended, Hello, MAX_EDIT, ServerFrame};
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio_tungstenite::tungstenite::{self, Message};

use super::editor::Editor;
use super::files::Files;
use super::reading::Texts;
use crate::own_terminal::{Keys, Raw, size};
use crate::printer::{Printer, Stream as To};
use crate::server::Socket;

/// Bytes written that are told at once, where more follow.
const TOLD: u64 = 64 * 1024;

/// Ctrl-C.
const INTERRUPT: u8 = 0x03;

/// What psql's process would end with.
pub mod exit {
    pub const SUCCESS: u8 = 0;
    /// The connection was lost, or never there.
    pub const BAD_CONNECTION: u8 = 2;
    /// Nobody reads what is written: as if by SIGPIPE.
    pub const UNREAD: u8 = 141;
}

/// Who works: somebody at a terminal, or a script.
pub enum Work {
    Terminal(Raw, Keys),
    Script(Texts),
}

/// A session over this socket.
pub struct Session {
    socket: Socket,
    work: Work,
    files: Files,
    editor: Option<Editor>,
    printer: Printer,
    /// Bytes written, and how many of them the server knows of.
    written: u64,
    told: u64,
    /// The session is open.
    is_open: bool,
    was_interrupted: bool,
    /// The server takes nothing more.
    is_mute: bool,
    code: Option<u8>,
}

/// What has happened.
enum Event {
    Frame(Option<Result<Message, tungstenite::Error>>),
    Keys(Option<Vec<u8>>),
    Written(io::Result<usize>),
    Piece(protocol::terminal::script::Piece),
    Upload(Option<ClientFrame>),
    Edited(io::Result<Option<String>>),
    Resized,
    Interrupt,
    HangUp,
}

/// The signals a session hears.
struct Signals {
    resized: Signal,
    interrupt: Signal,
    terminate: Signal,
    hang_up: Signal,
}

impl Signals {
    fn new() -> io::Result<Self> {
        Ok(Self {
            resized: signal(SignalKind::window_change())?,
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
            hang_up: signal(SignalKind::hangup())?,
        })
    }
}

impl Session {
    pub fn new(socket: Socket, work: Work) -> Self {
        Self {
            socket,
            work,
            files: Files::default(),
            editor: None,
            printer: Printer::start(),
            written: 0,
            told: 0,
            is_open: false,
            was_interrupted: false,
            is_mute: false,
            code: None,
        }
    }

    /// Runs it to its end; what the process is to end with.
    pub async fn run(mut self, begin: Begin) -> u8 {
        let ended = match self.converse(begin).await {
            Ok(code) => code,
            Err(error) => {
                self.complain(&format!("the connection to the server was lost: {error}"));
                exit::BAD_CONNECTION
            }
        };
        let Self { work, printer, .. } = self;
        printer.finish();
        drop(work);

        ended
    }

    async fn converse(&mut self, begin: Begin) -> io::Result<u8> {
        let mut signals = Signals::new()?;
        self.send(&ClientFrame::Begin(begin)).await?;
        loop {
            let event = self.next(&mut signals).await;
            if let Some(code) = self.handle(event).await? {
                return Ok(code);
            }
        }
    }

    async fn next(&mut self, signals: &mut Signals) -> Event {
        let uploads = self.files.has_room();
        let (keys, texts) = match &mut self.work {
            Work::Terminal(..) if self.editor.is_some() => (None, None),
            Work::Terminal(_, keys) => (Some(keys), None),
            Work::Script(texts) => (None, Some(texts)),
        };
        let typed = async {
            match keys {
                Some(keys) => keys.read().await,
                None => std::future::pending().await,
            }
        };
        let edited = async {
            match &mut self.editor {
                Some(editor) => editor.left().await,
                None => std::future::pending().await,
            }
        };
        let piece = async {
            match texts {
                Some(texts) => texts.piece().await,
                None => std::future::pending().await,
            }
        };

        tokio::select! {
            _ = signals.terminate.recv() => Event::HangUp,
            _ = signals.hang_up.recv() => Event::HangUp,
            _ = signals.interrupt.recv() => Event::Interrupt,
            _ = signals.resized.recv() => Event::Resized,
            written = self.printer.written() => Event::Written(written),
            frame = self.socket.next() => Event::Frame(frame),
            keys = typed => Event::Keys(keys),
            piece = piece => Event::Piece(piece),
            edited = edited => Event::Edited(edited),
            frame = self.files.next_piece(), if uploads => Event::Upload(frame),
        }
    }

    /// Acts on what has happened; the end, when it has come.
    async fn handle(&mut self, event: Event) -> io::Result<Option<u8>> {
        match event {
            Event::Frame(Some(Ok(Message::Binary(bytes)))) => {
                let frame = postcard::from_bytes(&bytes).map_err(io::Error::other)?;

                return self.hear(frame).await;
            }
            Event::Frame(Some(Ok(Message::Close(_))) | None) => {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            Event::Frame(Some(Ok(
                Message::Text(_) | Message::Ping(_) | Message::Pong(_) | Message::Frame(_),
            ))) => {}
            Event::Frame(Some(Err(error))) => return Err(lost(error)),
            Event::Keys(None) => return self.hang_up().await,
            // Nobody hears it yet.
            Event::Keys(Some(keys)) if !self.is_open && keys.contains(&INTERRUPT) => {
                return self.hang_up().await;
            }
            Event::Keys(Some(keys)) => self.send(&ClientFrame::Input(keys)).await?,
            Event::Written(Ok(n_bytes)) => self.note_written(n_bytes).await?,
            Event::Written(Err(_)) => {
                self.send(&ClientFrame::End).await?;
                return Ok(Some(exit::UNREAD));
            }
            Event::Piece(piece) => self.send(&ClientFrame::Read(piece)).await?,
            Event::Upload(Some(frame)) => self.send(&frame).await?,
            Event::Upload(None) => {}
            Event::Resized => self.tell_size().await?,
            Event::Edited(edited) => self.take_edited(edited).await?,
            Event::Interrupt if self.was_interrupted || !self.is_open => return self.hang_up().await,
            Event::Interrupt => {
                self.was_interrupted = true;
                self.send(&ClientFrame::Interrupt).await?;
            }
            Event::HangUp => return self.hang_up().await,
        }

        Ok(None)
    }

    async fn hear(&mut self, frame: ServerFrame) -> io::Result<Option<u8>> {
        match frame {
            ServerFrame::Hello(hello) => {
                self.is_open = true;
                self.greet(&hello);
            }
            ServerFrame::Output(bytes) | ServerFrame::Screen(bytes) => self.printer.print(To::Out, bytes),
            ServerFrame::Complaint(bytes) => self.printer.print(To::Err, bytes),
            ServerFrame::Status(_) => {}
            ServerFrame::Warning(sentence) => self.complain(&sentence),
            ServerFrame::Exit(code) => self.code = Some(code),
            ServerFrame::Ended(ended) => return Ok(Some(self.end(&ended))),
            ServerFrame::TakenOver(sentence) => {
                self.complain(&sentence);
                return Ok(Some(exit::BAD_CONNECTION));
            }
            ServerFrame::Read(reading) => {
                if let Work::Script(texts) = &mut self.work {
                    texts.read(reading);
                }
            }
            ServerFrame::Upload { name } => {
                if let Some(frame) = self.files.begin_upload(&name.unwrap_or_default()).await {
                    self.send(&frame).await?;
                }
            }
            ServerFrame::UploadTaken { taken } => self.files.note_taken(taken),
            ServerFrame::UploadOver => self.files.end_upload(),
            ServerFrame::Download { name } => {
                if let Err((frame, reason)) = self.files.begin_download(name).await {
                    self.complain(&reason);
                    self.send(&frame).await?;
                }
            }
            ServerFrame::File(bytes) => match self.files.keep(&bytes).await {
                Ok(Some(frame)) => self.send(&frame).await?,
                Ok(None) => {}
                Err((frame, reason)) => {
                    self.complain(&reason);
                    self.send(&frame).await?;
                }
            },
            ServerFrame::FileEnd(end) => {
                if let Some(reason) = self.files.end_download(end).await {
                    self.complain(&reason);
                }
            }
            ServerFrame::Edit { text } => self.begin_editing(&text).await?,
            ServerFrame::EditOver => self.take_terminal_back(),
        }

        Ok(None)
    }

    fn greet(&self, hello: &Hello) {
        if let Work::Terminal(..) = self.work {
            let recorded = if hello.recordings.is_empty() {
                "not recorded"
            } else {
                "recorded"
            };
            self.complain(&format!(
                "{} as {}, {}, {recorded}",
                hello.record_title, hello.account, hello.reached
            ));
        }
    }

    /// The end, in the words of the server where nothing shows them yet.
    fn end(&self, ended: &Ended) -> u8 {
        if let Some(code) = self.code {
            return code;
        }
        let is_goodbye = ended.reason == EndReason::Goodbye;
        let was_shown = matches!(self.work, Work::Terminal(..)) && self.is_open;
        if !is_goodbye && !was_shown {
            self.complain(&ended.sentence);
        }

        if is_goodbye {
            exit::SUCCESS
        } else {
            exit::BAD_CONNECTION
        }
    }

    /// Says something of our own.
    fn complain(&self, sentence: &str) {
        let end = match self.work {
            Work::Terminal(..) => "\r\n",
            Work::Script(_) => "\n",
        };
        self.printer
            .print(To::Err, format!("postern: {sentence}{end}").into_bytes());
    }

    async fn hang_up(&mut self) -> io::Result<Option<u8>> {
        self.send(&ClientFrame::End).await?;

        Ok(Some(exit::BAD_CONNECTION))
    }

    async fn tell_size(&mut self) -> io::Result<()> {
        let (cols, rows) = size();
        if let (Work::Terminal(..), 1..) = (&self.work, cols) {
            self.send(&ClientFrame::Resize { cols, rows }).await?;
        }

        Ok(())
    }

    async fn note_written(&mut self, n_bytes: usize) -> io::Result<()> {
        self.written += n_bytes as u64;
        if self.written - self.told < TOLD && self.printer.has_more() {
            return Ok(());
        }
        self.told = self.written;

        self.send(&ClientFrame::Ack { parsed: self.written }).await
    }

    async fn begin_editing(&mut self, text: &str) -> io::Result<()> {
        let Work::Terminal(raw, keys) = &self.work else {
            return self.send(&ClientFrame::Edited(None)).await;
        };
        keys.shut();
        raw.lend();
        match Editor::start(text) {
            Ok(editor) => self.editor = Some(editor),
            Err(error) => {
                self.take_terminal_back();
                self.complain(&format!("the editor cannot be run: {error}"));
                self.send(&ClientFrame::Edited(None)).await?;
            }
        }

        Ok(())
    }

    async fn take_edited(&mut self, edited: io::Result<Option<String>>) -> io::Result<()> {
        self.take_terminal_back();
        let text = match edited {
            Ok(Some(text)) if text.len() > MAX_EDIT => {
                self.complain("the text is longer than the 60 KiB the server takes");
                None
            }
            Ok(text) => text,
            Err(error) => {
                self.complain(&format!("the edited text cannot be read: {error}"));
                None
            }
        };

        self.send(&ClientFrame::Edited(text)).await
    }

    fn take_terminal_back(&mut self) {
        self.editor = None;
        if let Work::Terminal(raw, keys) = &self.work {
            // Where the terminal is gone, the next key says so.
            let _taken = raw.again();
            keys.open();
        }
    }

    async fn send(&mut self, frame: &ClientFrame) -> io::Result<()> {
        let bytes = postcard::to_allocvec(frame).map_err(io::Error::other)?;

        // A server that takes nothing more may have said why: that is read first, or that there is nothing.
        if !self.is_mute {
            self.is_mute = self.socket.send(Message::Binary(bytes.into())).await.is_err();
        }

        Ok(())
    }
}
