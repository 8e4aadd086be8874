//! `research`: a question, an answer from sources that the turn read, judged by another model and by its citations.

use futures::FutureExt as _;
use futures::future::BoxFuture;

use super::decide::score;
use super::{Past, Strategy, common};
use crate::experiments::evaluation::{self, Cited, Evaluation, Lab, Trial, Unmeasured};
use crate::experiments::scope::Scope;

/// Tools that read: files of the workspace and pages, the latter as far as the policy lets it.
const SOURCES: [&str; 4] = ["read_file", "list_files", "search_files", "web_fetch"];

pub(super) struct Research {
    pub(super) scope: Scope,
}

impl Strategy for Research {
    fn init<'s>(
        &'s self,
        _: &'s Lab,
        _: Trial<'s>,
        _: Past<'s>,
    ) -> BoxFuture<'s, Result<Evaluation, Unmeasured>> {
        futures::future::ready(Ok(Evaluation::default())).boxed()
    }

    fn build_prompt<'s>(
        &'s self,
        _lab: &'s Lab,
        _trial: Trial<'s>,
        past: Past<'s>,
        number: u32,
    ) -> BoxFuture<'s, Result<String, Unmeasured>> {
        let rubric = past.experiment.settings.rubric.as_ref().map_or("", |rubric| rubric.text.as_str());
        let judged_by = format!(
            "The goal is a question. Read sources with your tools, then answer it. Put the words of a source in \
             quotation marks and its path or address in square brackets behind them: \"the words\" [notes/a.md]. Every \
             citation is looked up in what you have read. Another model judges the answer by this: {}\n",
            rubric.trim()
        );
        futures::future::ready(Ok(common(past, number, &judged_by))).boxed()
    }

    fn evaluate<'s>(
        &'s self,
        lab: &'s Lab,
        trial: Trial<'s>,
        past: Past<'s>,
    ) -> BoxFuture<'s, Result<Evaluation, Unmeasured>> {
        async move {
            let settings = &past.experiment.settings;
            let cited = Cited::check(trial.answer, trial.evidence);
            let mut now = Evaluation { output: cited.false_ones.join("\n"), ..Evaluation::default() };
            // Without a citation that holds it is not worth a judge.
            if let Some(rubric) = settings.rubric.as_ref().filter(|_| cited.held > 0) {
                let material = (past.experiment.goal.as_str(), "The answer", trial.answer);
                now.judged = Some(evaluation::rubric(lab, rubric, material).await?);
            }
            now.cited = Some(cited);
            now.score = score(settings, None, &now);
            Ok(now)
        }
        .boxed()
    }

    fn mutation_scope(&self) -> &Scope {
        &self.scope
    }

    fn tools(&self) -> &'static [&'static str] {
        &SOURCES
    }

    fn changes_files(&self) -> bool {
        false
    }
}
