//! The local port of a record that wants the same one every time, remembered between tunnels.

use std::collections::BTreeMap;
use std::env;
use std::fs;
use std::net::IpAddr;
use std::path::PathBuf;

use protocol::ids::RecordId;

use super::door::Door;
use crate::exit::Failure;
use crate::print;

/// Listens on the port the record had the last time, or on a free one that it will have from now on.
///
/// # Errors
/// The port is taken.
pub async fn open(host: IpAddr, record: &RecordId) -> Result<Door, Failure> {
    let mut ports = read();
    if let Some(port) = ports.get(record.as_str()) {
        return Door::tcp(host, *port).await;
    }
    let door = Door::tcp(host, 0).await?;
    ports.insert(record.to_string(), door.port());
    if !write(&ports) {
        print::remark("The port cannot be remembered for the next time.");
    }

    Ok(door)
}

type Ports = BTreeMap<String, u16>;

/// None where nothing is remembered, or not readable: then they are drawn anew.
fn read() -> Ports {
    file()
        .and_then(|file| fs::read(file).ok())
        .and_then(|text| serde_json::from_slice(&text).ok())
        .unwrap_or_default()
}

fn write(ports: &Ports) -> bool {
    let (Some(file), Ok(text)) = (file(), serde_json::to_vec(ports)) else {
        return false;
    };
    let fresh = file.with_extension("new");
    let folder = file.parent().map(fs::create_dir_all);

    matches!(folder, Some(Ok(()))) && fs::write(&fresh, text).is_ok() && fs::rename(&fresh, &file).is_ok()
}

/// <https://specifications.freedesktop.org/basedir-spec/latest/>
fn file() -> Option<PathBuf> {
    let state = env::var_os("XDG_STATE_HOME")
        .map(PathBuf::from)
        .filter(|path| path.is_absolute());
    let home = || env::var_os("HOME").map(|home| PathBuf::from(home).join(".local/state"));

    Some(state.or_else(home)?.join("postern/ports.json"))
}
