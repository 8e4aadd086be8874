//! `skill list|show|add|enable|disable|log|restore|outcomes|remove`: how something is done, through the running daemon.

use std::fs;
use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hyper::Method;
use serde_json::{Value, json};

use super::agent::text;
use super::args::{SkillArgs, SkillCommand};
use super::client::{Client, ClientError};
use super::exit::{Exit, Failure, Outcome};
use super::output;
use super::place::Place;
use super::workspace;
use crate::skills::{FILES_BYTES_MAX, FILES_MAX, TEXT_BYTES_MAX};

const SKILLS: &str = "/api/v1/skills";
const DOCUMENT: &str = "SKILL.md";
/// Folders above a file of a skill, at the most.
const DEPTH_MAX: usize = 4;

pub(super) async fn run(place: &Place, command: SkillCommand) -> Outcome {
    let client = place.running()?;
    match command {
        SkillCommand::List(args) => {
            let path = format!("{SKILLS}{}", of_workspace(&client, args.workspace.as_deref()).await?);
            let answer = client.get(&path).await?;
            list(&answer, args.json)
        }
        SkillCommand::Show(args) => {
            let skill = client.get(&address(&client, &args).await?).await?;
            if args.json {
                output::json(&skill);
            } else {
                output::piece(text(&skill, "text"));
                if let Some(problem) = skill.get("problem").and_then(Value::as_str) {
                    output::talk(format_args!("it does not count: {problem}"));
                }
            }
            Ok(Exit::Done)
        }
        SkillCommand::Add { folder, replace } => add(&client, &folder, replace).await,
        SkillCommand::Enable(args) => enable(&client, &args, true).await,
        SkillCommand::Disable(args) => enable(&client, &args, false).await,
        SkillCommand::Log { name, json } => log(&client, &name, json).await,
        SkillCommand::Restore { name, version } => {
            let path = format!("{SKILLS}/{name}");
            let known = client.get(&path).await.ok();
            let known = known.and_then(|skill| skill.get("version").and_then(Value::as_i64));
            let body = json!({ "version": version });
            client.change(Method::POST, &format!("{path}/restore"), &body, known).await?;
            output::talk("put back, as a new version");
            Ok(Exit::Done)
        }
        SkillCommand::Outcomes(args) => outcomes(&client, &args).await,
        SkillCommand::Remove { name } => {
            remove(&client, &name).await?;
            output::talk("removed");
            Ok(Exit::Done)
        }
    }
}

/// The query that means a workspace.
async fn of_workspace(client: &Client, name: Option<&str>) -> Result<String, Failure> {
    let Some(name) = name else { return Ok(String::new()) };
    Ok(format!("?workspace={}", workspace::id(client, name).await?))
}

async fn address(client: &Client, args: &SkillArgs) -> Result<String, Failure> {
    Ok(format!("{SKILLS}/{}{}", args.name, of_workspace(client, args.workspace.as_deref()).await?))
}

fn list(answer: &Value, json: bool) -> Outcome {
    if json {
        output::json(answer);
        return Ok(Exit::Done);
    }
    let items = answer.get("items").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
    if items.is_empty() {
        output::talk("there are no skills; `capuchin skill add DIR` adds one");
        return Ok(Exit::Done);
    }
    let rows: Vec<_> = items
        .iter()
        .map(|skill| {
            let said =
                skill.get("problem").and_then(Value::as_str).unwrap_or_else(|| text(skill, "description"));
            [text(skill, "name").to_owned(), text(skill, "state").to_owned(), score(skill), said.to_owned()]
        })
        .collect();
    output::table(["NAME", "STATE", "SCORE", "WHAT IT IS FOR"], &rows);
    Ok(Exit::Done)
}

/// How useful a skill has been, and how much that is worth.
fn score(skill: &Value) -> String {
    let number =
        |name: &str| skill.pointer(&format!("/score/{name}")).and_then(Value::as_f64).unwrap_or_default();
    match number("evidence") {
        0.0 => "unproven".to_owned(),
        evidence => {
            format!("{:.2} ({:.2}\u{2013}{:.2}, {evidence})", number("mean"), number("low"), number("high"))
        }
    }
}

async fn log(client: &Client, name: &str, as_json: bool) -> Outcome {
    let versions = client.list(&format!("{SKILLS}/{name}/versions")).await?;
    if as_json {
        output::json(&json!({ "items": versions, "next": null }));
        return Ok(Exit::Done);
    }
    let rows: Vec<_> = versions
        .iter()
        .map(|version| {
            let number = version.get("number").and_then(Value::as_i64).unwrap_or_default().to_string();
            let bytes = format!("{} bytes", text(version, "text").len());
            [
                number,
                text(version, "deed").to_owned(),
                text(version, "at").to_owned(),
                text(version, "by").to_owned(),
                bytes,
            ]
        })
        .collect();
    output::table(["VERSION", "", "WHEN", "BY", "LENGTH"], &rows);
    Ok(Exit::Done)
}

