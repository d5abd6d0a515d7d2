//! Configuration: one TOML file plus environment variables, read once at start.
//!
//! Every key of the file has a variable: `[http] listen` is `POSTERN_HTTP_LISTEN`. The environment wins.
//! Unknown keys and variables are errors, and every error names where the value came from and what would be right.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::Deserialize;

const MIB: usize = 1024 * 1024;

/// A configuration that cannot be used: where it came from, what is wrong, what would be right.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    #[error("{file}: {source}; give the right path with --config or POSTERN_CONFIG")]
    Unreadable { file: PathBuf, source: std::io::Error },
    #[error("{file}: {message}")]
    Malformed { file: PathBuf, message: String },
    #[error("environment variable {name} names no key; known are {known}")]
    UnknownVariable { name: String, known: String },
    #[error("{origin}: `{key}` {problem}")]
    Invalid {
        origin: String,
        key: &'static str,
        problem: String,
    },
}

/// The whole configuration. Field docs are the reference in `docs/configuration.md`.
#[derive(Debug, Clone, Deserialize, Default)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    pub http: Http,
    pub metrics: Metrics,
    pub data: Data,
    pub store: Store,
    pub sign_in: SignIn,
    pub sessions: Sessions,
    pub listener: Listener,
    pub log: Log,
}

/// Where people reach the server.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Http {
    /// Address and port of the pages.
    pub listen: SocketAddr,
    /// What people type into their browser: scheme, host and port. Requests that change something are
    /// accepted from this origin only.
    pub public_url: String,
    /// Certificate chain in PEM: the pages are served over TLS, without a proxy in front.
    pub certificate_file: Option<PathBuf>,
    /// Its private key in PEM.
    pub private_key_file: Option<PathBuf>,
}

impl Default for Http {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 7480)),
            public_url: "http://localhost:7480".to_owned(),
            certificate_file: None,
            private_key_file: None,
        }
    }
}

/// `/readyz` and `/metrics`, never on the public address.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Metrics {
    /// A loopback address, or one of a network only those see who watch over the machine.
    pub listen: SocketAddr,
}

impl Default for Metrics {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 7490)),
        }
    }
}

/// What is kept on disk.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Data {
    /// Folder of the embedded store, the recordings and, unless said otherwise, the master key.
    pub folder: PathBuf,
    /// File of the master key, readable by the server alone; made at first start. Keep a copy elsewhere:
    /// without it no credential and no recording can be read.
    pub master_key_file: Option<PathBuf>,
}

impl Default for Data {
    fn default() -> Self {
        Self {
            folder: PathBuf::from("/var/lib/postern"),
            master_key_file: None,
        }
    }
}

impl Data {
    /// Where the master key is: beside the store unless said otherwise.
    pub fn master_key_file(&self) -> PathBuf {
        self.master_key_file
            .clone()
            .unwrap_or_else(|| self.folder.join("master.key"))
    }

    /// Folder of the recordings, of which each has one of its own.
    pub fn recordings(&self) -> PathBuf {
        self.folder.join("recordings")
    }
}

/// The store: embedded SQLite, or a PostgreSQL of your own.
#[derive(Debug, Clone, Deserialize, Default)]
#[serde(deny_unknown_fields, default)]
pub struct Store {
    /// `postgres://…` to use PostgreSQL; without it `postern.db` in the data folder.
    pub url: Option<String>,
}

impl Config {
    /// Where the store is.
    pub fn store_url(&self) -> String {
        self.store
            .url
            .clone()
            .unwrap_or_else(|| format!("sqlite://{}", self.data.folder.join("postern.db").display()))
    }

    /// Where rows of results wait that are larger than memory.
    pub fn spool_folder(&self) -> PathBuf {
        self.sessions
            .result_spool_folder
            .clone()
            .unwrap_or_else(|| self.data.folder.clone())
    }
}

/// How long a sign-in lasts.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct SignIn {
    /// Minutes without a request after which a sign-in ends: 5 to 1440.
    pub idle_minutes: u32,
    /// Hours after which it ends in any case: 1 to 720.
    pub absolute_hours: u32,
}

impl Default for SignIn {
    fn default() -> Self {
        Self {
            idle_minutes: 60,
            absolute_hours: 12,
        }
    }
}

impl SignIn {
    /// After how long without a request a sign-in ends.
    pub fn idle(&self) -> Duration {
        Duration::from_secs(u64::from(self.idle_minutes) * 60)
    }

    /// After how long it ends in any case.
    pub fn absolute(&self) -> Duration {
        Duration::from_secs(u64::from(self.absolute_hours) * 3600)
    }
}

