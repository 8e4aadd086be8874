//! Skills that are learnt, what outcomes make of them, and which of them a question gets.

use super::super::estimate::{Outcome, estimate};
use super::super::learning::{document as learnt_document, ended};
use super::super::ranking::{Candidate, ranked};
use super::*;
use crate::extensions::{Context, Hook, Plug};
use crate::protocol::ids::{ThreadId, TurnId};

const DAY_MS: i64 = 86_400_000;
const HALF_LIFE_MS: i64 = 90 * DAY_MS;

fn outcomes(good: usize, bad: usize, at_ms: i64) -> Vec<Outcome> {
    let of = |good: bool, count: usize| std::iter::repeat_n(Outcome { good, weight: 1.0, at_ms }, count);
    of(true, good).chain(of(false, bad)).collect()
}

#[test]
fn an_estimate_moves_with_outcomes_and_is_as_wide_as_they_are_few() {
    let none = estimate(&[], HALF_LIFE_MS, 0);
    assert!((none.mean - 0.5).abs() < 1e-9 && none.low < 0.25 && none.high > 0.75, "{none:?}");
    let mut last = none;
    for good in 1..20 {
        let now = estimate(&outcomes(good, 0, 0), HALF_LIFE_MS, 0);
        assert!(now.mean > last.mean && now.low > last.low && now.high > last.high, "{good}: {now:?}");
        assert!(now.high - now.low < last.high - last.low, "{good}: {now:?}");
        last = now;
    }
    let (lucky, proven) =
        (estimate(&outcomes(2, 0, 0), HALF_LIFE_MS, 0), estimate(&outcomes(80, 20, 0), HALF_LIFE_MS, 0));
    assert!(lucky.low < proven.low, "two of two do not pass eighty of a hundred");
    // Quantiles of Beta(2, 2) and Beta(12, 4), as any statistics program has them.
    for ((good, bad), low, high) in [((0, 0), 0.1958, 0.8042), ((10, 2), 0.6072, 0.8782)] {
        let found = estimate(&outcomes(good, bad, 0), HALF_LIFE_MS, 0);
        assert!((found.low - low).abs() < 2e-3 && (found.high - high).abs() < 2e-3, "{found:?}");
    }
    let most = estimate(&outcomes(100_000, 0, 0), HALF_LIFE_MS, 0);
    assert!(most.low > 0.999 && most.high <= 1.0, "{most:?}");
}

#[test]
fn old_outcomes_count_less_and_a_clock_that_went_back_breaks_nothing() {
    let old = outcomes(10, 0, 0);
    let later = estimate(&old, HALF_LIFE_MS, HALF_LIFE_MS);
    let half = Outcome { good: true, weight: 0.5, at_ms: 0 };
    let halves = estimate(&[half; 10], HALF_LIFE_MS, 0);
    assert!((later.mean - halves.mean).abs() < 1e-9);
    let newer: Vec<Outcome> = old.iter().copied().chain(outcomes(0, 5, 20 * HALF_LIFE_MS)).collect();
    assert!(estimate(&newer, HALF_LIFE_MS, 20 * HALF_LIFE_MS).mean < 0.3, "what is new decides");
    assert_eq!(estimate(&old, HALF_LIFE_MS, i64::MIN).mean, estimate(&old, HALF_LIFE_MS, 0).mean);
    assert!((estimate(&old, HALF_LIFE_MS, i64::MAX).mean - 0.5).abs() < 1e-6);
    let wild = [f64::NAN, f64::INFINITY, -5.0, 7.0].map(|weight| Outcome { good: true, weight, at_ms: 0 });
    let found = estimate(&wild, 0, 5);
    assert!(found.low > 0.0 && found.high < 1.0 && found.mean > 0.5, "{found:?}");
}

