//! `external`: a program says what to try and judges it. It runs in the sandbox, without network, in a copy of the
//! untouched workspace, and is called once for each step: one JSON object in, `{"call": …, "data": …}`, one out.
//!
//! `build_prompt` → `{"prompt": "…"}`; `evaluate` → `{"score": 0.0–1.0, "why": "…"}`. Tests, metric and scope of the
//! settings hold besides, and it cannot widen them.

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
        (name, more): (&str, Value),
    ) -> Result<Value, Unmeasured> {
        let missing = || Unmeasured("there is no program".to_owned());
        let program = past.experiment.settings.command.as_ref().ok_or_else(missing)?;
        let iterations: Vec<Value> = past.iterations.iter().map(told).collect();
        let data = json!({
            "goal": past.experiment.goal, "title": past.experiment.title, "iterations": iterations,
            "folder": trial.folder, "patch": trial.patch, "more": more,
        });
        evaluation::external(lab, program, trial.folder, (name, data)).await
    }

    async fn judge(&self, lab: &Lab, trial: Trial<'_>, past: Past<'_>) -> Result<Evaluation, Unmeasured> {
        let mut now = self.code.measure(lab, trial, past).await?;
        if now.works() {
            let said = self.call(lab, trial, past, ("evaluate", Value::Null)).await?;
            let judged = evaluation::judged(&said.to_string(), "the strategy");
            let none = || Unmeasured("the strategy answered evaluate with no score of 0 to 1".to_owned());
            now.judged = Some(judged.ok_or_else(none)?);
            now.score = score(&past.experiment.settings, past.experiment.baseline.as_ref(), &now);
        }
        Ok(now)
    }
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
            let said = self.call(lab, trial, past, ("build_prompt", json!({ "number": number }))).await?;
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
