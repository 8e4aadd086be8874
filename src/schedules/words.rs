//! A rule in plain words.

use super::rule::{Rule, Times};

const UNITS: [(u64, &str); 5] =
    [(604_800, "week"), (86_400, "day"), (3_600, "hour"), (60, "minute"), (1, "second")];

// === impl Rule ===

impl Rule {
    /// What it says, for people; the zone is told beside it.
    #[must_use]
    pub fn words(&self) -> String {
        match self {
            Self::Once { at } => format!("once, on {}", at.strftime("%A, %-d %B %Y at %H:%M")),
            Self::Every { seconds, .. } => format!("every {}", span(*seconds)),
            Self::Cron { pattern } => match self.read("UTC").map(|read| read.times) {
                Ok(Times::Cron { cron, .. }) => {
                    let words = cron.describe();
                    words.trim_end_matches('.').to_owned()
                }
                _ => pattern.clone(),
            },
            Self::Rrule { rule, start } => recurring(rule, &start.strftime("%H:%M").to_string()),
        }
    }
}

/// A time span in its largest whole unit: `15 minutes`, `day`.
pub(super) fn span(seconds: u64) -> String {
    let (of, unit) = UNITS
        .into_iter()
        .find(|(of, _)| seconds.is_multiple_of(*of) && seconds >= *of)
        .unwrap_or((1, "second"));
    match seconds / of {
        1 => unit.to_owned(),
        count => format!("{count} {unit}s"),
    }
}

/// A recurrence rule, as far as it is a usual one; else as it is written.
fn recurring(rule: &str, time: &str) -> String {
    let whole = rule.trim().to_ascii_uppercase();
    let mut lines = whole.split_whitespace();
    let rule = lines.next().unwrap_or_default().trim_start_matches("RRULE:");
    let left_out: usize = lines.map(|line| line.split(',').count()).sum();
    let part = |name: &str| rule.split(';').find_map(|part| part.strip_prefix(name)?.strip_prefix('='));
    let unit = match part("FREQ") {
        Some("HOURLY") => "hour",
        Some("DAILY") => "day",
        Some("WEEKLY") => "week",
        Some("MONTHLY") => "month",
        Some("YEARLY") => "year",
        _ => return whole,
    };
    let mut words = match part("INTERVAL").filter(|count| *count != "1") {
        Some(count) => format!("every {count} {unit}s"),
        None => format!("every {unit}"),
    };
    for (name, before) in [("BYMONTH", "in month"), ("BYMONTHDAY", "on day"), ("BYDAY", "on")] {
        if let Some(values) = part(name) {
            words.push_str(&format!(" {before} {}", days(values)));
        }
    }
    if part("BYHOUR").is_none() && unit != "hour" {
        words.push_str(&format!(" at {time}"));
    }
    for (name, before) in [("BYHOUR", "at hour"), ("COUNT", "so often:"), ("UNTIL", "until")] {
        if let Some(value) = part(name) {
            words.push_str(&format!(", {before} {}", value.replace(',', ", ")));
        }
    }
    match left_out {
        0 => {}
        1 => words.push_str(", but for one time"),
        count => words.push_str(&format!(", but for {count} times")),
    }
    words
}

fn days(values: &str) -> String {
    const NAMES: [(&str, &str); 7] = [
        ("MO", "Monday"),
        ("TU", "Tuesday"),
        ("WE", "Wednesday"),
        ("TH", "Thursday"),
        ("FR", "Friday"),
        ("SA", "Saturday"),
        ("SU", "Sunday"),
    ];
    let named = values.split(',').map(|value| {
        NAMES.into_iter().fold(value.to_owned(), |text, (short, name)| match text.strip_suffix(short) {
            Some("") => name.to_owned(),
            Some("-1") => format!("the last {name}"),
            Some(number) => format!("{name} number {number}"),
            None => text,
        })
    });
    named.collect::<Vec<_>>().join(", ")
}
