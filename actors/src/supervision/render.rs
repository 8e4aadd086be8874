//! Trees as text, for terminals.

use std::fmt::Write;
use std::time::Duration;

use super::declaration::{Declaration, DeclaredChild, DeclaredSupervisor, Terms};
use super::duration::{human, print};
use super::intensity::Intensity;
use super::snapshot::{NodeState, NodeView};
use super::spec::{Shutdown, Strategy};

/// A live tree with box characters, one node a line.
pub fn render_tree(root: &NodeView) -> String {
    let mut text = String::new();
    live_line(&mut text, root);
    live_children(&mut text, root, "");
    text
}

/// A declared tree with box characters, one node a line.
pub fn render_declaration(declaration: &Declaration) -> String {
    let mut text = String::new();
    supervisor_line(&mut text, &declaration.root, None);
    declared_children(&mut text, &declaration.root, "");
    text
}

fn live_children(text: &mut String, node: &NodeView, indent: &str) {
    let unlisted = node.children_total.saturating_sub(node.children.len());
    let lines = node.children.len() + usize::from(unlisted > 0);
    for (at, child) in node.children.iter().enumerate() {
        let (branch, below) = branches(at + 1 == lines);
        let _ = write!(text, "{indent}{branch}");
        live_line(text, child);
        live_children(text, child, &format!("{indent}{below}"));
    }
    if unlisted > 0 {
        let _ = writeln!(text, "{indent}└── … and {unlisted} more");
    }
}

fn live_line(text: &mut String, node: &NodeView) {
    let since = human(Duration::from_millis(node.since_ms));
    text.push_str(&node.id);
    if let Some(strategy) = &node.strategy {
        let _ = write!(text, " ({strategy})");
    }
    let _ = write!(text, "  {} {since}", node.state.as_str());
    if let Some(wait) = node.next_try_in_ms {
        let _ = write!(text, ", next try in {}", human(Duration::from_millis(wait)));
    }
    if node.restarts_total > 0 {
        let _ = write!(text, ", restarts {}", node.restarts_total);
    }
    if let (Some(limit), 1..) = (node.restarts_limit, node.restarts_in_window) {
        let _ = write!(text, ", window {}/{limit}", node.restarts_in_window);
    }
    if let Some(exit) = &node.last_exit {
        let label = if node.state == NodeState::Quarantined { "reason" } else { "last exit" };
        let _ = write!(text, ", {label}: {}", exit.lines().next().unwrap_or_default());
    }
    text.push('\n');
}

fn declared_children(text: &mut String, supervisor: &DeclaredSupervisor, indent: &str) {
    for (at, child) in supervisor.children.iter().enumerate() {
        let (branch, below) = branches(at + 1 == supervisor.children.len());
        let _ = write!(text, "{indent}{branch}");
        match child {
            DeclaredChild::Worker(worker) => {
                let shutdown = match worker.shutdown {
                    Shutdown::Brutal => "killed".to_owned(),
                    Shutdown::Infinity => "waited for".to_owned(),
                    Shutdown::After(time) => format!("stopped within {}", print(time)),
                };
                let terms = terms_text(&worker.terms);
                let _ = writeln!(text, "{}  {terms}, {shutdown}", worker.name);
            }
            DeclaredChild::Supervisor(below_it) => {
                supervisor_line(text, below_it, Some(&below_it.terms));
                declared_children(text, below_it, &format!("{indent}{below}"));
            }
        }
    }
}

fn supervisor_line(text: &mut String, supervisor: &DeclaredSupervisor, terms: Option<&Terms>) {
    let _ = write!(text, "{} ({})", supervisor.name, supervisor.strategy.as_str());
    if let Some(terms) = terms {
        let _ = write!(text, "  {}", terms_text(terms));
    }
    if supervisor.strategy == Strategy::SimpleOneForOne {
        let _ = write!(text, ", at most {} children", supervisor.max_children);
    }
    let _ = writeln!(text, ", gives up after {}", limit_text(supervisor.intensity));
}

fn terms_text(terms: &Terms) -> String {
    let mut text = terms.restart.as_str().to_owned();
    if terms.significant {
        text.push_str(", significant");
    }
    if let Some(budget) = &terms.budget {
        let _ = write!(text, ", quarantined after {}", limit_text(budget.limit));
    }
    text
}

fn limit_text(limit: Intensity) -> String {
    format!("{} restarts in {}", limit.restarts, print(limit.within))
}

/// The branch of a line, and what stands before the lines below it.
fn branches(last: bool) -> (&'static str, &'static str) {
    if last { ("└── ", "    ") } else { ("├── ", "│   ") }
}

#[cfg(test)]
mod tests;
