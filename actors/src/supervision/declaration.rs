//! A tree as it is declared: shape and policy as data, factories by name.
//!
//! Made by `parse`; turned into a running tree once every factory that it names is at hand.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;
use std::time::Duration;

use super::budget::Budget;
use super::child::StartChild;
use super::intensity::Intensity;
use super::spec::{
    AutoShutdown, ChildKind, ChildSpec, Restart, Shutdown, SpecError, Strategy, SupervisorSpec,
};

/// The factories that a declaration may name.
pub type Factories = HashMap<&'static str, Arc<dyn StartChild>>;

/// A whole declared tree. Checked: it can be built once its factories are known.
#[derive(Clone, Debug, PartialEq)]
pub struct Declaration {
    /// The supervisor at the top.
    pub root: DeclaredSupervisor,
}

/// A declared supervisor.
#[derive(Clone, Debug, PartialEq)]
pub struct DeclaredSupervisor {
    /// Its name; of a template, the name of the kind.
    pub name: String,
    /// How it is treated as a child. Of the root, without meaning.
    pub terms: Terms,
    /// Which children are restarted together.
    pub strategy: Strategy,
    /// How many restarts it tolerates.
    pub intensity: Intensity,
    /// Whether significant children end it.
    pub auto_shutdown: AutoShutdown,
    /// Children in start order, or the one template.
    pub children: Vec<DeclaredChild>,
    /// How many children it accepts.
    pub max_children: usize,
}

/// A declared worker.
#[derive(Clone, Debug, PartialEq)]
pub struct DeclaredWorker {
    /// Its name; of a template, the name of the kind.
    pub name: String,
    /// How it is treated as a child.
    pub terms: Terms,
    /// The name of the factory that starts it.
    pub factory: String,
    /// How it is stopped.
    pub shutdown: Shutdown,
    /// How long its start may take.
    pub start_timeout: Duration,
}

/// A declared child.
#[derive(Clone, Debug, PartialEq)]
pub enum DeclaredChild {
    /// It does the work.
    Worker(DeclaredWorker),
    /// It supervises.
    Supervisor(DeclaredSupervisor),
}

/// How a supervisor treats a child.
#[derive(Clone, Debug, PartialEq)]
pub struct Terms {
    /// When it is restarted.
    pub restart: Restart,
    /// Whether its end may end the supervisor.
    pub significant: bool,
    /// Its own restart budget.
    pub budget: Option<Budget>,
}

/// Why a declaration cannot be built.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BuildError {
    /// Nobody supplies these factories.
    #[error("unknown factories: {}", .0.join(", "))]
    UnknownFactories(Vec<String>),
    /// The specification is refused.
    #[error(transparent)]
    Spec(#[from] SpecError),
}

// === impl Declaration ===

impl Declaration {
    /// The names of all factories that the tree needs.
    pub fn factories(&self) -> BTreeSet<&str> {
        let mut names = BTreeSet::new();
        self.root.collect_factories(&mut names);
        names
    }

    /// The specification of the root, with its factories.
    pub fn build(&self, factories: &Factories) -> Result<SupervisorSpec, BuildError> {
        let known = |name: &&str| factories.contains_key(name);
        let unknown: Vec<String> =
            self.factories().into_iter().filter(|name| !known(name)).map(str::to_owned).collect();
        if unknown.is_empty() {
            Ok(self.root.build(factories)?)
        } else {
            Err(BuildError::UnknownFactories(unknown))
        }
    }
}

// === impl DeclaredSupervisor ===

impl DeclaredSupervisor {
    fn collect_factories<'a>(&'a self, names: &mut BTreeSet<&'a str>) {
        for child in &self.children {
            match child {
                DeclaredChild::Worker(worker) => {
                    names.insert(&worker.factory);
                }
                DeclaredChild::Supervisor(supervisor) => supervisor.collect_factories(names),
            }
        }
    }

    fn build(&self, factories: &Factories) -> Result<SupervisorSpec, SpecError> {
        let mut children = Vec::with_capacity(self.children.len());
        for child in &self.children {
            children.extend(child.build(factories)?);
        }
        let spec = SupervisorSpec {
            strategy: self.strategy,
            intensity: self.intensity,
            auto_shutdown: self.auto_shutdown,
            children,
            max_children: self.max_children,
        };
        spec.check()?;
        Ok(spec)
    }
}

// === impl DeclaredChild ===

impl DeclaredChild {
    /// Its name.
    pub fn name(&self) -> &str {
        match self {
            Self::Worker(worker) => &worker.name,
            Self::Supervisor(supervisor) => &supervisor.name,
        }
    }

    /// How it is treated.
    pub fn terms(&self) -> &Terms {
        match self {
            Self::Worker(worker) => &worker.terms,
            Self::Supervisor(supervisor) => &supervisor.terms,
        }
    }

    /// `None` only for a worker whose factory is unknown, which the caller has ruled out.
    fn build(&self, factories: &Factories) -> Result<Option<ChildSpec>, SpecError> {
        let spec = match self {
            Self::Worker(worker) => {
                let Some(factory) = factories.get(worker.factory.as_str()) else { return Ok(None) };
                ChildSpec {
                    shutdown: worker.shutdown,
                    start_timeout: Some(worker.start_timeout),
                    ..ChildSpec::worker(&worker.name, factory.clone())
                }
            }
            Self::Supervisor(supervisor) => {
                ChildSpec::supervisor(&supervisor.name, supervisor.build(factories)?)
            }
        };
        let terms = self.terms().clone();
        Ok(Some(ChildSpec {
            restart: terms.restart,
            significant: terms.significant,
            budget: terms.budget,
            ..spec
        }))
    }

    /// Whether it supervises.
    pub fn kind(&self) -> ChildKind {
        match self {
            Self::Worker(_) => ChildKind::Worker,
            Self::Supervisor(_) => ChildKind::Supervisor,
        }
    }
}

#[cfg(test)]
mod tests;
