//! Times that a text names: `in May 2023`, `last March`, `two weeks ago`, `on 7 May`.
//!
//! A day, a month or a year, in UTC, seen from when the text was said. Where a month has no year, the last one that has
//! begun is meant.

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Span, Timestamp, ToSpan as _};

/// From this moment to before that one, in milliseconds since 1970.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Window {
    pub(super) from_ms: i64,
    pub(super) until_ms: i64,
}

const MONTHS: &[&str] = &[
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
];
const NUMBERS: &[&str] = &["one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"];
/// Years that are meant as years.
const YEARS: std::ops::RangeInclusive<i16> = 1900..=2199;

/// The first time that these words name; they are lower case and in order.
pub(super) fn named(words: &[&str], now_ms: i64) -> Option<Window> {
    let today = Timestamp::from_millisecond(now_ms).ok()?.to_zoned(TimeZone::UTC).date();
    (0..words.len()).find_map(|at| from_here(words, at, today))
}

/// Whether a text says when something was or will be.
pub(super) fn says_when(words: &[&str]) -> bool {
    const TELLING: &[&str] = &[
        "yesterday",
        "today",
        "tomorrow",
        "tonight",
        "ago",
        "monday",
        "tuesday",
        "wednesday",
        "thursday",
        "friday",
        "saturday",
        "sunday",
        "weekend",
        "morning",
        "evening",
        "week",
        "month",
        "year",
        "summer",
        "winter",
        "spring",
        "autumn",
        "fall",
    ];
    words.iter().any(|word| {
        TELLING.contains(word)
            || month(word).is_some_and(|month| month != 5 || *word == "may")
            || word.parse().is_ok_and(|year: i16| YEARS.contains(&year))
    })
}

fn from_here(words: &[&str], at: usize, today: Date) -> Option<Window> {
    let word = *words.get(at)?;
    let next = words.get(at + 1).copied();
    match word {
        "today" => day(today),
        "yesterday" => day(moved(today, -1_i64)?),
        "last" | "this" => relative(word, next?, words.get(at + 2).copied(), today),
        _ => absolute(words, at, today).or_else(|| ago(word, next, words.get(at + 2).copied(), today)),
    }
}

/// `last week`, `this month`, `last March`.
fn relative(which: &str, unit: &str, after: Option<&str>, today: Date) -> Option<Window> {
    let back = i64::from(which == "last");
    match unit {
        "night" => day(moved(today, -1)?),
        "week" | "weekend" => {
            let monday = moved(today, -i64::from(today.weekday().to_monday_zero_offset()) - 7 * back)?;
            window(monday, moved(monday, 7)?)
        }
        "month" => {
            let first = today.first_of_month().checked_sub(Span::new().months(back)).ok()?;
            whole_month(first)
        }
        "year" => whole_year(today.year() - i16::from(back == 1)),
        _ => {
            let month = month(unit)?;
            let year = after.and_then(year).unwrap_or_else(|| {
                let begun = month < today.month() || month == today.month() && which == "this";
                today.year() - i16::from(!begun)
            });
            whole_month(Date::new(year, month, 1).ok()?)
        }
    }
}

/// `May 2023`, `7 May 2023`, `May 7th, 2023`, `in May`, `2023`.
fn absolute(words: &[&str], at: usize, today: Date) -> Option<Window> {
    let word = *words.get(at)?;
    if let Some(year) = year(word) {
        return whole_year(year);
    }
    let (before, after) = (at.checked_sub(1).and_then(|at| words.get(at)), words.get(at + 1));
    let number = month(word)?;
    let day_before = before.and_then(|word| day_number(word));
    let day_after = after.and_then(|word| day_number(word));
    let year_at = if day_after.is_some() { at + 2 } else { at + 1 };
    let said_year = words.get(year_at).and_then(|word| year(word));
    // May is a word of its own.
    let is_date = number != 5
        || said_year.is_some()
        || day_before.or(day_after).is_some()
        || before.is_some_and(|word| matches!(*word, "in" | "since" | "during" | "until" | "of"));
    if !is_date {
        return None;
    }
    let year = said_year.unwrap_or_else(|| today.year() - i16::from(number > today.month()));
    match day_before.or(day_after) {
        Some(of_month) => day(Date::new(year, number, of_month).ok()?),
        None => whole_month(Date::new(year, number, 1).ok()?),
    }
}

/// `two weeks ago`.
fn ago(count: &str, unit: Option<&str>, ago: Option<&str>, today: Date) -> Option<Window> {
    let named = || NUMBERS.iter().position(|word| *word == count).and_then(|at| i64::try_from(at + 1).ok());
    let count = match count {
        "a" | "an" => Some(1),
        _ => count.parse().ok().or_else(named),
    };
    let count = count.filter(|count| ago == Some("ago") && (1..=1_000).contains(count))?;
    match unit?.trim_end_matches('s') {
        "day" => day(moved(today, -count)?),
        "week" => {
            let start = moved(today, -7 * count - 3)?;
            window(start, moved(start, 7)?)
        }
        "month" => whole_month(today.first_of_month().checked_sub(count.months()).ok()?),
        "year" => whole_year(today.year().checked_sub(i16::try_from(count).ok()?)?),
        _ => None,
    }
}

fn month(word: &str) -> Option<i8> {
    let is = |month: &&'static str| **month == *word || word.len() == 3 && month.starts_with(word);
    let at = MONTHS.iter().position(is)?;
    i8::try_from(at + 1).ok()
}

fn year(word: &str) -> Option<i16> {
    word.parse().ok().filter(|year| word.len() == 4 && YEARS.contains(year))
}

fn day_number(word: &str) -> Option<i8> {
    let digits = word.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let suffix = word.get(digits.len()..).unwrap_or_default();
    let fits = matches!(suffix, "" | "st" | "nd" | "rd" | "th");
    digits.parse().ok().filter(|day| fits && (1..=31).contains(day))
}

fn moved(date: Date, days: i64) -> Option<Date> {
    date.checked_add(days.days()).ok()
}

fn day(date: Date) -> Option<Window> {
    window(date, moved(date, 1)?)
}

fn whole_month(first: Date) -> Option<Window> {
    window(first, first.checked_add(1.month()).ok()?)
}

fn whole_year(year: i16) -> Option<Window> {
    window(Date::new(year, 1, 1).ok()?, Date::new(year.checked_add(1)?, 1, 1).ok()?)
}

fn window(from: Date, until: Date) -> Option<Window> {
    let ms = |date: Date| Some(date.to_zoned(TimeZone::UTC).ok()?.timestamp().as_millisecond());
    Some(Window { from_ms: ms(from)?, until_ms: ms(until)? })
}
