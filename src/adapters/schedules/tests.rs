//! Schedules over a real store and ledger of turns, with a clock that tests set and turns that tests end.

mod experiments;

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use capuchin_actors::ports::keep_ledger::{AcceptError, KeepLedger as _};
use futures::FutureExt as _;
use futures::future::BoxFuture;
use jiff::Timestamp;
use parking_lot::Mutex;

use super::{Scheduler, Turning};
use crate::adapters::ledger::Ledger;
use crate::approvals::{ApprovalTimes, Approvals};
use crate::config::Home;
use crate::db::{Db, DbError, DbOptions, WriterRun};
use crate::experiments::{ExperimentParts, Experiments};
use crate::extensions::Extensions;
use crate::identity::Principal;
use crate::notifications::Notifications;
use crate::policy::{Author, KillSwitches, Policies as Rules};
use crate::protocol::ids::{ScheduleId, TenantId, ThreadId, TurnId, WorkspaceId};
use crate::protocol::journal::TurnLog;
use crate::protocol::turn::{Accepted, Inbound, Settlement, TurnAnswer, TurnFailure, TurnState};
use crate::schedules::{
    CatchUp, ERRORS_MAX, Job, NewSchedule, Overlap, Place, Policies, Rule, Run, RunState, Schedule,
    ScheduleState, Schedules,
};
use crate::telemetry::Metrics;
use crate::turns::{EventHub, Turns};
use crate::workspaces::Workspaces;

const MINUTE: i64 = 60_000;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;
const DAY_LONG: std::time::Duration = std::time::Duration::from_secs(86_400);

/// Turns that begin at once and end when a test says so.
struct Fake {
    ledger: Ledger,
    /// In their order: thread, turn, key.
    begun: Mutex<Vec<(ThreadId, TurnId, String)>>,
    stopped: Mutex<Vec<TurnId>>,
    /// What the next message is refused with.
    refusal: Mutex<Option<AcceptError>>,
}

impl Turning for Fake {
    fn submit(&self, inbound: Inbound) -> BoxFuture<'_, Result<Accepted, AcceptError>> {
        async move {
            if let Some(refusal) = self.refusal.lock().take() {
                return Err(refusal);
            }
            let (thread, key) = (inbound.thread, inbound.idempotency_key.clone().unwrap());
            let accepted = self.ledger.accept(inbound, TurnId::new(), true).await?;
            if !accepted.repeated {
                self.begun.lock().push((thread, accepted.turn_id, key));
            }
            Ok(accepted)
        }
        .boxed()
    }

    fn stop(&self, _: ThreadId, turn: TurnId) {
        self.stopped.lock().push(turn);
    }
}

struct World {
    scheduler: Scheduler,
    schedules: Schedules,
    fake: Arc<Fake>,
    now: Arc<AtomicI64>,
    switches: KillSwitches,
    experiments: Experiments,
    db: Db,
    _writer: WriterRun,
    _home: tempfile::TempDir,
}

fn tenant() -> TenantId {
    TenantId::home()
}

fn owner() -> Principal {
    Principal::owner(tenant())
}

fn ms(text: &str) -> i64 {
    text.parse::<Timestamp>().unwrap().as_millisecond()
}

fn hourly() -> Rule {
    Rule::Cron { pattern: "0 * * * *".to_owned() }
}

fn new(rule: Rule, policies: Policies) -> NewSchedule {
    NewSchedule {
        name: "look".to_owned(),
        workspace_id: None,
        thread_id: None,
        rule,
        zone: "Europe/Berlin".to_owned(),
        job: Job::Prompt { text: "Look around.".to_owned() },
        place: Place::Own,
        policies,
        ceiling: None,
    }
}

