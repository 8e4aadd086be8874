//! `policy show|add|remove|mode|test`: what assistants may do.

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::args::{PolicyCommand, RuleArgs, SettingsArgs, TestArgs};
use super::client::Client;
use super::described::described;
use super::exit::{Exit, Failure, Outcome};
use super::output;
use super::place::Place;
use super::token::expiry;

const POLICY: &str = "/api/v1/policy";

pub(super) async fn run(place: &Place, command: PolicyCommand) -> Outcome {
    let client = place.running()?;
    match command {
        PolicyCommand::Show(args) => {
            let policy = client.get(POLICY).await?;
            show(&policy, args.json);
            Ok(Exit::Done)
        }
        PolicyCommand::Add(args) => add(&client, args).await,
        PolicyCommand::Remove { id } => {
            client.delete(&format!("{POLICY}/rules/{id}")).await?;
            output::talk("removed");
            Ok(Exit::Done)
        }
        PolicyCommand::Mode(args) => mode(&client, args).await,
        PolicyCommand::Test(args) => test(&client, args).await,
    }
}

async fn add(client: &Client, args: RuleArgs) -> Outcome {
    let end = args.expires.as_deref().map(|text| expiry::parse(text, Timestamp::now())).transpose()?;
    let subject =
        present([("source", args.source), ("assistant", args.assistant), ("workspace", args.workspace)]);
    let mut body = present([("standing", args.standing), ("expires_at", end.map(|end| end.to_string()))]);
    body.insert("effect".to_owned(), args.effect.into());
    body.insert("action".to_owned(), described(&args.pattern)?);
    body.insert("subject".to_owned(), subject.into());
    body.insert("note".to_owned(), args.note.into());
    body.insert("even_untrusted".to_owned(), args.even_untrusted.into());
    let made = client.post(&format!("{POLICY}/rules"), &body.into(), None).await?;
    if args.json {
        output::json(&made);
    } else {
        output::line(text(&made, "id"));
    }
    Ok(Exit::Done)
}

async fn mode(client: &Client, args: SettingsArgs) -> Outcome {
    let change = present([
        ("preset", args.preset),
        ("approvals", args.approvals),
        ("autonomy_max", args.autonomy_max),
    ]);
    if change.is_empty() {
        return Err(Failure::text(Exit::Failed, "nothing is to be changed")
            .hint("name careful or balanced, or --approvals and --autonomy-max"));
    }
    let version = client.get(POLICY).await?.get("version").and_then(Value::as_i64);
    let changed = client.put(POLICY, &change.into(), version).await?;
    output::talk(settings(&changed));
    Ok(Exit::Done)
}

async fn test(client: &Client, args: TestArgs) -> Outcome {
    let mut body = present([
        ("assistant", args.assistant),
        ("mode", args.mode),
        ("autonomy", args.autonomy),
        ("source", args.source),
        ("workspace_root", args.workspace_root),
    ]);
    body.insert("action".to_owned(), described(&args.action)?);
    body.insert("tainted".to_owned(), args.tainted.into());
    let verdict = client.post(&format!("{POLICY}/test"), &body.into(), None).await?;
    if args.json {
        output::json(&verdict);
    } else {
        output::line(text(&verdict, "effect"));
        output::talk(format_args!("{}: {}", text(&verdict, "shown"), text(&verdict, "reason")));
    }
    Ok(Exit::Done)
}

fn show(policy: &Value, as_json: bool) {
    if as_json {
        output::json(policy);
        return;
    }
    output::line(settings(policy));
    let none = Vec::new();
    let rules = policy.get("rules").and_then(Value::as_array).unwrap_or(&none);
    if rules.is_empty() {
        output::talk("there are no rules; `capuchin policy add deny call_tool tool=*delete*` makes one");
        return;
    }
    let empty = json!({});
    let rows: Vec<_> = rules
        .iter()
        .map(|rule| {
            let about = |key| compact(rule.get(key).unwrap_or(&empty));
            let words = [text(rule, "standing"), text(rule, "note")].join(" ").trim().to_owned();
            [text(rule, "id"), text(rule, "effect"), about("action"), about("subject"), words]
        })
        .collect();
    output::table(["ID", "EFFECT", "ACTION", "OF", "WORDS"], &rows);
}

fn settings(policy: &Value) -> String {
    let [preset, approvals, autonomy] = ["preset", "approvals", "autonomy_max"].map(|key| text(policy, key));
    format!("{preset}: approvals {approvals}, no assistant further than {autonomy}")
}

/// An object as `kind field=value …`.
fn compact(object: &Value) -> String {
    let Some(fields) = object.as_object() else { return String::new() };
    let value = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    let mut words: Vec<String> = fields.get("kind").map(&value).into_iter().collect();
    words.extend(
        fields.iter().filter(|(name, _)| *name != "kind").map(|(name, of)| format!("{name}={}", value(of))),
    );
    words.join(" ")
}

fn present<const N: usize>(fields: [(&str, Option<String>); N]) -> Map<String, Value> {
    fields.into_iter().filter_map(|(name, value)| Some((name.to_owned(), Value::from(value?)))).collect()
}

fn text(item: &Value, key: &str) -> String {
    item.get(key).and_then(Value::as_str).unwrap_or_default().to_owned()
}