#[test]
fn a_question_gets_what_fits_it_and_has_been_useful() {
    let candidate = |name, description, body, low| Candidate { name, description, body, low };
    let all = [
        candidate("brew tea", "How tea is made here.", "Boil water.", 0.2),
        candidate("sql speed", "How to make a slow query of a database fast.", "Add an index.", 0.2),
        candidate("database backup", "How a database is saved.", "Copy it.", 0.2),
        candidate("database backup old", "How a database is saved.", "Copy it.", 0.3),
        candidate("long", "Something else.", "database database database query tea", 0.9),
    ];
    for (question, expected) in [
        ("Please make me some tea", &[0][..]),
        ("Why are my queries to the database slow?", &[1, 3, 2]),
        ("saving", &[3, 2]),
        ("how do I save the databases", &[3, 2, 1]),
        ("the and with", &[]),
        ("", &[]),
    ] {
        let found: Vec<usize> = ranked(question, &all).into_iter().map(|(at, _)| at).collect();
        assert_eq!(found, expected, "{question}");
    }
    let twins = [candidate("tea", "Tea.", "", 0.2), candidate("tea", "Tea.", "", 0.8)];
    let found: Vec<usize> = ranked("tea", &twins).into_iter().map(|(at, _)| at).collect();
    assert_eq!(found, [1, 0], "of two that fit alike, the one that was useful");
    assert!(ranked(&"tea ".repeat(1 << 20), &all).len() == 1, "a giant question is cut");
}

fn experiment(title: &str, decision: &str) -> Value {
    json!({
        "experiment": { "id": "e1", "title": title, "kind": "code", "workspace_id": "w", "goal": "make the parser fast",
                        "config": { "skills": ["tea"] } },
        "result": { "decision": decision, "score": 0.93, "summary": "A table instead of a chain of ifs.",
                    "diff_stat": { "files": 1, "added": 12 } },
    })
}

#[test]
fn a_hostile_title_becomes_a_plain_name_and_one_valid_document() {
    for (title, name) in [
        ("Faster parser", "faster-parser"),
        ("../../etc/passwd", "etc-passwd"),
        ("---\nname: evil\n---", "name-evil"),
        ("\u{202e}日本", "learnt"),
        (&"x y".repeat(500), "x"),
        ("\" : { [ * & ! | > '", "learnt"),
    ] {
        let learnt = ended(&experiment(title, "accepted")).unwrap().learnt.unwrap();
        assert!(
            learnt.name.starts_with(name) && learnt.name.len() <= NAME_CHARS_MAX - 8,
            "{title}: {}",
            learnt.name
        );
        let parsed = SkillDocument::parse(&learnt_document(&learnt, &learnt.name)).unwrap();
        assert_eq!(parsed.name, learnt.name, "{title}");
        assert!(parsed.description.contains("make the parser fast"), "{title}");
        assert!(parsed.body.contains("A table instead") && parsed.body.contains("0.930"), "{title}");
        assert!(!learnt.is_trusted, "who does not say that nothing untrusted had a hand in it");
    }
    let mut giant = experiment("t", "accepted");
    giant["result"]["summary"] = json!("x".repeat(1 << 20));
    giant["experiment"]["goal"] = json!("\u{1}y \"".repeat(100_000));
    let learnt = ended(&giant).unwrap().learnt.unwrap();
    let text = learnt_document(&learnt, "t");
    assert!(text.len() <= TEXT_BYTES_MAX && SkillDocument::parse(&text).is_ok(), "{}", text.len());
    for wrong in [json!({}), json!({ "experiment": 1, "result": {} }), json!({ "experiment": { "id": "x" } })]
    {
        assert_eq!(ended(&wrong), None);
    }
    assert_eq!(ended(&experiment("t", "rejected")).unwrap().learnt, None);
    assert_eq!(ended(&experiment("t", "halted")).unwrap().accepted, None);
}

/// What the settings say by default.
const INJECTED_MAX: usize = 5;
const INJECTED_CHARS_MAX: usize = 2_000;

impl Desk {
    fn plug(&self) -> SkillsPlug {
        SkillsPlug::new(self.skills.clone(), INJECTED_MAX, INJECTED_CHARS_MAX)
    }

    /// A turn that is stored.
    async fn turn(&self) -> TurnId {
        let (thread, turn, workspace) = (ThreadId::new(), TurnId::new(), self.place.workspace);
        let write = self.db.write(&self.place.tenant, move |tx| {
            tx.execute(
                "INSERT INTO threads (tenant, id, workspace_id, created_ms, updated_ms) VALUES (?1, ?2, ?3, 0, 0)",
                &[&thread, &workspace],
            )?;
            tx.execute(
                "INSERT INTO turns (tenant, id, thread_id, message_id, source, state, epoch, created_ms)
                 VALUES (?1, ?2, ?3, ?2, 'owner', 'done', 1, 0)",
                &[&turn, &thread],
            )
        });
        write.await.unwrap();
        turn
    }