impl World {
    /// It is half past nine in the morning of 1 June 2026, UTC.
    async fn new() -> Self {
        let home = tempfile::tempdir().unwrap();
        let db = Db::open(home.path().join("capuchin.db"), DbOptions::default()).unwrap();
        let writer = db.start_writer().unwrap();
        let turns = Turns::new(db.clone(), EventHub::new());
        turns.begin_boot("test").await.unwrap();
        let add = db.write(&tenant(), |tx| {
            tx.execute(
                "INSERT INTO workspaces (id, tenant, name, is_default, created_ms, updated_ms) VALUES (?2, ?1, 'w', 1, 0, 0)",
                &[&WorkspaceId::new()],
            )
        });
        add.await.map_err(|error: DbError| error).unwrap();
        let switches = KillSwitches::open(db.clone()).await.unwrap();
        let now = Arc::new(AtomicI64::new(ms("2026-06-01T09:30:00Z")));
        let schedules = Self::open(&db, &switches, &now).await;
        let ledger = Ledger::new(turns, Metrics::new()).with_schedules(schedules.clone());
        let (begun, stopped, refusal) = (Mutex::default(), Mutex::default(), Mutex::default());
        let fake = Arc::new(Fake { ledger, begun, stopped, refusal });
        let experiments = Self::desk(&db, &switches, &home);
        let scheduler = Scheduler::new(schedules.clone(), Arc::clone(&fake) as _, experiments.clone());
        Self { scheduler, schedules, fake, now, switches, experiments, db, _writer: writer, _home: home }
    }

    async fn open(db: &Db, switches: &KillSwitches, now: &Arc<AtomicI64>) -> Schedules {
        let clock = Arc::clone(now);
        let clock = Arc::new(move || clock.load(Ordering::Relaxed));
        let told = (Metrics::new(), Notifications::new(db.clone()));
        Schedules::open_with_clock(db.clone(), switches.clone(), told, clock).await.unwrap()
    }

    /// Experiments without actors: tests say what happens to them.
    fn desk(db: &Db, switches: &KillSwitches, home: &tempfile::TempDir) -> Experiments {
        let home = Home::locate(Some(home.path())).unwrap();
        let policies = Rules::new(db.clone());
        let parts = ExperimentParts {
            db: db.clone(),
            workspaces: Workspaces::new(db.clone(), &home),
            approvals: Approvals::new(
                db.clone(),
                policies.clone(),
                ApprovalTimes { attended: DAY_LONG, unattended: DAY_LONG },
            ),
            policies,
            switches: switches.clone(),
            notices: Notifications::new(db.clone()),
            extensions: Extensions::default(),
        };
        Experiments::new(parts, &home)
    }

    /// Another life of the scheduler on the same store.
    async fn restart(&mut self) {
        self.schedules = Self::open(&self.db, &self.switches, &self.now).await;
        let (turning, experiments) = (Arc::clone(&self.fake) as _, self.experiments.clone());
        self.scheduler = Scheduler::new(self.schedules.clone(), turning, experiments);
    }

    async fn make(&self, new: NewSchedule) -> ScheduleId {
        self.schedules.create(&owner(), new, None).await.unwrap().thing.id
    }

    fn later(&self, by_ms: i64) {
        self.now.fetch_add(by_ms, Ordering::Relaxed);
    }

    fn at(&self, text: &str) {
        self.now.store(ms(text), Ordering::Relaxed);
    }

    /// Does one errand; false when there is none.
    async fn step(&self) -> bool {
        let due = self.scheduler.clone().look(HashSet::new()).await.unwrap();
        let Some((_, errand)) = due.jobs.into_iter().next() else { return false };
        self.scheduler.try_run(&errand).await.unwrap();
        true
    }

    /// Does all that is to be done now. It ends: nothing is due again and again.
    async fn settle(&self) {
        for _ in 0..2_000 {
            if !self.step().await {
                return;
            }
        }
        panic!("something is due again and again");
    }

    /// The runs of a schedule, oldest slot first.
    async fn runs(&self, id: ScheduleId) -> Vec<Run> {
        let mut runs = self.schedules.runs(&tenant(), id, None, 200).await.unwrap();
        runs.reverse();
        runs
    }

    async fn states(&self, id: ScheduleId) -> Vec<RunState> {
        self.runs(id).await.into_iter().map(|run| run.state).collect()
    }

    async fn schedule(&self, id: ScheduleId) -> Schedule {
        self.schedules.get(&tenant(), id).await.unwrap()
    }

