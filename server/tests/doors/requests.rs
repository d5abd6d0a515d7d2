//! What is asked at each door: paths, queries and forms that pass every check but who asks.

use crate::house::PASSWORD;

/// A well-formed id of nothing.
pub const NOTHING: &str = "aaaaaaaaaaaaaaaaaaaaaaaaaa";

/// The path with its parameters filled in; `id` for every id.
pub fn filled(path: &str, id: &str) -> String {
    let parts: Vec<&str> = path.split('/').map(|part| value_of(part, id)).collect();

    parts.join("/")
}

fn value_of<'a>(part: &'a str, id: &'a str) -> &'a str {
    match part {
        "{file}" | "{*file}" => "nothing.js",
        "{kind}" => "database",
        "{token}" => "00",
        part if part.starts_with('{') => id,
        part => part,
    }
}

/// The query of what is read.
pub fn query_of(path: &str) -> &'static str {
    match path {
        "/audit/export" => "?format=csv",
        "/sessions/{session}/frames" => "?segment=1",
        "/sessions/{session}/chapters" => "?from=0",
        "/sessions/{session}/export" => "?format=text",
        "/terminal" => "?cols=80&rows=24",
        _ => "",
    }
}

/// The form of a server function about `id`; one that is not named here takes nothing but that id.
pub fn form_of(path: &str, id: &str) -> String {
    let password = PASSWORD.replace(' ', "+");
    let new = format!("draft[new]={password}+1&draft[repeat]={password}+1");

    match path {
        "/api/access-tokens"
        | "/cli/logout"
        | "/api/audit"
        | "/api/folders"
        | "/api/gateways"
        | "/api/gateway-choices"
        | "/api/list-sessions"
        | "/api/people"
        | "/api/records"
        | "/api/sign-ins"
        | "/api/sign-out"
        | "/api/sign-out-everywhere"
        | "/api/token-records"
        | "/api/verify-audit"
        | "/api/viewer" => String::new(),
        "/api/sign-in" => "draft[email]=stranger@example.org&draft[password]=wrong".to_owned(),
        "/api/link" => "token=00".to_owned(),
        "/api/set-up" => format!("draft[token]=00&draft[email]=a@example.org&draft[name]=A&{new}"),
        "/api/use-link" => format!("draft[token]=00&{new}"),
        "/api/change-password" => format!("draft[current]=wrong&{new}"),
        "/api/add-service-account" => "draft[name]=nightly-export".to_owned(),
        "/api/invite" => "draft[email]=new@example.org&draft[name]=New&draft[role]=user".to_owned(),
        "/api/change-role" => format!("draft[id]={id}&draft[role]=user"),
        "/api/create-folder" => "draft[name]=Production".to_owned(),
        "/api/rename-folder" => format!("id={id}&draft[name]=Staging"),
        "/api/create-gateway" => {
            format!("draft[name]=Berlin&draft[folders][]={id}&draft[max_instances]=1")
        }
        "/api/save-gateway" => {
            format!("id={id}&draft[name]=Berlin&draft[folders][]={id}&draft[max_instances]=1")
        }
        "/api/enrol-instance" => format!("id={id}&draft[minutes]=60"),
        "/api/remove-instance" => format!("gateway={id}&id={id}"),
        "/api/test-gateway" => format!("id={id}&draft[host]=db.example.org&draft[port]=5432"),
        "/api/create-token" => {
            format!("draft[name]=psql&draft[lifetime]=30&draft[record]={id}&draft[password]={password}")
        }
        "/api/create-token-of" => {
            format!("person={id}&draft[name]=psql&draft[lifetime]=30&draft[password]={password}")
        }
        "/cli/import" => "{}".to_owned(),
        "/cli/login" => r#"{"machine":"pc-7","user":"ada"}"#.to_owned(),
        "/cli/login/token" => r#"{"device_code":"00"}"#.to_owned(),
        "/api/look-at-login" | "/api/deny-login" => "code=BCDF-GHJK".to_owned(),
        "/api/approve-login" => format!("draft[code]=BCDF-GHJK&draft[password]={password}"),
        "/api/revoke-token-of" => format!("person={id}&id={id}"),
        "/api/token-records-of" | "/api/tokens-of" => format!("person={id}"),
        "/api/share-folder" | "/api/share-record" => format!("id={id}&draft[person]={id}&draft[launch]=on"),
        "/api/unshare-folder" | "/api/unshare-record" => format!("id={id}&person={id}"),
        "/api/create-configuration" => "draft[title]=House".to_owned(),
        "/api/save-configuration" => format!("id={id}&version=1&draft[title]=House"),
        "/api/create-database" => "draft[title]=Books&draft[host]=db.example.org".to_owned(),
        "/api/save-database" => {
            format!("id={id}&version=1&draft[title]=Books&draft[host]=db.example.org")
        }
        "/api/create-user" => "draft[title]=Reader&draft[login]=reader".to_owned(),
        "/api/create-personal" => "draft[title]=Mine&draft[login]=ada".to_owned(),
        "/api/save-user" => format!("id={id}&version=1&draft[title]=Reader&draft[login]=reader"),
        "/api/move-record" => format!("id={id}&folder="),
        "/api/test-connection" => format!("id={id}&credential=administrative"),
        "/api/reveal" => format!("id={id}&password={password}"),
        "/api/save-general" => {
            format!("id={id}&version=1&draft[configuration]={id}&draft[administrative_credential]={id}")
        }
        "/api/save-tunnel" => format!("id={id}&version=1&draft[tunneling]=on"),
        "/api/save-connection" => format!("id={id}&version=1&draft[launch_credential]={id}"),
        "/api/launch" => format!("draft[record]={id}"),
        "/api/launch-view" => format!("record={id}"),
        "/api/recording-view"
        | "/api/resume"
        | "/api/session"
        | "/api/transcript"
        | "/api/verify-recording" => format!("session={id}"),
        "/api/terminate-session" => format!("draft[session]={id}&draft[reason]=Enough"),
        _ => format!("id={id}"),
    }
}
