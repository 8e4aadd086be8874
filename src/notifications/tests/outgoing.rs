//! What goes out: promised, sent, tried again, held, and told when it fails.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use futures::FutureExt as _;
use futures::future::BoxFuture;
use parking_lot::Mutex;

use super::*;
use crate::notifications::sending::Next;

/// A way out that does what it is told to, and keeps what it was given.
#[derive(Default)]
struct Fake {
    outcomes: Mutex<VecDeque<Result<(), DeliverFailure>>>,
    sent: Mutex<Vec<Letter>>,
    /// Never answers: as if the daemon died meanwhile.
    hangs: bool,
}

impl DeliverNotice for Fake {
    fn is_ready(&self, _tenant: &TenantId) -> bool {
        true
    }

    fn deliver(&self, _tenant: TenantId, letter: Letter) -> BoxFuture<'static, Result<(), DeliverFailure>> {
        self.sent.lock().push(letter);
        if self.hangs {
            return futures::future::pending().boxed();
        }
        futures::future::ready(self.outcomes.lock().pop_front().unwrap_or(Ok(()))).boxed()
    }
}

fn mail(world: &World, outcomes: impl IntoIterator<Item = Result<(), DeliverFailure>>) -> Arc<Fake> {
    let fake = Arc::new(Fake { outcomes: Mutex::new(outcomes.into_iter().collect()), ..Fake::default() });
    world.notices.deliver_by(Way::Email, Arc::clone(&fake) as _);
    fake
}

async fn send(world: &World, after_a_life: bool) -> Duration {
    world.notices.flush().await.unwrap();
    let next = world.notices.send_due(after_a_life).await.unwrap();
    world.notices.flush().await.unwrap();
    next
}

fn later(why: &str) -> Result<(), DeliverFailure> {
    Err(DeliverFailure::Later { why: why.to_owned(), after: None })
}

#[tokio::test]
async fn what_a_rule_names_goes_out_once_however_often_it_happens() {
    let world = World::new();
    let fake = mail(&world, []);
    world.rule("capuchin.mcp.*", Severity::Info, Delivery::Email).await;
    for _ in 0..3 {
        world.raise(down("weather"));
        send(&world, false).await;
    }
    assert_eq!(fake.sent.lock().len(), 1);
    // Once it was read, its return is news.
    world.notices.read_all(&home(), None).await.unwrap();
    world.raise(down("weather"));
    send(&world, false).await;
    let sent = fake.sent.lock().clone();
    assert_eq!(sent.len(), 2);
    assert_eq!((sent[1].title.as_str(), sent[1].possible_duplicate), ("weather is down", false));
    assert_ne!(sent[0].id, sent[1].id);
}

#[tokio::test]
async fn what_does_not_go_out_is_tried_again_with_growing_pauses_and_told_once_at_the_end() {
    let world = World::new();
    let fake = mail(&world, (0..20).map(|_| later("the server is away")));
    world.rule("*", Severity::Info, Delivery::All).await;
    world.raise(down("weather"));
    send(&world, false).await;
    let mut pauses = Vec::new();
    for _ in 0..7 {
        let before = world.clock.load(Ordering::SeqCst);
        while fake.sent.lock().len() == pauses.len() + 1 {
            world.later(15_000);
            send(&world, false).await;
        }
        pauses.push((world.clock.load(Ordering::SeqCst) - before) / 1_000);
    }
    assert_eq!(pauses, [30, 60, 120, 240, 480, 960, 1_920]);
    world.later(24 * 3_600 * 1_000);
    send(&world, false).await;
    let sent = fake.sent.lock().clone();
    assert_eq!(sent.len(), 8, "eight attempts, and the notice of the failure goes nowhere");
    assert!(sent.iter().all(|letter| letter.id == sent[0].id));
    let told = world.all().await;
    let failed: Vec<_> = told.iter().filter(|one| one.pattern == Pattern::DeliveryFailed.as_str()).collect();
    assert_eq!(failed.len(), 1);
    assert!(failed[0].body.contains("the server is away") && failed[0].body.contains("weather is down"));
}

#[tokio::test]
async fn a_refusal_for_good_ends_at_once_and_many_of_them_are_one_notice() {
    let world = World::new();
    let never = || Err(DeliverFailure::Never { why: "550 no such mailbox".to_owned() });
    let fake = mail(&world, (0..20).map(|_| never()));
    world.rule("*", Severity::Info, Delivery::Email).await;
    for number in 0..20 {
        world.raise(down(&number.to_string()));
    }
    send(&world, false).await;
    send(&world, false).await;
    assert_eq!(fake.sent.lock().len(), 20);
    let told = world.all().await;
    let failed: Vec<_> = told.iter().filter(|one| one.pattern == Pattern::DeliveryFailed.as_str()).collect();
    assert_eq!((failed.len(), failed[0].count), (1, 20));
}

#[tokio::test]
async fn what_was_being_sent_when_a_life_ended_is_sent_again_and_says_so() {
    let world = World::new();
    let dying = Arc::new(Fake { hangs: true, ..Fake::default() });
    world.notices.deliver_by(Way::Email, Arc::clone(&dying) as _);
    world.rule("*", Severity::Info, Delivery::Email).await;
    world.raise(down("weather"));
    world.notices.flush().await.unwrap();
    let cut_off = tokio::time::timeout(Duration::from_millis(300), world.notices.send_due(true)).await;
    assert!(cut_off.is_err() && dying.sent.lock().len() == 1);
    // While a life goes on, nobody takes what it has claimed.
    let fake = mail(&world, []);
    send(&world, false).await;
    assert!(fake.sent.lock().is_empty());
    send(&world, true).await;
    let sent = fake.sent.lock().clone();
    assert_eq!(sent.len(), 1);
    assert!(sent[0].possible_duplicate);
    assert_eq!(sent[0].id, dying.sent.lock()[0].id);
    send(&world, true).await;
    assert_eq!(fake.sent.lock().len(), 1, "what is sent is over");
}

