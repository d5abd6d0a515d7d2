//! What is said of a tunnel that stands: an address clients understand, and what to expect.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use protocol::dates::rfc3339;
use protocol::tunnel::Ready;
use protocol::vault::length_of_time;
use serde::Serialize;

use super::door::Door;

/// What in a URL stands for itself beside letters and digits.
const PLAIN: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'_')
    .remove(b'.')
    .remove(b'~');

/// Where clients connect to.
pub struct Address {
    pub host: String,
    pub port: u16,
    place: String,
    is_open_to_others: bool,
    /// The user of the session; none where clients sign in as whom they like.
    pub user: Option<String>,
    /// The connection URL.
    /// See <https://www.postgresql.org/docs/current/libpq-connect.html#LIBPQ-CONNSTRING-URIS>.
    pub url: String,
}

impl Address {
    pub fn of(ready: &Ready, door: &Door) -> Self {
        let (host, port) = (door.host(), door.port());
        let is_socket = matches!(door, Door::Unix(_));
        let user = ready.injects.then(|| ready.account.clone());
        let encode = |text: &str| utf8_percent_encode(text, PLAIN).to_string();
        let who = match (&user, &ready.token) {
            (Some(user), Some(token)) => format!("{}:{token}@", encode(user)),
            (Some(user), None) => format!("{}@", encode(user)),
            (None, _) => String::new(),
        };
        let database = encode(&ready.database);
        let url = if is_socket {
            format!("postgresql://{who}/{database}?host={}", encode(&host))
        } else {
            let host = if host.contains(':') {
                format!("[{host}]")
            } else {
                host.clone()
            };

            format!("postgresql://{who}{host}:{port}/{database}?sslmode=disable")
        };

        Self {
            host,
            port,
            place: door.place(),
            is_open_to_others: door.is_open_to_others(),
            user,
            url,
        }
    }
}

/// A tunnel, for programs.
#[derive(Serialize)]
pub struct Facts<'a> {
    session: &'a str,
    record: &'a str,
    host: &'a str,
    port: u16,
    user: Option<&'a str>,
    password: Option<&'a str>,
    database: &'a str,
    url: Option<&'a str>,
    ends_at: Option<String>,
}

impl Facts<'_> {
    /// For where what is written is kept longer than the tunnel stands.
    pub fn without_password(self) -> Self {
        Self {
            password: None,
            url: None,
            ..self
        }
    }
}

pub fn for_programs<'a>(ready: &'a Ready, address: &'a Address) -> Facts<'a> {
    Facts {
        session: ready.session.as_str(),
        record: ready.record.as_str(),
        host: &address.host,
        port: address.port,
        user: address.user.as_deref(),
        password: ready.token.as_deref(),
        database: &ready.database,
        url: Some(&address.url),
        ends_at: ready.ends_at.map(rfc3339),
    }
}

pub fn for_people(ready: &Ready, address: &Address) -> String {
    let recorded = if ready.is_recorded {
        "recorded"
    } else {
        "not recorded"
    };
    let ends = ready.ends_at.map_or_else(
        || "It stands until you close it.".to_owned(),
        |ends_at| {
            let seconds = ends_at.since(ready.now).as_secs();
            let seconds = u32::try_from(seconds).unwrap_or(u32::MAX);
            let clock: String = rfc3339(ends_at).chars().skip(11).take(5).collect();

            format!("It closes at {clock} UTC, in {}.", length_of_time::show(seconds))
        },
    );
    let sign_in = match (&address.user, &ready.token) {
        (None, _) => {
            "\nSign in with a user and password of the database: none is injected, whatever account was named."
        }
        (Some(_), None) => "\nIt takes no token: whoever reaches it is let in.",
        (Some(_), Some(_)) => "",
    };
    let others = if address.is_open_to_others {
        "\nOther machines can reach it. What they send is not encrypted before it is here."
    } else {
        ""
    };
    let account = address.user.as_ref().map_or_else(
        || "with a user and password of your own".to_owned(),
        |user| format!("as {user}"),
    );

    format!(
        "Tunnel to {title} {account}, {recorded}. {ends}\n\
         Listening on {place}, for up to {most} connections.{others}{sign_in}\n\n  \
         {url}\n\n  \
         {psql}\n\n\
         Ctrl-C closes the tunnel and ends its session.",
        title = ready.record_title,
        place = address.place,
        most = ready.max_connections,
        url = address.url,
        psql = psql(ready, address),
    )
}