    /// Ends the newest turn.
    async fn end(&self, state: TurnState) {
        let (thread, turn_id, _) = self.fake.begun.lock().last().unwrap().clone();
        let failure = (state != TurnState::Done).then(|| TurnFailure::new("upstream", "it broke", true));
        let settlement = Settlement {
            tenant: tenant(),
            thread,
            turn_id,
            state,
            answer: TurnAnswer::default(),
            spent: Default::default(),
            tail: TurnLog::default(),
            failure,
        };
        self.fake.ledger.settle(settlement).await.unwrap();
    }

    fn begun(&self) -> usize {
        self.fake.begun.lock().len()
    }

    async fn sql(&self, sql: &'static str) {
        let write = self.db.write_system(move |tx| tx.execute(sql, &[]));
        write.await.map_err(|error: DbError| error).unwrap();
    }
}

#[tokio::test]
async fn a_slot_becomes_a_turn_and_its_end_the_end_of_the_run() {
    let world = World::new().await;
    let id = world.make(new(hourly(), Policies::default())).await;
    world.settle().await;
    assert_eq!(world.begun(), 0, "not before its time");
    world.at("2026-06-01T10:00:00Z");
    world.settle().await;
    assert_eq!((world.begun(), world.states(id).await), (1, vec![RunState::Running]));
    world.end(TurnState::Done).await;
    world.settle().await;
    let runs = world.runs(id).await;
    assert_eq!(
        (runs[0].state, runs[0].attempt, runs[0].slot_ms),
        (RunState::Done, 1, ms("2026-06-01T10:00:00Z"))
    );
    assert_eq!(world.schedule(id).await.next_ms, Some(ms("2026-06-01T11:00:00Z")));
    // All runs are in one thread of its own, named after it.
    world.at("2026-06-01T11:00:00Z");
    world.settle().await;
    let begun = world.fake.begun.lock().clone();
    assert_eq!(begun[0].0, begun[1].0);
    assert_ne!(begun[0].2, begun[1].2, "the key is the execution's, not the thread's");
}

#[tokio::test]
async fn whatever_is_killed_between_two_steps_each_slot_fires_once() {
    // Every errand is done twice from the same look, as by a life that died after it; then a new life goes on.
    let mut world = World::new().await;
    let id = world.make(new(hourly(), Policies::default())).await;
    for hour in 10..15 {
        world.at(&format!("2026-06-01T{hour}:00:00Z"));
        loop {
            let due = world.scheduler.clone().look(HashSet::new()).await.unwrap();
            let Some((_, errand)) = due.jobs.into_iter().next() else { break };
            world.scheduler.try_run(&errand).await.unwrap();
            world.restart().await;
            world.scheduler.try_run(&errand).await.unwrap();
        }
        assert_eq!(world.begun(), hour - 9, "at {hour}");
        world.end(TurnState::Done).await;
        world.settle().await;
    }
    assert_eq!(world.states(id).await, vec![RunState::Done; 5]);
}

#[tokio::test]
async fn a_run_that_was_begun_and_not_handed_over_is_handed_over_with_the_same_key() {
    let mut world = World::new().await;
    let id = world.make(new(hourly(), Policies::default())).await;
    world.at("2026-06-01T10:00:00Z");
    assert!(world.step().await);
    // It begins, the turn is stored, and the daemon dies before it notes that.
    let run = world.runs(id).await[0].clone();
    let crate::schedules::Then::Run(begun) = world.schedules.begin(&tenant(), run.id).await.unwrap() else {
        panic!("it begins")
    };
    world
        .fake
        .submit(super::inbound(&tenant(), (&begun, begun.thread.unwrap()), ("Look around.".to_owned(), None)))
        .await
        .unwrap();
    world.restart().await;
    world.settle().await;
    assert_eq!(world.begun(), 1, "the same turn is found again");
    world.end(TurnState::Done).await;
    world.settle().await;
    assert_eq!(world.states(id).await, [RunState::Done]);
}

