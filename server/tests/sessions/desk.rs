//! A house with a database anybody of its people may launch, served on a loopback port, and terminals to it.

use std::future::Future;
use std::time::Duration;

use avt::Terminal as Screen;
use futures_util::{SinkExt, StreamExt};
use http::{StatusCode, header};
use protocol::ids::SessionId;
use protocol::people::Role;
use protocol::sessions::SessionView;
use protocol::terminal::{ClientFrame, Ended, Hello, LaunchTicket, LaunchView, ServerFrame, watch};
use serde::Serialize;
use serde::de::DeserializeOwned;
use server::config::Config;
use testkit::Cluster;
use testkit::cluster::{PASSWORD, SUPERUSER};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio::time::{interval, timeout};
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{WebSocketStream, client_async};

use crate::house::{Answer, House, Served};

/// Longer than anything a test waits for on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);

/// After which nothing more is on its way.
const MOMENT: Duration = Duration::from_millis(300);

pub const COLS: u16 = 80;
pub const ROWS: u16 = 24;

pub struct Desk {
    pub house: House,
    pub cluster: Cluster,
    pub record: String,
    configuration: String,
    port: u16,
    _serving: JoinSet<()>,
}

/// One end of a WebSocket whose frames are postcard.
pub struct Socket(WebSocketStream<TcpStream>);

/// A browser with a terminal.
pub struct Terminal {
    pub hello: Hello,
    pub socket: Socket,
    /// Everything that was to be shown, since the last frame that painted all of it.
    pub shown: Vec<u8>,
    pub parsed: u64,
}

impl Desk {
    pub async fn open() -> Self {
        Self::open_with(|_| ()).await
    }

    pub async fn open_with(change: impl FnOnce(&mut Config)) -> Self {
        Self::furnished(change, "").await
    }

    /// The record has settings of its own: more of the form of its connection.
    pub async fn open_under(connection: &str) -> Self {
        Self::furnished(|_| (), connection).await
    }

    /// With both.
    pub async fn furnished(change: impl FnOnce(&mut Config), connection: &str) -> Self {
        let cluster = Cluster::start().unwrap();
        let target = cluster.port();

        Self::before(cluster, target, change, connection).await
    }

    /// With a server somebody has made, which the record reaches at the port `target`.
    pub async fn before(
        cluster: Cluster,
        target: u16,
        change: impl FnOnce(&mut Config),
        connection: &str,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();

        Self::on(listener, cluster, target, change, connection).await
    }

    /// The same, served on a port somebody has chosen.
    pub async fn on(
        listener: TcpListener,
        cluster: Cluster,
        target: u16,
        change: impl FnOnce(&mut Config),
        connection: &str,
    ) -> Self {
        let Served { house, port, serving } = House::serve_on(listener, change).await;
        std::fs::create_dir_all(house.state.config.data.recordings()).unwrap();
        let (record, configuration) = furnish(&house, target, connection).await;

        Self {
            house,
            cluster,
            record,
            configuration,
            port,
            _serving: serving,
        }
    }

    /// Where browsers and the command line find it.
    pub fn url(&self) -> &str {
        &self.house.state.config.http.public_url
    }

    /// Saves the configuration with more of its form.
    pub async fn configure(&self, more: &str) {
        let form = format!(
            "id={}&version=1&draft[title]=House{}{more}",
            self.configuration,
            switches()
        );

        self.save("/api/save-configuration", &form).await;
    }

    /// Saves the *Tunnel* tab.
    pub async fn set_tunnel(&self, form: &str) {
        let ada = self.house.sign_in(Role::Administrator).await;
        let call = self.house.post("/api/settings", &format!("id={}", self.record));
        let answer: serde_json::Value = value(&self.house.call(call.by(&ada)).await);
        let version = answer.pointer("/settings/version").unwrap();

        self.save(
            "/api/save-tunnel",
            &format!("id={}&version={version}{form}", self.record),
        )
        .await;
    }

