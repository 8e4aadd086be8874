//! Approvals over a real store.

use std::time::Duration;

use super::*;
use crate::db::{Db, DbOptions, WriterRun};
use crate::identity::{Principal, Scopes, Who};
use crate::policy::{Action, Ask, Effect, Policies, SourceKind, Subject};
use crate::protocol::ids::{TenantId, ThreadId, TokenId, TurnId};
use crate::protocol::turn::{Inbound, Provenance, TurnOverrides};
use crate::turns::{EventHub, Turns};
use crate::workspaces::{NewThread, Threads, Workspaces};

struct Desk {
    home: tempfile::TempDir,
    _writer: Option<WriterRun>,
    db: Db,
    policies: Policies,
    approvals: Approvals,
    turns: Turns,
}

const HOUR: Duration = Duration::from_secs(3_600);

fn tenant() -> TenantId {
    TenantId::home()
}

fn owner() -> Principal {
    Principal::owner(tenant())
}

fn token(id: TokenId, scopes: &str) -> Principal {
    Principal { who: Who::Token(id), scopes: scopes.parse::<Scopes>().unwrap(), ..owner() }
}

impl Desk {
    async fn open() -> Self {
        Self::over(tempfile::tempdir().unwrap()).await
    }

    async fn over(home: tempfile::TempDir) -> Self {
        let db = Db::open(home.path().join("capuchin.db"), DbOptions::default()).unwrap();
        let writer = db.start_writer().unwrap();
        let policies = Policies::new(db.clone());
        let times = ApprovalTimes { attended: HOUR, unattended: HOUR / 2 };
        let approvals = Approvals::new(db.clone(), policies.clone(), times);
        let turns = Turns::new(db.clone(), EventHub::new());
        turns.begin_boot("test").await.unwrap();
        let folders = crate::config::Home::locate(Some(home.path())).unwrap();
        Workspaces::new(db.clone(), &folders).ensure_default(&tenant()).await.unwrap();
        Self { home, _writer: Some(writer), db, policies, approvals, turns }
    }

    /// The same data in another life of the daemon.
    async fn restart(mut self) -> Self {
        self._writer.take().unwrap().stop().await.unwrap();
        drop((self.db, self.approvals, self.policies, self.turns));
        Self::over(self.home).await
    }

    async fn running_turn(&self) -> (ThreadId, TurnId) {
        let thread =
            Threads::new(self.db.clone()).create(&owner(), NewThread::default(), None).await.unwrap();
        let inbound = Inbound {
            tenant: tenant(),
            thread: thread.thing.id,
            content: "hi".into(),
            provenance: Provenance::Owner,
            source: "owner".into(),
            idempotency_key: None,
            overrides: TurnOverrides::default(),
        };
        let turn = self.turns.accept(inbound, TurnId::new(), true).await.unwrap().turn_id;
        (thread.thing.id, turn)
    }

    async fn ask(&self, question: Question) -> Approval {
        self.approvals.ask(&tenant(), question).await.unwrap()
    }
}

fn remove() -> Action {
    Action::RunCommand { program: "rm".into(), args: vec!["x".into()] }
}

fn question(turn: Option<(ThreadId, TurnId)>) -> Question {
    let source = SourceKind::Owner;
    Question {
        subject: Subject { assistant: None, workspace: None, thread: turn.map(|(thread, _)| thread), source },
        turn: turn.map(|(_, turn)| turn),
        source: "owner".into(),
        actions: vec![remove()],
        payload: "p".into(),
        why: "a rule says to ask".into(),
        rule: None,
        tainted: false,
        expires_in: None,
    }
}

const ONCE: Choice = Choice::Allow(DecisionScope::Once);

#[tokio::test]
async fn the_first_of_two_decisions_counts_and_the_second_learns_of_it() {
    let desk = Desk::open().await;
    let asked = desk.ask(question(None)).await;
    let (by, other) = (owner(), token(TokenId::new(), "approve"));
    let (first, second) = tokio::join!(
        desk.approvals.decide(&by, asked.id, ONCE, ""),
        desk.approvals.decide(&other, asked.id, Choice::Deny, "no"),
    );
    let (winner, loser) = match (first, second) {
        (Ok(winner), Err(loser)) | (Err(loser), Ok(winner)) => (winner, loser),
        both => panic!("{both:?}"),
    };
    let ApprovalError::Decided(known) = loser else { panic!("{loser}") };
    assert_eq!((known.state, &known.decided_by), (winner.state, &winner.decided_by));
    let again = desk.approvals.decide(&by, asked.id, ONCE, "").await;
    assert!(matches!(again, Err(ApprovalError::Decided(_))));
}

