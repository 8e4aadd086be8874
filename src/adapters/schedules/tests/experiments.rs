//! Schedules whose runs are experiments, over the real store of both.

use super::*;
use crate::experiments::{
    Answer, Event, Experiment, ExperimentKey, Judgement, NewExperiment, Reason, State as Stage,
};
use crate::policy::{ActionPattern, Ceiling, Effect, NewRule};
use crate::protocol::turn::Provenance;
use crate::schedules::Work;

fn trying(policies: Policies) -> NewSchedule {
    let experiment: NewExperiment = serde_json::from_value(serde_json::json!({
        "kind": "code", "goal": "make it faster",
        "settings": { "scope": ["src/**"], "tests": { "command": ["./check"] } },
    }))
    .unwrap();
    NewSchedule { job: Job::Experiment { experiment: Box::new(experiment) }, ..new(hourly(), policies) }
}

impl World {
    /// All experiments, oldest first.
    async fn tried(&self) -> Vec<Experiment> {
        let mut all = self.experiments.list(&tenant(), None, 100).await.unwrap();
        all.reverse();
        all
    }

    /// Lets these happen to the newest experiment.
    async fn happens(&self, events: &[Event]) {
        let key = ExperimentKey { tenant: tenant(), id: self.tried().await.pop().unwrap().id };
        for event in events {
            self.experiments.happened(&key, *event, "so it was".to_owned()).await.unwrap();
        }
        self.settle().await;
    }
}

#[tokio::test]
async fn a_slot_becomes_an_experiment_whose_end_is_that_of_the_run() {
    let world = World::new().await;
    let id = world.make(trying(Policies::default())).await;
    world.at("2026-06-01T10:00:00Z");
    world.settle().await;
    let tried = world.tried().await;
    assert_eq!((tried.len(), world.begun(), world.states(id).await), (1, 0, vec![RunState::Running]));
    let schedule = world.schedule(id).await;
    assert_eq!((tried[0].state, tried[0].title.as_str()), (Stage::Running, "look"));
    assert_eq!((&tried[0].source, tried[0].provenance), (&schedule.source(), Provenance::Schedule));
    assert_eq!(Some(tried[0].workspace_id), schedule.workspace_id);
    assert!(tried[0].is_unattended(), "so nothing of it is written without a question");
    world.happens(&[Event::IdeasReady, Event::Judged(Judgement::Reject)]).await;
    let run = world.runs(id).await.remove(0);
    assert_eq!((run.state, run.experiment), (RunState::Done, Some(tried[0].id)));
    assert!(run.reason.contains("so it was"), "{}", run.reason);
    // The next slot is another experiment.
    world.at("2026-06-01T11:00:00Z");
    world.settle().await;
    world.happens(&[Event::Fail(Reason::StrategyCrashed)]).await;
    assert_eq!(world.states(id).await, [RunState::Done, RunState::Failed]);
}

#[tokio::test]
async fn whatever_is_killed_between_two_steps_each_slot_is_one_experiment() {
    let mut world = World::new().await;
    let id = world.make(trying(Policies::default())).await;
    for (hour, count) in (10..14).zip(1..) {
        world.at(&format!("2026-06-01T{hour}:00:00Z"));
        loop {
            let due = world.scheduler.clone().look(HashSet::new()).await.unwrap();
            let Some((_, errand)) = due.jobs.into_iter().next() else { break };
            world.scheduler.try_run(&errand).await.unwrap();
            world.restart().await;
            world.scheduler.try_run(&errand).await.unwrap();
        }
        assert_eq!(world.tried().await.len(), count, "at {hour}");
        world.happens(&[Event::IdeasReady, Event::Judged(Judgement::Reject)]).await;
    }
    assert_eq!(world.states(id).await, vec![RunState::Done; 4]);
    // Begun, and killed before anybody noted it: the key finds it, also when it has ended meanwhile.
    world.at("2026-06-01T14:00:00Z");
    world.settle().await;
    world.sql("UPDATE schedule_runs SET experiment_id = NULL WHERE state = 'running'").await;
    world.happens(&[Event::Cancel]).await;
    world.settle().await;
    assert_eq!(world.tried().await.len(), 5);
    assert_eq!(world.runs(id).await.pop().unwrap().state, RunState::Cancelled);
}

