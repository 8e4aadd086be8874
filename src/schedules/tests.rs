//! Slots over changes of clocks against oracles, plans, and what turns' ends mean. The ledger is tested in `adapters::schedules`.

use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan as _};

use super::outcome::{self, Next};
use super::plan::{Asked, Fate, Plan};
use super::policies::{CatchUp, Policies};
use super::rule::{Rule, local_time, seconds_of};
use super::run::{Run, RunCause, RunState};
use super::work::{Seen, SeenExperiment, SeenTurn};
use crate::experiments::{Applied, Reason, State};
use crate::protocol::ids::{ExperimentId, ScheduleId, ScheduleRunId, ThreadId, TurnId};
use crate::protocol::turn::{TurnFailure, TurnState};

const ZONES: [&str; 3] = ["Europe/Berlin", "America/New_York", "Australia/Lord_Howe"];
const MINUTE_MS: i64 = 60_000;
const HOUR_MS: i64 = 3_600_000;
const DAY_MS: i64 = 24 * HOUR_MS;

fn ms(text: &str) -> i64 {
    text.parse::<Timestamp>().unwrap_or_else(|error| panic!("{text}: {error}")).as_millisecond()
}

fn cron(pattern: &str) -> Rule {
    Rule::Cron { pattern: pattern.to_owned() }
}

fn between(rule: &Rule, zone: &str, from_ms: i64, to_ms: i64) -> Vec<i64> {
    let timetable = rule.read(zone).unwrap();
    timetable.after(from_ms).take_while(|slot| *slot <= to_ms).collect()
}

fn shown(slot_ms: i64) -> String {
    Timestamp::from_millisecond(slot_ms).unwrap().to_string()
}

/// Every minute of 2026 with what clocks of a zone show.
fn minutes(zone: &str) -> impl Iterator<Item = (i64, DateTime)> {
    let zone = TimeZone::get(zone).unwrap();
    let from = ms("2025-12-31T00:00:00Z");
    let all = (from..ms("2027-01-02T00:00:00Z")).step_by(MINUTE_MS as usize);
    all.map(move |at| (at, zone.to_datetime(Timestamp::from_millisecond(at).unwrap())))
}

/// A daily time happens at the first minute at which clocks show it or have passed it: that is the moment after a gap, and the
/// first of two.
fn daily_by_oracle(zone: &str, hour: i8, minute: i8) -> Vec<i64> {
    let mut slots = Vec::new();
    let mut day = jiff::civil::date(2026, 1, 1);
    let mut passed = false;
    for (at, local) in minutes(zone) {
        if local.date() > day && passed {
            (day, passed) = (day + 1.day(), false);
        }
        if !passed && local >= day.at(hour, minute, 0, 0) {
            passed = true;
            slots.push(at);
        }
    }
    slots
}

#[test]
fn a_year_of_fixed_times_in_three_zones_is_what_an_oracle_says() {
    for zone in ZONES {
        for (hour, minute) in [(0, 0), (1, 30), (1, 45), (2, 0), (2, 15), (2, 30), (2, 59), (3, 0), (9, 0)] {
            let rule = cron(&format!("{minute} {hour} * * *"));
            let oracle = daily_by_oracle(zone, hour, minute);
            let (first, last) = (oracle[0], oracle[oracle.len() - 1]);
            let slots = between(&rule, zone, first - 1, last);
            assert!(slots.len() >= 365, "{zone} {hour}:{minute}: {}", slots.len());
            for (slot, expected) in slots.iter().zip(&oracle) {
                assert_eq!(shown(*slot), shown(*expected), "{zone} {hour}:{minute}");
            }
            assert_eq!(slots.len(), oracle.len(), "{zone} {hour}:{minute}");
        }
    }
}

