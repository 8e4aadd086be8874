//! When people want to be told: quiet hours, away, digest. Pure.
//!
//! What goes out is held in quiet hours, and with a digest everything but an error is held until its time; what was
//! held goes out in one message. While somebody is away, everything goes to one place instead of where rules say.

use jiff::civil::Time;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan as _, Zoned};

use super::error::NotificationError;
use super::notice::Severity;
use super::rule::Delivery;

/// Longest time that somebody is away.
const AWAY_MAX_MS: i64 = 366 * 24 * 3_600 * 1_000;

/// Hours in which nothing goes out. An end before the beginning is on the next day.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Quiet {
    /// When it begins, on the clock of the zone.
    pub from: Time,
    /// When it ends.
    pub until: Time,
}

/// See the module.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct NoticeSettings {
    /// The name of a time zone.
    pub zone: String,
    /// Hours in which nothing goes out.
    pub quiet: Option<Quiet>,
    /// Whether errors go out in quiet hours too.
    pub errors_break_through: bool,
    /// Until when somebody is away, in Unix milliseconds.
    pub away_until_ms: Option<i64>,
    /// Where everything goes while somebody is away.
    pub away_delivery: Delivery,
    /// When what waits for the digest goes out.
    pub digest_at: Option<Time>,
    /// Counts changes; 0 before the first.
    pub version: i64,
}

/// What changes. A field that is absent stays, `Some(None)` takes away.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct SettingsChange {
    /// The name of a time zone.
    pub zone: Option<String>,
    /// `22:00` and `07:00`.
    pub quiet: Option<Option<(String, String)>>,
    /// Whether errors go out in quiet hours too.
    pub errors_break_through: Option<bool>,
    /// Until when somebody is away, in Unix milliseconds.
    pub away_until_ms: Option<Option<i64>>,
    /// Where everything goes then.
    pub away_delivery: Option<Delivery>,
    /// `08:00`.
    pub digest_at: Option<Option<String>>,
}

/// What happens with something that is to go out.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum When {
    /// It goes out.
    Now,
    /// It is held until this moment, in Unix milliseconds, and goes out with whatever else is.
    Held(i64),
}

impl Default for NoticeSettings {
    fn default() -> Self {
        Self {
            zone: "UTC".to_owned(),
            quiet: None,
            errors_break_through: true,
            away_until_ms: None,
            away_delivery: Delivery::All,
            digest_at: None,
            version: 0,
        }
    }
}

// === impl NoticeSettings ===

impl NoticeSettings {
    /// Where a notice goes that a rule sends to `delivery`.
    pub(super) fn delivery(&self, delivery: Delivery, now_ms: i64) -> Delivery {
        match self.away_until_ms {
            Some(until_ms) if now_ms < until_ms => self.away_delivery,
            _ => delivery,
        }
    }

    /// When something as bad as this goes out.
    pub(super) fn when(&self, severity: Severity, now_ms: i64) -> When {
        let now = self.local(now_ms);
        let is_error = severity == Severity::Error;
        let quiet_until = match self.quiet {
            Some(quiet) if !(is_error && self.errors_break_through) => quiet.end_after(&now),
            _ => None,
        };
        let digest = self.digest_at.filter(|_| !is_error).map(|at| next(&now, at));
        let held = match (quiet_until, digest) {
            // A digest within quiet hours waits for their end.
            (Some(end), Some(digest)) => Some(end.max(digest)),
            (end, digest) => end.or(digest),
        };
        held.map_or(When::Now, When::Held)
    }

    /// A zone that this machine does not know (any more) is UTC.
    fn local(&self, now_ms: i64) -> Zoned {
        let zone = TimeZone::get(&self.zone).unwrap_or(TimeZone::UTC);
        Timestamp::from_millisecond(now_ms).unwrap_or(Timestamp::UNIX_EPOCH).to_zoned(zone)
    }
}

// === impl Quiet ===