#[tokio::test]
async fn a_daemon_that_was_down_for_a_day_or_a_month_catches_up_as_it_should() {
    for (down, policy, fired) in [
        (DAY, CatchUp::Once, 1),
        (DAY, CatchUp::Skip, 0),
        (DAY, CatchUp::Run, 10),
        (31 * DAY, CatchUp::Once, 1),
        (31 * DAY, CatchUp::Skip, 0),
        (31 * DAY, CatchUp::Run, 10),
    ] {
        let mut world = World::new().await;
        let id = world.make(new(hourly(), Policies { catch_up: policy, ..Policies::default() })).await;
        world.later(down + 5 * MINUTE);
        world.restart().await;
        for _ in 0..=fired {
            world.settle().await;
            if world.begun() > 0 {
                // The next one waits for the end of the one before it, whatever the overlap policy is.
                world.end_if_open().await;
            }
        }
        world.settle().await;
        assert_eq!(world.begun(), fired, "{policy:?} after {} days", down / DAY);
        let runs = world.runs(id).await;
        let slots: u64 = runs.iter().map(|run| run.slots).sum();
        assert_eq!(slots, u64::try_from(down / HOUR).unwrap(), "every slot is told: {policy:?}");
        assert!(
            runs.iter()
                .filter(|run| run.state == RunState::Skipped)
                .all(|run| run.reason.contains("did not run"))
        );
        assert!(runs.iter().filter(|run| run.state != RunState::Skipped).all(|run| run.caught_up));
        let why = world.schedules.of_slot(&tenant(), id, ms("2026-06-01T12:00:00Z")).await.unwrap();
        assert!(why.is_some(), "a slot in the middle has its row");
    }
}

impl World {
    /// Ends the newest turn, if it has not ended. Whether it had not.
    async fn end_if_open(&self) -> bool {
        let (thread, turn_id, _) = self.fake.begun.lock().last().unwrap().clone();
        let settlement = Settlement {
            tenant: tenant(),
            thread,
            turn_id,
            state: TurnState::Done,
            answer: TurnAnswer::default(),
            spent: Default::default(),
            tail: TurnLog::default(),
            failure: None,
        };
        self.fake.ledger.settle(settlement).await.is_ok()
    }
}

#[tokio::test]
async fn a_clock_that_is_set_back_or_jumps_fires_no_slot_twice() {
    let mut world = World::new().await;
    let id = world.make(new(hourly(), Policies::default())).await;
    let fire = |text: &'static str| {
        let world = &world;
        async move {
            world.at(text);
            world.settle().await;
            if world.begun() > 0 {
                world.end_if_open().await;
            }
            world.settle().await;
        }
    };
    fire("2026-06-01T10:00:00Z").await;
    fire("2026-06-01T11:00:00Z").await;
    assert_eq!(world.begun(), 2);
    // Two hours back: ten and eleven come again, and do not fire again.
    fire("2026-06-01T09:10:00Z").await;
    fire("2026-06-01T10:00:01Z").await;
    fire("2026-06-01T11:00:01Z").await;
    assert_eq!(world.begun(), 2);
    fire("2026-06-01T12:00:00Z").await;
    assert_eq!(world.begun(), 3);
    // A year forward by mistake, and back while the daemon is down: what was skipped there is still to come.
    fire("2027-06-01T12:30:00Z").await;
    let jumped = world.begun();
    world.at("2026-06-01T12:31:00Z");
    world.restart().await;
    let world = world;
    world.settle().await;
    assert_eq!(world.schedule(id).await.next_ms, Some(ms("2026-06-01T13:00:00Z")));
    world.at("2026-06-01T13:00:00Z");
    world.settle().await;
    assert_eq!(world.begun(), jumped + 1, "thirteen fires, once");
    let slots: Vec<i64> =
        world.runs(id).await.iter().filter(|run| run.attempt > 0).map(|run| run.slot_ms).collect();
    assert_eq!(slots.len(), slots.iter().collect::<HashSet<_>>().len());
}

