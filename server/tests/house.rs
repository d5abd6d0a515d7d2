//! A server on a fresh store in a folder of its own, the people who live there, and calls without a socket.

use std::net::{IpAddr, Ipv4Addr};
use std::sync::OnceLock;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use axum::middleware::{Next, from_fn};
use axum::response::Response;
use bytes::Bytes;
use http::response::Parts;
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use http_body_util::BodyExt;
use protocol::ids::{PersonId, SignInId, TokenId};
use protocol::people::Role;
use protocol::time::Timestamp;
use server::config::Config;
use server::peer::Peer;
use server::recorder::{MAX_WAITING_NOTES, Note};
use server::serve::connections::{Limits, serve};
use server::state::AppState;
use server::{clock, master_key, node, routes};
use store::sign_ins::{self, SignIn};
use store::tokens::{Token, TokenHash};
use store::{Db, access_tokens, people, service_accounts};
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tower::ServiceExt;
use vault::Secret;
use vault::authorize::{self, Authorized, Password, TakeToken, Wanted};
use vault::passwords::Hash;
use vault::people::Person;

/// Everybody's password.
pub const PASSWORD: &str = "a lighthouse keeps no secrets";

/// Where every call comes from.
pub const ADDRESS: IpAddr = IpAddr::V4(Ipv4Addr::new(192, 0, 2, 7));

/// The server with one active person of each role, named like the role `@example.org`.
pub struct House {
    pub state: AppState,
    router: Router,
    _folder: TempDir,
    _notes: mpsc::Receiver<Note>,
}

/// A house on a loopback port, which is its public URL, as long as `serving` is kept.
pub struct Served {
    pub house: House,
    pub port: u16,
    pub serving: JoinSet<()>,
}

/// What a call was answered with.
#[derive(Debug)]
pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: String,
}

/// A request under construction.
pub struct Call {
    request: Request,
}

impl House {
    pub async fn open() -> Self {
        Self::open_at("http://localhost:7480").await
    }

    /// The same where people reach the server at another address.
    pub async fn open_at(public_url: &str) -> Self {
        Self::open_with(|config| config.http.public_url = public_url.to_owned()).await
    }

    /// The same with a configuration that differs.
    pub async fn open_with(change: impl FnOnce(&mut Config)) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut config = Config::default();
        change(&mut config);
        config.data.folder = folder.path().to_owned();
        let db = Db::open(&config.store_url(), 2).await.unwrap();
        let master = master_key::load(&config.data.master_key_file(), true)
            .unwrap()
            .current;
        let (to_store, notes) = mpsc::channel(MAX_WAITING_NOTES);
        let node = node::id(folder.path()).unwrap();
        let state = AppState::new(config, node, db, master, to_store);
        let house = Self {
            router: routes::router(&state),
            state,
            _folder: folder,
            _notes: notes,
        };
        for role in Role::ALL {
            house.add(role).await;
        }

