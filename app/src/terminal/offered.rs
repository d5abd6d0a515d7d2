//! What a test is offered to launch.

use protocol::ids::RecordId;
use protocol::terminal::{ColorScheme, LaunchChoice, LaunchView, Look};

pub(super) fn offer(choices: Vec<LaunchChoice>) -> LaunchView {
    LaunchView {
        record: RecordId::from_random([9; 16]),
        record_title: "Orders".to_owned(),
        choices,
        hosts: None,
        live: Vec::new(),
        look: Look {
            color_scheme: ColorScheme::default(),
            font_size: 12,
            scrollback: 1_000,
            can_copy: true,
            can_paste: true,
        },
    }
}

pub(super) fn choice(id: u8) -> LaunchChoice {
    LaunchChoice {
        account: RecordId::from_random([id; 16]),
        title: "App".to_owned(),
        login: "app_ro".to_owned(),
        is_launch_credential: id == 1,
        is_personal: false,
    }
}
