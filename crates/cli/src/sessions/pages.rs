//! Sessions, asked for page by page.

use std::collections::HashSet;

use http::Method;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use protocol::ids::SessionId;
use protocol::sessions::{SessionFilter, SessionList};

use crate::exit::Failure;
use crate::server::Server;

/// What a filter leaves: those that run, then the others, newest first.
pub struct Pages<'a> {
    server: &'a Server,
    filter: SessionFilter,
    /// They come once, though the pages they began on follow.
    live: HashSet<SessionId>,
    is_over: bool,
}

impl<'a> Pages<'a> {
    pub fn new(server: &'a Server, filter: SessionFilter) -> Self {
        Self {
            server,
            filter,
            live: HashSet::new(),
            is_over: false,
        }
    }

    /// The next page; `None` behind the last.
    ///
    /// # Errors
    /// The server is not reached, or says no.
    pub async fn next(&mut self) -> Result<Option<SessionList>, Failure> {
        if self.is_over {
            return Ok(None);
        }
        let mut page: SessionList = self.server.ask(Method::GET, &path(&self.filter), None).await?;
        page.sessions.retain(|row| !self.live.contains(&row.session.id));
        self.live
            .extend(page.live.iter().map(|row| row.session.id.clone()));
        match &page.next {
            Some(next) => self.filter.before.clone_from(next),
            None => self.is_over = true,
        }

        Ok(Some(page))
    }
}

fn path(filter: &SessionFilter) -> String {
    let SessionFilter {
        from,
        to,
        person,
        record,
        state,
        kind,
        before,
    } = filter;
    let fields = [
        ("from", from),
        ("to", to),
        ("person", person),
        ("record", record),
        ("state", state),
        ("kind", kind),
        ("before", before),
    ];
    let query: Vec<String> = fields
        .iter()
        .filter(|(_, value)| !value.is_empty())
        .map(|(name, value)| format!("{name}={}", utf8_percent_encode(value, NON_ALPHANUMERIC)))
        .collect();

    format!("/cli/sessions?{}", query.join("&"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_filter_is_a_query() {
        let filter = SessionFilter {
            person: "ada+b@example.org".to_owned(),
            from: "2026-11-22".to_owned(),
            ..SessionFilter::default()
        };

        assert_eq!(path(&SessionFilter::default()), "/cli/sessions?");
        assert_eq!(
            path(&filter),
            "/cli/sessions?from=2026%2D11%2D22&person=ada%2Bb%40example%2Eorg"
        );
    }
}
