//! The tool with which an assistant reads skills.

use futures::FutureExt as _;
use futures::future::BoxFuture;
use serde_json::{Value, json};

use super::{FILE_BYTES_MAX, Skill, SkillPlace, Skills, prompt};
use crate::protocol::chat::ToolSpec;
use crate::protocol::turn::Provenance;
use crate::tools::{Arguments, Place, Plan, Tool, ToolCallRun, ToolClass, ToolError, ToolOutput};

/// `skill`: all of them, the text of one, or a file beside it.
#[derive(Clone)]
pub struct SkillTool {
    skills: Skills,
}

impl SkillTool {
    /// The tool over these skills.
    #[must_use]
    pub const fn new(skills: Skills) -> Self {
        Self { skills }
    }

    async fn call(self, call: ToolCallRun) -> Result<ToolOutput, ToolError> {
        let (place, arguments) = (&call.place, &call.arguments);
        let active = self.skills.active(&place.tenant, place.workspace).await;
        let Some(name) = text(arguments, "name") else {
            let lines: String = active.iter().map(prompt::line).collect();
            let all = if lines.is_empty() { "there are no skills" } else { lines.trim_start() };
            return Ok(owners(all.to_owned()));
        };
        let skill = active.into_iter().find(|skill| skill.name == name);
        let skill = skill.ok_or_else(|| ToolError::Refused(format!("there is no skill `{name}`")))?;
        let used = vec![(skill.place, skill.name.clone())];
        if let Err(error) = self.skills.note_uses(&place.tenant, place.turn, used).await {
            tracing::warn!(%error, "it is not noted that a turn had a skill");
        }
        match text(arguments, "file") {
            None => self.whole(place, &skill).await,
            Some(path) => self.file(place, &skill, path).await,
        }
    }

    async fn whole(&self, place: &Place, skill: &Skill) -> Result<ToolOutput, ToolError> {
        let body = skill.document.as_ref().map(|document| document.body.clone()).unwrap_or_default();
        let files = self.skills.files(&place.tenant, skill).await.map_err(failed)?;
        // In a workspace, names of files are words that tools may have written.
        if files.is_empty() || skill.place != SkillPlace::Home {
            let more = if files.is_empty() { String::new() } else { beside(files.len()) };
            return Ok(owners(body + &more));
        }
        let names: Vec<String> =
            files.iter().map(|file| format!("- {} ({} bytes)", file.path, file.bytes)).collect();
        Ok(owners(format!("{body}\n\nFiles of this skill, read with `file`:\n{}", names.join("\n"))))
    }

    async fn file(&self, place: &Place, skill: &Skill, path: &str) -> Result<ToolOutput, ToolError> {
        let found = self.skills.file(&place.tenant, skill, path).await.map_err(failed)?;
        let Some(file) = found else {
            return Err(ToolError::Refused(format!("the skill `{}` has no such file", skill.name)));
        };
        let cut = usize::try_from(file.bytes).unwrap_or(usize::MAX) > FILE_BYTES_MAX;
        let mark = if cut {
            format!("\n[… the file goes on; this is its first {FILE_BYTES_MAX} bytes …]")
        } else {
            String::new()
        };
        let text = file.text + &mark;
        match skill.place {
            SkillPlace::Home => Ok(owners(text)),
            SkillPlace::Workspace(_) => Ok(ToolOutput::tool(text)),
        }
    }
}

impl Tool for SkillTool {
    fn spec(&self) -> ToolSpec {
        ToolSpec {
            name: "skill".to_owned(),
            description:
                "Read how something is done: a skill's text, or one of its files. Without a name: all skills."
                    .to_owned(),
            parameters: json!({
                "type": "object",
                "properties": {
                    "name": { "type": "string" },
                    "file": { "type": "string", "description": "a path that the skill names" },
                },
                "additionalProperties": false,
            }),
        }
    }

    fn plan(&self, arguments: &Arguments, _: &Place) -> Result<Plan, ToolError> {
        if text(arguments, "file").is_some() && text(arguments, "name").is_none() {
            return Err(ToolError::Arguments("name the skill whose file it is".to_owned()));
        }
        Ok(Plan::new(ToolClass::ReadOnly))
    }

    fn run(&self, call: ToolCallRun) -> BoxFuture<'static, Result<ToolOutput, ToolError>> {
        self.clone().call(call).boxed()
    }
}

/// A person put it there, or turned on exactly this text.
fn owners(text: String) -> ToolOutput {
    ToolOutput { text, provenance: Provenance::Owner, failed: false }
}

fn beside(count: usize) -> String {
    format!("\n\nThe folder of this skill has {count} files; read one that the text names with `file`.")
}

fn text<'a>(arguments: &'a Arguments, key: &str) -> Option<&'a str> {
    arguments.get(key).and_then(Value::as_str).filter(|text| !text.is_empty())
}

#[allow(clippy::needless_pass_by_value, reason = "it is handed to map_err")]
fn failed(error: super::SkillError) -> ToolError {
    ToolError::Failed(error.to_string())
}