#[test]
fn a_year_of_every_quarter_of_an_hour_in_three_zones_has_no_gap_and_no_double() {
    for zone in ZONES {
        let (from, to) = (ms("2026-01-01T00:00:00Z"), ms("2026-12-31T00:00:00Z"));
        let fits =
            |(at, local): (i64, DateTime)| (local.minute() % 15 == 0 && at > from && at <= to).then_some(at);
        let oracle: Vec<i64> = minutes(zone).filter_map(fits).collect();
        let slots = between(&cron("*/15 * * * *"), zone, from, to);
        assert_eq!(slots, oracle, "{zone}");
        assert!(slots.windows(2).all(|pair| pair[1] - pair[0] == 15 * MINUTE_MS), "{zone}");
    }
}

#[test]
fn clocks_that_are_changed_are_told_by_name() {
    let only = |rule: &Rule, zone: &str, day: &str| {
        let from = ms(day);
        between(rule, zone, from, from + DAY_MS).into_iter().map(shown).collect::<Vec<_>>()
    };
    // Put forward from 2:00 to 3:00, at 1:00 UTC: the moment after the gap.
    assert_eq!(only(&cron("30 2 * * *"), "Europe/Berlin", "2026-03-28T12:00:00Z"), ["2026-03-29T01:00:00Z"]);
    assert_eq!(
        only(&cron("30 2 * * *"), "America/New_York", "2026-03-08T00:00:00Z"),
        ["2026-03-08T07:00:00Z"]
    );
    // Half an hour forward, from 2:00 to 2:30.
    assert_eq!(
        only(&cron("15 2 * * *"), "Australia/Lord_Howe", "2026-10-03T00:00:00Z"),
        ["2026-10-03T15:30:00Z"]
    );
    // Put back: the first of the two.
    assert_eq!(only(&cron("30 2 * * *"), "Europe/Berlin", "2026-10-24T12:00:00Z"), ["2026-10-25T00:30:00Z"]);
    assert_eq!(
        only(&cron("30 1 * * *"), "America/New_York", "2026-11-01T00:00:00Z"),
        ["2026-11-01T05:30:00Z"]
    );
    assert_eq!(
        only(&cron("45 1 * * *"), "Australia/Lord_Howe", "2026-04-04T00:00:00Z"),
        ["2026-04-04T14:45:00Z"]
    );
    // Several times of a gap are one slot, and that is not another one beside 3:00.
    let many = only(&cron("0,15,30,45 2,3 * * *"), "Europe/Berlin", "2026-03-28T12:00:00Z");
    let expected = ["01:00:00", "01:15:00", "01:30:00", "01:45:00"].map(|time| format!("2026-03-29T{time}Z"));
    assert_eq!(many, expected);
    let moved = cron("30 2 * * *").read("Europe/Berlin").unwrap();
    assert!(moved.is_moved(ms("2026-03-29T01:00:00Z")) && !moved.is_moved(ms("2026-03-30T00:30:00Z")));
}

#[test]
fn one_time_and_rules_of_calendars_go_by_the_same_definition() {
    let once = |at: &str, zone: &str| {
        let rule = Rule::Once { at: at.parse().unwrap() };
        between(&rule, zone, 0, i64::MAX / 2).into_iter().map(shown).collect::<Vec<_>>()
    };
    assert_eq!(once("2026-03-29T02:30", "Europe/Berlin"), ["2026-03-29T01:00:00Z"]);
    assert_eq!(once("2026-10-25T02:30", "Europe/Berlin"), ["2026-10-25T00:30:00Z"]);
    assert_eq!(once("2026-10-04T02:15", "Australia/Lord_Howe"), ["2026-10-03T15:30:00Z"]);
    for zone in ZONES {
        let rule = Rule::Rrule { rule: "FREQ=DAILY".to_owned(), start: "2026-01-01T02:15".parse().unwrap() };
        let (from, to) = (ms("2026-01-01T20:00:00Z"), ms("2026-12-30T00:00:00Z"));
        assert_eq!(between(&rule, zone, from, to), between(&cron("15 2 * * *"), zone, from, to), "{zone}");
    }
}

