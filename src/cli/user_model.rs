//! `user-model show|set-privacy|injection|prefer|drop|forget`: what is known about you, through the running daemon.

use hyper::Method;
use serde_json::{Value, json};

use super::agent::text;
use super::args::UserModelCommand;
use super::client::Client;
use super::exit::{Exit, Failure, Outcome};
use super::output;
use super::place::Place;

const MODEL: &str = "/api/v1/user-model";

pub(super) async fn run(place: &Place, command: UserModelCommand) -> Outcome {
    let client = place.running()?;
    match command {
        UserModelCommand::Show { json } => {
            let model = client.get(MODEL).await?;
            if json { output::json(&model) } else { show(&model) }
        }
        UserModelCommand::SetPrivacy { level } => {
            client.patch(MODEL, &json!({ "privacy": level })).await?;
            output::talk(match level.as_str() {
                "full" => "topics and patterns are noticed",
                "limited" => "topics are noticed, and patterns are removed",
                _ => "nothing is noticed, and topics and patterns are removed",
            });
        }
        UserModelCommand::Injection { state } => {
            client.patch(MODEL, &json!({ "injection": state == "on" })).await?;
            output::talk(format_args!("what prompts are told of you is {state}"));
        }
        UserModelCommand::Prefer { text: said } => {
            let made = client.post(&format!("{MODEL}/preferences"), &json!({ "text": said }), None).await?;
            output::line(made.get("id").unwrap_or(&Value::Null));
        }
        UserModelCommand::Drop { what } => drop_one(&client, &what).await?,
        UserModelCommand::Forget { yes } => {
            if !yes {
                return Err(Failure::text(
                    Exit::Failed,
                    "everything that is known about you would be gone for good",
                )
                .hint("capuchin user-model forget --yes"));
            }
            client.change(Method::DELETE, MODEL, &Value::Null, None).await?;
            output::talk(
                "forgotten, and its key is destroyed: backups that still have it cannot be opened. Nothing is noticed from \
                 now on. Your conversations stay until you delete them.",
            );
        }
    }
    Ok(Exit::Done)
}

/// A topic by its word, or a preference by its number.
async fn drop_one(client: &Client, what: &str) -> Result<(), Failure> {
    let word: String = form_urlencoded::byte_serialize(what.as_bytes()).collect();
    let kind = if what.parse::<u32>().is_ok() { "preferences" } else { "topics" };
    client.change(Method::DELETE, &format!("{MODEL}/{kind}/{word}"), &Value::Null, None).await?;
    output::talk("removed");
    Ok(())
}

fn show(model: &Value) {
    let all = |name: &str| model.get(name).and_then(Value::as_array).cloned().unwrap_or_default();
    let number = |value: &Value, name: &str| value.get(name).and_then(Value::as_f64).unwrap_or_default();
    let told = model.get("injection").and_then(Value::as_bool).unwrap_or_default();
    let told = if told { "are told" } else { "are not told" };
    output::line(format_args!("privacy {}, prompts {told}", text(model, "privacy")));
    if model.get("readable").and_then(Value::as_bool) == Some(false) {
        output::line(
            "what is known cannot be opened: its key is gone. `capuchin user-model forget` begins anew",
        );
    }
    if number(model, "queries") > 0.0 {
        let (queries, chars) = (number(model, "queries"), number(model, "average_prompt_chars"));
        output::line(format_args!("{queries} questions of {chars} characters on average"));
    }
    let (topics, preferences) = (all("topics"), all("preferences"));
    if topics.is_empty() && preferences.is_empty() {
        output::talk("nothing is known");
    }
    let rows: Vec<_> = topics
        .iter()
        .map(|topic| {
            [
                text(topic, "word").to_owned(),
                number(topic, "count").to_string(),
                text(topic, "last_at").to_owned(),
            ]
        })
        .collect();
    if !rows.is_empty() {
        output::table(["TOPIC", "MESSAGES", "LAST"], &rows);
    }
    for preference in preferences {
        output::line(format_args!("{}. {}", number(&preference, "id"), text(&preference, "text")));
    }
}
