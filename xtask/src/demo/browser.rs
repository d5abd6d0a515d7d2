//! What a browser does with Postern's forms, without the browser: one person, signed in.

use anyhow::{Context, Result, bail};
use serde_json::Value;
use ureq::Agent;
use ureq::http::header;

/// Names and values of a form.
pub(super) type Fields<'a> = &'a [(&'a str, &'a str)];

/// Somebody at Postern's pages.
pub(super) struct Browser {
    agent: Agent,
    url: String,
    cookie: String,
}

/// What a form was answered with.
pub(super) struct Answer {
    pub(super) value: Value,
    /// The page the form leads to; empty when it leads nowhere.
    location: String,
}

impl Browser {
    /// Opens Postern at `url`; nobody is signed in.
    pub(super) fn open(url: &str) -> Self {
        let config = Agent::config_builder().http_status_as_error(false).build();

        Self {
            agent: Agent::new_with_config(config),
            url: url.to_owned(),
            cookie: String::new(),
        }
    }

    /// `name=value`, as it is sent back.
    pub(super) fn cookie(&self) -> &str {
        &self.cookie
    }

    pub(super) fn sign_in(&mut self, email: &str, password: &str) -> Result<()> {
        self.send(
            "sign-in",
            &[("draft[email]", email), ("draft[password]", password)],
        )?;
        Ok(())
    }

    /// Sends a form to the function `name`; a refusal is an error with its sentences.
    pub(super) fn send(&mut self, name: &str, fields: Fields<'_>) -> Result<Answer> {
        let request = self
            .agent
            .post(format!("{}/api/{name}", self.url))
            .header(header::ORIGIN, &self.url)
            .header(header::COOKIE, &self.cookie);
        let mut response = request
            .send_form(fields.iter().copied())
            .with_context(|| format!("cannot send {name}"))?;
        let text = response.body_mut().read_to_string()?;
        if !response.status().is_success() {
            bail!("{name} was refused: {text}");
        }
        let head = |name| response.headers().get(name).and_then(|value| value.to_str().ok());
        if let Some((cookie, _)) = head(header::SET_COOKIE).and_then(|cookie| cookie.split_once(';')) {
            self.cookie = cookie.to_owned();
        }

        Ok(Answer {
            location: head(header::LOCATION).unwrap_or_default().to_owned(),
            value: serde_json::from_str(&text).with_context(|| format!("{name} answered {text}"))?,
        })
    }
}

impl Answer {
    /// The text the answer has at `pointer` (RFC 6901).
    pub(super) fn text(&self, pointer: &str) -> Result<&str> {
        let text = self.value.pointer(pointer).and_then(Value::as_str);
        text.with_context(|| format!("an answer has no {pointer}"))
    }

    /// The id of what was made: the end of the page it leads to.
    pub(super) fn id(&self) -> Result<String> {
        let (_, id) = self.location.rsplit_once('/').context("the form leads nowhere")?;
        Ok(id.to_owned())
    }
}