#[test]
fn recurrences_count_from_their_start_and_end_when_they_say() {
    let slots = |rule: &str, start: &str, zone: &str| {
        let rule = Rule::Rrule { rule: rule.to_owned(), start: start.parse().unwrap() };
        between(&rule, zone, 0, i64::MAX / 2).into_iter().map(shown).collect::<Vec<_>>()
    };
    let three = slots("RRULE:FREQ=WEEKLY;BYDAY=MO,TH;COUNT=3", "2026-12-03T09:00", "Europe/Berlin");
    assert_eq!(three, ["2026-12-03T08:00:00Z", "2026-12-07T08:00:00Z", "2026-12-10T08:00:00Z"]);
    // An end in UTC is one on the clocks of the zone: 23:30 UTC is half past midnight of the next day there.
    let until = slots("FREQ=DAILY;UNTIL=20261202T233000Z", "2026-12-01T00:15", "Europe/Berlin");
    assert_eq!(until.len(), 3, "{until:?}");
    let day = slots("FREQ=DAILY;UNTIL=20261202", "2026-12-01T09:00", "Europe/Berlin");
    assert_eq!(day.len(), 2, "{day:?}");
    let last = slots("FREQ=MONTHLY;BYDAY=-1FR;COUNT=2", "2026-01-01T17:00", "America/New_York");
    assert_eq!(last, ["2026-01-30T22:00:00Z", "2026-02-27T22:00:00Z"]);
    assert!(slots("FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30", "2026-01-01T09:00", "UTC").is_empty());
}

#[test]
fn intervals_run_on_real_time_from_their_anchor() {
    let anchor_ms = ms("2026-03-28T00:07:00Z");
    let rule = Rule::Every { seconds: 3_600, anchor_ms };
    let slots = between(&rule, "Europe/Berlin", ms("2026-03-28T22:00:00Z"), ms("2026-03-29T04:00:00Z"));
    assert_eq!(slots.len(), 6);
    assert!(slots.windows(2).all(|pair| pair[1] - pair[0] == HOUR_MS));
    assert_eq!(shown(slots[0]), "2026-03-28T22:07:00Z");
    assert_eq!(between(&rule, "UTC", anchor_ms - 1, anchor_ms), [anchor_ms], "the anchor is a slot");
    assert_eq!(between(&rule, "UTC", anchor_ms - HOUR_MS - 1, anchor_ms - 1), [anchor_ms - HOUR_MS]);
}

#[test]
fn what_is_no_rule_says_so() {
    let wrong = |rule: Rule, zone: &str| rule.read(zone).unwrap_err().to_string();
    for pattern in ["", "* * *", "61 * * * *", "0 9 * * 1-5 2026 7", "@reboot", &"1,".repeat(300)] {
        assert!(wrong(cron(pattern), "UTC").starts_with("`cron`"), "{pattern}");
    }
    for pattern in ["0 9 * * 1-5", "30 0 9 * * *", "@daily", "@HOURLY", "0 0 L * *", "0 0 * * MON#2"] {
        assert!(cron(pattern).read("UTC").unwrap().next(0).is_some(), "{pattern}");
    }
    assert_eq!(cron("0 0 30 2 *").read("UTC").unwrap().next(0), None, "no such day ever comes");
    assert!(wrong(cron("@daily"), "Europe/Atlantis").starts_with("`zone`"));
    for rule in [
        "",
        "FREQ=MINUTELY",
        "FREQ=SECONDLY",
        "FREQ=DAILY\nRDATE:20260101",
        "FREQ=DAILY;UNTIL=soon",
        "BYDAY=MO",
    ] {
        let rule = Rule::Rrule { rule: rule.to_owned(), start: "2026-01-01T09:00".parse().unwrap() };
        assert!(wrong(rule.clone(), "UTC").starts_with("`rrule`"), "{rule:?}");
    }
    for seconds in [0, super::EVERY_S.1 + 1] {
        assert!(wrong(Rule::Every { seconds, anchor_ms: 0 }, "UTC").starts_with("`every`"));
    }
    assert!(Rule::Every { seconds: super::EVERY_S.1, anchor_ms: 0 }.read("UTC").is_ok());
}

