//! `code`: files of the workspace are changed, tests say whether it works, a number says whether it is better.

use futures::FutureExt as _;
use futures::future::BoxFuture;

use super::decide::score;
use super::{Past, Strategy, WRITING, common};
use crate::experiments::evaluation::{self, Evaluation, Lab, Trial, Unmeasured};
use crate::experiments::metric::Direction;
use crate::experiments::scope::Scope;
use crate::experiments::settings::Settings;

/// Characters of an output that a person is told of a failure.
const END_CHARS: usize = 300;

pub(super) struct Code {
    pub(super) scope: Scope,
}

impl Code {
    /// Tests first; what is broken is not measured further.
    pub(super) async fn measure(
        &self,
        lab: &Lab,
        trial: Trial<'_>,
        past: Past<'_>,
    ) -> Result<Evaluation, Unmeasured> {
        let (settings, baseline) = (&past.experiment.settings, past.experiment.baseline.as_ref());
        let mut now = Evaluation::default();
        if let Some(tests) = &settings.tests {
            let before = baseline.and_then(|base| base.tests.as_ref()).and_then(|tests| tests.counts);
            let (tested, output) = evaluation::tests(lab, tests, trial.folder, before).await?;
            now.keep(&output);
            now.tests = Some(tested);
        }
        if let Some(metric) = settings.metric.as_ref().filter(|_| now.works()) {
            let (sample, output) = evaluation::metric(lab, metric, trial.folder).await?;
            now.keep(&output);
            now.metric = sample;
        }
        if let Some(rubric) = settings.rubric.as_ref().filter(|_| now.works() && !trial.patch.is_empty()) {
            let material = (past.experiment.goal.as_str(), "What was changed", trial.patch);
            now.judged = Some(evaluation::rubric(lab, rubric, material).await?);
        }
        now.score = score(settings, baseline, &now);
        Ok(now)
    }
}

impl Strategy for Code {
    fn init<'s>(
        &'s self,
        lab: &'s Lab,
        trial: Trial<'s>,
        past: Past<'s>,
    ) -> BoxFuture<'s, Result<Evaluation, Unmeasured>> {
        async move {
            let mut now = self.measure(lab, trial, past).await?;
            let settings = &past.experiment.settings;
            if settings.metric.is_some() && now.works() && now.metric.is_none() {
                let from = now.output.char_indices().nth_back(END_CHARS - 1).map_or(0, |(at, _)| at);
                let end = now.output.get(from..).unwrap_or_default();
                return Err(Unmeasured(format!("the untouched workspace cannot be measured: {end}")));
            }
            // Without a change there is nothing to judge, so a rubric begins at nothing.
            if settings.rubric.is_some() && settings.metric.is_none() {
                now.score = 0.0;
            }
            Ok(now)
        }
        .boxed()
    }

    fn build_prompt<'s>(
        &'s self,
        _lab: &'s Lab,
        _trial: Trial<'s>,
        past: Past<'s>,
        number: u32,
    ) -> BoxFuture<'s, Result<String, Unmeasured>> {
        let text = common(past, number, &judged_by(&past.experiment.settings));
        futures::future::ready(Ok(text)).boxed()
    }

    fn evaluate<'s>(
        &'s self,
        lab: &'s Lab,
        trial: Trial<'s>,
        past: Past<'s>,
    ) -> BoxFuture<'s, Result<Evaluation, Unmeasured>> {
        self.measure(lab, trial, past).boxed()
    }

    fn mutation_scope(&self) -> &Scope {
        &self.scope
    }

    fn tools(&self) -> &'static [&'static str] {
        &WRITING
    }
}

pub(super) fn judged_by(settings: &Settings) -> String {
    let mut text = "It is judged by what runs, on a fresh copy of your files:".to_owned();
    if let Some(tests) = &settings.tests {
        text.push_str(&format!(" `{}` has to succeed;", tests.command.join(" ")));
    }
    if let Some(metric) = &settings.metric {
        let way = if metric.direction == Direction::Lower { "less" } else { "more" };
        text.push_str(&format!(
            " of the number that `{}` prints, {way} is better;",
            metric.command.join(" ")
        ));
    }
    if let Some(rubric) = &settings.rubric {
        text.push_str(&format!(" another model judges it by this: {};", rubric.text.trim()));
    }
    let mut text = text.trim_end_matches(';').to_owned();
    text.push_str(".\n");
    text
}
