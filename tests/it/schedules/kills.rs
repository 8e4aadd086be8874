//! SIGKILL at every state of a run, and a daemon that was down: each time is done once, or says why not.

use std::collections::HashSet;

use super::*;

/// Kills the daemon, changes its store as if it had died earlier, and starts it again.
fn die(daemon: &mut TestDaemon, changes: &[&str]) {
    daemon.kill();
    let store = rusqlite::Connection::open(daemon.home().join("data/capuchin.db")).unwrap();
    for change in changes {
        assert!(store.execute(change, []).unwrap() > 0, "{change}");
    }
    drop(store);
    tokio::task::block_in_place(|| daemon.launch());
}

/// What was said in the thread of a run, by schedules and by models.
async fn said(client: &Client, run: &Value) -> (usize, usize) {
    let messages = client.messages(run["thread_id"].as_str().unwrap()).await;
    let of = |role: &str| messages.iter().filter(|message| message["role"] == role).count();
    (of("user"), of("assistant"))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn at_every_state_of_a_run_a_kill_costs_nothing_and_doubles_nothing() {
    let open = "ended_ms = NULL, reason = ''";
    let states = [
        // Due, and nothing else.
        "state = 'due', attempt = 0, turn_id = NULL, thread_id = NULL, started_ms = NULL",
        // Begun, with its turn stored and not noted.
        "state = 'running', turn_id = NULL",
        // Its turn has ended, and nobody noted that.
        "state = 'running'",
        // It waited for a person, who has decided since.
        "state = 'parked', parked_ms = started_ms",
    ];
    for state in states {
        let mut daemon = quick();
        let client = daemon.client();
        let id = schedule(&client, json!({})).await;
        run_now(&client, &id).await;
        once_it_is(&client, &id, "done").await;
        die(&mut daemon, &[&format!("UPDATE schedule_runs SET {state}, {open}")]);
        let client = daemon.client();
        let run = once_it_is(&client, &id, "done").await;
        assert_eq!(said(&client, &run).await, (1, 1), "{state}");
        assert_eq!((runs(&client, &id).await.len(), &run["attempt"]), (1, &json!(1)), "{state}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_turn_that_worked_when_the_daemon_was_killed_ends_and_is_not_made_again() {
    let config = "[backends.demo]\nkind = \"demo\"\npace_ms = 20\n".to_owned();
    let mut daemon = TestDaemon::with(Setup { config, ..Setup::default() });
    let client = daemon.client();
    let id = schedule(&client, json!({ "prompt": "tell me a long story" })).await;
    run_now(&client, &id).await;
    while runs(&client, &id).await[0]["turn_id"].is_null() {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    die(&mut daemon, &[]);
    let client = daemon.client();
    let run = loop {
        let run = runs(&client, &id).await[0].clone();
        if run["ended_at"].is_string() {
            break run;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    };
    // Whole, or cut off after some of it was visible; never twice.
    assert!(["done", "failed"].iter().any(|state| run["state"] == *state), "{run}");
    assert_eq!(said(&client, &run).await.0, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_effect_whose_answer_was_lost_makes_the_run_unknown_and_is_not_repeated() {
    let mut daemon = quick();
    let client = daemon.client();
    let body = json!({ "tool": "list_files", "arguments": {}, "policies": { "retries": 3 } });
    let id = schedule(&client, body).await;
    run_now(&client, &id).await;
    once_it_is(&client, &id, "done").await;
    // As the journal is when the daemon died in the middle of an effect.
    let lost = "UPDATE messages SET outcome = 'unknown' WHERE role = 'tool'";
    die(&mut daemon, &[lost, "UPDATE schedule_runs SET state = 'running', ended_ms = NULL"]);
    let client = daemon.client();
    let run = once_it_is(&client, &id, "unknown").await;
    assert!(run["reason"].as_str().unwrap().contains("not done again"), "{run}");
    assert_eq!((said(&client, &run).await.0, &run["attempt"]), (1, &json!(1)));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_daemon_that_was_down_does_one_for_all_or_says_why_not() {
    for (days, policy) in [(1, "once"), (30, "once"), (30, "skip")] {
        let mut daemon = quick();
        let client = daemon.client();
        let id = schedule(&client, json!({ "policies": { "catch_up": policy } })).await;
        // Its times are half an hour earlier too, so that the last of them is not on time.
        let earlier = format!(
            "UPDATE schedules SET next_ms = next_ms - {days} * 86400000 - 1800000,
                    rule = json_set(rule, '$.anchor_ms', json_extract(rule, '$.anchor_ms') - 1800000)"
        );
        die(&mut daemon, &[&earlier]);
        let client = daemon.client();
        let (all, slots) = loop {
            let all = runs(&client, &id).await;
            if !all.is_empty() && all.iter().all(|run| run["ended_at"].is_string()) {
                let slots: u64 = all.iter().map(|run| run["slots"].as_u64().unwrap()).sum();
                break (all, slots);
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        };
        assert_eq!(slots, days * 24, "{all:#?}");
        let late: Vec<_> = all.iter().filter(|run| run["state"] == "done").collect();
        assert_eq!(late.len(), usize::from(policy == "once"), "{all:#?}");
        assert!(late.iter().all(|run| run["caught_up"] == true));
        let skipped = all.iter().find(|run| run["state"] == "skipped").unwrap();
        assert!(skipped["reason"].as_str().unwrap().contains("did not run"), "{skipped}");
        let slot = skipped["slot_at"].as_str().unwrap();
        let (_, why) = client.get(&format!("{SCHEDULES}/{id}/runs?slot={slot}")).await;
        assert_eq!(why["items"][0]["id"], skipped["id"]);
    }
}

/// A schedule that fires every second while the daemon is killed at random points.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_second_is_done_once_whenever_the_daemon_is_killed() {
    let number = |name: &str, default: usize| {
        std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(default)
    };
    let (kills, seed) = (number("CAPUCHIN_KILLS", 4), number("CAPUCHIN_SEED", 20_261_122));
    let mut random = fastrand::Rng::with_seed(seed as u64);
    let mut daemon = quick();
    let policies = json!({ "overlap": "queue", "catch_up": "run", "catch_up_limit": 100 });
    let id = schedule(&daemon.client(), json!({ "every": "1s", "policies": policies })).await;
    for _ in 0..kills {
        let wanted = runs(&daemon.client(), &id).await.len() + 1;
        while runs(&daemon.client(), &id).await.len() < wanted {
            tokio::time::sleep(Duration::from_millis(random.u64(1..10))).await;
        }
        die(&mut daemon, &[]);
    }
    let client = daemon.client();
    let (status, _) = client.post(&format!("{SCHEDULES}/{id}/pause"), &json!({})).await;
    assert_eq!(status, StatusCode::OK);
    let all = loop {
        let all = runs(&client, &id).await;
        if all.iter().all(|run| run["ended_at"].is_string()) {
            break all;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    };
    let begun: Vec<_> = all.iter().filter(|run| run["turn_id"].is_string()).collect();
    let of = |key: &str| begun.iter().map(|run| run[key].to_string()).collect::<HashSet<_>>().len();
    assert_eq!((of("slot_at"), of("turn_id")), (begun.len(), begun.len()), "a turn for each slot");
    let (asked, _) = said(&client, begun.first().unwrap()).await;
    assert_eq!(asked, begun.len(), "nothing was said twice, and nothing was lost");
    let mut slots: Vec<i64> = Vec::new();
    for run in &all {
        let at = |key: &str| run[key].as_str().unwrap().parse::<jiff::Timestamp>().unwrap().as_second();
        slots.extend(at("slot_at")..=at("until_at"));
    }
    slots.sort_unstable();
    assert!(slots.windows(2).all(|pair| pair[1] - pair[0] == 1), "every second has its row: {slots:?}");
}
