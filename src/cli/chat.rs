//! `chat`: one question or a dialogue, with the running daemon or with one inside this command.

mod dialogue;
mod screen;
mod turn;

use std::io::{IsTerminal, Read};

use serde_json::{Value, json};

use super::args::ChatArgs;
use super::client::ClientError;
use super::exit::{Exit, Failure, Outcome};
use super::link::Link;
use super::output;
use super::place::Place;
use super::workspace;
use screen::Screen;
use turn::{Question, ask};

/// What a person asks with a pipe at most; the daemon's own limit is smaller.
const STDIN_BYTES_MAX: u64 = 16 * 1024 * 1024;

pub(super) async fn run(place: &Place, args: ChatArgs) -> Outcome {
    let question = question(&args)?;
    if question.is_none() && args.json {
        return Err(Failure::text(Exit::Failed, "--json needs a question")
            .hint("capuchin chat --json 'What is due today?'"));
    }
    let link = Link::open(place).await?;
    let outcome = match question {
        Some(question) => once(&link, &args, question).await,
        None => dialogue::run(&link, &args).await,
    };
    link.close().await;
    outcome
}

/// The question of the arguments or of a pipe; `None` asks for a dialogue.
fn question(args: &ChatArgs) -> Result<Option<String>, Failure> {
    let piped = match args.prompt.as_deref() {
        Some("-") => true,
        Some(prompt) => return checked(prompt.to_owned()).map(Some),
        None => !std::io::stdin().is_terminal(),
    };
    if !piped {
        return Ok(None);
    }
    let mut text = String::new();
    std::io::stdin().take(STDIN_BYTES_MAX).read_to_string(&mut text)?;
    checked(text.trim_end().to_owned()).map(Some)
}

fn checked(text: String) -> Result<String, Failure> {
    if text.trim().is_empty() {
        return Err(Failure::text(Exit::Failed, "the question is empty"));
    }
    Ok(text)
}

async fn once(link: &Link, args: &ChatArgs, content: String) -> Outcome {
    let thread = new_thread(link, args).await?;
    let mut screen = if args.json { Screen::silent() } else { Screen::live() };
    let question = Question { content, backend: args.backend.clone(), model: args.model.clone() };
    let ending = ask(&link.client, &thread, &question, &mut screen).await?;
    let exit = ending.exit();
    if args.json {
        output::json(&ending.report(&thread));
    }
    Ok(exit)
}

/// A new thread in the workspace that the arguments name. Its title comes from its first message.
async fn new_thread(link: &Link, args: &ChatArgs) -> Result<String, Failure> {
    let body = match &args.workspace {
        Some(wanted) => json!({ "workspace_id": workspace::id(&link.client, wanted).await? }),
        None => json!({}),
    };
    let made = link.client.post("/api/v1/threads", &body, None).await?;
    Ok(id_of(&made).ok_or(ClientError::Strange)?.to_owned())
}

fn id_of(thing: &Value) -> Option<&str> {
    thing.get("id").and_then(Value::as_str)
}