#[test]
fn people_write_times_and_spans_in_their_way() {
    let local = |text: &str| local_time("at", text, "Europe/Berlin").map(|time| time.to_string()).ok();
    assert_eq!(local("2026-12-01T09:00").as_deref(), Some("2026-12-01T09:00:00"));
    assert_eq!(local("2026-12-01 09:00").as_deref(), Some("2026-12-01T09:00:00"));
    assert_eq!(local("2026-12-01").as_deref(), Some("2026-12-01T00:00:00"));
    assert_eq!(local("2026-12-01T09:00:00Z").as_deref(), Some("2026-12-01T10:00:00"));
    assert_eq!(local("2026-12-01T09:00:00-05:00").as_deref(), Some("2026-12-01T15:00:00"));
    assert_eq!(local("tomorrow"), None);
    let spans = ["90", "90s", "15m", "2h", "1d", "1w", "x", "1y", "-5m", ""].map(seconds_of);
    assert_eq!(
        spans,
        [Some(90), Some(90), Some(900), Some(7_200), Some(86_400), Some(604_800), None, None, None, None]
    );
}

#[test]
fn rules_are_said_in_words() {
    assert_eq!(Rule::Every { seconds: 900, anchor_ms: 0 }.words(), "every 15 minutes");
    assert_eq!(Rule::Every { seconds: 86_400, anchor_ms: 0 }.words(), "every day");
    let once = Rule::Once { at: "2026-12-01T09:00".parse().unwrap() };
    assert_eq!(once.words(), "once, on Tuesday, 1 December 2026 at 09:00");
    let weekly = Rule::Rrule {
        rule: "FREQ=WEEKLY;BYDAY=MO,-1FR".to_owned(),
        start: "2026-12-07T09:00".parse().unwrap(),
    };
    assert_eq!(weekly.words(), "every week on Monday, the last Friday at 09:00");
    let words = cron("0 9 * * 1-5").words();
    assert!(words.contains('9') && words.contains("Monday"), "{words}");
}

// === plans ===

fn plan(rule: &Rule, policies: &Policies, (next_ms, now_ms): (i64, i64), hold: Option<&str>) -> Plan {
    let timetable = rule.read("Europe/Berlin").unwrap();
    let (id, hold) = (ScheduleId::from_bytes([7; 16]), hold.map(str::to_owned));
    Asked { id, timetable: &timetable, policies, next_ms, now_ms, left: policies.runs_max, hold, told: &[] }
        .plan()
}

#[test]
fn a_slot_that_has_its_row_gets_no_other_and_hides_none_beside_it() {
    let rule = Rule::Every { seconds: 600, anchor_ms: 0 };
    let (timetable, id) = (rule.read("UTC").unwrap(), ScheduleId::new());
    let policies = Policies { catch_up: CatchUp::Skip, ..Policies::default() };
    let told = [600_000, 1_800_000];
    let asked = Asked {
        id,
        timetable: &timetable,
        policies: &policies,
        next_ms: 600_000,
        now_ms: 7_000_000,
        left: None,
        hold: None,
        told: &told,
    };
    let rows: Vec<_> =
        asked.plan().rows.into_iter().map(|row| (row.slot_ms, row.until_ms, row.slots)).collect();
    assert_eq!(rows, [(1_200_000, 6_600_000, 9)]);
}

fn fires(plan: &Plan) -> Vec<(i64, bool)> {
    let fired = plan.rows.iter().filter_map(|row| match row.fate {
        Fate::Fire { caught_up, .. } => Some((row.slot_ms, caught_up)),
        Fate::Skip(_) => None,
    });
    fired.collect()
}

