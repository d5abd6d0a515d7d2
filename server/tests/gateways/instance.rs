//! A desk whose database is reached through a gateway, and the instances of it.

use std::fs;
use std::os::unix::fs::FileExt as _;
use std::path::PathBuf;
use std::process::{Output, Stdio};
use std::time::Duration;

use protocol::gateways::NewInstance;
use protocol::ids::{GatewayId, InstanceId};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use server::config::Config;
use store::gateways;
use tempfile::TempDir;
use testkit::Cluster;
use tokio::process::{Child, Command};
use tokio::time::timeout;

use crate::sessions::desk::{Desk, until};

/// Longer than anything the program waits for on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);

/// What differs from a gateway that may reach the database.
#[derive(Debug, Clone, Copy)]
pub struct Wishes {
    pub targets: &'static str,
    pub most: u32,
    /// Whether the record is in the gateway's folder.
    pub is_served: bool,
}

impl Default for Wishes {
    fn default() -> Self {
        Self {
            targets: "127.0.0.0/8",
            most: 1,
            is_served: true,
        }
    }
}

/// A desk behind the gateway *Berlin*.
pub struct Behind {
    pub desk: Desk,
    pub gateway: GatewayId,
    pub folder: String,
    /// The database's port.
    pub target: u16,
    /// The token of the command that was shown when the gateway was made.
    first: std::sync::Mutex<Option<String>>,
}

/// `posternd gateway`.
pub struct Instance {
    child: Child,
    pub kept: Kept,
}

/// Where an instance keeps its key.
pub struct Kept(TempDir);

impl Kept {
    pub fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    pub fn file(&self) -> PathBuf {
        self.0.path().join("postern-gateway.json")
    }
}

impl Behind {
    pub async fn open() -> Self {
        Self::with(Wishes::default()).await
    }

    pub async fn with(wishes: Wishes) -> Self {
        let cluster = Cluster::start().unwrap();
        let target = cluster.port();

        Self::before(cluster, target, wishes, |_| ()).await
    }

    /// With a server somebody has made, which is reached at the port `target`.
    pub async fn before(
        cluster: Cluster,
        target: u16,
        wishes: Wishes,
        change: impl FnOnce(&mut Config),
    ) -> Self {
        let desk = Desk::before(cluster, target, change, "").await;

        Self::furnish(desk, target, wishes).await
    }

    /// Puts a gateway before the database of a desk.
    pub async fn furnish(desk: Desk, target: u16, wishes: Wishes) -> Self {
        let folder = desk.place("/api/create-folder", "draft[name]=Shop").await;
        if wishes.is_served {
            let moving = format!("id={}&folder={folder}", desk.record);
            desk.place("/api/move-record", &moving).await;
        }
        let form = format!(
            "draft[name]=Berlin&draft[folders][]={folder}&draft[targets]={}&draft[max_instances]={}&draft[address_lock]=true",
            wishes.targets, wishes.most
        );
        let new: NewInstance =
            serde_json::from_str(&desk.answer("/api/create-gateway", &form).await).unwrap();
        desk.configure(&format!("&draft[gateway]={}", new.gateway)).await;

        Self {
            first: std::sync::Mutex::new(Some(token_of(&new.command))),
            gateway: new.gateway,
            desk,
            folder,
            target,
        }
    }

    /// A token that was not used.
    pub async fn token(&self) -> String {
        let first = self.first.lock().unwrap().take();
        if let Some(first) = first {
            return first;
        }
        let form = format!("id={}&draft[minutes]=5", self.gateway);
        let new: NewInstance =
            serde_json::from_str(&self.desk.answer("/api/enrol-instance", &form).await).unwrap();

        token_of(&new.command)
    }

    /// An instance that is connected.
    pub async fn enroll(&self) -> Instance {
        let token = self.token().await;

        self.start(Kept::new(), &["--token", &token]).await
    }