        house
    }

    /// The same, served on a port of the system's choice. Every request comes from [`ADDRESS`].
    pub async fn serve(change: impl FnOnce(&mut Config)) -> Served {
        Self::serve_on(TcpListener::bind("127.0.0.1:0").await.unwrap(), change).await
    }

    /// The same on a port somebody has chosen.
    pub async fn serve_on(listener: TcpListener, change: impl FnOnce(&mut Config)) -> Served {
        let port = listener.local_addr().unwrap().port();
        let house = Self::open_with(|config| {
            config.http.public_url = format!("http://localhost:{port}");
            change(config);
        })
        .await;
        let router = house.router.clone().layer(from_fn(as_the_house_calls));
        let mut serving = JoinSet::new();
        serving.spawn(serve(
            listener,
            None,
            router,
            Limits::PUBLIC,
            std::future::pending(),
        ));

        Served { house, port, serving }
    }

    async fn add(&self, role: Role) {
        let (id, email, now) = (PersonId::from_random(clock::draw()), email_of(role), clock::now());
        let mut tx = self.state.db.write().await.unwrap();
        people::invite(&mut tx, &id, &email.parse().unwrap(), "", role, now)
            .await
            .unwrap();
        people::set_password(&mut tx, &id, hash(), now).await.unwrap();
        tx.commit().await.unwrap();
    }

    pub async fn person(&self, role: Role) -> Person {
        let mut snapshot = self.state.db.read().await.unwrap();
        let email = email_of(role).parse().unwrap();

        people::find(&mut snapshot, &email).await.unwrap().unwrap()
    }

    /// A new sign-in, as the value of `Cookie`.
    pub async fn sign_in(&self, role: Role) -> String {
        let now = clock::now();

        self.sign_in_from(role, now, now + Duration::from_secs(3600))
            .await
    }

    /// A sign-in that was last seen when it was made, `at`, and ends at `absolute_end`.
    pub async fn sign_in_from(&self, role: Role, at: Timestamp, absolute_end: Timestamp) -> String {
        let token = Token::from_random(clock::draw());
        let sign_in = SignIn {
            id: SignInId::from_random(clock::draw()),
            person: self.person(role).await.id,
            created_at: at,
            last_seen: at,
            absolute_end,
            remote_address: ADDRESS.to_string(),
            user_agent: String::new(),
            reauthenticated_at: at,
        };
        let mut tx = self.state.db.write().await.unwrap();
        let hash = people::password(&mut tx, &sign_in.person).await.unwrap().unwrap();
        sign_ins::add(&mut tx, &token.hash(), &sign_in, &hash)
            .await
            .unwrap();
        tx.commit().await.unwrap();

        format!("postern={}", token.expose())
    }

    /// A new access token, good for an hour.
    pub async fn token(&self, role: Role, wanted: Wanted<'_>) -> String {
        self.token_for(role, wanted, Duration::from_secs(3600)).await.1
    }

    pub async fn token_for(&self, role: Role, wanted: Wanted<'_>, life: Duration) -> (TokenId, String) {
        let person = self.person(role).await;
        let take = authorize::take_token(&person, wanted, Password::GivenAgain).unwrap();

        self.token_by(&take, life).await
    }

    /// A new access token of a service account, good for an hour.
    pub async fn token_of(&self, account: &Person, wanted: Wanted<'_>) -> String {
        let ada = self.person(Role::Administrator).await;
        let take = authorize::take_token_for(&ada, account, wanted, Password::GivenAgain).unwrap();

        self.token_by(&take, Duration::from_secs(3600)).await.1
    }

    async fn token_by(&self, take: &Authorized<TakeToken>, life: Duration) -> (TokenId, String) {
        let (id, text) = (
            TokenId::from_random(clock::draw()),
            vault::tokens::text(clock::draw()),
        );
        let (now, hash) = (clock::now(), TokenHash::of(text.expose()));
        let mut tx = self.state.db.write().await.unwrap();
        access_tokens::add(&mut tx, take, &id, &hash, "reports", now + life, now)
            .await
            .unwrap();
        tx.commit().await.unwrap();

        (id, text.expose().to_owned())
    }

    /// A new service account of this name.
    pub async fn service_account(&self, name: &str) -> Person {
        let administer = authorize::administer(&self.person(Role::Administrator).await).unwrap();
        let id = PersonId::from_random(clock::draw());
        let mut tx = self.state.db.write().await.unwrap();
        let account = service_accounts::add(&mut tx, &administer, &id, &name.parse().unwrap(), clock::now())
            .await
            .unwrap();
        tx.commit().await.unwrap();

        account
    }

    pub async fn call(&self, call: Call) -> Answer {
        let (head, body) = self.answer(call).await;

        Answer {
            status: head.status,
            headers: head.headers,
            // Frames of a recording are no text.
            body: String::from_utf8_lossy(&body).into_owned(),
        }
    }

    /// The answer of a door that gives bytes.
    pub async fn fetch(&self, call: Call) -> Bytes {
        let (head, body) = self.answer(call).await;
        assert_eq!(head.status, StatusCode::OK, "{}", String::from_utf8_lossy(&body));

        body
    }

    async fn answer(&self, call: Call) -> (Parts, Bytes) {
        let mut request = call.request;
        request.extensions_mut().insert(Peer(ADDRESS));
        let (head, body) = self.router.clone().oneshot(request).await.unwrap().into_parts();

        (head, body.collect().await.unwrap().to_bytes())
    }

    /// A form from one of our own pages, as the wasm sends it.
    pub fn post(&self, path: &str, form: &str) -> Call {
        Call::new(Method::POST, path, form)
            .with(header::ORIGIN, &self.state.config.http.public_url)
            .with(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .with(header::ACCEPT, "application/json")
    }
}

async fn as_the_house_calls(mut request: Request, next: Next) -> Response {
    request.extensions_mut().insert(Peer(ADDRESS));

    next.run(request).await
}

impl Call {
    /// A page or file, as a browser asks for it.
    pub fn get(path: &str) -> Self {
        Self::new(Method::GET, path, "").with(header::ACCEPT, "text/html")
    }

    pub fn new(method: Method, path: &str, body: &str) -> Self {
        let mut request = Request::new(Body::from(body.to_owned()));
        *request.method_mut() = method;
        *request.uri_mut() = path.parse().unwrap();

        Self { request }
    }

    /// With a header, in place of any of that name.
    pub fn with(mut self, name: HeaderName, value: &str) -> Self {
        let value = HeaderValue::from_str(value).unwrap();
        self.request.headers_mut().insert(name, value);

        self
    }

    pub fn without(mut self, name: HeaderName) -> Self {
        self.request.headers_mut().remove(name);

        self
    }

    /// With a body that arrives as it likes.
    pub fn of(mut self, body: Body) -> Self {
        *self.request.body_mut() = body;

        self
    }

    /// With the cookie of a sign-in.
    pub fn by(self, cookie: &str) -> Self {
        self.with(header::COOKIE, cookie)
    }

    /// As a browser without JavaScript posts the form of `page`.
    pub fn plain(self, page: &str) -> Self {
        let referer = format!("http://localhost:7480{page}");

        self.with(header::ACCEPT, "text/html,application/xhtml+xml")
            .with(header::REFERER, &referer)
    }
}

impl Answer {
    pub fn header(&self, name: impl header::AsHeaderName) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().unwrap())
    }

    /// Status and, of a refusal, its code and sentence; what a test compares.
    pub fn told(&self) -> String {
        let status = self.status.as_u16();
        let Ok(refusal) = serde_json::from_str::<protocol::errors::Refusal>(&self.body) else {
            return status.to_string();
        };
        let code = serde_json::to_value(refusal.code).unwrap();

        format!("{status} {}: {}", code.as_str().unwrap(), refusal.sentence)
    }
}

pub fn email_of(role: Role) -> String {
    format!("{}@example.org", role.as_str())
}

/// Hashed once: it is slow on purpose.
fn hash() -> &'static Hash {
    static HASH: OnceLock<Hash> = OnceLock::new();

    HASH.get_or_init(|| Hash::of(&Secret::new(PASSWORD.to_owned()), clock::draw()).unwrap())
}