/// Every slot up to now is in exactly one row.
fn covers(plan: &Plan, rule: &Rule, (next_ms, now_ms): (i64, i64)) {
    let slots = between(rule, "Europe/Berlin", next_ms - 1, now_ms);
    for slot in slots {
        let rows = plan.rows.iter().filter(|row| (row.slot_ms..=row.until_ms).contains(&slot)).count();
        assert_eq!(rows, 1, "{}", shown(slot));
    }
    assert!(plan.rows.windows(2).all(|pair| pair[0].until_ms < pair[1].slot_ms), "{plan:#?}");
    assert!(plan.next_ms.is_none_or(|next| next > now_ms));
}

#[test]
fn after_a_day_and_after_a_month_each_policy_does_what_it_says() {
    let hourly = cron("0 * * * *");
    let next_ms = ms("2026-03-28T10:00:00Z");
    for down_ms in [DAY_MS, 30 * DAY_MS] {
        let time = (next_ms, next_ms + down_ms + 5 * MINUTE_MS);
        let last = next_ms + down_ms;
        for (catch_up, expected) in [(CatchUp::Skip, 0), (CatchUp::Once, 1), (CatchUp::Run, 10)] {
            let policies = Policies { catch_up, ..Policies::default() };
            let plan = plan(&hourly, &policies, time, None);
            covers(&plan, &hourly, time);
            let wanted: Vec<_> = (0..expected).rev().map(|back| (last - back * HOUR_MS, true)).collect();
            assert_eq!(fires(&plan), wanted, "{catch_up:?} after {} days", down_ms / DAY_MS);
            let skipped: u64 =
                plan.rows.iter().filter(|row| matches!(row.fate, Fate::Skip(_))).map(|row| row.slots).sum();
            let all = u64::try_from(down_ms / HOUR_MS + 1 - expected).unwrap();
            assert_eq!(skipped, all, "each slot that did not fire is counted");
            assert_eq!(plan.next_ms, Some(last + HOUR_MS));
        }
    }
}

#[test]
fn what_would_come_too_late_is_not_done_at_the_bound_it_is() {
    let daily = cron("0 9 * * *");
    let next_ms = ms("2026-06-01T07:00:00Z");
    let policies = Policies { delay_max_s: 3_600, ..Policies::default() };
    let at = |late_ms: i64| fires(&plan(&daily, &policies, (next_ms, next_ms + late_ms), None));
    assert_eq!(at(HOUR_MS), [(next_ms, true)]);
    assert_eq!(at(HOUR_MS + 1), []);
    assert_eq!(at(super::ON_TIME_MS - 1), [(next_ms, false)], "within a minute it is on time");
    assert_eq!(at(super::ON_TIME_MS), [(next_ms, true)]);
}

#[test]
fn a_slot_on_time_stands_for_those_that_were_missed() {
    let hourly = cron("0 * * * *");
    let next_ms = ms("2026-06-01T07:00:00Z");
    let now_ms = next_ms + 5 * HOUR_MS + 10;
    let plan = plan(&hourly, &Policies::default(), (next_ms, now_ms), None);
    covers(&plan, &hourly, (next_ms, now_ms));
    assert_eq!(fires(&plan), [(next_ms + 5 * HOUR_MS, false)]);
}

#[test]
fn what_is_held_says_why_for_every_slot() {
    let hourly = cron("0 * * * *");
    let next_ms = ms("2026-06-01T07:00:00Z");
    let time = (next_ms, next_ms + 3 * HOUR_MS);
    let plan = plan(&hourly, &Policies::default(), time, Some("paused by owner"));
    covers(&plan, &hourly, time);
    assert_eq!(plan.rows.len(), 1);
    assert_eq!(
        (plan.rows[0].slots, plan.rows[0].fate.clone()),
        (4, Fate::Skip("paused by owner".to_owned()))
    );
}