#[tokio::test]
async fn what_is_held_goes_out_in_one_message_and_an_error_at_once() {
    let world = World::new();
    let fake = mail(&world, []);
    world.rule("*", Severity::Info, Delivery::Email).await;
    let change = SettingsChange { digest_at: Some(Some("18:00".to_owned())), ..SettingsChange::default() };
    world.notices.change_settings(&owner(), None, change).await.unwrap();
    for name in ["weather", "mail", "music"] {
        world.raise(down(name));
        world.later(1);
    }
    world.raise(down("house").being(Severity::Error));
    send(&world, false).await;
    assert_eq!(fake.sent.lock().iter().map(|one| one.title.clone()).collect::<Vec<_>>(), ["house is down"]);
    world.later(6 * 3_600 * 1_000);
    send(&world, false).await;
    let digest = fake.sent.lock().last().cloned().unwrap();
    assert_eq!(
        (digest.kind, digest.title.as_str(), digest.severity),
        (LetterKind::Digest, "3 notifications", Severity::Warning)
    );
    assert_eq!(digest.body, "warning: weather is down\nwarning: mail is down\nwarning: music is down");
    // One alone goes as it is.
    world.raise(down("garden"));
    world.notices.flush().await.unwrap();
    world.later(24 * 3_600 * 1_000);
    send(&world, false).await;
    assert_eq!(fake.sent.lock().last().unwrap().title, "garden is down");
    assert_eq!(fake.sent.lock().len(), 3);
}

#[tokio::test]
async fn all_leaves_out_what_is_not_set_up_and_a_named_way_is_told_to_be_missing() {
    let world = World::new();
    world.rule("capuchin.mcp.*", Severity::Info, Delivery::All).await;
    world.raise(down("weather"));
    send(&world, false).await;
    assert_eq!(world.all().await.len(), 1);
    world.rule("capuchin.mcp.down", Severity::Info, Delivery::Channel).await;
    world.raise(down("mail"));
    send(&world, false).await;
    let told = world.all().await;
    assert_eq!(told.len(), 3);
    assert!(
        told.iter()
            .any(|one| one.pattern == Pattern::DeliveryFailed.as_str() && one.body.contains("not set up"))
    );
    let test = world.notices.test(&home(), Way::Channel, None).await;
    assert!(matches!(test, Err(NotificationError::NotSetUp(_))));
}

#[tokio::test]
async fn ten_thousand_different_failures_promise_a_bounded_number_of_messages() {
    let world = World::new();
    let fake = mail(&world, []);
    world.rule("*", Severity::Info, Delivery::Email).await;
    for round in 0..10 {
        for number in 0..1_000 {
            world.raise(down(&format!("{round} {number}")));
        }
        world.notices.flush().await.unwrap();
    }
    world.notices.send_due(false).await.unwrap();
    assert_eq!(fake.sent.lock().len(), 1_000);
    world.notices.flush().await.unwrap();
    let errors = NoticeFilter { severity: Some(Severity::Error), ..NoticeFilter::default() };
    let told = world.notices.list(&home(), errors, None, 200).await.unwrap();
    assert_eq!(told.len(), 1);
    assert!(told[0].title.ends_with("notifications were not sent"), "{told:?}");
}

#[test]
fn what_becomes_of_an_attempt_is_a_table() {
    let out = |attempts, duplicate, kind| sending::Outgoing {
        id: crate::protocol::ids::LetterId::new(),
        kind,
        way: Way::Email,
        target: None,
        notification: None,
        pattern: String::new(),
        severity: Severity::Info,
        title: String::new(),
        body: String::new(),
        attempts,
        duplicate,
        due_ms: 0,
        created_ms: 0,
    };
    let of = |attempts, duplicate, kind, outcome| sending::next(&out(attempts, duplicate, kind), outcome, 0);
    let unknown = || Err(DeliverFailure::Unknown { why: "cut".to_owned() });
    let asked =
        |s| Err(DeliverFailure::Later { why: "slowly".to_owned(), after: Some(Duration::from_secs(s)) });
    let end = |state, why: &str| Next::End { state, why: why.to_owned() };
    let again = |due_ms, duplicate, why: &str| Next::Again { due_ms, duplicate, why: why.to_owned() };
    let notice = LetterKind::Notice;
    let cases = [
        ("sent", of(1, false, notice, Ok(())), end("sent", "")),
        ("not known", of(1, false, notice, unknown()), again(30_000, true, "cut")),
        ("not known for the last time", of(8, false, notice, unknown()), end("unknown", "cut")),
        ("away, and once not known", of(8, true, notice, later("away")), end("unknown", "away")),
        ("away for the last time", of(8, false, notice, later("away")), end("dead", "away")),
        ("the other side asks for time", of(1, false, notice, asked(300)), again(300_000, false, "slowly")),
        ("it asks for too much", of(1, false, notice, asked(86_400)), again(3_600_000, false, "slowly")),
        ("a test is tried once", of(1, false, LetterKind::Test, later("away")), end("dead", "away")),
    ];
    for (name, next, expected) in cases {
        assert_eq!(next, expected, "{name}");
    }
}
