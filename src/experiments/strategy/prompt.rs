//! `prompt`: one file is a prompt, and cases say how good it is. Variants do not need each other, so some run at a time.

use futures::FutureExt as _;
use futures::future::BoxFuture;

use super::{Past, Preparation, READING, Strategy, common, independent};
use crate::experiments::error::ExperimentError;
use crate::experiments::evaluation::{self, Evaluation, Lab, Tested, Trial, Unmeasured};
use crate::experiments::results::Counts;
use crate::experiments::scope::Scope;
use crate::experiments::settings::{PromptCases, Settings};

/// Reading, and writing of the one file.
const TOOLS: [&str; 5] = ["read_file", "list_files", "search_files", "write_file", "edit"];

pub(super) struct Prompt {
    cases: PromptCases,
    scope: Scope,
}

impl Prompt {
    pub(super) fn new(settings: &Settings) -> Result<Self, ExperimentError> {
        let missing = || ExperimentError::field("settings/prompt", "names a file and its cases".to_owned());
        let cases = settings.prompt.clone().ok_or_else(missing)?;
        let scope = Scope::new(std::slice::from_ref(&cases.file))?;
        Ok(Self { cases, scope })
    }

    async fn measure(&self, lab: &Lab, trial: Trial<'_>) -> Result<Evaluation, Unmeasured> {
        let (counts, output) = evaluation::cases(lab, &self.cases, trial.folder).await?;
        let ended = format!("{} of {} cases pass", counts.passed, counts.run());
        // A case that fails is a lower score and no breakage.
        let tests = Some(Tested { passed: true, ended, counts: Some(counts) });
        let score = Counts::share(counts).unwrap_or(0.0);
        Ok(Evaluation { tests, score, output, ..Evaluation::default() })
    }
}

impl Strategy for Prompt {
    fn init<'s>(
        &'s self,
        lab: &'s Lab,
        trial: Trial<'s>,
        _: Past<'s>,
    ) -> BoxFuture<'s, Result<Evaluation, Unmeasured>> {
        self.measure(lab, trial).boxed()
    }

    fn prepare_iteration(&self, past: Past<'_>) -> Preparation {
        Preparation { from: self.rollback(past), beside: independent(past) }
    }

    fn build_prompt<'s>(
        &'s self,
        _lab: &'s Lab,
        _trial: Trial<'s>,
        past: Past<'s>,
        number: u32,
    ) -> BoxFuture<'s, Result<String, Unmeasured>> {
        let judged_by = format!(
            "The file {} is a prompt; `{{{{input}}}}` in it stands for the input. Only this file may be changed. It is \
             judged by {} cases, which a model answers with it.\n",
            self.cases.file,
            self.cases.cases.len()
        );
        futures::future::ready(Ok(common(past, number, &judged_by))).boxed()
    }

    fn evaluate<'s>(
        &'s self,
        lab: &'s Lab,
        trial: Trial<'s>,
        _: Past<'s>,
    ) -> BoxFuture<'s, Result<Evaluation, Unmeasured>> {
        self.measure(lab, trial).boxed()
    }

    fn mutation_scope(&self) -> &Scope {
        &self.scope
    }

    fn tools(&self) -> &'static [&'static str] {
        debug_assert!(READING.iter().all(|tool| TOOLS.contains(tool)));
        &TOOLS
    }
}
