//! `search`: what was said, remembered and written down, through the running daemon.

use form_urlencoded::Serializer;
use serde_json::Value;

use super::agent::text;
use super::args::SearchArgs;
use super::exit::{Exit, Outcome};
use super::output;
use super::place::Place;
use super::workspace;

pub(super) async fn run(place: &Place, args: SearchArgs) -> Outcome {
    let client = place.running()?;
    let workspace = match &args.workspace {
        Some(name) => Some(workspace::id(&client, name).await?),
        None => None,
    };
    let (words, limit) = (args.words.join(" "), args.limit.to_string());
    let pairs = [
        ("q", Some(words)),
        ("workspace", workspace),
        ("thread", args.thread),
        ("role", args.role),
        ("kind", args.kind),
        ("after", args.after),
        ("before", args.before),
        ("sort", args.newest.then(|| "newest".to_owned())),
        ("limit", Some(limit)),
    ];
    let given = pairs.into_iter().filter_map(|(name, value)| Some((name, value?)));
    let query = Serializer::new(String::new()).extend_pairs(given).finish();
    let answer = client.get(&format!("/api/v1/search?{query}")).await?;
    if args.json {
        output::json(&answer);
        return Ok(Exit::Done);
    }
    let items = answer.get("items").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
    if items.is_empty() {
        output::talk("nothing fits");
    }
    for item in items {
        let by = item.get("author").and_then(Value::as_str).unwrap_or_else(|| text(item, "role"));
        let what = if by.is_empty() { text(item, "kind") } else { by };
        output::line(format_args!("{}  {what}  {}", text(item, "created_at"), text(item, "title")));
        output::line(format_args!("  {}", text(item, "snippet")));
    }
    Ok(Exit::Done)
}
