//! Results of tests, as test runners say them.
//!
//! What a program prints can be made up by the program under test, so counts can only make a result worse: without an
//! exit code of 0 nothing has passed, one failure that is reported is a failure whatever the exit code says, and fewer
//! tests than on the untouched workspace are a failure, too. Kept sound by the scope besides: an idea that may not
//! change the tests cannot change what they ask.

use std::sync::LazyLock;

use regex::Regex;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// How a test command says what passed.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Format {
    /// Only by its exit code.
    #[default]
    Exit,
    /// Rust's own runner: `test result: ok. 3 passed; 0 failed; …`.
    Libtest,
    /// cargo-nextest: `Summary … 3 tests run: 3 passed, 0 skipped`.
    Nextest,
    /// pytest: `=== 3 passed, 1 failed in 0.12s ===`.
    Pytest,
    /// JUnit's XML, which many runners write.
    Junit,
    /// The Test Anything Protocol.
    Tap,
    /// Jest's `--json`, which vitest writes, too.
    Jest,
}

/// How many there were.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Counts {
    /// Those that passed.
    pub passed: u64,
    /// Those that failed.
    pub failed: u64,
    /// Those that were left out.
    pub skipped: u64,
}

// === impl Counts ===

impl Counts {
    /// Those that were run.
    #[must_use]
    pub const fn run(self) -> u64 {
        self.passed.saturating_add(self.failed)
    }

    /// The share that passed; `None` when none was run.
    #[must_use]
    #[allow(clippy::cast_precision_loss, reason = "a share of a count of tests")]
    pub fn share(self) -> Option<f64> {
        (self.run() > 0).then(|| self.passed as f64 / self.run() as f64)
    }

    const fn plus(self, other: Self) -> Self {
        Self {
            passed: self.passed.saturating_add(other.passed),
            failed: self.failed.saturating_add(other.failed),
            skipped: self.skipped.saturating_add(other.skipped),
        }
    }
}

// === impl Format ===

impl Format {
    /// What a report says; `None` when it says nothing in this format.
    #[must_use]
    pub fn read(self, report: &str) -> Option<Counts> {
        match self {
            Self::Exit => None,
            Self::Libtest => libtest(report),
            Self::Nextest => words_of(&NEXTEST, report),
            Self::Pytest => words_of(&PYTEST, report),
            Self::Junit => junit(report),
            Self::Tap => tap(report),
            Self::Jest => jest(report),
        }
    }
}

static LIBTEST: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r"(?m)^test result: \S+ (\d+) passed; (\d+) failed; (\d+) ignored").ok());
static NEXTEST: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r"(?m)^\s*Summary \[[^\]]*\]\s+[\d/]+ tests? run: (.*)$").ok());
static PYTEST: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r"(?m)^=*\s*((?:\d+ \w+,? ?)+) in [\d.]+s.*$").ok());
static COUNTED: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(r"(\d+) (\w+)").ok());
static SUITE: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(r"<testsuite\b([^>]*)>").ok());
static SUITES: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(r"<testsuites\b([^>]*)>").ok());
static TAP: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r"(?m)^(not )?ok\b[^#\n]*(?:#\s*(?i:(skip|todo))\S*.*)?$").ok());
static TAP_PLAN: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(r"(?m)^1\.\.(\d+)").ok());

/// Every binary of a run says its own line.
fn libtest(report: &str) -> Option<Counts> {
    let lines = LIBTEST.as_ref()?.captures_iter(report).map(|found| Counts {
        passed: number(&found, 1),
        failed: number(&found, 2),
        skipped: number(&found, 3),
    });
    lines.reduce(Counts::plus)
}

/// The last line of its kind, with a number before each word.
fn words_of(line: &LazyLock<Option<Regex>>, report: &str) -> Option<Counts> {
    let found = line.as_ref()?.captures_iter(report).last()?;
    let mut counts = Counts::default();
    for word in COUNTED.as_ref()?.captures_iter(found.get(1)?.as_str()) {
        let count = number(&word, 1);
        match word.get(2)?.as_str() {
            "passed" | "xpassed" => counts.passed += count,
            "failed" | "error" | "errors" | "timed" | "exec" => counts.failed += count,
            "skipped" | "deselected" | "xfailed" => counts.skipped += count,
            _ => {}
        }
    }
    Some(counts)
}

/// Counted case by case; where a runner writes none, its own sums.
fn junit(report: &str) -> Option<Counts> {
    SUITE.as_ref()?.find(report).or_else(|| SUITES.as_ref()?.find(report))?;
    let mut counts = Counts::default();
    for case in report.split("<testcase").skip(1) {
        let (head, rest) = case.split_once('>').unwrap_or((case, ""));
        let body =
            if head.ends_with('/') { "" } else { rest.split("</testcase>").next().unwrap_or_default() };
        if body.contains("<failure") || body.contains("<error") {
            counts.failed += 1;
        } else if body.contains("<skipped") {
            counts.skipped += 1;
        } else {
            counts.passed += 1;
        }
    }
    Some(counts)
}

/// A plan that promises more than was run means that the rest failed.
fn tap(report: &str) -> Option<Counts> {
    let mut counts = Counts::default();
    let mut lines = 0;
    for found in TAP.as_ref()?.captures_iter(report) {
        lines += 1;
        match (found.get(1).is_some(), found.get(2).is_some()) {
            (_, true) => counts.skipped += 1,
            (true, false) => counts.failed += 1,
            (false, false) => counts.passed += 1,
        }
    }
    let planned = TAP_PLAN.as_ref()?.captures(report).map(|found| number(&found, 1));
    if lines == 0 && planned.is_none() {
        return None;
    }
    counts.failed += planned.unwrap_or(0).saturating_sub(lines);
    Some(counts)
}

fn jest(report: &str) -> Option<Counts> {
    let json = super::metric::json_in(report)?;
    let count = |name: &str| json.get(name).and_then(Value::as_u64);
    Some(Counts {
        passed: count("numPassedTests")?,
        failed: count("numFailedTests")?.saturating_add(count("numRuntimeErrorTestSuites").unwrap_or(0)),
        skipped: count("numPendingTests").unwrap_or(0).saturating_add(count("numTodoTests").unwrap_or(0)),
    })
}

fn number(found: &regex::Captures<'_>, group: usize) -> u64 {
    found.get(group).and_then(|text| text.as_str().parse().ok()).unwrap_or(0)
}

#[cfg(test)]
mod tests;
