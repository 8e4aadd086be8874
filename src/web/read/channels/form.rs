//! The form of a channel: made from the tables of its platform, filled with what it is or what was typed.

use std::collections::BTreeMap;

use super::super::problem;
use super::{guide, mode_label};
use crate::channels::{Channel, ChannelSettings, Groups, Mode, Platform, SettingField, fields, settings};
use crate::http::{AppState, Problem};
use crate::identity::Principal;
use crate::policy::Ceiling;
use crate::web::view::channels::{ChannelForm, FieldRow, ModeRow};

/// Before the name of a credential in the form.
pub(in crate::web) const CREDENTIAL: &str = "credential.";
/// Before the name of a setting in the form.
pub(in crate::web) const SETTING: &str = "setting.";
/// Workspaces that a channel can be for, here.
const WORKSPACES_MAX: usize = 200;

/// What is in a form, without credentials: those are never shown again.
#[derive(Clone, Debug)]
pub(in crate::web) struct Draft {
    /// The platform.
    pub(in crate::web) platform: Platform,
    /// How messages come.
    pub(in crate::web) mode: Mode,
    /// The name.
    pub(in crate::web) name: String,
    /// The workspace's id, or nothing.
    pub(in crate::web) workspace: String,
    /// The word of what is answered in groups.
    pub(in crate::web) groups: String,
    /// One sender on each line.
    pub(in crate::web) allowed: String,
    /// The word of the ceiling, or nothing.
    pub(in crate::web) ceiling: String,
    /// Settings of the platform by their names.
    pub(in crate::web) settings: BTreeMap<String, String>,
}

impl Draft {
    /// An empty one.
    pub(in crate::web) fn blank(platform: Platform, mode: Mode) -> Self {
        Self {
            platform,
            mode,
            name: String::new(),
            workspace: String::new(),
            groups: Groups::Mention.word().to_owned(),
            allowed: String::new(),
            ceiling: Ceiling::Supervised.as_str().to_owned(),
            settings: BTreeMap::new(),
        }
    }

    /// What a channel is.
    pub(in crate::web) fn of(channel: &Channel) -> Self {
        let of = &channel.settings;
        let typed = settings(channel.platform).iter().map(|field| (field.name.to_owned(), of.typed(field)));
        Self {
            platform: channel.platform,
            mode: channel.mode(),
            name: channel.name.clone(),
            workspace: channel.workspace_id.to_string(),
            groups: of.groups.word().to_owned(),
            allowed: of.allowed.join("\n"),
            ceiling: of.ceiling.map_or("", Ceiling::as_str).to_owned(),
            settings: typed.collect(),
        }
    }

    /// The settings that it says, on top of those that are no part of the form.
    pub(in crate::web) fn settings(&self, base: ChannelSettings) -> Result<ChannelSettings, Problem> {
        let wrong = |field, why| move || Problem::invalid_field(field, why);
        let groups = Groups::parse(&self.groups);
        let ceiling = (!self.ceiling.is_empty()).then(|| self.ceiling.parse::<Ceiling>()).transpose();
        let lines = self.allowed.lines().map(str::trim).filter(|line| !line.is_empty());
        let common = ChannelSettings {
            mode: Some(self.mode),
            groups: groups.ok_or_else(wrong("groups", "is mention, always or never"))?,
            allowed: lines.map(str::to_owned).collect(),
            ceiling: ceiling.map_err(|_| wrong("ceiling", "is no_tools, read_only or supervised")())?,
            ..base
        };
        Ok(common.with_typed(self.platform, &self.settings)?)
    }
}

/// The form of a draft.
pub(in crate::web) async fn form(
    state: &AppState,
    by: &Principal,
    draft: &Draft,
) -> Result<ChannelForm, Problem> {
    let found = state.workspaces.list(by, None, WORKSPACES_MAX).await.map_err(problem)?;
    let (platform, mode) = (draft.platform, draft.mode);
    let row = |field: &SettingField| FieldRow {
        name: format!("{SETTING}{}", field.name),
        label: field.label.to_owned(),
        help: field.help,
        value: draft.settings.get(field.name).cloned().unwrap_or_default(),
        needed: field.needed,
        kind: field.kind.as_str(),
        choices: field.kind.choices(),
    };
    let (advanced, plain): (Vec<_>, Vec<_>) = settings(platform).iter().partition(|field| field.advanced);
    let modes = Mode::of(platform).iter();
    Ok(ChannelForm {
        platform: platform.word(),
        label: platform.label(),
        prepare: guide::prepare(platform, mode),
        modes: modes
            .map(|one| ModeRow { word: one.word(), label: mode_label(*one), chosen: *one == mode })
            .collect(),
        name: draft.name.clone(),
        workspaces: found.into_iter().map(|one| (one.id.to_string(), one.name)).collect(),
        workspace: draft.workspace.clone(),
        groups: draft.groups.clone(),
        allowed: draft.allowed.clone(),
        ceiling: draft.ceiling.clone(),
        credentials: credentials(platform, mode),
        settings: plain.into_iter().map(row).collect(),
        advanced: advanced.into_iter().map(row).collect(),
    })
}

fn credentials(platform: Platform, mode: Mode) -> Vec<FieldRow> {
    let row = |name: &str, help, needed| FieldRow {
        name: format!("{CREDENTIAL}{name}"),
        label: label(name),
        help,
        value: String::new(),
        needed,
        kind: "text",
        choices: &[],
    };
    let asked = fields(platform).iter().filter(|field| field.is_for(mode));
    asked.map(|field| row(field.name, field.help, field.is_needed(mode))).collect()
}

/// A name as a label: `bot_token` becomes `Bot token`.
fn label(name: &str) -> String {
    let mut text = name.replace('_', " ");
    if let Some(first) = text.get_mut(..1) {
        first.make_ascii_uppercase();
    }
    text
}
