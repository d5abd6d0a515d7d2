//! Reading one object of a file: each key is asked for by name, what nobody asks for is a problem.

use std::collections::{BTreeMap, BTreeSet};

use protocol::vault::{Entered, Tri};

use super::json::{Shape, Source, Value};
use super::problems::{Place, Problems};

/// How deep *off* is looked for inside a feature that is not built.
const MAX_DEPTH: u8 = 8;

/// An object of the file that is being read.
pub(super) struct Fields<'s, 'a> {
    source: &'s Source<'a>,
    pub(super) place: Place,
    members: Vec<(String, Value<'a>)>,
    /// Lines of all that it has, also of what was taken.
    lines: BTreeMap<String, u32>,
}

impl<'s, 'a> Fields<'s, 'a> {
    /// Of a value that must be an object; one without members otherwise.
    pub(super) fn of(
        source: &'s Source<'a>,
        value: Value<'a>,
        place: Place,
        problems: &mut Problems,
    ) -> Self {
        let mut fields = Self::empty(source, place);
        if value.shape() != Shape::Object {
            problems.add(&fields.place, "An object is expected here: { … }.");
            return fields;
        }

        match value.members() {
            Ok(members) => fields.members = members,
            Err(sentence) => problems.add(&fields.place, sentence),
        }
        // What stands there as a comment says nothing, also twice.
        fields.members.retain(|(name, _)| !name.starts_with('_'));
        let mut twice = BTreeSet::new();
        for (name, value) in &fields.members {
            let line = source.line_of(*value);
            if fields.lines.insert(name.clone(), line).is_some() && twice.insert(name.clone()) {
                problems.add(
                    &fields.place(name),
                    format!("\"{name}\" is there twice. Keep one."),
                );
            }
        }
        fields.members.retain(|(name, _)| !twice.contains(name));

        fields
    }

    fn empty(source: &'s Source<'a>, place: Place) -> Self {
        Self {
            source,
            place,
            members: Vec::new(),
            lines: BTreeMap::new(),
        }
    }

    /// Where a key stands; where it would, if it is not there.
    pub(super) fn place(&self, key: &str) -> Place {
        let place = self.place.key(key);

        Place {
            line: self.lines.get(key).copied().unwrap_or(place.line),
            ..place
        }
    }

    pub(super) fn has(&self, key: &str) -> bool {
        self.lines.contains_key(key)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.lines.is_empty()
    }

    /// The value of a key; null is as if it was not there.
    fn take(&mut self, key: &str) -> Option<Value<'a>> {
        let idx = self.members.iter().position(|(name, _)| name == key)?;
        let (_, value) = self.members.swap_remove(idx);

        (value.shape() != Shape::Null).then_some(value)
    }

    /// A text; empty where there is none.
    pub(super) fn text(&mut self, key: &str, problems: &mut Problems) -> String {
        let Some(value) = self.take(key) else {
            return String::new();
        };

        self.said(key, value, "A text is expected here, in quotes.", problems)
    }

    /// A number, with or without quotes, as it is written.
    pub(super) fn number(&mut self, key: &str, problems: &mut Problems) -> String {
        let Some(value) = self.take(key) else {
            return String::new();
        };

        self.said(key, value, "A number is expected here.", problems)
    }

    fn said(&self, key: &str, value: Value<'_>, otherwise: &str, problems: &mut Problems) -> String {
        value.text().unwrap_or_else(|| {
            problems.add(&self.place(key), otherwise);

            String::new()
        })
    }

    /// A secret, empty where there is none; `None` if it is something else, which is told, and not what.
    pub(super) fn secret(&mut self, key: &str, problems: &mut Problems) -> Option<Entered> {
        let Some(value) = self.take(key) else {
            return Some(Entered::default());
        };
        if value.shape() == Shape::Text
            && let Some(text) = value.text()
        {
            return Some(Entered::new(text));
        }
        problems.add(&self.place(key), "A text is expected here, in quotes.");

        None
    }

    /// One of three: on, off, or what is in force without it.
    pub(super) fn tri(&mut self, key: &str, problems: &mut Problems) -> Tri {
        let Some(value) = self.take(key) else {
            return Tri::Inherit;
        };
        if let Shape::Flag(is_on) = value.shape() {
            return if is_on { Tri::On } else { Tri::Off };
        }

        match word(value).as_deref() {
            Some("on" | "true") => Tri::On,
            Some("off" | "false") => Tri::Off,
            Some("default" | "") => Tri::Inherit,
            Some(_) | None => {
                problems.add(&self.place(key), "This is \"on\", \"off\" or \"default\".");

                Tri::Inherit
            }
        }
    }

    /// Yes or no; `None` where the file does not say.
    pub(super) fn flag(&mut self, key: &str, problems: &mut Problems) -> Option<bool> {
        let value = self.take(key)?;
        if let Shape::Flag(is_on) = value.shape() {
            return Some(is_on);
        }

        match word(value).as_deref() {
            Some("true" | "on" | "1") => Some(true),
            Some("false" | "off" | "0") => Some(false),
            Some("") => None,
            Some(_) | None => {
                problems.add(&self.place(key), "This is true or false.");

                None
            }
        }
    }