#[tokio::test]
async fn overlaps_are_skipped_queued_or_replaced() {
    let every = |overlap| Policies { overlap, timeout_s: 86_400, ..Policies::default() };
    let skip = World::new().await;
    let id = skip.make(new(hourly(), every(Overlap::Skip))).await;
    skip.at("2026-06-01T10:00:00Z");
    skip.settle().await;
    skip.at("2026-06-01T11:00:00Z");
    skip.settle().await;
    assert_eq!(skip.states(id).await, [RunState::Running, RunState::Skipped]);
    assert!(skip.runs(id).await[1].reason.contains("still went on"));

    let queue = World::new().await;
    let id = queue.make(new(hourly(), every(Overlap::Queue))).await;
    for time in ["2026-06-01T10:00:00Z", "2026-06-01T11:00:00Z", "2026-06-01T12:00:00Z"] {
        queue.at(time);
        queue.settle().await;
    }
    assert_eq!(queue.states(id).await, [RunState::Running, RunState::Due, RunState::Due]);
    queue.end(TurnState::Done).await;
    queue.settle().await;
    assert_eq!(queue.states(id).await, [RunState::Done, RunState::Running, RunState::Due]);

    let replace = World::new().await;
    let id = replace.make(new(hourly(), every(Overlap::Replace))).await;
    for time in ["2026-06-01T10:00:00Z", "2026-06-01T11:00:00Z"] {
        replace.at(time);
        replace.settle().await;
    }
    assert_eq!(
        replace.states(id).await,
        [RunState::Running, RunState::Due],
        "it begins when the other has ended"
    );
    assert_eq!(replace.fake.stopped.lock().len(), 1);
    replace.end(TurnState::Stopped).await;
    replace.settle().await;
    assert_eq!(replace.states(id).await, [RunState::Replaced, RunState::Running]);
    assert_eq!(replace.begun(), 2);
}

#[tokio::test]
async fn a_run_is_tried_again_only_after_the_timed_out_original_has_ended() {
    let world = World::new().await;
    let policies = Policies { timeout_s: 60, retries: 1, backoff_s: 30, ..Policies::default() };
    let id = world.make(new(hourly(), policies)).await;
    world.at("2026-06-01T10:00:00Z");
    world.settle().await;
    world.later(MINUTE);
    world.settle().await;
    assert_eq!(world.fake.stopped.lock().len(), 1, "it is told to stop");
    world.later(MINUTE);
    world.settle().await;
    assert_eq!(
        (world.begun(), world.states(id).await),
        (1, vec![RunState::Running]),
        "it still runs: no other try"
    );
    world.end(TurnState::Stopped).await;
    world.settle().await;
    assert_eq!(world.states(id).await, [RunState::Due]);
    world.later(29_000);
    world.settle().await;
    assert_eq!(world.begun(), 1, "not before its wait is over");
    world.later(1_000);
    world.settle().await;
    assert_eq!(world.begun(), 2);
    let keys: HashSet<_> = world.fake.begun.lock().iter().map(|(_, _, key)| key.clone()).collect();
    assert_eq!(keys.len(), 2, "another try is another turn");
    // The second one does not hear: nobody knows what it does, so there is no third.
    world.later(MINUTE);
    world.settle().await;
    world.later(3 * MINUTE);
    world.settle().await;
    assert_eq!(world.states(id).await, [RunState::Unknown]);
    assert_eq!(world.begun(), 2);
}

#[tokio::test]
async fn three_errors_in_a_row_disable_a_schedule_and_a_person_puts_it_right() {
    let world = World::new().await;
    let id = world.make(new(hourly(), Policies::default())).await;
    for hour in 10..13 {
        world.at(&format!("2026-06-01T{hour}:00:00Z"));
        world.settle().await;
        assert_eq!(world.schedule(id).await.state, ScheduleState::Active);
        world.end(TurnState::Failed).await;
        world.settle().await;
    }
    let disabled = world.schedule(id).await;
    assert_eq!((disabled.state, disabled.errors), (ScheduleState::Disabled, ERRORS_MAX));
    assert!(disabled.reason.contains("it broke"), "{}", disabled.reason);
    world.at("2026-06-01T13:00:00Z");
    world.settle().await;
    assert_eq!(world.begun(), 3);
    let last = world.runs(id).await.pop().unwrap();
    assert_eq!((last.state, last.reason.contains("disabled")), (RunState::Skipped, true), "{}", last.reason);
    world.schedules.resume(&owner(), id).await.unwrap();
    world.at("2026-06-01T14:00:00Z");
    world.settle().await;
    assert_eq!((world.begun(), world.schedule(id).await.errors), (4, 0));
}