    /// Starts an instance and waits for it.
    pub async fn start(&self, kept: Kept, arguments: &[&str]) -> Instance {
        let n_before = self.desk.house.state.gateways.live().len();
        let instance = self.run(kept, arguments);
        until(async || (self.desk.house.state.gateways.live().len() > n_before).then_some(())).await;

        instance
    }

    /// Starts one that may not get in.
    pub fn run(&self, kept: Kept, arguments: &[&str]) -> Instance {
        let child = Command::new(env!("CARGO_BIN_EXE_posternd"))
            .env_clear()
            .arg("gateway")
            .args(["--server", self.desk.url()])
            .arg("--file")
            .arg(kept.file())
            .args(arguments)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .unwrap();

        Instance { child, kept }
    }

    /// Connections through each instance, the oldest first.
    pub async fn connections(&self) -> Vec<u32> {
        let mut snapshot = self.desk.house.state.db.read().await.unwrap();
        let mut instances = gateways::instances(&mut snapshot, &self.gateway).await.unwrap();
        instances.reverse();

        instances
            .iter()
            .filter_map(|instance| self.desk.house.state.gateways.view(&instance.id))
            .map(|live| live.n_connections)
            .collect()
    }

    /// *Test* on the gateway's page: each stage as its JSON.
    pub async fn test(&self, target: &str) -> Vec<String> {
        let form = format!("id={}&{target}", self.gateway);
        let stages: Vec<Value> =
            serde_json::from_str(&self.desk.answer("/api/test-gateway", &form).await).unwrap();

        stages.iter().map(Value::to_string).collect()
    }

    /// Why no session is opened: when a ticket is asked for, or when it is redeemed.
    pub async fn launched_in_vain(&self, cookie: &str) -> String {
        self.desk.launch_in_vain(cookie).await.sentence
    }
}

fn token_of(command: &str) -> String {
    let token = command.rsplit(' ').next().unwrap();
    assert!(token.starts_with("pgw_"), "{command}");

    token.to_owned()
}

impl Instance {
    /// Which one it is, once it is enrolled.
    pub async fn id(&self) -> InstanceId {
        let file = self.kept.file();
        let text = until(async || fs::read_to_string(&file).ok()).await;
        let value: Value = serde_json::from_str(&text).unwrap();

        value["instance"].as_str().unwrap().parse().unwrap()
    }

    fn pid(&self) -> Pid {
        Pid::from_raw(i32::try_from(self.child.id().unwrap()).unwrap()).unwrap()
    }

    pub fn signal(&self, signal: Signal) {
        kill_process(self.pid(), signal).unwrap();
    }

    /// Ends it at once; what it keeps stays.
    pub fn kill(self) -> Kept {
        self.signal(Signal::KILL);

        self.kept
    }

    /// How it ends by itself.
    pub async fn end(self) -> Output {
        timeout(PATIENCE, self.child.wait_with_output())
            .await
            .expect("in time")
            .unwrap()
    }

    /// Whether these bytes are anywhere in its memory.
    pub fn holds(&self, needle: &str) -> bool {
        let pid = self.pid().as_raw_nonzero();
        let maps = fs::read_to_string(format!("/proc/{pid}/maps")).unwrap();
        let memory = fs::File::open(format!("/proc/{pid}/mem")).unwrap();

        maps.lines().any(|line| {
            let mut words = line.split_whitespace();
            let (from, to) = words.next().unwrap().split_once('-').unwrap();
            let may = words.next().unwrap();
            if !may.starts_with("rw") {
                return false;
            }
            let from = u64::from_str_radix(from, 16).unwrap();
            let to = u64::from_str_radix(to, 16).unwrap();
            let mut bytes = vec![0; usize::try_from(to - from).unwrap()];
            // What the kernel keeps for itself cannot be read.
            let n_read = memory.read_at(&mut bytes, from).unwrap_or(0);

            bytes[..n_read]
                .windows(needle.len())
                .any(|window| window == needle.as_bytes())
        })
    }
}
