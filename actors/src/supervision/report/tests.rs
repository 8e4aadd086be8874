//! The ring and its subscribers.

use std::sync::Arc;

use super::*;

#[test]
fn the_ring_keeps_the_last_reports_and_subscribers_hear_all() {
    let heard = Arc::new(Mutex::new(0_usize));
    let count = heard.clone();
    let reports = Reports::new(vec![Box::new(move |_| *count.lock() += 1)]);
    for _ in 0..=REPORTS_KEPT {
        reports.tell(ActorPath::root("root"), ReportKind::Released);
    }
    let last = reports.last();
    assert_eq!(*heard.lock(), REPORTS_KEPT + 1);
    assert_eq!(last.len(), REPORTS_KEPT);
    assert_eq!(last.first().map(|report| report.number), Some(2));
    assert_eq!(last.last().map(|report| report.number), Some(257));
}

#[test]
fn a_report_reads_well_as_json() {
    let reports = Reports::new(Vec::new());
    let kind = ReportKind::Quarantined { reason: "failed: boom".into() };
    reports.tell(ActorPath::root("root").child("a"), kind);
    let json = serde_json::to_value(reports.last().remove(0)).unwrap();
    assert_eq!(json["path"], "root/a");
    assert_eq!(json["kind"], "quarantined");
    assert_eq!(json["reason"], "failed: boom");
}