/// A command line for psql. The password is in its environment: everybody on the machine can read arguments.
fn psql(ready: &Ready, address: &Address) -> String {
    let quote = |text: &str| format!("'{}'", text.replace('\'', "'\\''"));
    let password = ready
        .token
        .as_ref()
        .map(|token| format!("PGPASSWORD={} ", quote(token)))
        .unwrap_or_default();
    let user = address
        .user
        .as_ref()
        .map(|user| format!(" -U {}", quote(user)))
        .unwrap_or_default();

    format!(
        "{password}psql -h {} -p {}{user} {}",
        quote(&address.host),
        address.port,
        quote(&ready.database)
    )
}

#[cfg(test)]
mod tests {
    use std::net::{IpAddr, Ipv4Addr};

    use protocol::ids::{RecordId, SessionId};
    use protocol::time::Timestamp;

    use super::*;

    fn ready(token: Option<&str>, injects: bool) -> Ready {
        Ready {
            session: SessionId::from_random([1; 16]),
            record: RecordId::from_random([2; 16]),
            record_title: "Orders".to_owned(),
            account: "app ro".to_owned(),
            injects,
            database: "or/ders".to_owned(),
            token: token.map(str::to_owned),
            ends_at: Some(Timestamp(1_795_348_800_000_000)),
            now: Timestamp(1_795_345_200_000_000),
            shortened: None,
            max_connections: 100,
            is_recorded: true,
            reuses_port: false,
        }
    }

    #[tokio::test]
    async fn an_address_is_a_url_clients_understand() {
        let door = Door::tcp(IpAddr::V4(Ipv4Addr::LOCALHOST), 0).await.unwrap();
        let at = format!("127.0.0.1:{}", door.port());
        let url = |token, injects| Address::of(&ready(token, injects), &door).url;

        assert_eq!(
            url(Some("ptn_x"), true),
            format!("postgresql://app%20ro:ptn_x@{at}/or%2Fders?sslmode=disable")
        );
        assert_eq!(
            url(None, true),
            format!("postgresql://app%20ro@{at}/or%2Fders?sslmode=disable")
        );
        assert_eq!(
            url(None, false),
            format!("postgresql://{at}/or%2Fders?sslmode=disable")
        );
    }

    #[tokio::test]
    async fn a_socket_is_named_by_its_folder_and_is_the_owners_alone() {
        use std::os::unix::fs::PermissionsExt as _;

        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(".s.PGSQL.5432");
        let door = Door::socket(folder.path()).unwrap();
        let mode = std::fs::metadata(&path).unwrap().permissions().mode();

        assert_eq!(mode & 0o777, 0o600);
        assert!(Address::of(&ready(None, true), &door).url.contains("?host=%2F"));
        assert!(Door::socket(folder.path()).is_err());
        drop(door);
        assert!(!path.exists());
    }

    #[tokio::test]
    async fn people_are_told_until_when() {
        let door = Door::tcp(IpAddr::V4(Ipv4Addr::LOCALHOST), 0).await.unwrap();
        let ready = ready(None, true);
        let told = for_people(&ready, &Address::of(&ready, &door));

        assert!(
            told.starts_with("Tunnel to Orders as app ro, recorded. It closes at 12:00 UTC, in 1 h."),
            "{told}"
        );
        assert!(told.contains("whoever reaches it is let in"), "{told}");
    }
}