#[tokio::test]
async fn a_good_run_between_two_errors_forgets_them() {
    let world = World::new().await;
    let id = world.make(new(hourly(), Policies::default())).await;
    for (hour, state) in
        [(10, TurnState::Failed), (11, TurnState::Failed), (12, TurnState::Done), (13, TurnState::Failed)]
    {
        world.at(&format!("2026-06-01T{hour}:00:00Z"));
        world.settle().await;
        world.end(state).await;
        world.settle().await;
    }
    let schedule = world.schedule(id).await;
    assert_eq!((schedule.state, schedule.errors), (ScheduleState::Active, 1));
}

#[tokio::test]
async fn a_question_parks_a_run_and_its_clock_stands() {
    let world = World::new().await;
    let policies = Policies { timeout_s: 600, ..Policies::default() };
    let id = world.make(new(hourly(), policies)).await;
    world.at("2026-06-01T10:00:00Z");
    world.settle().await;
    world.later(5 * MINUTE);
    world.sql("UPDATE turns SET waiting = 1").await;
    world.settle().await;
    assert_eq!(world.states(id).await, [RunState::Parked]);
    assert!(world.runs(id).await[0].reason.contains("Inbox"));
    world.later(40 * MINUTE);
    world.settle().await;
    assert_eq!(world.states(id).await, [RunState::Parked], "longer than it may work");
    world.sql("UPDATE turns SET waiting = 0").await;
    world.settle().await;
    assert_eq!(world.states(id).await, [RunState::Running]);
    world.later(5 * MINUTE - 1);
    world.settle().await;
    assert!(world.fake.stopped.lock().is_empty(), "it has the rest of its time");
    world.later(1);
    world.settle().await;
    assert_eq!(world.fake.stopped.lock().len(), 1);
}

#[tokio::test]
async fn what_is_paused_held_or_stopped_skips_its_slots_and_says_why() {
    let world = World::new().await;
    let id = world.make(new(hourly(), Policies::default())).await;
    let mut reasons = BTreeMap::new();
    let mut skipped = async |time: &str| {
        world.at(time);
        world.settle().await;
        let last = world.runs(id).await.pop().unwrap();
        assert_eq!((last.state, world.begun()), (RunState::Skipped, 0), "{time}");
        reasons.insert(time.to_owned(), last.reason);
    };
    world.schedules.pause(&owner(), id).await.unwrap();
    skipped("2026-06-01T10:00:00Z").await;
    skipped("2026-06-01T11:00:00Z").await;
    world.schedules.resume(&owner(), id).await.unwrap();
    assert!(world.schedules.hold_all(&owner(), true).await.unwrap());
    assert!(!world.schedules.hold_all(&owner(), true).await.unwrap(), "they rest already");
    skipped("2026-06-01T12:00:00Z").await;
    world.schedules.hold_all(&owner(), false).await.unwrap();
    let author = Author { principal: "owner".to_owned(), actor: "test" };
    world.switches.engage(&tenant(), author.clone(), "fire").await.unwrap();
    skipped("2026-06-01T13:00:00Z").await;
    world.switches.release(&tenant(), author).await.unwrap();
    let of = |time: &str| reasons[time].clone();
    assert!(of("2026-06-01T10:00:00Z").contains("paused by owner"));
    assert!(of("2026-06-01T12:00:00Z").contains("all schedules were paused"));
    assert!(of("2026-06-01T13:00:00Z").contains("kill switch"));
    let runs = world.runs(id).await;
    assert_eq!(runs.iter().map(|run| run.slots).collect::<Vec<_>>(), [2, 1, 1], "one row for a stretch");
    let why = world.schedules.of_slot(&tenant(), id, ms("2026-06-01T11:00:00Z")).await.unwrap().unwrap();
    assert!(why.reason.contains("paused by owner"));
    world.at("2026-06-01T14:00:00Z");
    world.settle().await;
    assert_eq!(world.begun(), 1);
}

