//! `status`: how the daemon is, in one screen and at most a second, whether it runs or not.

use std::time::Duration;

use capuchin_actors::supervision::NodeState;
use jiff::Timestamp;
use serde_json::{Value, json};
use tokio::time::timeout;

use crate::config::{Occupant, Presence};

use super::client::{Client, ClientError};
use super::exit::{Exit, Outcome};
use super::output;
use super::place::Place;
use super::tree::{count_in, live};

/// How long a daemon may think about how it is.
const ANSWER_TIMEOUT: Duration = Duration::from_millis(800);

pub(super) async fn run(place: &Place, json: bool) -> Outcome {
    let home = place.home.describe().to_string();
    let (exit, report) = match place.occupant()? {
        Occupant::None => (Exit::Unavailable, json!({ "state": "stopped", "home": home })),
        Occupant::Unready(pid) => {
            (Exit::Unavailable, json!({ "state": "starting_or_stopping", "home": home, "pid": pid }))
        }
        Occupant::Ready(presence) => running(&presence, &home).await,
    };
    if json {
        output::json(&report);
    } else {
        show(&report);
    }
    Ok(exit)
}

async fn running(presence: &Presence, home: &str) -> (Exit, Value) {
    let client = Client::new(presence.control.clone());
    let asked = timeout(ANSWER_TIMEOUT, async { tokio::join!(client.get("/health/ready"), live(&client)) });
    let (state, tree) = match asked.await {
        Ok((Ok(_), tree)) => ("ready", tree.ok()),
        Ok((Err(ClientError::Refused(_)), tree)) => ("not_ready", tree.ok()),
        Ok((Err(_), _)) | Err(_) => ("unreachable", None),
    };
    let up_s = (Timestamp::now().as_millisecond() - presence.ready_ms).max(0) / 1_000;
    let quarantined = tree.as_ref().map(|tree| count_in(tree, NodeState::Quarantined));
    let report = json!({
        "state": state,
        "home": home,
        "pid": presence.pid,
        "version": presence.version,
        "up_s": up_s,
        "console": presence.console,
        "ingress": presence.ingress,
        "quarantined": quarantined,
    });
    (if state == "ready" { Exit::Done } else { Exit::Unavailable }, report)
}

fn show(report: &Value) {
    let text = |key: &str| match report.get(key) {
        Some(Value::String(text)) => Some(text.clone()),
        Some(Value::Number(number)) => Some(number.to_string()),
        _ => None,
    };
    let state = text("state").unwrap_or_default();
    let words = match state.as_str() {
        "ready" => "running",
        "not_ready" => "running, not ready",
        "unreachable" => "running, but it does not answer",
        "starting_or_stopping" => "starting or stopping",
        _ => "not running",
    };
    output::line(format_args!("daemon   {words}"));
    if let Some(pid) = text("pid") {
        let version = text("version").map_or_else(String::new, |version| format!(" · capuchin {version}"));
        let up = report.get("up_s").and_then(Value::as_i64);
        let up = up.map_or_else(String::new, |seconds| format!(" · up {}", duration(seconds)));
        output::line(format_args!("process  {pid}{version}{up}"));
    }
    for key in ["console", "ingress", "home"] {
        if let Some(value) = text(key) {
            output::line(format_args!("{key:<8} {value}"));
        }
    }
    match report.get("quarantined").and_then(Value::as_u64) {
        Some(count) if count > 0 => {
            output::line(format_args!("trouble  {count} in quarantine: `capuchin tree` names them"));
        }
        _ => {}
    }
    match state.as_str() {
        "stopped" => output::talk("start it with `capuchin start`"),
        "unreachable" | "not_ready" => output::talk("`capuchin doctor` looks for the cause"),
        _ => {}
    }
}

/// `3 d 4 h`, `5 min`, `12 s`.
fn duration(seconds: i64) -> String {
    match seconds {
        ..60 => format!("{seconds} s"),
        60..3_600 => format!("{} min", seconds / 60),
        3_600..86_400 => format!("{} h {} min", seconds / 3_600, seconds % 3_600 / 60),
        _ => format!("{} d {} h", seconds / 86_400, seconds % 86_400 / 3_600),
    }
}
