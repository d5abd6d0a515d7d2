//! A session as people name it: by its id, or by enough of its beginning.

use std::str::FromStr;

use protocol::ids::SessionId;
use protocol::sessions::SessionFilter;

use super::Pages;
use crate::exit::{Exit, Failure};
use crate::server::Server;

/// Characters of an id, and the fewest that are looked up.
const WHOLE: usize = 26;
const FEWEST: usize = 4;

/// Pages of sessions that are looked through at most.
const MOST_PAGES: usize = 200;

/// What was said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Named(String);

impl FromStr for Named {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, &'static str> {
        let is_id = (FEWEST..=WHOLE).contains(&text.len())
            && text.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'2'..=b'7'));
        if !is_id || text.len() == WHOLE && text.parse::<SessionId>().is_err() {
            return Err("is no id of a session: postern sessions list shows them");
        }

        Ok(Self(text.to_owned()))
    }
}

impl Named {
    /// The session that is meant, among those its person may see.
    ///
    /// # Errors
    /// There is none, or several begin so; the server is not reached.
    pub async fn find(&self, server: &Server) -> Result<SessionId, Failure> {
        let Self(start) = self;
        if let Ok(whole) = start.parse() {
            return Ok(whole);
        }
        let mut pages = Pages::new(server, SessionFilter::default());
        let mut found: Option<SessionId> = None;
        for _ in 0..MOST_PAGES {
            let Some(page) = pages.next().await? else {
                return found.ok_or_else(|| wrong(format!("There is no session that begins with {start}.")));
            };
            for row in page.live.into_iter().chain(page.sessions) {
                if row.session.id.as_str().starts_with(start) && found.replace(row.session.id).is_some() {
                    return Err(wrong(format!(
                        "Several sessions begin with {start}: say more of the id."
                    )));
                }
            }
        }

        Err(wrong(format!(
            "There are too many sessions to be sure which one {start} means: say the whole id."
        )))
    }
}

fn wrong(sentence: String) -> Failure {
    Failure::new(Exit::Usage, sentence)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_may_be_cut_short_and_no_other_text_is_one() {
        let whole = SessionId::from_random([7; 16]).to_string();

        for good in [whole.as_str(), &whole[..4], "abcd2345"] {
            assert!(good.parse::<Named>().is_ok(), "{good}");
        }
        for wrong in [
            "",
            "abc",
            "Books",
            "abc-d",
            "abcd8",
            "abcdefghijklmnopqrstuvwxyzz",
        ] {
            assert!(wrong.parse::<Named>().is_err(), "{wrong}");
        }
    }
}