    /// Saves the *Connection* tab with more of its form.
    pub async fn set_connection(&self, more: &str) {
        let ada = self.house.sign_in(Role::Administrator).await;
        let call = self.house.post("/api/settings", &format!("id={}", self.record));
        let answer: serde_json::Value = value(&self.house.call(call.by(&ada)).await);
        let version = answer.pointer("/settings/version").unwrap();
        let account = answer.pointer("/settings/connection/launch_credential").unwrap();
        let account = account.as_str().unwrap();

        self.save(
            "/api/save-connection",
            &format!(
                "id={}&version={version}&draft[connections]=on&draft[launch_credential]={account}{more}",
                self.record
            ),
        )
        .await;
    }

    /// What an administrator's form is answered with.
    pub async fn answer(&self, path: &str, form: &str) -> String {
        let ada = self.house.sign_in(Role::Administrator).await;
        let answer = self.house.call(self.house.post(path, form).by(&ada)).await;
        assert_eq!(answer.status, 200, "{path}: {}", answer.body);

        answer.body
    }

    /// Where an administrator's form leads: the id of what it made.
    pub async fn place(&self, path: &str, form: &str) -> String {
        let ada = self.house.sign_in(Role::Administrator).await;
        let answer = self.house.call(self.house.post(path, form).by(&ada)).await;
        assert_eq!(answer.status, 200, "{path}: {}", answer.body);
        let location = answer.header(header::LOCATION).unwrap_or_default();
        let path = location.split('?').next().unwrap_or_default();

        path.rsplit('/').next().unwrap_or_default().to_owned()
    }

    async fn save(&self, path: &str, form: &str) {
        let ada = self.house.sign_in(Role::Administrator).await;
        let answer = self.house.call(self.house.post(path, form).by(&ada)).await;

        assert_eq!(answer.status, 200, "{}", answer.body);
    }

    /// Makes the record a connection template whose host may be one of these; `more` is more of its connection's form.
    pub async fn make_template(&self, hosts: &str, more: &str) {
        let of = |body: String| serde_json::from_str::<serde_json::Value>(&body).unwrap();
        let form = format!("id={}", self.record);
        let settings = of(self.answer("/api/settings", &form).await);
        let text = |path: &str| settings.pointer(path).unwrap().to_string().replace('"', "");
        let connection = format!(
            "{form}&version={}&draft[connections]=on&draft[launch_credential]={}&draft[allow_supply_host]=true\
             &draft[supplied_hosts]={hosts}{more}",
            text("/settings/version"),
            text("/settings/connection/launch_credential"),
        );
        self.answer("/api/save-connection", &connection).await;
        let record = of(self.answer("/api/record", &form).await);
        let text = |path: &str| record.pointer(path).unwrap().to_string().replace('"', "");
        let folder = text("/record/folder").replace("null", "");
        let template = format!(
            "{form}&version={}&draft[title]=Books&draft[folder]={folder}&draft[host]=&draft[port]={}\
             &draft[database]=postgres&draft[tls_mode]=disable",
            text("/record/version"),
            text("/record/body/database/port"),
        );
        self.answer("/api/save-database", &template).await;
    }

    /// A terminal on a new session.
    pub async fn launch(&self, cookie: &str) -> Terminal {
        self.launch_on(cookie, "", "postgres=# ").await
    }

    /// A terminal on a new session, once it shows this prompt.
    pub async fn launch_to(&self, cookie: &str, prompt: &str) -> Terminal {
        self.launch_on(cookie, "", prompt).await
    }

    /// The same with more of the form, account or host, and whatever prompt.
    pub async fn launch_with(&self, cookie: &str, more: &str) -> Terminal {
        self.launch_on(cookie, more, "postgres=").await
    }

    async fn launch_on(&self, cookie: &str, more: &str, prompt: &str) -> Terminal {
        let ticket: LaunchTicket = value(&self.ask_to_launch(cookie, more).await);
        let mut terminal = self.redeem(cookie, &ticket.token).await.unwrap();
        terminal.see(prompt).await;

        terminal
    }

    pub async fn ask_to_launch(&self, cookie: &str, more: &str) -> Answer {
        let form = format!("draft[record]={}{more}", self.record);

        self.house
            .call(self.house.post("/api/launch", &form).by(cookie))
            .await
    }

