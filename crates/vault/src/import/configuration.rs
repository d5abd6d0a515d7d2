//! The PAM Configuration of a project.

use protocol::vault::{ConfigurationDraft, Environment, Tri};

use super::fields::Fields;
use super::problems::{Place, Problems};
use crate::record::Content;

const NOT_BUILT: [(&str, &str); 8] = [
    ("rotation", "password rotation"),
    ("default_rotation_schedule", "password rotation"),
    ("remote_browser_isolation", "remote browsers"),
    ("ai_threat_detection", "analysis of sessions"),
    ("ai_terminate_session_on_detection", "analysis of sessions"),
    ("scripts", "scripts"),
    ("attachments", "attachments"),
    ("network_id", "named networks"),
];

/// The gateway a file names, and where.
#[derive(Debug)]
pub struct PlannedGateway {
    pub name: String,
    pub place: Place,
}

/// What a configuration says of itself.
pub(super) struct ReadConfiguration {
    /// `None` if it cannot be made; why is among the problems.
    pub(super) content: Option<Content>,
    pub(super) gateway: Option<PlannedGateway>,
}

pub(super) fn read(mut fields: Fields<'_, '_>, project: &str, problems: &mut Problems) -> ReadConfiguration {
    fields.not_built(&NOT_BUILT, problems);
    fields.not_built(
        &[(
            "network_cidr",
            "networks that bound where a configuration reaches",
        )],
        problems,
    );
    let title = fields.text("title", problems);
    let title = if title.trim().is_empty() {
        format!("{project} Configuration")
    } else {
        title
    };
    let environment = fields.choice("environment", &[("local", Environment::Local)], problems);
    let place = fields.place("gateway_name");
    let name = fields.text("gateway_name", problems).trim().to_owned();
    // Without one it is this server itself.
    let gateway = (!name.is_empty()).then_some(PlannedGateway { name, place });
    port_mapping(&mut fields, problems);

    let offered = ConfigurationDraft::default();
    let draft = ConfigurationDraft {
        title,
        environment: environment.unwrap_or_default(),
        connections: switch(&mut fields, "connections", offered.connections, problems),
        tunneling: switch(&mut fields, "tunneling", offered.tunneling, problems),
        graphical_session_recording: switch(
            &mut fields,
            "graphical_session_recording",
            offered.graphical_session_recording,
            problems,
        ),
        text_session_recording: switch(
            &mut fields,
            "text_session_recording",
            offered.text_session_recording,
            problems,
        ),
        ..offered
    };
    let content = Content::of_configuration(&draft)
        .map_err(|errors| problems.add_fields(errors, |field| fields.place(field)))
        .ok();
    fields.close(problems);

    ReadConfiguration { content, gateway }
}

fn switch(fields: &mut Fields<'_, '_>, key: &str, offered: bool, problems: &mut Problems) -> bool {
    match fields.tri(key, problems) {
        Tri::Inherit => offered,
        Tri::On => true,
        Tri::Off => false,
    }
}

/// Which port speaks which protocol: here the database type says so, so the lines are only read.
fn port_mapping(fields: &mut Fields<'_, '_>, problems: &mut Problems) {
    let place = fields.place("port_mapping");
    let lines = fields.texts("port_mapping", problems);
    for (line, place) in &lines {
        let is_ours = line.split_once('=').is_some_and(|(port, protocol)| {
            port.trim().parse::<u16>().is_ok_and(|port| port > 0)
                && protocol.trim().eq_ignore_ascii_case("postgresql")
        });
        if !is_ours {
            problems.add(
                place,
                "A port is mapped like this: \"15432=postgresql\", and to no other protocol.",
            );
        }
    }
    if !lines.is_empty() {
        problems.remark(
            &place,
            "Not needed: the database type of a record says what its port speaks.",
        );
    }
}
