//! `kill-switch on|off|status`.

use serde_json::{Value, json};

use super::args::KillSwitchCommand;
use super::exit::{Exit, Outcome};
use super::output;
use super::place::Place;

const SWITCH: &str = "/api/v1/kill-switch";

pub(super) async fn run(place: &Place, command: KillSwitchCommand) -> Outcome {
    let client = place.running()?;
    match command {
        KillSwitchCommand::On { reason } => {
            let switch = client.put(SWITCH, &json!({ "engaged": true, "reason": reason }), None).await?;
            let stopped = switch.get("stopped_turns").and_then(Value::as_u64).unwrap_or(0);
            output::talk(format_args!("engaged; {stopped} turns were stopped, and nothing more is started"));
            output::talk("`capuchin kill-switch off` releases it");
        }
        KillSwitchCommand::Off => {
            client.put(SWITCH, &json!({ "engaged": false }), None).await?;
            output::talk("released; what waited goes on");
        }
        KillSwitchCommand::Status(args) => {
            let switch = client.get(SWITCH).await?;
            if args.json {
                output::json(&switch);
            } else {
                output::line(words(&switch));
            }
        }
    }
    Ok(Exit::Done)
}

fn words(switch: &Value) -> String {
    let text = |key: &str| switch.get(key).and_then(Value::as_str).unwrap_or_default();
    match switch.get("engaged").and_then(Value::as_bool) {
        Some(true) if text("reason").is_empty() => {
            format!("engaged by {} since {}", text("by"), text("since"))
        }
        Some(true) => format!("engaged by {} since {}: {}", text("by"), text("since"), text("reason")),
        _ => "released".to_owned(),
    }
}