#[tokio::test]
async fn a_gate_parks_the_run_and_a_long_one_is_ended() {
    let world = World::new().await;
    let id = world.make(trying(Policies { timeout_s: 60, ..Policies::default() })).await;
    world.at("2026-06-01T10:00:00Z");
    world.settle().await;
    world.happens(&[Event::IdeasReady, Event::Judged(Judgement::Accept { gate: true })]).await;
    assert_eq!(world.states(id).await, [RunState::Parked]);
    world.later(40 * MINUTE);
    world.settle().await;
    assert_eq!(world.states(id).await, [RunState::Parked], "a person may take their time");
    world.happens(&[Event::Answered(Answer::Continue)]).await;
    assert_eq!(world.states(id).await, [RunState::Running]);
    world.later(2 * MINUTE);
    world.settle().await;
    let found = world.tried().await.remove(0);
    assert_eq!((found.state, found.reason), (Stage::Cancelled, Reason::UserCancel));
    assert_eq!(world.states(id).await, [RunState::TimedOut]);
}

#[tokio::test]
async fn overlaps_hold_for_experiments_too() {
    for (overlap, expected, count) in [
        (Overlap::Skip, [RunState::Running, RunState::Skipped], 1),
        (Overlap::Queue, [RunState::Running, RunState::Due], 1),
        (Overlap::Replace, [RunState::Replaced, RunState::Running], 2),
    ] {
        let world = World::new().await;
        let policies = Policies { overlap, timeout_s: 86_400, ..Policies::default() };
        let id = world.make(trying(policies)).await;
        for hour in ["10", "11"] {
            world.at(&format!("2026-06-01T{hour}:00:00Z"));
            world.settle().await;
        }
        assert_eq!(world.states(id).await, expected, "{overlap:?}");
        assert_eq!(world.tried().await.len(), count, "{overlap:?}");
    }
}

#[tokio::test]
async fn rules_hold_where_nobody_is_there_and_what_is_cancelled_ends() {
    let world = World::new().await;
    let id = world.make(trying(Policies::default())).await;
    let policies = world.experiments.parts().policies.clone();
    let add = world.db.write(&tenant(), move |tx| {
        policies.add(
            tx,
            &Author::at_console("owner".to_owned()),
            NewRule::of_person(Effect::Ask, ActionPattern::Any),
        )
    });
    let rule = add.await.unwrap();
    world.at("2026-06-01T10:00:00Z");
    world.settle().await;
    let run = world.runs(id).await.remove(0);
    assert_eq!((run.state, world.tried().await.len()), (RunState::Failed, 0), "nobody can answer");
    assert!(run.reason.contains("./check"), "{}", run.reason);
    let author = Author::at_console("owner".to_owned());
    world.experiments.parts().policies.remove_rule(&tenant(), author, None, rule.id).await.unwrap();
    world.at("2026-06-01T11:00:00Z");
    world.settle().await;
    let run = world.runs(id).await.pop().unwrap();
    let (_, work) = world.schedules.cancel(&owner(), run.id).await.unwrap();
    let tried = world.tried().await.remove(0);
    assert_eq!(work, Some(Work::Experiment(tried.id)));
    world.happens(&[Event::Cancel]).await;
    assert_eq!(world.runs(id).await.pop().unwrap().state, RunState::Cancelled);
}

#[tokio::test]
async fn what_is_no_experiment_is_refused_when_it_is_made() {
    let world = World::new().await;
    let refused = async |new: NewSchedule| world.schedules.create(&owner(), new, None).await.unwrap_err();
    let named =
        NewSchedule { place: Place::Named, thread_id: Some(ThreadId::new()), ..trying(Policies::default()) };
    refused(named).await;
    for ceiling in [Ceiling::NoTools, Ceiling::ReadOnly] {
        let error = refused(NewSchedule { ceiling: Some(ceiling), ..trying(Policies::default()) }).await;
        assert!(error.to_string().contains("ceiling"), "{error}");
    }
    let Job::Experiment { experiment } = trying(Policies::default()).job else { panic!() };
    let goalless = NewExperiment { goal: " ".to_owned(), ..experiment.as_ref().clone() };
    let much = NewExperiment { goal: "g".repeat(70_000), ..*experiment };
    for (wrong, word) in [(goalless, "goal"), (much, "65536")] {
        let job = Job::Experiment { experiment: Box::new(wrong) };
        let error = refused(NewSchedule { job, ..trying(Policies::default()) }).await.to_string();
        assert!(error.contains("experiment") && error.contains(word), "{error}");
    }
}
