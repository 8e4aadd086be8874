//! `thread import|export`: conversations from elsewhere and to elsewhere, through the running daemon.

use std::io::Read as _;
use std::path::Path;

use serde_json::{Value, json};

use super::args::{ThreadCommand, ThreadFormat};
use super::client::{Client, ClientError};
use super::exit::{Exit, Failure, Outcome};
use super::output;
use super::place::Place;
use super::workspace;

/// Lines of one request; what is more goes in several.
const LINES: usize = 5_000;
/// Bytes of one request, unless one line has more.
const BYTES: usize = 4 << 20;

pub(super) async fn run(place: &Place, command: ThreadCommand) -> Outcome {
    let client = place.running()?;
    match command {
        ThreadCommand::Import { file, workspace, json } => {
            import(&client, &file, workspace.as_deref(), json).await
        }
        ThreadCommand::Export { id, format } => {
            let word = if format == ThreadFormat::Markdown { "markdown" } else { "jsonl" };
            let whole = client.bytes(&format!("/api/v1/threads/{id}/export?format={word}")).await?;
            output::piece(&String::from_utf8_lossy(&whole));
            Ok(Exit::Done)
        }
    }
}

async fn import(client: &Client, file: &Path, workspace: Option<&str>, as_json: bool) -> Outcome {
    let mut text = String::new();
    let read = match file.to_str() {
        Some("-") => std::io::stdin().lock().read_to_string(&mut text).map(|_| ()),
        _ => std::fs::read_to_string(file).map(|whole| text = whole),
    };
    read.map_err(|error| Failure::text(Exit::Failed, format_args!("{}: {error}", file.display())))?;
    let query = match workspace {
        Some(name) => format!("?workspace={}", workspace::id(client, name).await?),
        None => String::new(),
    };
    let (mut items, mut created, mut repeated) = (Vec::new(), 0, 0);
    for part in parts(&text) {
        let mut made = client.lines(&format!("/api/v1/threads/import{query}"), part.to_owned()).await?;
        let count = |key: &str| made.get(key).and_then(Value::as_u64).unwrap_or_default();
        (created, repeated) = (created + count("created"), repeated + count("repeated"));
        match made.get_mut("items").and_then(Value::as_array_mut) {
            Some(found) => items.append(found),
            None => return Err(ClientError::Strange.into()),
        }
    }
    if as_json {
        output::json(&json!({ "items": items, "next": null, "created": created, "repeated": repeated }));
    } else {
        output::talk(format_args!("{created} messages taken in, {repeated} were there before"));
    }
    Ok(Exit::Done)
}

/// The text in parts of whole lines, each small enough for a request.
fn parts(text: &str) -> Vec<&str> {
    let mut parts = Vec::new();
    let (mut start, mut end, mut lines) = (0, 0, 0);
    for line in text.split_inclusive('\n') {
        if lines == LINES || lines > 0 && end - start + line.len() > BYTES {
            parts.extend(text.get(start..end));
            (start, lines) = (end, 0);
        }
        (end, lines) = (end + line.len(), lines + 1);
    }
    parts.extend(text.get(start..end).filter(|rest| !rest.trim().is_empty()));
    parts
}

#[cfg(test)]
mod tests {
    use super::{BYTES, LINES, parts};

    #[test]
    fn a_file_is_sent_in_parts_of_whole_lines() {
        assert_eq!(parts(""), [] as [&str; 0]);
        assert_eq!(parts("a\nb"), ["a\nb"]);
        let many = "x\n".repeat(LINES + 1);
        assert_eq!(parts(&many).iter().map(|part| part.len()).collect::<Vec<_>>(), [LINES * 2, 2]);
        let long = format!("{}\nb\n", "a".repeat(BYTES));
        assert_eq!(parts(&long), [format!("{}\n", "a".repeat(BYTES)).as_str(), "b\n"]);
    }
}