/// Bounds of sessions.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Sessions {
    /// MiB of rows one session holds in memory to find the widths of an aligned result: 1 to 256.
    pub result_memory_mib: u32,
    /// MiB of rows of a larger result that one session keeps on disk: 0 to 1048576. 0 is none.
    pub result_spool_mib: u32,
    /// MiB that all sessions of the server keep there together: 0 to 16777216.
    pub result_spool_total_mib: u32,
    /// Folder of these files, which have no names; without it the data folder.
    pub result_spool_folder: Option<PathBuf>,
    /// Seconds a session waits for a browser that was lost: 0 to 3600. 0 ends it at once.
    pub reattach_seconds: u32,
}

impl Default for Sessions {
    fn default() -> Self {
        Self {
            result_memory_mib: 16,
            result_spool_mib: 2048,
            result_spool_total_mib: 8192,
            result_spool_folder: None,
            reattach_seconds: 60,
        }
    }
}

impl Sessions {
    /// The same in bytes.
    pub fn result_memory(&self) -> usize {
        usize::try_from(self.result_memory_mib).unwrap_or(1) * MIB
    }

    /// The same in bytes.
    pub fn result_spool(&self) -> usize {
        usize::try_from(self.result_spool_mib).unwrap_or(0) * MIB
    }

    /// The same in bytes.
    pub fn result_spool_total(&self) -> u64 {
        u64::from(self.result_spool_total_mib) * MIB as u64
    }

    /// How long a session waits for its person to come back.
    pub fn reattach_grace(&self) -> Duration {
        Duration::from_secs(self.reattach_seconds.into())
    }
}

/// Where native PostgreSQL clients connect. Nowhere, unless an address or a folder is named.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Listener {
    /// Address and port of native clients. Beyond loopback they come by TLS, with the certificate of `http`.
    pub listen: Option<SocketAddr>,
    /// Folder of a Unix socket `.s.PGSQL.<port>`, with the port of `listen` or 5432.
    pub socket_folder: Option<PathBuf>,
    /// Seconds a session waits for another connection when its last one was closed: 0 to 3600.
    pub linger_seconds: u32,
}

impl Default for Listener {
    fn default() -> Self {
        Self {
            listen: None,
            socket_folder: None,
            linger_seconds: 30,
        }
    }
}

impl Listener {
    /// How long a session waits for another connection.
    pub fn linger(&self) -> Duration {
        Duration::from_secs(self.linger_seconds.into())
    }
}

/// What the server writes about itself.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Log {
    /// `json` or `text`.
    pub format: LogFormat,
    /// A `tracing` filter, e.g. `info` or `info,server=debug`.
    pub filter: String,
}

impl Default for Log {
    fn default() -> Self {
        Self {
            format: LogFormat::Json,
            filter: "info".to_owned(),
        }
    }
}

/// How a line of the log is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// One JSON object a line.
    Json,
    /// For people at a terminal.
    Text,
}

/// Every key, as section and name; a test holds this equal to the structs.
const KEYS: &[(&str, &str)] = &[
    ("http", "listen"),
    ("http", "public_url"),
    ("http", "certificate_file"),
    ("http", "private_key_file"),
    ("metrics", "listen"),
    ("data", "folder"),
    ("data", "master_key_file"),
    ("store", "url"),
    ("sign_in", "idle_minutes"),
    ("sign_in", "absolute_hours"),
    ("sessions", "result_memory_mib"),
    ("sessions", "result_spool_mib"),
    ("sessions", "result_spool_total_mib"),
    ("sessions", "result_spool_folder"),
    ("sessions", "reattach_seconds"),
    ("listener", "listen"),
    ("listener", "socket_folder"),
    ("listener", "linger_seconds"),
    ("log", "format"),
    ("log", "filter"),
];

fn variable(section: &str, key: &str) -> String {
    format!("POSTERN_{}_{}", section.to_uppercase(), key.to_uppercase())
}

/// Variables that are no keys: where the file is, and what the command line looks at.
const NOT_KEYS: [&str; 4] = [
    "POSTERN_CONFIG",
    "POSTERN_URL",
    "POSTERN_TOKEN",
    "POSTERN_CA_FILE",
];

/// Reads `file`, if any, and what of `environment` starts with `POSTERN_`; checks every value.
pub fn load(
    file: Option<&Path>,
    environment: impl Iterator<Item = (String, String)>,
) -> Result<Config, ConfigError> {
    let text = match file {
        Some(file) => std::fs::read_to_string(file).map_err(|source| ConfigError::Unreadable {
            file: file.to_owned(),
            source,
        })?,
        None => String::new(),
    };
    let config = read(file.unwrap_or(Path::new("defaults")), &text, environment)?;
    check(&config, file)?;

    Ok(config)
}