    /// What the launch page offers.
    pub async fn offer(&self, cookie: &str) -> LaunchView {
        let call = self
            .house
            .post("/api/launch-view", &format!("record={}", self.record));

        value(&self.house.call(call.by(cookie)).await)
    }

    pub async fn ask_to_resume(&self, cookie: &str, session: &SessionId) -> Answer {
        let call = self.house.post("/api/resume", &format!("session={session}"));

        self.house.call(call.by(cookie)).await
    }

    /// A terminal on a session that is there already.
    pub async fn resume(&self, cookie: &str, session: &SessionId) -> Terminal {
        let ticket: LaunchTicket = value(&self.ask_to_resume(cookie, session).await);

        self.redeem(cookie, &ticket.token).await.unwrap()
    }

    /// # Errors
    /// The status the door answers with.
    pub async fn redeem(&self, cookie: &str, token: &str) -> Result<Terminal, StatusCode> {
        let mut socket = self.connect_terminal(cookie, token).await?;
        let frame = socket.receive().await;
        let Some(ServerFrame::Hello(hello)) = frame else {
            panic!("not greeted: {frame:?}");
        };

        Ok(Terminal {
            hello,
            socket,
            shown: Vec::new(),
            parsed: 0,
        })
    }

    /// What is said when a launch opens no session.
    pub async fn launch_in_vain(&self, cookie: &str) -> Ended {
        self.launch_in_vain_with(cookie, "").await
    }

    /// The same with more of the form.
    pub async fn launch_in_vain_with(&self, cookie: &str, more: &str) -> Ended {
        let ticket: LaunchTicket = value(&self.ask_to_launch(cookie, more).await);
        let mut socket = self.connect_terminal(cookie, &ticket.token).await.unwrap();
        let frame = socket.receive().await;
        let Some(ServerFrame::Ended(ended)) = frame else {
            panic!("not refused: {frame:?}");
        };

        ended
    }

    async fn connect_terminal(&self, cookie: &str, token: &str) -> Result<Socket, StatusCode> {
        let path = format!("/terminal?cols={COLS}&rows={ROWS}");
        let protocols = format!(
            "{}, {}{token}",
            protocol::terminal::SUBPROTOCOL,
            protocol::terminal::TICKET_PREFIX
        );

        self.connect(cookie, &path, &protocols).await
    }

    /// # Errors
    /// The status the door answers with.
    pub async fn watch(&self, cookie: &str, session: &SessionId) -> Result<Socket, StatusCode> {
        let path = format!("/sessions/{session}/watch");

        self.connect(cookie, &path, watch::SUBPROTOCOL).await
    }

    async fn connect(&self, cookie: &str, path: &str, protocols: &str) -> Result<Socket, StatusCode> {
        let stream = TcpStream::connect(("127.0.0.1", self.port)).await.unwrap();
        let mut request = format!("ws://localhost:{}{path}", self.port)
            .into_client_request()
            .unwrap();
        let headers = request.headers_mut();
        headers.insert(header::COOKIE, cookie.parse().unwrap());
        headers.insert(header::SEC_WEBSOCKET_PROTOCOL, protocols.parse().unwrap());
        headers.insert(
            header::ORIGIN,
            self.house.state.config.http.public_url.parse().unwrap(),
        );
        match client_async(request, stream).await {
            Ok((socket, _)) => Ok(Socket(socket)),
            Err(Error::Http(response)) => Err(response.status()),
            Err(error) => panic!("{error}"),
        }
    }

    /// The first line of a door's answer, over the wire.
    pub async fn ask(&self, path: &str) -> String {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).await.unwrap();
        let request = format!("GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).await.unwrap();

        String::from_utf8_lossy(&answer)
            .lines()
            .next()
            .unwrap_or_default()
            .to_owned()
    }

    /// The session's row, once it says what is wanted.
    pub async fn row(&self, session: &SessionId, is_wanted: impl Fn(&SessionView) -> bool) -> SessionView {
        let look = async || {
            let mut snapshot = self.house.state.db.read().await.unwrap();
            let found = store::sessions::lookup(&mut snapshot, session).await.unwrap();

            found.map(|found| found.view).filter(&is_wanted)
        };

        until(look).await
    }
}

