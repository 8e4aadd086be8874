//! What an experiment did, as a document for people: Markdown, or one page of HTML with its chart and nothing else to load.

use std::fmt::Write as _;

use super::changes::DiffStat;
use super::evaluation::shown;
use super::experiment::{Applied, Experiment, Iteration, Reason, Status};

const WIDTH: f64 = 640.0;
const HEIGHT: f64 = 220.0;
const LEFT: f64 = 36.0;
const BOTTOM: f64 = 28.0;
const TOP: f64 = 12.0;

/// See the module.
pub struct Report {
    /// What was tried out.
    pub experiment: Experiment,
    /// Every try.
    pub iterations: Vec<Iteration>,
}

// === impl Report ===

impl Report {
    /// As Markdown.
    #[must_use]
    pub fn markdown(&self) -> String {
        let mut text =
            format!("# {}\n\n{}\n\n", escaped(&self.experiment.title), escaped(&self.experiment.goal));
        for (name, value) in self.facts() {
            // silent-ok: a string takes everything
            let _ = writeln!(text, "- {name}: {}", escaped(&value));
        }
        text.push_str(
            "\n| iteration | result | score | measured | changed | why |\n|---|---|---|---|---|---|\n",
        );
        for one in &self.iterations {
            let cells = row(one).map(|cell| escaped(&cell).replace('|', "\\|"));
            // silent-ok: a string takes everything
            let _ = writeln!(text, "| {} |", cells.join(" | "));
        }
        text
    }

    /// As one page of HTML.
    #[must_use]
    pub fn html(&self) -> String {
        let mut facts = String::new();
        for (name, value) in self.facts() {
            // silent-ok: a string takes everything
            let _ = write!(facts, "<dt>{}</dt><dd>{}</dd>", html(name), html(&value));
        }
        let mut rows = String::new();
        for one in &self.iterations {
            let cells = row(one).map(|cell| format!("<td>{}</td>", html(&cell)));
            // silent-ok: a string takes everything
            let _ = write!(rows, "<tr>{}</tr>", cells.concat());
        }
        let head = ["iteration", "result", "score", "measured", "changed", "why"];
        let head = head.map(|name| format!("<th scope=\"col\">{name}</th>")).concat();
        format!(
            "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" \
             content=\"width=device-width\"><title>{title}</title><style>{STYLE}</style></head><body><h1>{title}</h1>\
             <p>{goal}</p><dl>{facts}</dl>{chart}<table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>\
             </body></html>\n",
            title = html(&self.experiment.title),
            goal = html(&self.experiment.goal),
            chart = chart(&self.experiment, &self.iterations),
        )
    }

    fn facts(&self) -> Vec<(&'static str, String)> {
        let one = &self.experiment;
        let mut facts = vec![("state", one.state.as_str().to_owned())];
        if one.reason != Reason::None {
            facts.push(("reason", one.reason.as_str().to_owned()));
        }
        if let Some(outcome) = &one.outcome {
            facts.push(("summary", outcome.summary.clone()));
        }
        facts.push(("iterations", format!("{} of at most {}", one.iteration, one.iterations_max)));
        if let Some(baseline) = one.baseline.as_ref().map(super::evaluation::Evaluation::words) {
            facts.push(("the untouched workspace", baseline));
        }
        if let Some(best) = one.best {
            facts.push(("the iteration that counts", best.to_string()));
        }
        let applied = match one.applied {
            Applied::No => "not in the workspace",
            Applied::Applying => "being put into the workspace",
            Applied::Yes => "in the workspace",
            Applied::Undoing => "being taken back",
            Applied::Undone => "taken back",
        };
        facts.push(("files", applied.to_owned()));
        let tokens: u64 = self.iterations.iter().map(|one| one.tokens).sum();
        let calls: u64 = self.iterations.iter().map(|one| one.tool_calls).sum();
        facts.push(("spent", format!("{tokens} tokens, {calls} tool calls")));
        facts
    }
}

fn row(one: &Iteration) -> [String; 6] {
    [
        one.number.to_string(),
        one.status.as_str().to_owned(),
        one.score.map(|score| format!("{score:.2}")).unwrap_or_default(),
        one.evaluation.as_ref().map(super::evaluation::Evaluation::words).unwrap_or_default(),
        one.diff.as_ref().map(DiffStat::words).unwrap_or_default(),
        one.summary.clone(),
    ]
}

