//! What is known from elsewhere finds a trail that was written anew.

use super::support::{Trail, entry, home, verify};
use crate::audit::{Anchor, Anchors, Broken, Expectations, Head};

fn anchor(head: Head) -> Anchor {
    Anchor { tenant: "home".to_owned(), head, at_ms: 1_700_000_000_000 }
}

#[tokio::test]
async fn a_trail_that_was_written_anew_does_not_fit_its_anchors() {
    let (first, second) = (Trail::of(5).await, Trail::of(5).await);
    let head = first.audit.head(home()).await.unwrap().unwrap();
    first.audit.record(home(), entry(6)).await.unwrap();
    let expected = Expectations { anchors: vec![anchor(head)], ..Expectations::default() };
    let verdict = verify(&first.path(), &expected);
    assert_eq!((verdict.broken, verdict.checks.anchors), (None, 1));
    let other = verify(&second.path(), &expected).broken;
    assert!(
        matches!(&other, Some(Broken::Anchor { seq: 5, at, .. }) if at == "2023-11-14T22:13:20Z"),
        "{other:?}"
    );
}

#[tokio::test]
async fn a_trail_that_was_cut_with_its_head_does_not_reach_its_anchor() {
    let trail = Trail::of(5).await;
    let head = trail.audit.head(home()).await.unwrap().unwrap();
    let copy = trail.into_copy().await;
    copy.change("DELETE FROM audit WHERE seq = 5");
    copy.change("UPDATE audit_heads SET seq = 4, hash = (SELECT hash FROM audit WHERE seq = 4)");
    assert_eq!(copy.verdict().broken, None, "nothing in the file shows it");
    let expected = Expectations { anchors: vec![anchor(head)], ..Expectations::default() };
    assert!(matches!(verify(&copy.path, &expected).broken, Some(Broken::Anchor { seq: 5, .. })));
    let written_down: String = head.hash.iter().map(|byte| format!("{byte:02X}")).collect();
    let expected = Expectations::default().with_hash(&written_down).unwrap();
    assert!(matches!(verify(&copy.path, &expected).broken, Some(Broken::Missing { .. })));
    assert!(Expectations::default().with_hash("nonsense").is_none());
    assert!(Expectations::default().with_hash(&"é".repeat(32)).is_none());
}

#[tokio::test]
async fn an_expected_hash_may_be_older_than_the_end() {
    let trail = Trail::of(3).await;
    let head = trail.audit.head(home()).await.unwrap().unwrap();
    trail.audit.record(home(), entry(4)).await.unwrap();
    assert!(trail.audit.holds(home(), head).await.unwrap());
    assert!(!trail.audit.holds(home(), Head { seq: 4, ..head }).await.unwrap());
    let text: String = head.hash.iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(verify(&trail.path(), &Expectations::default().with_hash(&text).unwrap()).broken, None);
}

#[test]
fn the_file_is_appended_survives_a_cut_and_stays_small() {
    let folder = tempfile::tempdir().unwrap();
    let anchors = Anchors::new(folder.path().join("audit.anchors"));
    assert_eq!(anchors.read().unwrap(), []);
    let of = |seq| anchor(Head { seq, hash: [seq as u8; 32] });
    anchors.note(&of(1)).unwrap();
    anchors.note(&of(2)).unwrap();
    assert_eq!(anchors.read().unwrap(), [of(1), of(2)]);
    let whole = std::fs::read_to_string(anchors.path()).unwrap();
    std::fs::write(anchors.path(), &whole[..whole.len() - 10]).unwrap();
    assert_eq!(anchors.read().unwrap(), [of(1)], "a line that a crash cut off is no anchor");
    anchors.note(&of(3)).unwrap();
    assert_eq!(anchors.read().unwrap(), [of(1), of(3)]);
    std::fs::write(anchors.path(), whole.repeat(5_000)).unwrap();
    anchors.note(&of(4)).unwrap();
    assert!(std::fs::metadata(anchors.path()).unwrap().len() < 700_000);
    assert_eq!(anchors.read().unwrap().last(), Some(&of(4)));
    std::fs::write(anchors.path(), "{}\n").unwrap();
    assert!(anchors.read().unwrap_err().to_string().starts_with("line 1 of "));
}
