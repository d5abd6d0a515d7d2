//! What a gateway's instance and the server say to each other: the greeting, lines afterwards, calls, and the rules of where
//! calls may lead. What is understood is said again as it was understood, and nothing behind it is touched.

use std::fmt::Debug;
use std::io::Cursor;
use std::net::{IpAddr, Ipv4Addr};

use futures_util::FutureExt as _;
use gateway::call::{Call, MAX_WORD, Progress, hear, say};
use gateway::identity::Proof;
use gateway::lines::Lines;
use protocol::entered::Entered;
use protocol::gateways::targets::{Rule, Targets};
use protocol::gateways::words::{Challenge, Greeting, InstanceLine, Reply, ServerLine, Who};
use serde::Serialize;
use serde::de::DeserializeOwned;

/// Longest line: shorter than a true one, so that a small input can be too long.
const LINE: usize = 256;

/// Bytes of a call's word at most, with its length.
const CALL: usize = 2 + MAX_WORD;

/// Addresses no rule leads to that does not name them, and how one that does begins.
const SPECIAL: [(IpAddr, &str); 3] = [
    (IpAddr::V4(Ipv4Addr::LOCALHOST), "127."),
    (IpAddr::V4(Ipv4Addr::new(169, 254, 169, 254)), "169.254."),
    (IpAddr::V4(Ipv4Addr::UNSPECIFIED), "0."),
];

/// How much of an input was understood, for tests that the corpus still is.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct Understood {
    pub greetings: usize,
    pub lines: usize,
    pub calls: usize,
    pub rules: usize,
}

pub fn run(data: &[u8]) -> Understood {
    signed(data);

    Understood {
        greetings: message::<Challenge>(data) + greeting(data) + message::<Reply>(data),
        lines: lines::<ServerLine>(data) + lines::<InstanceLine>(data),
        calls: calls::<Call>(data) + calls::<Progress>(data),
        rules: rules(data),
    }
}

fn again<T: Serialize + DeserializeOwned + PartialEq + Debug>(word: &T) {
    let said = serde_json::to_vec(word).ok();
    let heard = said.and_then(|said| serde_json::from_slice::<T>(&said).ok());

    assert_eq!(heard.as_ref(), Some(word));
}

fn message<T: Serialize + DeserializeOwned + PartialEq + Debug>(data: &[u8]) -> usize {
    match serde_json::from_slice::<T>(data) {
        Ok(word) => {
            again(&word);
            1
        }
        Err(_) => 0,
    }
}

/// A greeting, which shows the same whatever its token is.
fn greeting(data: &[u8]) -> usize {
    let greetings = message::<Greeting>(data);
    if let Ok(Greeting {
        who: who @ Who::Newcomer { .. },
        ..
    }) = serde_json::from_slice(data)
        && let Who::Newcomer { public_key, .. } = &who
    {
        let other = Who::Newcomer {
            token: Entered::new("another"),
            public_key: public_key.clone(),
        };
        assert_eq!(format!("{who:?}"), format!("{other:?}"));
    }

    greetings
}

/// Whether it is signed does not matter: that it can be asked of anything does.
fn signed(data: &[u8]) {
    let (public, signature) = data.split_at(data.len().min(32));
    let proof = Proof {
        origin: "https://postern.example.org",
        challenge: "a1b2",
        who: "instance",
    };
    let _ = proof.is_signed(public, signature);
}

fn lines<T: Serialize + DeserializeOwned + PartialEq + Debug>(data: &[u8]) -> usize {
    let mut lines = Lines::new(Cursor::new(data.to_vec()), LINE);
    let mut n_words = 0;
    while let Some(Ok(Some(word))) = lines.hear::<T>().now_or_never() {
        again(&word);
        n_words += 1;
    }
    assert!(n_words <= data.split(|byte| *byte == b'\n').count());

    n_words
}

fn calls<T: Serialize + DeserializeOwned + PartialEq + Debug>(data: &[u8]) -> usize {
    let mut rest = data;
    let mut n_words = 0;
    loop {
        let before = rest;
        let Some(Ok(word)) = hear::<T>(&mut rest).now_or_never() else {
            // What cannot be one is given up before more is read than one may have.
            assert!(before.len() - rest.len() <= CALL);

            return n_words;
        };
        let said = before
            .first_chunk::<2>()
            .map(|length| usize::from(u16::from_be_bytes(*length)));
        assert_eq!(said, Some(before.len() - rest.len() - 2));
        n_words += 1;

        let mut bytes = Vec::new();
        // One without an address is said with more words than it may be heard in.
        if let Some(Ok(())) = say(&mut bytes, &word).now_or_never() {
            assert!(bytes.len() <= CALL);
            let mut bytes = bytes.as_slice();
            let heard = hear::<T>(&mut bytes).now_or_never().and_then(Result::ok);
            assert_eq!((heard, bytes.len()), (Some(word), 0));
        }
    }
}

/// Each line once as a rule, and once as the name of what is asked for.
fn rules(data: &[u8]) -> usize {
    let text = String::from_utf8_lossy(data);
    let rules: Vec<Rule> = text.lines().filter_map(|line| line.parse().ok()).collect();
    for rule in &rules {
        assert_eq!(rule.to_string().parse().as_ref(), Ok(rule));
    }
    let n_rules = rules.len();
    let targets = Targets::new(rules);
    let texts = targets.texts();
    for (address, begins) in SPECIAL {
        let is_named = texts.iter().any(|text| text.starts_with(begins));
        for host in text.lines() {
            assert!(
                !targets.admit(host, 5432, address) || is_named,
                "{host} {address} {texts:?}"
            );
            assert!(!Targets::none().admit(host, 5432, address));
        }
    }

    n_rules
}
