//! `notification settings`: quiet hours, away and digest.

use jiff::{SignedDuration, Span, Timestamp};
use serde_json::{Map, Value, json};

use super::super::args::NotificationSettingsArgs;
use super::super::client::Client;
use super::super::exit::{Exit, Failure, Outcome};
use super::super::output;

const SETTINGS: &str = "/api/v1/notification-settings";
/// What takes a setting away.
const OFF: &str = "off";
const DAY: SignedDuration = SignedDuration::from_hours(24);

pub(super) async fn run(client: &Client, args: &NotificationSettingsArgs) -> Outcome {
    let change = change(args, Timestamp::now())?;
    let settings = match change.is_empty() {
        true => client.get(SETTINGS).await?,
        false => client.patch(SETTINGS, &Value::Object(change)).await?,
    };
    if args.json {
        output::json(&settings);
    } else {
        for line in shown(&settings) {
            output::line(line);
        }
    }
    Ok(Exit::Done)
}

/// What changes, as the API wants it.
fn change(args: &NotificationSettingsArgs, now: Timestamp) -> Result<Map<String, Value>, Failure> {
    let mut change = Map::new();
    let mut put = |name: &str, value: Value| change.insert(name.to_owned(), value);
    if let Some(quiet) = &args.quiet {
        let (from, until) = match (quiet.as_str(), quiet.split_once('-')) {
            (OFF, _) => (Value::Null, Value::Null),
            (_, Some((from, until))) => (from.trim().into(), until.trim().into()),
            (_, None) => return Err(wrong("--quiet", quiet, "22:00-07:00, or off")),
        };
        put("quiet_from", from);
        put("quiet_until", until);
    }
    if let Some(word) = &args.errors_break_through {
        put("errors_break_through", json!(word == "yes"));
    }
    if let Some(away) = &args.away {
        put("away_until", if away == OFF { Value::Null } else { until(away, now)?.to_string().into() });
    }
    if let Some(way) = &args.away_to {
        put("away_delivery", json!(way));
    }
    if let Some(digest) = &args.digest {
        put("digest_at", if digest == OFF { Value::Null } else { json!(digest) });
    }
    if let Some(zone) = &args.zone {
        put("zone", json!(zone));
    }
    Ok(change)
}

/// A moment, or so long from now.
fn until(text: &str, now: Timestamp) -> Result<Timestamp, Failure> {
    let so_long = || {
        let span: Span = text.parse().ok()?;
        let hours = SignedDuration::from_hours(i64::from(span.get_hours()));
        // A day is 24 hours here, whatever clocks do meanwhile.
        let long = DAY.checked_mul(span.get_days())?.checked_add(hours)?;
        let rest = span.days(0).hours(0);
        now.checked_add(long).ok()?.checked_add(rest).ok()
    };
    let moment = text.parse().ok().or_else(so_long);
    moment.ok_or_else(|| {
        wrong("--away", text, "a time such as 3d or 12h, a moment such as 2026-12-24T18:00:00Z, or off")
    })
}

fn wrong(option: &str, value: &str, what: &str) -> Failure {
    Failure::text(Exit::Failed, format_args!("{option} `{value}` is not {what}"))
}

fn shown(settings: &Value) -> Vec<String> {
    let text = |key: &str| settings.get(key).and_then(Value::as_str).unwrap_or_default();
    let or = |text: &str, none: &str| if text.is_empty() { none.to_owned() } else { text.to_owned() };
    let quiet = match (text("quiet_from"), text("quiet_until")) {
        ("", _) => "none".to_owned(),
        (from, until) if settings.get("errors_break_through") == Some(&Value::Bool(true)) => {
            format!("{from}-{until}, but for errors")
        }
        (from, until) => format!("{from}-{until}"),
    };
    let away = match text("away_until") {
        "" => "no".to_owned(),
        until => format!("until {until}, everything goes to {}", text("away_delivery")),
    };
    let ways = settings.get("ways").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str);
    let ways = ways.collect::<Vec<_>>().join(", ");
    vec![
        format!("quiet hours  {quiet}"),
        format!("away         {away}"),
        format!("digest       {}", or(text("digest_at"), "none")),
        format!("zone         {}", text("zone")),
        format!("ways         {}", or(&ways, "none but the inbox")),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn away_is_a_time_or_a_moment() {
        let now: Timestamp = "2026-11-22T10:00:00Z".parse().unwrap();
        let table = [
            ("3d", Some("2026-11-25T10:00:00Z")),
            ("12h", Some("2026-11-22T22:00:00Z")),
            ("1d 12h 30m", Some("2026-11-23T22:30:00Z")),
            ("2026-12-24T18:00:00Z", Some("2026-12-24T18:00:00Z")),
            ("soon", None),
            ("", None),
        ];
        for (text, expected) in table {
            assert_eq!(until(text, now).ok().map(|moment| moment.to_string()).as_deref(), expected, "{text}");
        }
    }
}
