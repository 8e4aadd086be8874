//! `supervision.toml` → a checked declaration.
//!
//! The file has one table per supervisor (`[supervisor.NAME]`) and per worker (`[worker.NAME]`);
//! `[supervisor.root]` is the top. Names are unique in the whole file and each is used exactly
//! once. Unknown keys, missing and unused names, cycles and everything that OTP refuses are
//! errors, and all of them are reported together, with the line of their table.

use std::collections::{BTreeMap, HashSet};
use std::fmt;

use toml::Spanned;

use super::declaration::{Declaration, DeclaredChild, DeclaredSupervisor, DeclaredWorker};
use super::spec::Strategy;

mod settings;

use settings::{SupervisorSettings, WorkerSettings};

/// The name of the supervisor at the top.
pub const ROOT: &str = "root";

/// Everything that is wrong with a declaration.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub struct DeclarationErrors(pub Vec<Problem>);

/// One thing that is wrong with a declaration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The line of the table or syntax error, from 1, if known.
    pub line: Option<usize>,
    /// What is wrong, and where.
    pub what: String,
}

type Tables<T> = BTreeMap<String, (usize, T)>;

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    supervisor: BTreeMap<String, Spanned<toml::Value>>,
    #[serde(default)]
    worker: BTreeMap<String, Spanned<toml::Value>>,
}

/// Reads a declaration, or says everything that is wrong with it.
pub fn parse(text: &str) -> Result<Declaration, DeclarationErrors> {
    let file: File = toml::from_str(text).map_err(|error| {
        let line = error.span().map(|span| line_of(text, span.start));
        DeclarationErrors(vec![Problem { line, what: error.message().to_owned() }])
    })?;
    let mut problems = Vec::new();
    let named = file.supervisor.keys().chain(file.worker.keys()).cloned().collect();
    let mut reader = Reader {
        named,
        supervisors: read_tables(text, "supervisor", file.supervisor, &mut problems),
        workers: read_tables(text, "worker", file.worker, &mut problems),
        problems,
        used: HashSet::new(),
    };
    let broken = !reader.problems.is_empty();
    let root = reader.supervisor(ROOT, None, &mut Vec::new());
    if !broken {
        // A table that cannot be read names nobody, so others would seem unused because of it.
        reader.report_unused();
    }
    match root {
        Some(root) if reader.problems.is_empty() => Ok(Declaration { root }),
        _ => {
            reader.problems.sort_by(|a, b| (a.line, &a.what).cmp(&(b.line, &b.what)));
            reader.problems.dedup();
            Err(DeclarationErrors(reader.problems))
        }
    }
}

fn read_tables<T: serde::de::DeserializeOwned>(
    text: &str,
    kind: &str,
    tables: BTreeMap<String, Spanned<toml::Value>>,
    problems: &mut Vec<Problem>,
) -> Tables<T> {
    let mut read = BTreeMap::new();
    for (name, table) in tables {
        let line = header_line(text, kind, &name).unwrap_or_else(|| line_of(text, table.span().start));
        if let Err(error) = super::path::check_id(&name) {
            problems.push(Problem { line: Some(line), what: error.to_string() });
        }
        match table.into_inner().try_into::<T>() {
            Ok(settings) => {
                read.insert(name, (line, settings));
            }
            Err(error) => {
                let what = format!("{kind} `{name}`: {}", error.message());
                problems.push(Problem { line: Some(line), what });
            }
        }
    }
    read
}

/// Builds the tree from the tables, noting what is wrong on the way.
struct Reader {
    /// The names of all tables, also of those that could not be read.
    named: HashSet<String>,
    supervisors: Tables<SupervisorSettings>,
    workers: Tables<WorkerSettings>,
    problems: Vec<Problem>,
    used: HashSet<String>,
}

// === impl Reader ===

impl Reader {
    fn supervisor(
        &mut self,
        name: &str,
        parent: Option<&SupervisorSettings>,
        above: &mut Vec<String>,
    ) -> Option<DeclaredSupervisor> {
        let Some((line, settings)) = self.supervisors.get(name).cloned() else {
            if !self.named.contains(name) {
                self.problem(None, format!("there is no supervisor `{name}`"));
            }
            return None;
        };
        self.used.insert(name.to_owned());
        above.push(name.to_owned());
        let names = self.child_names(name, line, &settings);
        let mut seen = HashSet::new();
        let mut children = Vec::new();
        for child in names {
            if seen.insert(child.clone()) {
                children.extend(self.child(&child, name, line, &settings, above));
            } else {
                self.problem(Some(line), format!("supervisor `{name}`: duplicate child name `{child}`"));
            }
        }
        above.pop();
        let terms = self.checked(line, "supervisor", name, settings.terms(parent));
        let intensity = self.checked(line, "supervisor", name, settings.intensity());
        Some(DeclaredSupervisor {
            name: name.to_owned(),
            terms: terms?,
            strategy: settings.strategy,
            intensity: intensity?,
            auto_shutdown: settings.auto_shutdown,
            children,
            max_children: settings.max_children,
        })
    }