impl Socket {
    pub async fn send(&mut self, frame: &impl Serialize) {
        let bytes = postcard::to_allocvec(frame).unwrap();
        self.0.send(Message::Binary(bytes.into())).await.unwrap();
    }

    /// The same where the server may have closed: what it said before is still to be read, as a browser does.
    async fn try_send(&mut self, frame: &impl Serialize) {
        let bytes = postcard::to_allocvec(frame).unwrap();
        let _ = self.0.send(Message::Binary(bytes.into())).await;
    }

    /// The next frame; `None` when the server has closed.
    pub async fn receive<T: DeserializeOwned>(&mut self) -> Option<T> {
        loop {
            match timeout(PATIENCE, self.0.next()).await.expect("a frame in time") {
                Some(Ok(Message::Binary(bytes))) => return Some(postcard::from_bytes(&bytes).unwrap()),
                Some(Ok(Message::Ping(_) | Message::Pong(_))) => {}
                Some(Ok(_) | Err(_)) | None => return None,
            }
        }
    }
}

impl Terminal {
    pub async fn press(&mut self, keys: &str) {
        let frame = ClientFrame::Input(keys.as_bytes().to_vec());
        self.socket.send(&frame).await;
    }

    /// Reads on until `wanted` has been shown. Output is acknowledged as it comes.
    pub async fn see(&mut self, wanted: &str) {
        let mut looked_at = 0;
        while !self.shows(wanted, looked_at) {
            looked_at = self.shown.len().saturating_sub(wanted.len());
            let frame = self.socket.receive().await;
            match frame {
                Some(frame) => {
                    if let Some(ended) = self.take(frame).await {
                        panic!("{wanted:?} never came: {ended:?}\n{}", self.text());
                    }
                }
                None => panic!("{wanted:?} never came\n{}", self.text()),
            }
        }
    }

    fn shows(&self, wanted: &str, from: usize) -> bool {
        String::from_utf8_lossy(self.shown.get(from..).unwrap_or(&self.shown)).contains(wanted)
    }

    /// Forgets what was shown, and waits for something else.
    pub async fn run(&mut self, statement: &str, wanted: &str) {
        let before = self.shown.clone();
        self.shown.clear();
        self.press(&format!("{statement}\r")).await;
        self.see(wanted).await;
        self.see("postgres=# ").await;
        self.shown.splice(0..0, before);
    }

    /// Reads what has come, until nothing comes for a moment.
    pub async fn settle(&mut self) {
        while let Ok(Some(Ok(message))) = timeout(MOMENT, self.socket.0.next()).await {
            if let Message::Binary(bytes) = message {
                let ended = self.take(postcard::from_bytes(&bytes).unwrap()).await;
                assert_eq!(ended, None, "{}", self.text());
            }
        }
    }

    /// Reads on to the next frame of a file or an editor.
    pub async fn next_wish(&mut self) -> ServerFrame {
        loop {
            match self.socket.receive().await.expect("a frame") {
                frame @ (ServerFrame::Hello(_)
                | ServerFrame::Screen(_)
                | ServerFrame::Output(_)
                | ServerFrame::Status(_)
                | ServerFrame::Warning(_)
                | ServerFrame::TakenOver(_)
                | ServerFrame::Ended(_)) => {
                    let ended = self.take(frame).await;
                    assert_eq!(ended, None, "{}", self.text());
                }
                frame => return frame,
            }
        }
    }