#[tokio::test]
async fn run_now_works_while_it_is_paused_and_once_for_a_key() {
    let world = World::new().await;
    let id = world.make(new(hourly(), Policies::default())).await;
    world.schedules.pause(&owner(), id).await.unwrap();
    let key = || Some(crate::identity::RequestKey::new(&owner(), "run", "k1", b""));
    let first = world.schedules.run_now(&owner(), id, key()).await.unwrap();
    let again = world.schedules.run_now(&owner(), id, key()).await.unwrap();
    assert_eq!((first.thing.id, again.repeated), (again.thing.id, true));
    world.settle().await;
    assert_eq!(world.begun(), 1);
    world.end(TurnState::Done).await;
    world.settle().await;
    assert_eq!(world.states(id).await, [RunState::Done]);
    let delivery = [9; 16];
    let run = world.schedules.trigger(&tenant(), id, delivery).await.unwrap();
    assert_eq!(world.schedules.trigger(&tenant(), id, delivery).await.unwrap(), run);
    world.settle().await;
    assert_eq!(world.begun(), 2, "a delivery starts it once");
}

#[tokio::test]
async fn a_run_can_be_cancelled_before_and_while_it_works() {
    let world = World::new().await;
    let id = world.make(new(hourly(), Policies { overlap: Overlap::Queue, ..Policies::default() })).await;
    for time in ["2026-06-01T10:00:00Z", "2026-06-01T10:59:59Z", "2026-06-01T11:00:00Z"] {
        world.at(time);
        if !time.starts_with("2026-06-01T11") {
            world.settle().await;
        }
    }
    world.schedules.update(&owner(), id, None, Default::default()).await.unwrap();
    world.step().await;
    world.settle().await;
    let runs = world.runs(id).await;
    let (cancelled, turn) = world.schedules.cancel(&owner(), runs[1].id).await.unwrap();
    assert_eq!((cancelled.state, turn), (RunState::Cancelled, None));
    let (_, turn) = world.schedules.cancel(&owner(), runs[0].id).await.unwrap();
    assert!(turn.is_some());
    world.end(TurnState::Stopped).await;
    world.settle().await;
    assert_eq!(world.states(id).await, [RunState::Cancelled, RunState::Cancelled]);
    assert!(world.schedules.cancel(&owner(), runs[0].id).await.is_err(), "it has ended");
}

#[tokio::test]
async fn what_cannot_be_handed_over_waits_ends_or_says_why() {
    let world = World::new().await;
    let id = world.make(new(hourly(), Policies::default())).await;
    world.at("2026-06-01T10:00:00Z");
    *world.fake.refusal.lock() = Some(AcceptError::Timeout);
    world.settle().await;
    assert_eq!((world.begun(), world.states(id).await), (0, vec![RunState::Running]));
    world.later(1_000);
    world.settle().await;
    assert_eq!(world.begun(), 1, "the same key a second later");
    world.end(TurnState::Done).await;
    world.settle().await;
    world.at("2026-06-01T11:00:00Z");
    *world.fake.refusal.lock() = Some(AcceptError::Quarantined { reason: "it crashed".to_owned() });
    world.settle().await;
    let last = world.runs(id).await.pop().unwrap();
    assert_eq!(
        (last.state, last.reason.contains("quarantined")),
        (RunState::Failed, true),
        "{}",
        last.reason
    );
    world.at("2026-06-01T12:00:00Z");
    *world.fake.refusal.lock() = Some(AcceptError::Held { reason: "the kill switch is engaged".to_owned() });
    world.settle().await;
    assert_eq!(world.runs(id).await.pop().unwrap().state, RunState::Skipped);
}

#[tokio::test]
async fn with_its_workspace_a_schedule_ends_and_says_so() {
    let world = World::new().await;
    let id = world.make(new(hourly(), Policies { overlap: Overlap::Queue, ..Policies::default() })).await;
    world.at("2026-06-01T10:00:00Z");
    world.settle().await;
    world.at("2026-06-01T11:00:00Z");
    world.settle().await;
    world.sql("DELETE FROM workspaces").await;
    world.settle().await;
    let ended = world.schedule(id).await;
    assert_eq!((ended.state, ended.next_ms, ended.workspace_id), (ScheduleState::Ended, None, None));
    assert!(ended.reason.contains("workspace"));
    assert_eq!(world.states(id).await, [RunState::Unknown, RunState::Cancelled]);
    assert!(world.schedules.run_now(&owner(), id, None).await.is_err());
}