    async fn told(&self, turn: TurnId, prompt: &str, known: &[String]) -> Vec<crate::extensions::Injection> {
        let data = json!({
            "prompt": prompt, "workspace_id": self.place.workspace, "turn_id": turn, "known_keys": known,
        });
        let context = Context::new(Hook::QueryPre, self.place.tenant.clone(), data);
        self.plug().call(context).await.unwrap().injections
    }

    async fn ends(&self, hook: Hook, data: Value) {
        let context = Context::new(hook, self.place.tenant.clone(), data);
        self.plug().call(context).await.unwrap();
    }

    async fn score(&self, name: &str) -> Option<Estimate> {
        self.skills.estimates(&self.place.tenant, SkillPlace::Home).await.unwrap().remove(name)
    }

    async fn make(&self, name: &str, description: &str, body: &str) {
        let new = NewSkill { text: document(name, description, body), files: Vec::new() };
        self.skills.create(&Self::by(), new, None).await.unwrap();
    }
}

#[tokio::test]
async fn a_prompt_gets_its_skills_once_and_within_the_budget() {
    let desk = Desk::open().await;
    for n in 0..7 {
        desk.make(&format!("tea-{n}"), "How tea is made.", &"Boil water. ".repeat(20)).await;
    }
    desk.make("coffee", "How coffee is made.", "Grind.").await;
    let turn = desk.turn().await;
    let told = desk.told(turn, "I want tea", &[]).await;
    let chars: usize = told.iter().map(|one| one.text.chars().count()).sum();
    assert_eq!(told.len(), INJECTED_MAX);
    assert!(chars <= INJECTED_CHARS_MAX && told[0].text.contains("Boil water."), "{chars}");
    let keys: Vec<String> = told.iter().map(|one| one.key.clone()).collect();
    assert!(desk.told(turn, "I want tea", &keys).await.is_empty(), "never twice in a thread");
    assert!(desk.told(turn, "Something else entirely", &[]).await.is_empty());
    let long = "x".repeat(INJECTED_CHARS_MAX);
    desk.make("coffee-long", "How espresso is made.", &long).await;
    let told = desk.told(turn, "espresso", &[]).await;
    assert!(told[0].text.contains("Read it with the tool") && told[0].text.len() < 200, "{}", told[0].text);
}

#[tokio::test]
async fn what_people_say_and_what_fails_moves_the_score_of_what_was_used() {
    let desk = Desk::open().await;
    desk.make("tea", "How tea is made.", "Boil water.").await;
    let (first, second) = (desk.turn().await, desk.turn().await);
    desk.told(first, "I want tea", &[]).await;
    let place = Place { turn: second, ..desk.place.clone() };
    let arguments = json!({ "name": "tea" }).as_object().unwrap().clone();
    SkillTool::new(desk.skills.clone()).run(ToolCallRun { arguments, place }).await.unwrap();
    assert_eq!(desk.score("tea").await, None);
    assert_eq!(desk.skills.feedback(&Desk::by(), first, Some(true)).await.unwrap(), ["tea"]);
    let liked = desk.score("tea").await.unwrap();
    desk.skills.feedback(&Desk::by(), first, Some(true)).await.unwrap();
    assert_eq!(desk.score("tea").await.unwrap().evidence, 1, "said twice is said once");
    desk.ends(Hook::QueryPost, json!({ "state": "failed", "turn_id": second })).await;
    let failed = desk.score("tea").await.unwrap();
    assert!(failed.low < liked.low && failed.mean > 0.5, "weak evidence: {failed:?}");
    desk.skills.feedback(&Desk::by(), first, Some(false)).await.unwrap();
    assert!(desk.score("tea").await.unwrap().mean < 0.5);
    desk.skills.feedback(&Desk::by(), first, None).await.unwrap();
    assert_eq!(desk.score("tea").await.unwrap().evidence, 1, "taken back");
    let nobody = desk.skills.feedback(&Desk::by(), TurnId::new(), Some(true)).await.unwrap();
    assert!(nobody.is_empty());
    let other = crate::identity::Principal::owner("other".parse().unwrap());
    assert!(desk.skills.estimates(&other.tenant, SkillPlace::Home).await.unwrap().is_empty(), "two tenants");
}