    fn child_names(&mut self, name: &str, line: usize, settings: &SupervisorSettings) -> Vec<String> {
        let dynamic = settings.strategy == Strategy::SimpleOneForOne;
        match (&settings.template, dynamic, settings.children.is_empty()) {
            (Some(template), true, true) => vec![template.clone()],
            (None, false, _) => settings.children.clone(),
            (_, true, _) => {
                let what =
                    format!("supervisor `{name}`: simple_one_for_one has a `template` and no `children`");
                self.problem(Some(line), what);
                Vec::new()
            }
            (Some(_), false, _) => {
                let what = format!("supervisor `{name}`: only simple_one_for_one has a `template`");
                self.problem(Some(line), what);
                Vec::new()
            }
        }
    }

    fn child(
        &mut self,
        name: &str,
        parent: &str,
        parent_line: usize,
        parent_settings: &SupervisorSettings,
        above: &mut Vec<String>,
    ) -> Option<DeclaredChild> {
        if above.iter().any(|ancestor| ancestor == name) {
            let cycle = format!("supervisor `{parent}`: `{name}` would supervise itself");
            self.problem(Some(parent_line), cycle);
            return None;
        }
        if self.used.contains(name) {
            let what = format!("supervisor `{parent}`: `{name}` already is a child of another");
            self.problem(Some(parent_line), what);
            return None;
        }
        let supervisor = self.supervisors.contains_key(name);
        match self.workers.get(name).cloned() {
            Some((line, _)) if supervisor => {
                self.used.insert(name.to_owned());
                self.problem(Some(line), format!("`{name}` is both a worker and a supervisor"));
                None
            }
            Some((line, worker)) => {
                self.used.insert(name.to_owned());
                let terms = self.checked(line, "worker", name, worker.terms(parent_settings))?;
                Some(DeclaredChild::Worker(DeclaredWorker {
                    name: name.to_owned(),
                    terms,
                    factory: worker.factory,
                    shutdown: worker.shutdown.0,
                    start_timeout: worker.start_timeout.0,
                }))
            }
            None if supervisor => {
                self.supervisor(name, Some(parent_settings), above).map(DeclaredChild::Supervisor)
            }
            // What is wrong with its table has been said.
            None if self.named.contains(name) => None,
            None => {
                self.problem(Some(parent_line), format!("supervisor `{parent}`: no such child `{name}`"));
                None
            }
        }
    }

    fn report_unused(&mut self) {
        let supervisors = self.supervisors.iter().map(|(name, (line, _))| ("supervisor", name, *line));
        let workers = self.workers.iter().map(|(name, (line, _))| ("worker", name, *line));
        let unused: Vec<Problem> = supervisors
            .chain(workers)
            .filter(|(_, name, _)| !self.used.contains(*name))
            .map(|(kind, name, line)| Problem {
                line: Some(line),
                what: format!("{kind} `{name}` is no child of any supervisor below `{ROOT}`"),
            })
            .collect();
        self.problems.extend(unused);
    }

    fn checked<T>(&mut self, line: usize, kind: &str, name: &str, value: Result<T, String>) -> Option<T> {
        value.map_err(|what| self.problem(Some(line), format!("{kind} `{name}`: {what}"))).ok()
    }

    fn problem(&mut self, line: Option<usize>, what: String) {
        self.problems.push(Problem { line, what });
    }
}

fn line_of(text: &str, at: usize) -> usize {
    text.bytes().take(at).filter(|byte| *byte == b'\n').count() + 1
}

/// The line of a table's header. The parser's own position is that of its first key.
fn header_line(text: &str, kind: &str, name: &str) -> Option<usize> {
    let header = format!("[{kind}.{name}]");
    text.lines().position(|line| line.trim_start().starts_with(&header)).map(|at| at + 1)
}

// === impl DeclarationErrors ===

impl fmt::Display for DeclarationErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, problem) in self.0.iter().enumerate() {
            if at > 0 {
                f.write_str("\n")?;
            }
            match problem.line {
                Some(line) => write!(f, "line {line}: {}", problem.what)?,
                None => f.write_str(&problem.what)?,
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
