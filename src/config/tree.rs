//! Merged settings before they have types: a tree whose every node knows where it came from.

use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;
use std::sync::Arc;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// Where a value was written.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) enum Origin {
    /// Nowhere: a default.
    Default,
    /// A file, lines and columns counted from 1.
    File { path: Arc<Path>, line: usize, column: usize },
    /// An environment variable.
    Variable(Arc<str>),
    /// A command-line flag.
    Flag(Arc<str>),
}

/// A value and its place.
#[derive(Clone, Debug)]
pub(super) struct Node {
    pub(super) origin: Origin,
    pub(super) value: Value,
}

/// What is written there.
#[derive(Clone, Debug)]
pub(super) enum Value {
    /// Text from a variable or a flag: it takes the type that the setting has.
    Loose(String),
    Text(String),
    Integer(i128),
    Float(f64),
    Boolean(bool),
    List(Vec<Node>),
    Table(BTreeMap<String, Entry>),
}

/// A key of a table with its own place.
#[derive(Clone, Debug)]
pub(super) struct Entry {
    pub(super) key: Origin,
    pub(super) node: Node,
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => f.write_str("defaults"),
            Self::File { path, line, column } => write!(f, "{}:{line}:{column}", path.display()),
            Self::Variable(name) | Self::Flag(name) => f.write_str(name),
        }
    }
}

// === impl Node ===

impl Node {
    /// The nodes of a parsed file.
    pub(super) fn from_toml(table: &DeTable<'_>, text: &str, path: &Arc<Path>) -> Self {
        Self {
            origin: Origin::File { path: Arc::clone(path), line: 1, column: 1 },
            value: Value::Table(entries(table, &Lines { text, path })),
        }
    }

    /// Writes one value over whatever is there. `false` when a part of the path is not a table.
    pub(super) fn set(&mut self, path: &[&str], origin: &Origin, value: String) -> bool {
        let Value::Table(table) = &mut self.value else { return false };
        match path {
            [] => false,
            [key] => {
                let node = Self { origin: origin.clone(), value: Value::Loose(value) };
                table.insert((*key).to_owned(), Entry { key: origin.clone(), node });
                true
            }
            [key, rest @ ..] => table
                .entry((*key).to_owned())
                .or_insert_with(|| Entry {
                    key: origin.clone(),
                    node: Self { origin: origin.clone(), value: Value::Table(BTreeMap::new()) },
                })
                .node
                .set(rest, origin, value),
        }
    }

    /// Cuts out the deepest entry on this path. `false` when nothing was there.
    pub(super) fn remove(&mut self, path: &[String]) -> bool {
        let Some((key, rest)) = path.split_first() else { return false };
        match &mut self.value {
            Value::Table(table) => {
                let below = !rest.is_empty() && table.get_mut(key).is_some_and(|e| e.node.remove(rest));
                below || table.remove(key).is_some()
            }
            // An item that is bad spoils its list: the list goes as a whole, one level up.
            _ => false,
        }
    }

    /// The entry at this path, or the deepest one on the way to it.
    pub(super) fn nearest(&self, path: &[String]) -> Option<&Entry> {
        let (key, rest) = path.split_first()?;
        let Value::Table(table) = &self.value else { return None };
        let entry = table.get(key)?;
        Some(entry.node.nearest(rest).unwrap_or(entry))
    }
}

struct Lines<'a> {
    text: &'a str,
    path: &'a Arc<Path>,
}

impl Lines<'_> {
    fn origin(&self, offset: usize) -> Origin {
        let (line, column) = line_and_column(self.text, offset);
        Origin::File { path: Arc::clone(self.path), line, column }
    }
}

/// Line and column of a byte offset, both from 1, the column in characters.
pub(super) fn line_and_column(text: &str, offset: usize) -> (usize, usize) {
    let before = text.get(..offset).unwrap_or(text);
    let start = before.rfind('\n').map_or(0, |newline| newline + 1);
    let column = before.get(start..).map_or(0, |line| line.chars().count());
    (before.matches('\n').count() + 1, column + 1)
}

fn entries(table: &DeTable<'_>, lines: &Lines<'_>) -> BTreeMap<String, Entry> {
    table
        .iter()
        .map(|(key, value)| {
            let entry = Entry { key: lines.origin(key.span().start), node: node(value, lines) };
            (key.get_ref().to_string(), entry)
        })
        .collect()
}

fn node(value: &Spanned<DeValue<'_>>, lines: &Lines<'_>) -> Node {
    let origin = lines.origin(value.span().start);
    let value = match value.get_ref() {
        DeValue::String(text) => Value::Text(text.to_string()),
        // Numbers too large for any setting stay text, and fail with their place when they are read.
        DeValue::Integer(number) => i128::from_str_radix(number.as_str(), number.radix())
            .map_or_else(|_| Value::Text(number.to_string()), Value::Integer),
        DeValue::Float(number) => {
            number.as_str().parse().map_or_else(|_| Value::Text(number.to_string()), Value::Float)
        }
        DeValue::Boolean(flag) => Value::Boolean(*flag),
        DeValue::Datetime(time) => Value::Text(time.to_string()),
        DeValue::Array(items) => Value::List(items.iter().map(|item| node(item, lines)).collect()),
        DeValue::Table(table) => Value::Table(entries(table, lines)),
    };
    Node { origin, value }
}