#[test]
fn a_month_of_seconds_is_planned_at_once_and_whole() {
    let every = Rule::Every { seconds: 1, anchor_ms: 0 };
    let next_ms = ms("2026-06-01T00:00:00Z");
    let time = (next_ms, next_ms + 30 * DAY_MS);
    let policies = Policies { catch_up: CatchUp::Run, catch_up_limit: 100, ..Policies::default() };
    let plan = plan(&every, &policies, time, None);
    assert!(plan.rows.len() <= 100 + 60 + 4, "{}", plan.rows.len());
    assert_eq!(plan.rows[0].slot_ms, next_ms);
    assert_eq!(plan.rows[0].slots, 0, "more than are counted");
    assert!(
        plan.rows.windows(2).all(|pair| pair[1].slot_ms - pair[0].until_ms <= 1_000),
        "no slot is left out"
    );
    assert_eq!(fires(&plan).len(), 160);
}

#[test]
fn a_limit_of_slots_holds_and_jitter_is_always_the_same() {
    let hourly = cron("0 * * * *");
    let next_ms = ms("2026-06-01T07:00:00Z");
    let limited = Policies { catch_up: CatchUp::Run, runs_max: Some(2), ..Policies::default() };
    assert_eq!(fires(&plan(&hourly, &limited, (next_ms, next_ms + 5 * HOUR_MS), None)).len(), 2);
    let jitter = Policies { jitter_s: 600, ..Policies::default() };
    let due = |slot: i64| match plan(&hourly, &jitter, (slot, slot), None).rows[0].fate {
        Fate::Fire { due_ms, .. } => due_ms - slot,
        Fate::Skip(_) => panic!("it fires"),
    };
    let drawn: Vec<i64> = (0..50).map(|hour| due(next_ms + hour * HOUR_MS)).collect();
    assert_eq!(drawn, (0..50).map(|hour| due(next_ms + hour * HOUR_MS)).collect::<Vec<_>>());
    assert!(drawn.iter().all(|wait| (0..=600_000).contains(wait)));
    assert!(drawn.iter().collect::<std::collections::HashSet<_>>().len() > 40, "they differ");
}

#[test]
fn times_of_a_rule_can_be_left_out() {
    let start = DateTime::constant(2026, 12, 21, 9, 0, 0, 0);
    let rule = |more: &str| Rule::Rrule { rule: format!("FREQ=DAILY;COUNT=5{more}"), start };
    let days = |rule: &Rule, zone: &str| -> Vec<i8> {
        let slots = between(rule, zone, ms("2026-12-01T00:00:00Z"), ms("2027-01-01T00:00:00Z"));
        let zone = TimeZone::get(zone).unwrap();
        slots
            .into_iter()
            .map(|at| Timestamp::from_millisecond(at).unwrap().to_zoned(zone.clone()).day())
            .collect()
    };
    for (more, expected) in [
        ("", &[21, 22, 23, 24, 25][..]),
        (" EXDATE:20261224T090000", &[21, 22, 23, 25]),
        ("\nEXDATE:20261224,20261225\nEXDATE:20261221T090000", &[22, 23]),
        (" EXDATE:20261224T100000", &[21, 22, 23, 24, 25]),
    ] {
        assert_eq!(days(&rule(more), "Europe/Berlin"), expected, "{more}");
    }
    assert_eq!(days(&rule(" EXDATE:20261224T080000Z"), "Europe/Berlin"), [21, 22, 23, 25], "in UTC");
    assert_eq!(rule(" EXDATE:20261224,20261225").words(), "every day at 09:00, so often: 5, but for 2 times");
    for wrong in [" RDATE:20261224", " EXDATE:tomorrow", " EXDATE:", " and then"] {
        assert!(rule(wrong).read("UTC").is_err(), "{wrong}");
    }
}

// === what the end of a turn means ===

