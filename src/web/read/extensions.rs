//! Plugs as rows.

use super::rfc3339;
use crate::extensions::{Hook, PlugState, PlugView};
use crate::http::AppState;
use crate::web::view::Frame;
use crate::web::view::extensions::{ExtensionsPage, PlugRow, PointRow};

/// The page as it is before a form says anything.
pub(in crate::web) fn page(state: &AppState, frame: Frame) -> ExtensionsPage {
    let (mut points, mut empty) = (Vec::new(), Vec::new());
    for hook in Hook::ALL {
        let plugs: Vec<PlugRow> = state.extensions.views(hook).into_iter().map(row).collect();
        if plugs.is_empty() {
            empty.push((hook.as_str(), hook.about()));
            continue;
        }
        let (name, about) = (hook.as_str(), hook.about());
        points.push(PointRow { hook: name, about, can_halt: hook.can_halt(), plugs });
    }
    let untold = state.extensions.untold();
    ExtensionsPage { frame, points, empty, untold, notice: None, error: None }
}

fn row(view: PlugView) -> PlugRow {
    let (state, state_word) = match view.state {
        PlugState::Unused => ("pending", "Not used yet"),
        PlugState::Working => ("done", "Working"),
        PlugState::Failing => ("failed", "Failing"),
        PlugState::Resting => ("failed", "Left out for a while"),
    };
    let report = view.report;
    PlugRow {
        name: view.name,
        state,
        state_word,
        guards: view.guards,
        runs: report.runs,
        failures: report.failures.saturating_add(report.left_out),
        halts: report.halts,
        mean: time(report.mean_us()),
        longest: time(report.longest_us),
        trouble: report.trouble.map(|trouble| (rfc3339(trouble.at_ms), trouble.what)),
    }
}

/// `1.2 ms`.
fn time(us: u64) -> String {
    format!("{}.{} ms", us / 1_000, us % 1_000 / 100)
}