#[tokio::test]
async fn once_and_limited_schedules_end_when_their_slots_are_over() {
    let world = World::new().await;
    let once = Rule::Once { at: "2026-06-01T12:00".parse().unwrap() };
    let id = world.make(new(once.clone(), Policies::default())).await;
    let limited = NewSchedule {
        name: "two".to_owned(),
        ..new(hourly(), Policies { runs_max: Some(2), ..Policies::default() })
    };
    let two = world.make(limited).await;
    for hour in 10..14 {
        world.at(&format!("2026-06-01T{hour}:00:00Z"));
        world.settle().await;
        for _ in 0..2 {
            let open: Vec<_> = world.fake.begun.lock().clone();
            for (thread, turn_id, _) in open {
                let settlement = Settlement {
                    tenant: tenant(),
                    thread,
                    turn_id,
                    state: TurnState::Done,
                    answer: TurnAnswer::default(),
                    spent: Default::default(),
                    tail: TurnLog::default(),
                    failure: None,
                };
                // silent-ok: it has ended before
                let _ = world.fake.ledger.settle(settlement).await;
            }
            world.settle().await;
        }
    }
    assert_eq!(world.states(id).await, [RunState::Done]);
    assert_eq!(world.states(two).await, [RunState::Done, RunState::Done]);
    for id in [id, two] {
        let schedule = world.schedule(id).await;
        assert_eq!((schedule.state, schedule.next_ms), (ScheduleState::Ended, None), "{}", schedule.reason);
    }
    let past = NewSchedule { name: "past".to_owned(), ..new(once, Policies::default()) };
    assert!(world.schedules.create(&owner(), past, None).await.is_err(), "its time is over");
}

/// Random walks of the clock, of turns and of crashes: no slot fires twice, and every slot that is over has its row.
#[tokio::test]
async fn however_time_goes_each_slot_fires_once_or_says_why_not() {
    for seed in 1..=6_u64 {
        let mut world = World::new().await;
        let mut drawn = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let mut draw = |most: u64| {
            drawn ^= drawn << 13;
            drawn ^= drawn >> 7;
            drawn ^= drawn << 17;
            drawn % most
        };
        let overlap = [Overlap::Skip, Overlap::Queue, Overlap::Replace][(seed % 3) as usize];
        let catch_up = [CatchUp::Run, CatchUp::Once, CatchUp::Skip][(seed / 2 % 3) as usize];
        let rule = Rule::Every { seconds: 600, anchor_ms: 0 };
        let start = world.now.load(Ordering::Relaxed);
        let id = world.make(new(rule, Policies { overlap, catch_up, ..Policies::default() })).await;
        for _ in 0..60 {
            match draw(10) {
                0 => world.later(-i64::try_from(draw(40)).unwrap() * MINUTE),
                1 => world.later(i64::try_from(draw(300)).unwrap() * MINUTE),
                2 => world.restart().await,
                3 | 4 => {
                    world.step().await;
                    world.restart().await;
                }
                5 if world.begun() > 0 => {
                    world.end_if_open().await;
                }
                _ => world.later(i64::try_from(draw(12)).unwrap() * MINUTE),
            }
            world.settle().await;
        }
        let runs = world.schedules.runs(&tenant(), id, None, 10_000).await.unwrap();
        let mut fired = HashMap::new();
        for run in runs.iter().filter(|run| run.attempt > 0) {
            *fired.entry(run.slot_ms).or_insert(0) += 1;
        }
        assert!(fired.values().all(|count| *count == 1), "seed {seed}");
        assert_eq!(world.begun(), fired.len(), "seed {seed}: a turn for each slot that fired");
        let now = world.now.load(Ordering::Relaxed);
        for slot in (start / 600_000 + 1..=now / 600_000).map(|count| count * 600_000) {
            let rows = runs.iter().filter(|run| (run.slot_ms..=run.until_ms).contains(&slot)).count();
            assert!(rows >= 1, "seed {seed}: {slot} has no row");
        }
    }
}
