//! A table as lines of a code block: columns aligned by what they measure on a screen.

use comrak::nodes::{Node, NodeValue, TableAlignment};
use unicode_width::UnicodeWidthStr as _;

use super::flow::text_of as plain_text_of;

/// Columns wider than this are not filled up: one long cell would push all others off the screen.
const COLUMN_WIDTH_MAX: usize = 40;

/// The table below `table`.
pub(super) fn text_of(table: Node<'_>) -> String {
    let alignments = match &table.data().value {
        NodeValue::Table(table) => table.alignments.clone(),
        _ => Vec::new(),
    };
    let rows: Vec<Vec<String>> =
        table.children().map(|row| row.children().map(|cell| cell_text(cell)).collect()).collect();
    let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
    let width = |column: usize| {
        let widths = rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.width());
        widths.max().unwrap_or(0).min(COLUMN_WIDTH_MAX)
    };
    let widths: Vec<usize> = (0..columns).map(width).collect();
    let mut lines: Vec<String> = rows.iter().map(|row| line(row, &widths, &alignments)).collect();
    if !lines.is_empty() {
        let rule: Vec<String> = widths.iter().map(|width| "-".repeat((*width).max(1))).collect();
        lines.insert(1, rule.join("  "));
    }
    lines.join("\n")
}

fn line(row: &[String], widths: &[usize], alignments: &[TableAlignment]) -> String {
    let mut line = String::new();
    for (at, (cell, width)) in row.iter().zip(widths).enumerate() {
        if at > 0 {
            line.push_str("  ");
        }
        let free = width.saturating_sub(cell.width());
        let before = match alignments.get(at) {
            Some(TableAlignment::Right) => free,
            Some(TableAlignment::Center) => free / 2,
            _ => 0,
        };
        line.push_str(&" ".repeat(before));
        line.push_str(cell);
        line.push_str(&" ".repeat(free - before));
    }
    line.truncate(line.trim_end().len());
    line
}

fn cell_text(cell: Node<'_>) -> String {
    let mut text = plain_text_of(cell);
    // The addresses would be lost in a block of code.
    for inner in cell.descendants() {
        if let NodeValue::Link(link) = &inner.data().value
            && !text.contains(link.url.as_str())
        {
            text = format!("{text} ({})", link.url);
        }
    }
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