fn run(state: RunState, ending: Option<RunState>) -> Run {
    Run {
        id: ScheduleRunId::new(),
        schedule: ScheduleId::new(),
        cause: RunCause::Slot,
        slot_ms: 0,
        until_ms: 0,
        slots: 1,
        caught_up: false,
        state,
        reason: "it took longer than minute".to_owned(),
        ending,
        attempt: 1,
        due_ms: 0,
        deadline_ms: 1_000,
        parked_ms: Some(400),
        thread: Some(ThreadId::new()),
        turn: Some(TurnId::new()),
        experiment: None,
        started_ms: Some(0),
        ended_ms: None,
        created_ms: 0,
    }
}

fn seen(state: TurnState) -> SeenTurn {
    SeenTurn::at(state, false)
}

#[test]
fn the_end_of_a_turn_is_read_as_what_it_is() {
    let policies = Policies::default();
    let end = |run: &Run, seen: Option<SeenTurn>, now_ms: i64| match outcome::next(
        run,
        seen.map(Seen::Turn).as_ref(),
        &policies,
        now_ms,
    ) {
        Next::End { state, retry, .. } => Some((state, retry)),
        _ => None,
    };
    let failed = |retryable| SeenTurn {
        failure: Some(TurnFailure::new("upstream", "it broke", retryable)),
        ..seen(TurnState::Failed)
    };
    let call = |outcome: &str| SeenTurn {
        call: Some((outcome.to_owned(), "said".to_owned())),
        ..seen(TurnState::Done)
    };
    let running = run(RunState::Running, None);
    let table = [
        (seen(TurnState::Done), (RunState::Done, false)),
        (failed(true), (RunState::Failed, true)),
        (failed(false), (RunState::Failed, false)),
        (seen(TurnState::Stopped), (RunState::Cancelled, false)),
        (seen(TurnState::Interrupted), (RunState::Failed, true)),
        (SeenTurn { has_lost_effect: true, ..seen(TurnState::Done) }, (RunState::Unknown, false)),
        (SeenTurn { has_lost_effect: true, ..seen(TurnState::Interrupted) }, (RunState::Unknown, false)),
        (call("done"), (RunState::Done, false)),
        (call("failed"), (RunState::Failed, true)),
        (call("denied"), (RunState::Failed, false)),
    ];
    for (seen, expected) in table {
        assert_eq!(end(&running, Some(seen.clone()), 0), Some(expected), "{seen:?}");
    }
    assert_eq!(end(&running, None, 0), Some((RunState::Unknown, false)), "a turn that is gone");
    let stopped = |ending| end(&run(RunState::Running, Some(ending)), Some(seen(TurnState::Stopped)), 0);
    assert_eq!(stopped(RunState::TimedOut), Some((RunState::TimedOut, true)));
    assert_eq!(stopped(RunState::Replaced), Some((RunState::Replaced, false)));
    let deaf = run(RunState::Running, Some(RunState::TimedOut));
    assert_eq!(end(&deaf, Some(seen(TurnState::Running)), 999), None, "it gets time to stop");
    assert_eq!(end(&deaf, Some(seen(TurnState::Running)), 1_000), Some((RunState::Unknown, false)));
}

#[test]
fn only_a_question_holds_the_clock_of_a_run() {
    let policies = Policies::default();
    let (running, parked) = (run(RunState::Running, None), run(RunState::Parked, None));
    let asking = SeenTurn { waiting: true, ..seen(TurnState::Running) };
    let next = |run: &Run, seen: &SeenTurn, now_ms: i64| {
        outcome::next(run, Some(&Seen::Turn(seen.clone())), &policies, now_ms)
    };
    assert_eq!(next(&running, &asking, 1), Next::Park);
    assert_eq!(
        next(&parked, &asking, 1_000_000),
        Next::Wait { until_ms: i64::MAX },
        "questions expire by themselves"
    );
    assert_eq!(next(&parked, &seen(TurnState::Running), 700), Next::Unpark { deadline_ms: 1_300 });
    assert_eq!(next(&running, &seen(TurnState::Queued), 999), Next::Wait { until_ms: 1_000 });
    assert!(matches!(
        next(&running, &seen(TurnState::Running), 1_000),
        Next::Stop { ending: RunState::TimedOut, .. }
    ));
}

