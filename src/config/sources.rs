//! The layers of a configuration before they are merged.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use toml::de::DeTable;

use super::problems::Problems;
use super::tree::{Node, Origin, line_and_column};

/// Variables that say where things are. They are no settings, and have no section.
const PREFIX: &str = "CAPUCHIN_";

/// Where settings come from, weakest first: file, variables, flags.
#[derive(Clone, Debug, Default)]
pub struct Sources {
    file: Option<ConfigFile>,
    variables: Vec<(String, String)>,
    flags: Vec<Flag>,
}

#[derive(Clone, Debug)]
struct ConfigFile {
    path: PathBuf,
    required: bool,
}

#[derive(Clone, Debug)]
struct Flag {
    flag: String,
    setting: String,
    value: String,
}

// === impl Sources ===

impl Sources {
    /// Nothing but the defaults.
    #[must_use]
    pub fn none() -> Self {
        Self::default()
    }

    /// Reads this file if it exists.
    #[must_use]
    pub fn file(mut self, path: impl Into<PathBuf>) -> Self {
        self.file = Some(ConfigFile { path: path.into(), required: false });
        self
    }

    /// Reads this file; that it does not exist is a problem.
    #[must_use]
    pub fn required_file(mut self, path: impl Into<PathBuf>) -> Self {
        self.file = Some(ConfigFile { path: path.into(), required: true });
        self
    }

    /// Takes every `CAPUCHIN_<SECTION>__<KEY>` of these variables, usually `std::env::vars()`.
    #[must_use]
    pub fn variables(mut self, variables: impl IntoIterator<Item = (String, String)>) -> Self {
        self.variables.extend(
            variables.into_iter().filter(|(name, _)| name.starts_with(PREFIX) && name.contains("__")),
        );
        self
    }

    /// Sets one setting (`console.listen`) from a flag (`--listen`), if the flag was given.
    #[must_use]
    pub fn flag(mut self, flag: &str, setting: &str, value: Option<impl ToString>) -> Self {
        if let Some(value) = value {
            self.flags.push(Flag {
                flag: flag.to_owned(),
                setting: setting.to_owned(),
                value: value.to_string(),
            });
        }
        self
    }

    /// One tree with the strongest value of each setting.
    pub(super) fn merge(&self, problems: &mut Problems) -> Node {
        let mut tree = self.file.as_ref().map_or_else(Node::empty, |file| file.parse(problems));
        for (name, value) in &self.variables {
            let origin = Origin::Variable(Arc::from(name.as_str()));
            let setting = name.strip_prefix(PREFIX).unwrap_or(name).to_lowercase();
            let path: Vec<&str> = setting.split("__").collect();
            if !tree.set(&path, &origin, value.clone()) {
                problems.push(origin, format!("{} is not a section", path.join(".")));
            }
        }
        for flag in &self.flags {
            let path: Vec<&str> = flag.setting.split('.').collect();
            tree.set(&path, &Origin::Flag(Arc::from(flag.flag.as_str())), flag.value.clone());
        }
        tree
    }
}

// === impl ConfigFile ===

impl ConfigFile {
    fn parse(&self, problems: &mut Problems) -> Node {
        let path: Arc<Path> = Arc::from(self.path.as_path());
        let start = Origin::File { path: Arc::clone(&path), line: 1, column: 1 };
        let text = match std::fs::read_to_string(&self.path) {
            Ok(text) => text,
            Err(error) if error.kind() == ErrorKind::NotFound && !self.required => return Node::empty(),
            Err(error) => {
                problems.push(start, format!("cannot be read: {error}"));
                return Node::empty();
            }
        };
        let (table, errors) = DeTable::parse_recoverable(&text);
        for error in errors {
            let (line, column) = line_and_column(&text, error.span().map_or(0, |span| span.start));
            let origin = Origin::File { path: Arc::clone(&path), line, column };
            problems.push(origin, error.message().to_owned());
        }
        Node::from_toml(table.get_ref(), &text, &path)
    }
}