#[tokio::test]
async fn a_turn_that_asks_again_after_a_restart_finds_its_question_and_the_waiter_its_decision() {
    let desk = Desk::open().await;
    let turn = desk.running_turn().await;
    let asked = desk.ask(question(Some(turn))).await;
    let desk = desk.restart().await;
    let again = desk.ask(question(Some(turn))).await;
    assert_eq!(
        (again.id, again.state, again.expires_ms),
        (asked.id, ApprovalState::Pending, asked.expires_ms)
    );
    let home = tenant();
    let wait = desk.approvals.wait(&home, asked.id);
    let by = owner();
    let decide = desk.approvals.decide(&by, asked.id, ONCE, "go on");
    let (waited, decided) = tokio::join!(wait, decide);
    assert_eq!(waited.unwrap(), decided.unwrap());
    let known = desk.ask(question(Some(turn))).await;
    assert_eq!((known.id, known.state), (asked.id, ApprovalState::Allowed));
}

#[tokio::test]
async fn an_approval_is_good_for_one_action_and_for_exactly_that_one() {
    let desk = Desk::open().await;
    let turn = desk.running_turn().await;
    let asked = desk.ask(question(Some(turn))).await;
    let redeem = |digest| desk.approvals.redeem(tenant_ref(), asked.id, digest);
    assert!(matches!(redeem(asked.digest).await, Err(ApprovalError::NotApproved)));
    desk.approvals.decide(&owner(), asked.id, ONCE, "").await.unwrap();
    let other = Action::digest(&[remove()], "q");
    assert!(matches!(redeem(other).await, Err(ApprovalError::NotApproved)));
    redeem(Action::digest(&[remove()], "p")).await.unwrap();
    assert!(matches!(redeem(asked.digest).await, Err(ApprovalError::NotApproved)));
    let next = desk.ask(question(Some(turn))).await;
    assert!(next.id != asked.id && next.state == ApprovalState::Pending);
}

fn tenant_ref() -> &'static TenantId {
    static HOME: std::sync::LazyLock<TenantId> = std::sync::LazyLock::new(TenantId::home);
    &HOME
}

#[tokio::test]
async fn what_nobody_decides_in_time_is_denied_whoever_looks_first() {
    let desk = Desk::open().await;
    let late = || Question { expires_in: Some(Duration::ZERO), ..question(None) };
    let waited = desk.ask(late()).await;
    assert_eq!(desk.approvals.wait(&tenant(), waited.id).await.unwrap().state, ApprovalState::Expired);
    let read = desk.ask(late()).await;
    assert_eq!(desk.approvals.get(&owner(), read.id).await.unwrap().state, ApprovalState::Expired);
    let decided = desk.ask(late()).await;
    let error = desk.approvals.decide(&owner(), decided.id, ONCE, "").await.unwrap_err();
    let ApprovalError::Decided(known) = &error else { panic!("{error}") };
    assert_eq!(known.state, ApprovalState::Expired);
    let swept = desk.ask(late()).await;
    assert_eq!(desk.approvals.end_overdue().await.unwrap(), 1);
    assert_eq!(desk.approvals.get(&owner(), swept.id).await.unwrap().state, ApprovalState::Expired);
    assert_eq!(desk.approvals.list(&owner(), pending(), 9).await.unwrap(), []);
}

fn pending() -> ApprovalFilter {
    ApprovalFilter { state: Some(ApprovalState::Pending), ..ApprovalFilter::default() }
}

#[tokio::test]
async fn a_question_ends_with_its_turn() {
    let desk = Desk::open().await;
    let (thread, turn) = desk.running_turn().await;
    let asked = desk.ask(question(Some((thread, turn)))).await;
    let stopped = crate::protocol::turn::Settlement {
        tenant: tenant(),
        thread,
        turn_id: turn,
        state: crate::protocol::turn::TurnState::Stopped,
        answer: Default::default(),
        spent: Default::default(),
        tail: Default::default(),
        failure: None,
    };
    desk.turns.settle(stopped).await.unwrap();
    let error = desk.approvals.decide(&owner(), asked.id, ONCE, "").await.unwrap_err();
    assert!(error.to_string().contains("the turn that asked has ended"), "{error}");
}