#[test]
fn the_end_of_an_experiment_is_read_as_what_it_is() {
    let policies = Policies::default();
    let trying = |ending| {
        let run = run(RunState::Running, ending);
        Run { experiment: Some(ExperimentId::new()), turn: None, thread: None, ..run }
    };
    let over = |state, reason, applied| SeenExperiment {
        reason,
        applied,
        summary: "so it was".to_owned(),
        ..SeenExperiment::at(state)
    };
    let end = |ending, seen: SeenExperiment| match outcome::next(
        &trying(ending),
        Some(&Seen::Experiment(seen)),
        &policies,
        0,
    ) {
        Next::End { state, retry, .. } => (state, retry),
        other => panic!("{other:?}"),
    };
    let (no, timed_out) = (Applied::No, Some(RunState::TimedOut));
    let table = [
        (None, over(State::Accepted, Reason::None, Applied::Yes), (RunState::Done, false)),
        (timed_out, over(State::Accepted, Reason::None, Applied::Yes), (RunState::Done, false)),
        (None, over(State::Rejected, Reason::None, no), (RunState::Done, false)),
        (None, over(State::Rejected, Reason::MaxIterations, no), (RunState::Done, false)),
        (None, over(State::Cancelled, Reason::UserCancel, no), (RunState::Cancelled, false)),
        (timed_out, over(State::Cancelled, Reason::UserCancel, no), (RunState::TimedOut, true)),
        (
            Some(RunState::Replaced),
            over(State::Cancelled, Reason::UserCancel, no),
            (RunState::Replaced, false),
        ),
        (None, over(State::Halted, Reason::Timeout, no), (RunState::TimedOut, true)),
        (None, over(State::Halted, Reason::GracefulStop, no), (RunState::Cancelled, false)),
        (None, over(State::Halted, Reason::Crash, no), (RunState::Failed, true)),
        (None, over(State::Halted, Reason::InitFailed, no), (RunState::Failed, true)),
        (None, over(State::Halted, Reason::StrategyCrashed, no), (RunState::Failed, false)),
        (None, over(State::Halted, Reason::Crash, Applied::Applying), (RunState::Unknown, false)),
        (
            timed_out,
            over(State::Cancelled, Reason::UserCancel, Applied::Applying),
            (RunState::Unknown, false),
        ),
    ];
    for (ending, seen, expected) in table {
        assert_eq!(end(ending, seen.clone()), expected, "{ending:?} {seen:?}");
    }
    let next = |run: &Run, state, now_ms| {
        outcome::next(run, Some(&Seen::Experiment(SeenExperiment::at(state))), &policies, now_ms)
    };
    let running = trying(None);
    assert_eq!(next(&running, State::Running, 999), Next::Wait { until_ms: 1_000 });
    assert_eq!(next(&running, State::AwaitingHuman, 2_000), Next::Park, "its gate holds the clock");
    let parked = Run { state: RunState::Parked, ..trying(None) };
    assert_eq!(next(&parked, State::AwaitingHuman, 1_000_000), Next::Wait { until_ms: i64::MAX });
    assert_eq!(next(&parked, State::Running, 700), Next::Unpark { deadline_ms: 1_300 });
    let stop = next(&running, State::Evaluating, 1_000);
    assert!(matches!(stop, Next::Stop { ending: RunState::TimedOut, .. }), "{stop:?}");
    let gone = outcome::next(&running, None, &policies, 0);
    assert!(matches!(gone, Next::End { state: RunState::Unknown, retry: false, .. }), "{gone:?}");
}