    /// Reads on to the session's last word.
    pub async fn end(&mut self) -> Option<Ended> {
        loop {
            let frame = self.socket.receive().await?;
            if let Some(ended) = self.take(frame).await {
                return Some(ended);
            }
        }
    }

    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.shown).into_owned()
    }

    /// Every line a terminal of this size holds, above the screen and on it.
    pub fn lines(&self) -> Vec<String> {
        let mut screen = Screen::with_scrollback(COLS.into(), ROWS.into(), Some(1000)).unwrap();
        screen.feed(&self.text()[..]);
        let lines = screen.screen().all_lines();

        lines.map(|line| line.text().trim_end().to_owned()).collect()
    }

    async fn take(&mut self, frame: ServerFrame) -> Option<Ended> {
        match frame {
            ServerFrame::Screen(bytes) => {
                self.shown.clear();
                self.print(&bytes).await;
            }
            ServerFrame::Output(bytes) => self.print(&bytes).await,
            ServerFrame::Ended(ended) => return Some(ended),
            ServerFrame::Hello(_)
            | ServerFrame::Status(_)
            | ServerFrame::Warning(_)
            | ServerFrame::TakenOver(_)
            | ServerFrame::Upload { .. }
            | ServerFrame::UploadTaken { .. }
            | ServerFrame::UploadOver
            | ServerFrame::Download { .. }
            | ServerFrame::File(_)
            | ServerFrame::FileEnd(_)
            | ServerFrame::Edit { .. }
            | ServerFrame::EditOver
            | ServerFrame::Complaint(_)
            | ServerFrame::Read(_)
            | ServerFrame::Exit(_) => {}
        }

        None
    }

    async fn print(&mut self, bytes: &[u8]) {
        self.shown.extend_from_slice(bytes);
        self.parsed += bytes.len() as u64;
        let parsed = self.parsed;
        self.socket.try_send(&ClientFrame::Ack { parsed }).await;
    }
}

/// Asks again and again until there is an answer.
pub async fn until<T, F: Future<Output = Option<T>>>(look: impl Fn() -> F) -> T {
    let looking = async {
        let mut every = interval(Duration::from_millis(20));
        loop {
            every.tick().await;
            if let Some(found) = look().await {
                return found;
            }
        }
    };

    timeout(PATIENCE, looking).await.expect("in time")
}

/// A database with everything a launch takes, shared with its user and administrator.
async fn furnish(house: &House, port: u16, more: &str) -> (String, String) {
    let ada = house.sign_in(Role::Administrator).await;
    let make = async |path: &str, form: &str| {
        let answer = house.call(house.post(path, form).by(&ada)).await;
        assert_eq!(answer.status, 200, "{path}: {}", answer.body);
        let location = answer.header(header::LOCATION).unwrap_or_default().to_owned();
        let path = location.split('?').next().unwrap_or_default();

        path.rsplit('/').next().unwrap_or_default().to_owned()
    };
    let configuration = make(
        "/api/create-configuration",
        &format!("draft[title]=House{}", switches()),
    )
    .await;
    let account = format!("draft[title]=Owner&draft[login]={SUPERUSER}&draft[password]={PASSWORD}");
    let account = make("/api/create-user", &account).await;
    let database = format!(
        "draft[title]=Books&draft[host]=127.0.0.1&draft[port]={port}&draft[database]=postgres&draft[tls_mode]=disable"
    );
    let database = make("/api/create-database", &database).await;
    for role in [Role::User, Role::Administrator] {
        let person = house.person(role).await.id;
        let share = format!("id={database}&draft[person]={person}&draft[launch]=true");
        make("/api/share-record", &share).await;
    }
    let version = async || {
        let call = house.post("/api/settings", &format!("id={database}"));
        let answer: serde_json::Value = value(&house.call(call.by(&ada)).await);

        answer.pointer("/settings/version").unwrap().to_string()
    };
    let general = format!(
        "id={database}&version={}&draft[configuration]={configuration}&draft[administrative_credential]={account}",
        version().await
    );
    make("/api/save-general", &general).await;
    let connection = format!(
        "id={database}&version={}&draft[connections]=on&draft[launch_credential]={account}{more}",
        version().await
    );
    make("/api/save-connection", &connection).await;

    (database, configuration)
}

/// What the configuration allows: everything that has no risk of its own.
fn switches() -> String {
    let switches = [
        "connections",
        "tunneling",
        "graphical_session_recording",
        "can_export",
        "can_import",
        "can_copy",
        "can_paste",
    ];

    switches.map(|switch| format!("&draft[{switch}]=true")).concat()
}

fn value<T: DeserializeOwned>(answer: &Answer) -> T {
    assert_eq!(answer.status, 200, "{}", answer.body);

    serde_json::from_str(&answer.body).unwrap()
}