#[tokio::test]
async fn an_accepted_experiment_is_learnt_once_and_is_off_until_a_person_has_read_it() {
    let desk = Desk::open().await;
    desk.make("tea", "How tea is made.", "Boil water.").await;
    desk.make("faster-parser", "Taken.", "Taken.").await;
    desk.ends(Hook::ExperimentCompleted, experiment("Faster parser", "accepted")).await;
    desk.ends(Hook::ExperimentCompleted, experiment("Faster parser", "accepted")).await;
    let all = desk.skills.list(&desk.place.tenant, SkillPlace::Home).await.unwrap();
    let names: Vec<_> = all.iter().map(|skill| skill.name.as_str()).collect();
    assert_eq!(names, ["faster-parser", "faster-parser-2", "tea"]);
    assert_eq!(all[1].state, SkillState::Off);
    assert!(
        desk.told(desk.turn().await, "make a parser fast", &[])
            .await
            .iter()
            .all(|one| one.title != "Skill faster-parser-2")
    );
    assert!(desk.score("faster-parser-2").await.unwrap().mean > 0.5);
    assert!(desk.score("tea").await.unwrap().mean > 0.5, "a skill that it had");
    let origins = desk.skills.origins(&desk.place.tenant).await.unwrap();
    assert_eq!(origins["faster-parser-2"], "e1");
    let at = (SkillPlace::Home, "faster-parser-2");
    desk.skills.enable(&Desk::by(), at, all[1].version, true).await.unwrap();
    let told = desk.told(desk.turn().await, "make a parser fast", &[]).await;
    assert!(told[0].text.contains("A table instead of a chain of ifs."), "{}", told[0].text);
    let mut rejected = experiment("Faster parser", "rejected");
    rejected["experiment"]["id"] = json!("e2");
    desk.ends(Hook::ExperimentCompleted, rejected).await;
    assert!((desk.score("tea").await.unwrap().mean - 0.5).abs() < 1e-3, "one accepted, one rejected");
    let mut clean = experiment("Clean", "accepted");
    (clean["experiment"]["id"], clean["result"]["tainted"]) = (json!("e3"), json!(false));
    desk.ends(Hook::ExperimentCompleted, clean).await;
    let clean = desk.skills.get(&desk.place.tenant, SkillPlace::Home, "clean").await.unwrap();
    assert_eq!(clean.state, SkillState::On);
    desk.ends(Hook::ExperimentCompleted, json!({ "experiment": "nonsense" })).await;
}

#[tokio::test]
async fn every_text_of_a_skill_is_a_version_that_can_be_put_back() {
    let desk = Desk::open().await;
    desk.make("tea", "How tea is made.", "Boil water.").await;
    let first = desk.skills.get(&desk.place.tenant, SkillPlace::Home, "tea").await.unwrap();
    let text = document("tea", "How tea is made.", "Do not boil.");
    let second = desk.skills.write(&Desk::by(), "tea", first.version, text).await.unwrap();
    desk.put(SkillPlace::Home, "tea/SKILL.md", &document("tea", "By hand.", "x")).await;
    let deeds = async || {
        let versions = desk.skills.versions(&desk.place.tenant, "tea").await.unwrap();
        versions.iter().map(|one| (one.number, one.deed.as_str())).collect::<Vec<_>>()
    };
    assert_eq!(deeds().await, [(3, "found"), (2, "written"), (1, "written")]);
    let stale = desk.skills.restore(&Desk::by(), "tea", 1, Some(second.version)).await;
    assert!(matches!(stale, Err(SkillError::Stale)));
    let now = desk.skills.get(&desk.place.tenant, SkillPlace::Home, "tea").await.unwrap();
    let back = desk.skills.restore(&Desk::by(), "tea", 1, Some(now.version)).await.unwrap();
    assert_eq!(back.text, first.text);
    assert_eq!(deeds().await, [(4, "restored"), (3, "found"), (2, "written"), (1, "written")]);
    desk.skills.remove(&Desk::by(), "tea", back.version).await.unwrap();
    assert_eq!(deeds().await[0], (5, "removed"));
    let again = desk.skills.restore(&Desk::by(), "tea", 2, None).await.unwrap();
    assert!(again.text.contains("Do not boil.") && again.state == SkillState::On);
    assert!(matches!(desk.skills.restore(&Desk::by(), "tea", 99, None).await, Err(SkillError::NotFound)));
    assert!(matches!(desk.skills.versions(&desk.place.tenant, "nothing").await, Err(SkillError::NotFound)));
}