async fn outcomes(client: &Client, args: &SkillArgs) -> Outcome {
    let place = of_workspace(client, args.workspace.as_deref()).await?;
    let outcomes = client.list(&format!("{SKILLS}/{}/outcomes{place}", args.name)).await?;
    if args.json {
        output::json(&json!({ "items": outcomes, "next": null }));
        return Ok(Exit::Done);
    }
    let rows: Vec<_> = outcomes
        .iter()
        .map(|one| {
            let good = one.get("good").and_then(Value::as_bool).unwrap_or_default();
            let good = if good { "good" } else { "bad" };
            [text(one, "kind"), good, text(one, "at"), text(one, "subject")].map(str::to_owned)
        })
        .collect();
    output::table(["FROM", "", "WHEN", "OF"], &rows);
    Ok(Exit::Done)
}

async fn add(client: &Client, folder: &Path, replace: bool) -> Outcome {
    let document = folder.join(DOCUMENT);
    let whole = fs::read_to_string(&document)
        .map_err(|error| Failure::text(Exit::Failed, format_args!("{}: {error}", document.display())))?;
    if whole.len() > TEXT_BYTES_MAX {
        return Err(Failure::text(
            Exit::Failed,
            format_args!("{DOCUMENT} is longer than {TEXT_BYTES_MAX} bytes"),
        ));
    }
    let mut files = Vec::new();
    let mut bytes_left = FILES_BYTES_MAX;
    collect(folder, "", DEPTH_MAX, &mut bytes_left, &mut files)?;
    let body = json!({ "text": whole, "files": files });
    let mut outcome = client.post(SKILLS, &body, None).await;
    if let (true, Err(ClientError::Refused(problem))) = (replace, &outcome)
        && problem.code == "name_taken"
        && let Some(name) = folder.canonicalize()?.file_name().and_then(|name| name.to_str())
    {
        remove(client, name).await?;
        outcome = client.post(SKILLS, &body, None).await;
    }
    output::line(text(&outcome?, "name"));
    Ok(Exit::Done)
}

/// The files below a folder, without hidden ones and links.
fn collect(
    folder: &Path,
    above: &str,
    depth_max: usize,
    bytes_left: &mut usize,
    files: &mut Vec<Value>,
) -> Result<(), Failure> {
    let mut entries = fs::read_dir(folder)?.collect::<Result<Vec<_>, _>>()?;
    entries.sort_by_key(fs::DirEntry::file_name);
    for entry in entries {
        let (name, kind) = (entry.file_name(), entry.file_type()?);
        let Some(name) = name.to_str().filter(|name| !name.starts_with('.')) else { continue };
        let path = format!("{above}{name}");
        if kind.is_dir() && depth_max > 0 {
            collect(&entry.path(), &format!("{path}/"), depth_max - 1, bytes_left, files)?;
        } else if kind.is_file() && path != DOCUMENT {
            let length = usize::try_from(entry.metadata()?.len()).unwrap_or(usize::MAX);
            let rest = bytes_left.checked_sub(length).filter(|_| files.len() < FILES_MAX);
            *bytes_left = rest.ok_or_else(|| {
                let text = format!("a skill has at most {FILES_MAX} files with {FILES_BYTES_MAX} bytes");
                Failure::text(Exit::Failed, text)
            })?;
            files.push(json!({ "path": path, "base64": STANDARD.encode(fs::read(entry.path())?) }));
        }
    }
    Ok(())
}

async fn enable(client: &Client, args: &SkillArgs, enabled: bool) -> Outcome {
    let path = address(client, args).await?;
    let version = client.get(&path).await?.get("version").and_then(Value::as_i64);
    let skill = client.change(Method::PATCH, &path, &json!({ "enabled": enabled }), version).await?;
    if args.json {
        output::json(&skill);
    } else {
        output::talk(format_args!("{} is {}", text(&skill, "name"), text(&skill, "state")));
    }
    Ok(Exit::Done)
}

async fn remove(client: &Client, name: &str) -> Result<(), Failure> {
    let path = format!("{SKILLS}/{name}");
    let version = client.get(&path).await?.get("version").and_then(Value::as_i64);
    client.change(Method::DELETE, &path, &Value::Null, version).await?;
    Ok(())
}