    /// One of a few words, in whatever case; `None` where the file does not say.
    pub(super) fn choice<T: Copy>(
        &mut self,
        key: &str,
        words: &[(&str, T)],
        problems: &mut Problems,
    ) -> Option<T> {
        let value = self.take(key)?;
        let said = word(value);
        if said.as_deref() == Some("") {
            return None;
        }
        let found = words
            .iter()
            .find(|(word, _)| Some(word.to_lowercase()) == said)
            .map(|(_, meaning)| *meaning);
        if found.is_none() {
            let words: Vec<String> = words.iter().map(|(word, _)| format!("\"{word}\"")).collect();
            problems.add(
                &self.place(key),
                format!("This server knows {} here, and nothing else.", words.join(", ")),
            );
        }

        found
    }

    /// An object; one without members where there is none.
    pub(super) fn object(&mut self, key: &str, problems: &mut Problems) -> Self {
        let place = self.place(key);

        match self.take(key) {
            Some(value) => Self::of(self.source, value, place, problems),
            None => Self::empty(self.source, place),
        }
    }

    /// A list of objects.
    pub(super) fn objects(&mut self, key: &str, problems: &mut Problems) -> Vec<Self> {
        let items = self.list(key, problems);

        items
            .into_iter()
            .map(|(value, place)| Self::of(self.source, value, place, problems))
            .collect()
    }

    /// A list of texts, or a single one.
    pub(super) fn texts(&mut self, key: &str, problems: &mut Problems) -> Vec<(String, Place)> {
        let is_one = |(name, value): &(String, Value<'_>)| name == key && value.shape() == Shape::Text;
        if self.members.iter().any(is_one) {
            let place = self.place(key);
            let text = self.text(key, problems);
            return if text.trim().is_empty() {
                Vec::new()
            } else {
                vec![(text, place)]
            };
        }

        let mut texts = Vec::new();
        for (value, place) in self.list(key, problems) {
            match (value.shape(), value.text()) {
                (Shape::Text, Some(text)) => texts.push((text, place)),
                _ => problems.add(&place, "A text is expected here, in quotes."),
            }
        }

        texts
    }

    fn list(&mut self, key: &str, problems: &mut Problems) -> Vec<(Value<'a>, Place)> {
        let place = self.place(key);
        let Some(value) = self.take(key) else {
            return Vec::new();
        };
        if value.shape() != Shape::List {
            problems.add(&place, "A list is expected here: [ … ].");
            return Vec::new();
        }

        match value.items() {
            Ok(items) => items
                .into_iter()
                .enumerate()
                .map(|(idx, item)| {
                    let place = Place {
                        line: self.source.line_of(item),
                        path: format!("{}[{idx}]", place.path),
                    };
                    (item, place)
                })
                .collect(),
            Err(sentence) => {
                problems.add(&place, sentence);

                Vec::new()
            }
        }
    }

    /// Keys of features this server does not have: each is a problem, unless it is off.
    pub(super) fn not_built(&mut self, keys: &[(&str, &str)], problems: &mut Problems) {
        for (key, feature) in keys {
            let Some(value) = self.take(key) else {
                continue;
            };
            if !is_off(value, 0) {
                let sentence = format!(
                    "This server does not have {feature}. Remove \"{key}\", or make it \"off\" or empty, to import the rest."
                );
                problems.add(&self.place(key), sentence);
            }
        }
    }

    /// Nobody asks for anything more.
    pub(super) fn close(self, problems: &mut Problems) {
        for (name, value) in &self.members {
            let place = Place {
                line: self.source.line_of(*value),
                ..self.place.key(name)
            };
            problems.add(
                &place,
                format!("There is no key \"{name}\" here. Remove it, or begin its name with _ to keep it as a comment."),
            );
        }
    }
}

/// A text without space around it, in lower case.
fn word(value: Value<'_>) -> Option<String> {
    value.text().map(|text| text.trim().to_lowercase())
}

/// Whether a value turns nothing on: off, default, empty, or an object that says so of itself or of all its members.
fn is_off(value: Value<'_>, depth: u8) -> bool {
    match value.shape() {
        Shape::Null | Shape::Flag(false) => true,
        Shape::Flag(true) => false,
        Shape::Number => value.text().and_then(|text| text.parse::<f64>().ok()) == Some(0.0),
        Shape::Text => matches!(
            word(value).as_deref(),
            Some("" | "off" | "default" | "false" | "none" | "0")
        ),
        Shape::List => value.items().is_ok_and(|items| items.is_empty()),
        Shape::Object => depth < MAX_DEPTH && value.members().is_ok_and(|members| says_off(&members, depth)),
    }
}

fn says_off(members: &[(String, Value<'_>)], depth: u8) -> bool {
    let said = |key: &str| {
        members
            .iter()
            .find(|(name, _)| name == key)
            .map(|(_, value)| *value)
    };
    if let Some(enabled) = said("enabled") {
        // What a rotation would be that is off has no effect.
        return is_off(enabled, depth + 1);
    }
    // A schedule on demand is none.
    if said("type").and_then(word).as_deref() == Some("on-demand") {
        return true;
    }

    members
        .iter()
        .filter(|(name, _)| !name.starts_with('_'))
        .all(|(_, value)| is_off(*value, depth + 1))
}
