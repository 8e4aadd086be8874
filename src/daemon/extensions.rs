//! Puts the pipelines together: the settings name plugs, here is how each is made.

mod outside;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use futures::FutureExt as _;
use futures::future::BoxFuture;

use crate::adapters::knowledge::Knowledge;
use crate::config::{Config, ExtensionsConfig, Sources};
use crate::extensions::{Hook, Pipelines, Placed, Plug, Rebuild, SecretScanner};
use crate::redaction::Redactor;
use crate::sandbox::Sandbox;
use crate::skills::SkillsPlug;
use crate::user_model::{InjectionPlug, ObservationPlug};

/// Makes a built-in plug with the settings of now.
type Make = Box<dyn Fn(&ExtensionsConfig) -> Arc<dyn Plug> + Send + Sync>;

/// Plugs of the program that the daemon is in, each at one point or at every one.
pub(super) type OwnPlugs = Vec<(Option<Hook>, Arc<dyn Plug>)>;

/// How every plug is made.
pub(super) struct PlugMakers {
    own: OwnPlugs,
    built_in: BTreeMap<&'static str, Make>,
    sandbox: Sandbox,
    /// Where settings are read again.
    sources: Option<Sources>,
}

// === impl PlugMakers ===

impl PlugMakers {
    /// The built-in plugs: one line each.
    pub(super) fn new(
        redactor: &Redactor,
        sandbox: &Sandbox,
        (own, sources): (OwnPlugs, Option<Sources>),
    ) -> Self {
        let mut makers = Self { own, built_in: BTreeMap::new(), sandbox: sandbox.clone(), sources };
        let redactor = redactor.clone();
        makers.add("secret_scanner", move |_| Arc::new(SecretScanner::new(redactor.clone())));
        makers
    }

    /// The plugs of what is known.
    pub(super) fn knowing(mut self, knowledge: &Knowledge) -> Self {
        let people = knowledge.people.clone();
        self.add("user_model", move |config| {
            Arc::new(InjectionPlug::new(people.clone(), config.user_model.min_query_length))
        });
        let people = knowledge.people.clone();
        self.add("observation", move |_| Arc::new(ObservationPlug(people.clone())));
        let skills = knowledge.skills.clone();
        self.add("skills", move |config| {
            let most = &config.skills;
            Arc::new(SkillsPlug::new(skills.clone(), most.max_results, most.max_chars))
        });
        self
    }

    /// One more, under the name that the settings use. It is made anew whenever the settings change.
    pub(super) fn add(
        &mut self,
        name: &'static str,
        make: impl Fn(&ExtensionsConfig) -> Arc<dyn Plug> + Send + Sync + 'static,
    ) {
        self.built_in.insert(name, Box::new(make));
    }

    /// The pipelines that these settings want, and what is wrong with plugs of people: such a one is at its place and fails.
    pub(super) async fn compile(&self, config: &ExtensionsConfig) -> (Pipelines, Vec<String>) {
        let within = Duration::from_millis(config.timeout_ms);
        let mut made: BTreeMap<&str, Placed> = BTreeMap::new();
        for (name, make) in &self.built_in {
            made.insert(name, Placed { plug: make(config), within });
        }
        let mut problems = Vec::new();
        for (name, wish) in &config.plugs {
            let plug = outside::make(name, wish, &self.sandbox).await;
            problems.extend(plug.as_ref().err().map(|error| format!("extensions.plugs.{name}: {error}")));
            let plug = plug.unwrap_or_else(|error| outside::broken(name, wish, error));
            let within = wish.timeout_ms.map_or(within, Duration::from_millis);
            made.insert(name, Placed { plug, within });
        }
        (self.place(config, &made), problems)
    }

    fn place(&self, config: &ExtensionsConfig, made: &BTreeMap<&str, Placed>) -> Pipelines {
        let within = Duration::from_millis(config.timeout_ms);
        let named = |names: &[String]| -> Vec<Placed> {
            names.iter().filter_map(|name| made.get(name.as_str()).cloned()).collect()
        };
        let own = |hook: Option<Hook>| {
            let own = self.own.iter().filter(move |(of, _)| *of == hook);
            own.map(move |(_, plug)| Placed { plug: Arc::clone(plug), within })
        };
        let global: Vec<Placed> = named(&config.global).into_iter().chain(own(None)).collect();
        let mut at = Vec::new();
        for hook in Hook::ALL {
            let here = named(config.hooks.at(hook)).into_iter().chain(own(Some(hook)));
            at.extend(here.map(|one| (hook, one)));
        }
        Pipelines::compile(&global, &at)
            .within(Duration::from_millis(config.total_timeout_ms))
            .with_spare(made.values().cloned().collect())
    }

    async fn read_again(&self) -> Result<Pipelines, Vec<String>> {
        let Some(sources) = self.sources.clone() else {
            return Err(vec!["this daemon was started without settings that can be read again".to_owned()]);
        };
        let read = tokio::task::spawn_blocking(move || Config::load(&sources)).await;
        let config = read.map_err(|error| vec![error.to_string()])?;
        let config =
            config.map_err(|problems| problems.to_string().lines().map(str::to_owned).collect::<Vec<_>>())?;
        let (pipelines, problems) = self.compile(&config.extensions).await;
        if problems.is_empty() { Ok(pipelines) } else { Err(problems) }
    }
}

/// The makers as what rebuilds pipelines.
pub(super) struct Rebuilder(pub(super) Arc<PlugMakers>);

impl Rebuild for Rebuilder {
    fn rebuild(&self) -> BoxFuture<'static, Result<Pipelines, Vec<String>>> {
        let makers = Arc::clone(&self.0);
        async move { makers.read_again().await }.boxed()
    }
}