#[tokio::test]
async fn a_program_does_not_decide_about_itself_and_does_not_change_the_policy() {
    let desk = Desk::open().await;
    let id = TokenId::new();
    let own = Question { source: id.to_string(), ..question(None) };
    let asked = desk.ask(own).await;
    let decide = async |by: &Principal, choice| desk.approvals.decide(by, asked.id, choice, "").await;
    let always = Choice::Allow(DecisionScope::Always);
    assert!(matches!(decide(&token(id, "approve,chat"), ONCE).await, Err(ApprovalError::Own)));
    let other = token(TokenId::new(), "approve");
    assert!(matches!(decide(&other, always).await, Err(ApprovalError::NeedsAdmin)));
    assert!(matches!(
        decide(&other, Choice::Allow(DecisionScope::Thread)).await,
        Err(ApprovalError::NoThread)
    ));
    assert_eq!(decide(&token(id, "admin"), ONCE).await.unwrap().state, ApprovalState::Allowed);
}

#[tokio::test]
async fn a_lasting_decision_makes_a_rule_for_the_same_thing_and_nothing_else() {
    let desk = Desk::open().await;
    let turn = desk.running_turn().await;
    let asked = desk.ask(question(Some(turn))).await;
    let made =
        desk.approvals.decide(&owner(), asked.id, Choice::Allow(DecisionScope::Thread), "").await.unwrap();
    let policy = desk.policies.current(&tenant()).await.unwrap();
    assert_eq!(policy.rules.iter().map(|rule| Some(rule.id)).collect::<Vec<_>>(), [made.made_rule]);
    let judged =
        async |action, subject| desk.policies.judge(&tenant(), &Ask::plain(action, subject)).await.effect;
    let here = Subject { thread: Some(turn.0), ..question(None).subject };
    assert_eq!(judged(remove(), here).await, Effect::Allow);
    let elsewhere = Subject { thread: Some(ThreadId::new()), ..here };
    assert_eq!(judged(remove(), elsewhere).await, Effect::Ask);
    let hook = Subject { source: SourceKind::Webhook, ..here };
    assert_eq!(judged(remove(), hook).await, Effect::Ask);
    let more = Action::RunCommand { program: "rm".into(), args: vec!["x".into(), "y".into()] };
    assert_eq!(judged(more, here).await, Effect::Ask);
}

#[tokio::test]
async fn the_list_is_in_the_order_of_expiry_page_by_page() {
    let desk = Desk::open().await;
    let mut ids = Vec::new();
    for minutes in [3, 1, 2] {
        let expires_in = Some(Duration::from_secs(60 * minutes));
        ids.push(desk.ask(Question { expires_in, ..question(None) }).await.id);
    }
    let first = desk.approvals.list(&owner(), pending(), 2).await.unwrap();
    let after = first.last().map(Cursor::from);
    let cursor: Cursor = after.unwrap().to_string().parse().unwrap();
    let rest =
        desk.approvals.list(&owner(), ApprovalFilter { after: Some(cursor), ..pending() }, 2).await.unwrap();
    let found: Vec<_> = first.iter().chain(&rest).map(|approval| approval.id).collect();
    assert_eq!(found, [ids[1], ids[2], ids[0]]);
}

#[tokio::test]
async fn nothing_and_too_much_are_not_asked() {
    let desk = Desk::open().await;
    let ask = |question| desk.approvals.ask(tenant_ref(), question);
    assert!(matches!(ask(Question { actions: vec![], ..question(None) }).await, Err(ApprovalError::Empty)));
    let long = Question { payload: "x".repeat(SHOWN_BYTES_MAX), ..question(None) };
    assert!(matches!(ask(long).await, Err(ApprovalError::TooLong)));
    let words = Question { why: "a\nb".into(), ..question(None) };
    assert!(matches!(ask(words).await, Err(ApprovalError::Text { field: "why" })));
}
