//! What is wrong with a file, and where.

use protocol::forms::FieldError;
use protocol::import::Problem;

/// Most problems that are told.
const MAX_PROBLEMS: usize = 500;

/// Where something stands in the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    pub line: u32,
    /// The key with all that it is in.
    pub path: String,
}

impl Place {
    /// A key of what stands here; on the same line, as far as is known.
    pub(super) fn key(&self, key: &str) -> Self {
        let path = if self.path.is_empty() {
            key.to_owned()
        } else {
            format!("{}.{key}", self.path)
        };

        Self {
            line: self.line,
            path,
        }
    }

    /// What is wrong here.
    pub fn problem(&self, sentence: impl Into<String>) -> Problem {
        Problem {
            line: self.line,
            path: self.path.clone(),
            sentence: sentence.into(),
        }
    }
}

/// What is wrong with a file so far.
#[derive(Debug, Default)]
pub(super) struct Problems {
    pub(super) problems: Vec<Problem>,
    pub(super) remarks: Vec<Problem>,
}

impl Problems {
    pub(super) fn add(&mut self, place: &Place, sentence: impl Into<String>) {
        self.add_all(vec![place.problem(sentence)]);
    }

    /// More than [`MAX_PROBLEMS`] are not told.
    pub(super) fn add_all(&mut self, found: Vec<Problem>) {
        let room = MAX_PROBLEMS.saturating_sub(self.problems.len());
        self.problems.extend(found.into_iter().take(room));
    }

    pub(super) fn remark(&mut self, place: &Place, sentence: impl Into<String>) {
        if self.remarks.len() < MAX_PROBLEMS {
            self.remarks.push(place.problem(sentence));
        }
    }

    /// The sentences of a form, each at the key its field comes from.
    pub(super) fn add_fields(&mut self, errors: Vec<FieldError>, place: impl Fn(&str) -> Place) {
        for error in errors {
            self.add(&place(&error.field), error.message);
        }
    }
}
