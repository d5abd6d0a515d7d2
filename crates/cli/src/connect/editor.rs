//! `\e`: the caller's own editor, with the query buffer in a file that only they can read.

use std::env;
use std::io::{self, Write};

use tempfile::NamedTempFile;
use tokio::process::{Child, Command};

/// What psql looks at, in its order.
const VARIABLES: [&str; 3] = ["PSQL_EDITOR", "EDITOR", "VISUAL"];

/// An editor that has the terminal. It goes with the session.
pub struct Editor {
    child: Child,
    file: NamedTempFile,
}

impl Editor {
    /// Runs the editor.
    ///
    /// # Errors
    /// There can be no file to edit, or no process.
    pub fn start(text: &str) -> io::Result<Self> {
        let mut file = tempfile::Builder::new()
            .prefix("postern.edit.")
            .suffix(".sql")
            .tempfile()?;
        file.write_all(text.as_bytes())?;
        if !text.is_empty() && !text.ends_with('\n') {
            file.write_all(b"\n")?;
        }
        file.flush()?;
        let chosen = VARIABLES
            .into_iter()
            .filter_map(|name| env::var_os(name)?.into_string().ok())
            .find(|editor| !editor.is_empty());
        let editor = chosen.unwrap_or_else(|| "vi".to_owned());

        // By the shell, as psql does: the variable may hold arguments.
        let child = Command::new("/bin/sh")
            .arg("-c")
            .arg(format!("exec {editor} \"$1\""))
            .arg("sh")
            .arg(file.path())
            .kill_on_drop(true)
            .spawn()?;

        Ok(Self { child, file })
    }

    /// The edited text; `None` when the editor was left with an error. Nothing is lost when the future is dropped.
    ///
    /// # Errors
    /// The text cannot be read.
    pub async fn left(&mut self) -> io::Result<Option<String>> {
        let status = self.child.wait().await?;
        if !status.success() {
            return Ok(None);
        }

        std::fs::read_to_string(self.file.path()).map(Some)
    }
}
