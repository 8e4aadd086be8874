//! What a permission mode and an autonomy level mean, as rules.
//!
//! Each is a whole table: every action but an unknown one matches exactly one line of it. The lines of all
//! tables that hold at once are judged together, so the narrowest wins and no combination widens. A `deny`
//! here is a ceiling that no rule of a person lifts; `ask` and `allow` are what holds on a miss.

use super::action::{Canonical, ToolClass};
use super::glob::Reading;
use super::mode::{Autonomy, PermissionMode};
use super::pattern::{ActionPattern, PathPattern, Whereabouts};
use super::rule::Effect;

/// One line of a table.
pub(super) struct Line {
    pub(super) effect: Effect,
    pub(super) action: ActionPattern,
}

/// What each kind of action gets.
struct Row {
    read_inside: Effect,
    read_outside: Effect,
    write_inside: Effect,
    write_outside: Effect,
    read_tool: Effect,
    other_tool: Effect,
    spawn: Effect,
    /// Commands, connections, messages, secrets.
    reach: Effect,
}

const READER: Row = Row {
    read_inside: Effect::Allow,
    read_outside: Effect::Ask,
    write_inside: Effect::Deny,
    write_outside: Effect::Deny,
    read_tool: Effect::Allow,
    other_tool: Effect::Deny,
    spawn: Effect::Deny,
    reach: Effect::Deny,
};
const ASKER: Row = Row {
    write_inside: Effect::Ask,
    write_outside: Effect::Ask,
    other_tool: Effect::Ask,
    spawn: Effect::Ask,
    reach: Effect::Ask,
    ..READER
};
const EDITOR: Row = Row { write_inside: Effect::Allow, ..ASKER };
const WORKER: Row = Row { spawn: Effect::Allow, ..EDITOR };
const FREE: Row = Row {
    read_outside: Effect::Allow,
    write_outside: Effect::Allow,
    other_tool: Effect::Allow,
    reach: Effect::Allow,
    ..WORKER
};

/// The table of a permission mode.
pub(super) fn mode(mode: PermissionMode) -> Vec<Line> {
    lines(match mode {
        PermissionMode::Default | PermissionMode::DontAsk => &ASKER,
        PermissionMode::AcceptEdits => &EDITOR,
        PermissionMode::Plan => &READER,
        PermissionMode::BypassPermissions => &FREE,
    })
}

/// The table of an autonomy level.
pub(super) fn autonomy(autonomy: Autonomy) -> Vec<Line> {
    lines(match autonomy {
        Autonomy::ReadOnly => &READER,
        Autonomy::Supervised => &WORKER,
        Autonomy::Full => &FREE,
    })
}

/// The effect of a table on an action; `None` for an unknown one.
pub(super) fn effect(lines: &[Line], action: &Canonical<'_>) -> Option<Effect> {
    let matching = lines.iter().filter(|line| line.action.matches(action, Reading::Narrow));
    matching.map(|line| line.effect).max()
}

fn lines(row: &Row) -> Vec<Line> {
    let at = |whereabouts| PathPattern { path: None, whereabouts: Some(whereabouts) };
    let tool = |class| ActionPattern::CallTool { server: None, tool: None, class: Some(class) };
    let (inside, outside) = (at(Whereabouts::Inside), at(Whereabouts::Outside));
    let table = [
        (row.read_inside, ActionPattern::ReadPath(inside.clone())),
        (row.read_outside, ActionPattern::ReadPath(outside.clone())),
        (row.write_inside, ActionPattern::WritePath(inside)),
        (row.write_outside, ActionPattern::WritePath(outside)),
        (row.read_tool, tool(ToolClass::ReadOnly)),
        (row.other_tool, tool(ToolClass::Idempotent)),
        (row.other_tool, tool(ToolClass::Effectful)),
        (row.spawn, ActionPattern::SpawnAgent { assistant: None }),
        (row.reach, ActionPattern::RunCommand(Default::default())),
        (row.reach, ActionPattern::ReachHost { host: None, port: None }),
        (row.reach, ActionPattern::SendTo { channel: None, target: None }),
        (row.reach, ActionPattern::UseSecret { name: None, host: None }),
        // A conversation without a model is none: a person who wants to restrict models writes a rule.
        (Effect::Allow, ActionPattern::UseModel { backend: None, model: None, local: None }),
    ];
    table.into_iter().map(|(effect, action)| Line { effect, action }).collect()
}