/// The scores of all iterations as a picture, with what the untouched workspace has as a line. Without styles of its
/// own: a page gives it colours by its classes.
#[must_use]
#[allow(clippy::cast_precision_loss, reason = "at most a hundred")]
pub fn chart(experiment: &Experiment, iterations: &[Iteration]) -> String {
    let count = iterations.len().max(1) as f64;
    let (plot_width, plot_height) = (WIDTH - LEFT - 8.0, HEIGHT - TOP - BOTTOM);
    let y = |score: f64| TOP + plot_height * (1.0 - score.clamp(0.0, 1.0));
    let mut svg = format!(
        "<svg class=\"scores\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" role=\"img\" aria-label=\"{}\">",
        html(&label(experiment, iterations))
    );
    for score in [0.0, 0.5, 1.0] {
        let at = y(score);
        svg.push_str(&format!(
            "<line class=\"grid\" x1=\"{LEFT}\" x2=\"{WIDTH}\" y1=\"{at:.1}\" y2=\"{at:.1}\"/>\
             <text class=\"axis\" x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"end\">{score}</text>",
            LEFT - 6.0,
            at + 4.0
        ));
    }
    for (name, score) in [
        ("threshold", Some(experiment.settings.accept_threshold)),
        ("baseline", experiment.baseline.as_ref().map(|base| base.score)),
    ] {
        let Some(at) = score.map(y) else { continue };
        svg.push_str(&format!(
            "<line class=\"{name}\" x1=\"{LEFT}\" x2=\"{WIDTH}\" y1=\"{at:.1}\" y2=\"{at:.1}\"/>"
        ));
    }
    let step = plot_width / count;
    for (place, one) in iterations.iter().enumerate() {
        let score = one.score.unwrap_or(0.0);
        let (x, width) = (LEFT + step * (place as f64 + 0.15), (step * 0.7).min(48.0));
        let height = (plot_height * score.clamp(0.0, 1.0)).max(1.5);
        svg.push_str(&format!(
            "<rect class=\"bar {}\" x=\"{x:.1}\" y=\"{:.1}\" width=\"{width:.1}\" height=\"{height:.1}\" rx=\"2\"/>",
            one.status.as_str(),
            TOP + plot_height - height
        ));
        if iterations.len() <= 30 {
            svg.push_str(&format!(
                "<text class=\"axis\" x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"middle\">{}</text>",
                x + width / 2.0,
                HEIGHT - 10.0,
                one.number
            ));
        }
    }
    svg.push_str("</svg>");
    svg
}

fn label(experiment: &Experiment, iterations: &[Iteration]) -> String {
    let accepted = iterations.iter().filter(|one| one.status == Status::Accepted).count();
    let best = iterations.iter().filter_map(|one| one.score).max_by(f64::total_cmp);
    let best = best.map_or_else(String::new, |best| format!(", the highest score is {}", shown(best)));
    format!("Scores of {} iterations of {}: {accepted} accepted{best}", iterations.len(), experiment.title)
}

/// Text in HTML.
fn html(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            c => escaped.push(c),
        }
    }
    escaped
}

/// Text in Markdown, in one line.
fn escaped(text: &str) -> String {
    let one_line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    one_line.replace('<', "&lt;").replace('`', "'")
}

const STYLE: &str = "body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;color:#1c1c1e;\
background:#fff}table{border-collapse:collapse;width:100%}th,td{text-align:left;padding:.4rem;border-bottom:1px solid #ccc;\
vertical-align:top}dt{font-weight:600}svg{max-width:100%;height:auto}.grid{stroke:#ddd}.axis{font-size:12px;fill:#555}\
.baseline{stroke:#555;stroke-dasharray:4 4}.threshold{stroke:#1a7f37;stroke-dasharray:2 3}.bar{fill:#8c959f}\
.bar.accepted{fill:#1a7f37}.bar.rejected,.bar.failed{fill:#cf222e}.bar.continued{fill:#0969da}\
@media(prefers-color-scheme:dark){body{background:#111;color:#eee}.axis{fill:#aaa}.grid{stroke:#333}th,td{border-color:#444}}";