impl Quiet {
    /// When they end, in Unix milliseconds, if they are now.
    fn end_after(self, now: &Zoned) -> Option<i64> {
        let time = now.time();
        let within = if self.from <= self.until {
            self.from <= time && time < self.until
        } else {
            self.from <= time || time < self.until
        };
        within.then(|| next(now, self.until))
    }
}

// === impl SettingsChange ===

impl SettingsChange {
    pub(super) fn apply(
        self,
        mut settings: NoticeSettings,
        now_ms: i64,
    ) -> Result<NoticeSettings, NotificationError> {
        if let Some(zone) = self.zone {
            TimeZone::get(&zone)
                .map_err(|_| NotificationError::field("zone", "is no time zone, such as Europe/Berlin"))?;
            settings.zone = zone;
        }
        if let Some(quiet) = self.quiet {
            let of = |(from, until): (String, String)| {
                let quiet = Quiet { from: time("quiet_from", &from)?, until: time("quiet_until", &until)? };
                if quiet.from == quiet.until {
                    return Err(NotificationError::field("quiet_until", "is another time than quiet_from"));
                }
                Ok(quiet)
            };
            settings.quiet = quiet.map(of).transpose()?;
        }
        if let Some(until_ms) = self.away_until_ms {
            if until_ms.is_some_and(|until_ms| !(now_ms..=now_ms + AWAY_MAX_MS).contains(&until_ms)) {
                return Err(NotificationError::field("away_until", "is within the next year"));
            }
            settings.away_until_ms = until_ms;
        }
        if let Some(at) = self.digest_at {
            settings.digest_at = at.map(|at| time("digest_at", &at)).transpose()?;
        }
        settings.errors_break_through = self.errors_break_through.unwrap_or(settings.errors_break_through);
        settings.away_delivery = self.away_delivery.unwrap_or(settings.away_delivery);
        settings.version += 1;
        Ok(settings)
    }
}

/// The next moment at which the clock shows this time. One that a change of the clock leaves out is the one after it.
fn next(now: &Zoned, at: Time) -> i64 {
    let on = |days: i64| {
        now.date()
            .checked_add(days.days())
            .and_then(|day| day.at(at.hour(), at.minute(), 0, 0).to_zoned(now.time_zone().clone()))
    };
    let today = on(0).ok().filter(|today| today > now);
    let next = today.or_else(|| on(1).ok());
    next.map_or_else(|| now.timestamp().as_millisecond(), |next| next.timestamp().as_millisecond())
}

fn time(field: &'static str, text: &str) -> Result<Time, NotificationError> {
    let wrong = || NotificationError::field(field, "is a time such as 22:00");
    let (hour, minute) = text.trim().split_once(':').ok_or_else(wrong)?;
    let number = |part: &str| part.parse::<i8>().map_err(|_| wrong());
    Time::new(number(hour)?, number(minute.split(':').next().unwrap_or_default())?, 0, 0).map_err(|_| wrong())
}

/// A time as it is stored and shown.
pub(super) fn clock(time: Time) -> String {
    format!("{:02}:{:02}", time.hour(), time.minute())
}

impl Quiet {
    /// Its times as they are shown.
    #[must_use]
    pub fn words(self) -> (String, String) {
        (clock(self.from), clock(self.until))
    }
}

impl NoticeSettings {
    /// The time of the digest as it is shown.
    #[must_use]
    pub fn digest_words(&self) -> Option<String> {
        self.digest_at.map(clock)
    }

    /// Times as they were stored. What cannot be read is none: it would be told in the log of whoever wrote it.
    pub(super) fn of_words(mut self, quiet: (Option<&str>, Option<&str>), digest_at: Option<&str>) -> Self {
        // silent-ok: only what was checked is stored
        let read = |word: Option<&str>| word.and_then(|word| time("", word).ok());
        self.quiet = read(quiet.0).zip(read(quiet.1)).map(|(from, until)| Quiet { from, until });
        self.digest_at = read(digest_at);
        self
    }
}