fn read(
    file: &Path,
    text: &str,
    environment: impl Iterator<Item = (String, String)>,
) -> Result<Config, ConfigError> {
    let malformed = |message: String| ConfigError::Malformed {
        file: file.to_owned(),
        message,
    };
    // Parsed once as it stands, so that an error points at the line of the file.
    let _: Config = toml::from_str(text).map_err(|error| malformed(error.to_string()))?;
    let mut table: toml::Table = toml::from_str(text).map_err(|error| malformed(error.to_string()))?;
    for (name, value) in environment {
        if !name.starts_with("POSTERN_") || NOT_KEYS.contains(&name.as_str()) {
            continue;
        }
        let Some((section, key)) = KEYS.iter().find(|(section, key)| variable(section, key) == name) else {
            let known: Vec<String> = KEYS.iter().map(|(section, key)| variable(section, key)).collect();

            return Err(ConfigError::UnknownVariable {
                name,
                known: known.join(", "),
            });
        };
        let value = value
            .parse::<i64>()
            .map_or(toml::Value::String(value), toml::Value::Integer);
        let section = table
            .entry((*section).to_owned())
            .or_insert_with(|| toml::Table::new().into());
        if let Some(section) = section.as_table_mut() {
            section.insert((*key).to_owned(), value);
        }
    }

    table
        .try_into()
        .map_err(|error: toml::de::Error| malformed(format!("with the environment applied: {error}")))
}

fn check(config: &Config, file: Option<&Path>) -> Result<(), ConfigError> {
    let origin = file.map_or("environment or defaults".to_owned(), |file| {
        file.display().to_string()
    });
    let invalid = |key: &'static str, problem: String| {
        Err(ConfigError::Invalid {
            origin: origin.clone(),
            key,
            problem,
        })
    };
    let url = &config.http.public_url;
    if !is_origin(url) {
        return invalid(
            "http.public_url",
            format!(
                "is {url:?}; write scheme, host and port only, in lower case and without the scheme's own port, \
                 e.g. https://postern.example.org"
            ),
        );
    }
    let has_tls = config.http.certificate_file.is_some();
    if has_tls != config.http.private_key_file.is_some() {
        return invalid(
            if has_tls {
                "http.private_key_file"
            } else {
                "http.certificate_file"
            },
            "is missing: TLS takes a certificate and its private key".to_owned(),
        );
    }
    if has_tls && !url.starts_with("https://") {
        return invalid(
            "http.public_url",
            format!("is {url:?}; with http.certificate_file it begins with https://"),
        );
    }
    if !(5..=1440).contains(&config.sign_in.idle_minutes) {
        return invalid("sign_in.idle_minutes", "must be from 5 to 1440".to_owned());
    }
    if !(1..=720).contains(&config.sign_in.absolute_hours) {
        return invalid("sign_in.absolute_hours", "must be from 1 to 720".to_owned());
    }
    if !(1..=256).contains(&config.sessions.result_memory_mib) {
        return invalid("sessions.result_memory_mib", "must be from 1 to 256".to_owned());
    }
    if config.sessions.result_spool_mib > 1 << 20 {
        return invalid(
            "sessions.result_spool_mib",
            "must be from 0 to 1048576".to_owned(),
        );
    }
    if config.sessions.result_spool_total_mib > 1 << 24 {
        return invalid(
            "sessions.result_spool_total_mib",
            "must be from 0 to 16777216".to_owned(),
        );
    }
    if config.sessions.reattach_seconds > 3600 {
        return invalid("sessions.reattach_seconds", "must be from 0 to 3600".to_owned());
    }
    if config.listener.linger_seconds > 3600 {
        return invalid("listener.linger_seconds", "must be from 0 to 3600".to_owned());
    }
    if config.metrics.listen.port() != 0 && config.metrics.listen == config.http.listen {
        return invalid(
            "metrics.listen",
            "must differ from http.listen: metrics are not public".to_owned(),
        );
    }
    if let Some(url) = &config.store.url
        && !(url.starts_with("postgres://")
            || url.starts_with("postgresql://")
            || url.starts_with("sqlite://"))
    {
        return invalid("store.url", "must start with postgres:// or sqlite://".to_owned());
    }

    Ok(())
}

/// Whether `url` is spelled as a browser spells `Origin`: the two are compared letter by letter.
fn is_origin(url: &str) -> bool {
    let https = url.strip_prefix("https://").map(|host| (host, ":443"));
    let http = url.strip_prefix("http://").map(|host| (host, ":80"));
    let Some((host, own_port)) = https.or(http) else {
        return false;
    };
    let is_plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"-._:[]".contains(&byte);

    !host.is_empty() && !host.ends_with(own_port) && host.bytes().all(is_plain)
}

#[cfg(test)]
mod tests;
