//! `external`: a program or a WebAssembly component says what to try and judges it. A program runs in the sandbox, without
//! network, in a copy of the workspace; a component has no rights and sees no folder. Each is called once for each step: one
//! JSON object in, `{"call": …, "data": …}`, one out.
//!
//! `build_prompt` → `{"prompt": "…"}`; `evaluate` → `{"score": 0.0–1.0, "why": "…"}`. Tests, metric and scope of the
//! settings hold besides, and it cannot widen them.

use std::path::Path;

use futures::FutureExt as _;
use futures::future::BoxFuture;
use serde_json::{Value, json};

use super::code::Code;
use super::decide::score;
use super::{Past, Strategy, WRITING, common};
use crate::experiments::evaluation::{self, Evaluation, Lab, Trial, Unmeasured};
use crate::experiments::scope::Scope;

pub(super) struct External {
    pub(super) code: Code,
}

impl External {
    async fn call(
        &self,
        lab: &Lab,
        trial: Trial<'_>,
        past: Past<'_>,
        (name, results, more): (&str, Option<&Evaluation>, Value),
    ) -> Result<Value, Unmeasured> {
        let settings = &past.experiment.settings;
        let folder = settings.command.as_ref().map(|_| trial.folder);
        let data = data((trial.patch, folder), past, (results, more));
        match (&settings.command, &settings.component) {
            (Some(program), _) => evaluation::external(lab, program, trial.folder, (name, data)).await,
            (None, Some(component)) => {
                evaluation::component(lab, component, trial.folder, (name, data)).await
            }
            (None, None) => Err(Unmeasured("there is no program and no component".to_owned())),
        }
    }

    async fn judge(&self, lab: &Lab, trial: Trial<'_>, past: Past<'_>) -> Result<Evaluation, Unmeasured> {
        let mut now = self.code.measure(lab, trial, past).await?;
        if now.works() {
            let said = self.call(lab, trial, past, ("evaluate", Some(&now), Value::Null)).await?;
            let judged = evaluation::judged(&said.to_string(), "the strategy");
            let none = || Unmeasured("the strategy answered evaluate with no score of 0 to 1".to_owned());
            now.judged = Some(judged.ok_or_else(none)?);
            now.score = score(&past.experiment.settings, past.experiment.baseline.as_ref(), &now);
        }
        Ok(now)
    }
}

/// What it is told. A component has no folder.
pub(super) fn data(
    (patch, folder): (&str, Option<&Path>),
    past: Past<'_>,
    (results, more): (Option<&Evaluation>, Value),
) -> Value {
    let iterations: Vec<Value> = past.iterations.iter().map(told).collect();
    json!({
        "goal": past.experiment.goal, "title": past.experiment.title, "iterations": iterations,
        "baseline": past.experiment.baseline, "results": results, "patch": patch, "folder": folder, "more": more,
    })
}

fn told(one: &crate::experiments::experiment::Iteration) -> Value {
    json!({ "number": one.number, "status": one.status, "score": one.score, "summary": one.summary })
}

impl Strategy for External {
    fn init<'s>(
        &'s self,
        lab: &'s Lab,
        trial: Trial<'s>,
        past: Past<'s>,
    ) -> BoxFuture<'s, Result<Evaluation, Unmeasured>> {
        self.judge(lab, trial, past).boxed()
    }

    fn build_prompt<'s>(
        &'s self,
        lab: &'s Lab,
        trial: Trial<'s>,
        past: Past<'s>,
        number: u32,
    ) -> BoxFuture<'s, Result<String, Unmeasured>> {
        async move {
            let more = json!({ "number": number });
            let said = self.call(lab, trial, past, ("build_prompt", None, more)).await?;
            let prompt = said.get("prompt").and_then(Value::as_str).unwrap_or_default();
            let judged_by = format!("{}\n", prompt.chars().take(20_000).collect::<String>());
            Ok(common(past, number, &judged_by))
        }
        .boxed()
    }

    fn evaluate<'s>(
        &'s self,
        lab: &'s Lab,
        trial: Trial<'s>,
        past: Past<'s>,
    ) -> BoxFuture<'s, Result<Evaluation, Unmeasured>> {
        self.judge(lab, trial, past).boxed()
    }

    fn mutation_scope(&self) -> &Scope {
        &self.code.scope
    }

    fn tools(&self) -> &'static [&'static str] {
        &WRITING
    }
}
