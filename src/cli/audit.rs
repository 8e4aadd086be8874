//! `audit verify|list|export|head`: reads the trail from the file, whether a daemon runs or not.
//!
//! Nothing of this asks a daemon: who wants to know whether the trail was changed must not have to trust the
//! program that wrote it. The file is only looked at.

mod moment;

use std::path::Path;

use jiff::Timestamp;
use serde_json::json;

use crate::audit::{Anchors, ArchivedTrail, Broken, Expectations, Filter, Record, Verdict};
use crate::protocol::ids::TenantId;

use super::args::{AuditCommand, AuditFilterArgs, AuditVerifyArgs};
use super::exit::{Exit, Failure, Outcome};
use super::output;
use super::place::Place;

/// Entries that are read at a time.
const PAGE: usize = 500;

pub(super) fn run(place: &Place, command: AuditCommand) -> Outcome {
    match command {
        AuditCommand::Verify(args) => verify(place, &args),
        AuditCommand::List { filter, limit, json } => list(place, &filter, limit, json),
        AuditCommand::Export { filter, .. } => export(place, &filter),
        AuditCommand::Head(args) => head(place, args.json),
    }
}

/// Opens the file that was named, or the home's own.
fn open(place: &Place, file: Option<&Path>) -> Result<ArchivedTrail, Failure> {
    let own = place.home.database();
    if file.is_none() && !own.exists() {
        return Err(Failure::text(
            Exit::Failed,
            format_args!("there is no data in {}", place.home.describe()),
        )
        .hint("name a file, or another home with --home DIR"));
    }
    Ok(ArchivedTrail::open(file.unwrap_or(&own), &std::env::temp_dir())?)
}

// === verify ===

fn verify(place: &Place, args: &AuditVerifyArgs) -> Outcome {
    let trail = open(place, args.file.as_deref())?;
    let expected = expectations(place, args)?;
    let verdict = trail.verify(&expected)?;
    if args.json {
        output::json(&verdict);
    } else {
        show_verdict(&verdict);
    }
    match &verdict.broken {
        None => Ok(Exit::Done),
        Some(broken) => Err(Failure::text(Exit::Failed, broken).hint(advice(broken, place))),
    }
}

/// The home's own anchors belong to the home's own file; a copy is compared with those that are named.
fn expectations(place: &Place, args: &AuditVerifyArgs) -> Result<Expectations, Failure> {
    let own = || args.file.is_none().then(|| place.home.audit_anchors());
    let anchors = match args.anchor.clone().or_else(own) {
        Some(path) if args.anchor.is_none() || path.exists() => Anchors::new(path).read()?,
        Some(path) => {
            return Err(Failure::text(Exit::Failed, format_args!("there is no {}", path.display())));
        }
        None => Vec::new(),
    };
    let expected = Expectations { anchors, ..Expectations::default() };
    match &args.expect_head {
        None => Ok(expected),
        Some(hash) => expected.with_hash(hash).ok_or_else(|| {
            Failure::text(Exit::Failed, "--expect-head takes the 64 digits that `capuchin audit head` prints")
        }),
    }
}

fn show_verdict(verdict: &Verdict) {
    for chain in &verdict.chains {
        output::line(format_args!("{}  {} entries  {}", chain.tenant, chain.head.seq, chain.head.hex()));
    }
    if verdict.broken.is_none() {
        let anchors = match verdict.checks.anchors {
            0 => "no anchor to compare with".to_owned(),
            1 => "it fits its anchor".to_owned(),
            many => format!("it fits its {many} anchors"),
        };
        output::talk(format_args!("the trail is whole: {} entries, {anchors}", verdict.checks.entries));
    }
}

fn advice(broken: &Broken, place: &Place) -> String {
    match broken {
        Broken::Anchor { .. } => format!(
            "if you restored a backup, move {} away; a new one begins with the next start",
            place.home.audit_anchors().display()
        ),
        Broken::NoTrail => "is it a database of capuchin?".to_owned(),
        _ => "keep the file as it is, and compare it with a backup: the entries before this one are sound"
            .to_owned(),
    }
}

// === list, export, head ===

fn list(place: &Place, filter: &AuditFilterArgs, limit: usize, json: bool) -> Outcome {
    let trail = open(place, None)?;
    let records = trail.newest(&TenantId::home(), &wanted(filter)?, None, limit)?;
    if json {
        let items: Vec<_> = records.iter().map(Record::to_json).collect();
        output::json(&json!({ "items": items, "next": null }));
        return Ok(Exit::Done);
    }
    if records.is_empty() {
        output::talk("nothing happened that matches");
        return Ok(Exit::Done);
    }
    let at = |record: &Record| {
        let at = Timestamp::from_millisecond(record.at_ms).unwrap_or(Timestamp::UNIX_EPOCH);
        format!("{at:.0}")
    };
    let rows: Vec<_> = records
        .iter()
        .map(|record| {
            let plain = |text: &str| text.chars().filter(|c| !c.is_control()).collect::<String>();
            [
                record.seq.to_string(),
                at(record),
                plain(&record.principal),
                plain(&record.action),
                plain(&record.outcome),
                plain(&record.target),
                plain(&record.reason),
            ]
        })
        .collect();
    output::table(["SEQ", "AT", "PRINCIPAL", "ACTION", "OUTCOME", "TARGET", "REASON"], &rows);
    Ok(Exit::Done)
}

fn export(place: &Place, filter: &AuditFilterArgs) -> Outcome {
    let (trail, filter, tenant) = (open(place, None)?, wanted(filter)?, TenantId::home());
    let mut after = 0;
    loop {
        let records = trail.oldest(&tenant, &filter, after, PAGE)?;
        let Some(last) = records.last() else { return Ok(Exit::Done) };
        after = last.seq;
        let lines: String = records.iter().map(|record| format!("{}\n", record.to_json())).collect();
        if !output::piece(&lines) {
            return Ok(Exit::Done);
        }
    }
}

fn head(place: &Place, json: bool) -> Outcome {
    let Some(head) = open(place, None)?.head(&TenantId::home())? else {
        output::talk("the trail is empty");
        return Ok(Exit::Done);
    };
    if json {
        output::json(&head);
    } else {
        output::line(head.hex());
        output::talk(format_args!(
            "the head of {} entries; write it down elsewhere: `capuchin audit verify --expect-head` finds it again",
            head.seq
        ));
    }
    Ok(Exit::Done)
}

fn wanted(args: &AuditFilterArgs) -> Result<Filter, Failure> {
    let time = |text: &Option<String>| {
        let moment = text.as_deref().map(|text| moment::parse(text, Timestamp::now())).transpose();
        moment.map(|moment| moment.map(Timestamp::as_millisecond))
    };
    Ok(Filter {
        action: args.action.clone(),
        principal: args.principal.clone(),
        outcome: args.outcome.clone(),
        since_ms: time(&args.since)?,
        until_ms: time(&args.until)?,
    })
}
