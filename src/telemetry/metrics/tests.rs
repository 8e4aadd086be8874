//! Names of metrics are an interface: dashboards are written against them.

use std::time::Duration;

use crate::db::DbStats;
use crate::protocol::chat::Usage;
use crate::protocol::model::ModelErrorKind;
use crate::protocol::turn::TurnState;

use super::Metrics;

/// Metrics in which everything happened once or more: a family without a member is not listed.
fn counted() -> Metrics {
    let metrics = Metrics::new();
    metrics.turns.ended(TurnState::Done);
    metrics.turns.ended(TurnState::Running);
    metrics.models.called("demo", None);
    metrics.models.called("demo", Some(ModelErrorKind::RateLimited));
    metrics.models.failed_over("demo", ModelErrorKind::RateLimited);
    metrics.models.breaker("demo", "open");
    metrics.models.used("demo", &Usage { input_tokens: 3, output_tokens: 5, ..Usage::default() });
    metrics.messages.busy.inc();
    metrics.schedules.ended("done");
    metrics.actors.restarted("sessions");
    metrics.http.answered("GET", "/api/v1/threads/{id}", 404, Duration::from_millis(1));
    let mut stats = DbStats { batches: 3, commit_us_sum: 1_500_000, queue_depth: 4, ..DbStats::default() };
    stats.commit_buckets[0] = 2;
    stats.commit_buckets[12] = 1;
    metrics.store.read_from(move || stats.clone());
    metrics
}

#[test]
fn every_metric_has_its_conventional_name() {
    let text = counted().encode();
    let mut names: Vec<&str> = text
        .lines()
        .filter_map(|line| line.strip_prefix("# TYPE "))
        .filter_map(|line| line.split_whitespace().next())
        .collect();
    names.sort_unstable();
    let expected = [
        "capuchin_actor_quarantined",
        "capuchin_actor_restarts",
        "capuchin_budget_reservations",
        "capuchin_budget_warnings",
        "capuchin_build",
        "capuchin_http_request_duration_seconds",
        "capuchin_http_requests",
        "capuchin_http_streams",
        "capuchin_message_inbound",
        "capuchin_model_breaker_state",
        "capuchin_model_call_duration_seconds",
        "capuchin_model_calls",
        "capuchin_model_failovers",
        "capuchin_model_tokens",
        "capuchin_process_open_fds",
        "capuchin_process_resident_memory_bytes",
        "capuchin_process_start_time_seconds",
        "capuchin_schedule_lag_seconds",
        "capuchin_schedule_runs",
        "capuchin_session_live",
        "capuchin_store_checkpoints",
        "capuchin_store_commit_duration_seconds",
        "capuchin_store_commits",
        "capuchin_store_database_bytes",
        "capuchin_store_failed_writes",
        "capuchin_store_queue_depth",
        "capuchin_store_wal_bytes",
        "capuchin_store_writes",
        "capuchin_turn_duration_seconds",
        "capuchin_turn_ended",
        "capuchin_turn_first_token_seconds",
        "capuchin_webhook_deliveries",
    ];
    assert_eq!(names, expected);
    assert!(text.ends_with("# EOF\n"));
}

#[test]
fn counted_things_appear_with_their_labels() {
    let text = counted().encode();
    for line in [
        r#"capuchin_turn_ended_total{outcome="done"} 1"#,
        r#"capuchin_turn_ended_total{outcome="failed"} 0"#,
        r#"capuchin_model_calls_total{backend="demo",outcome="ok"} 1"#,
        r#"capuchin_model_calls_total{backend="demo",outcome="rate_limited"} 1"#,
        r#"capuchin_model_breaker_state{backend="demo"} 2"#,
        r#"capuchin_model_failovers_total{backend="demo",outcome="rate_limited"} 1"#,
        r#"capuchin_model_tokens_total{backend="demo",direction="output"} 5"#,
        r#"capuchin_message_inbound_total{outcome="busy"} 1"#,
        r#"capuchin_actor_restarts_total{supervisor="sessions"} 1"#,
        r#"capuchin_http_requests_total{method="GET",route="/api/v1/threads/{id}",status="404"} 1"#,
        "capuchin_store_commits_total 3",
        "capuchin_store_queue_depth 4",
        r#"capuchin_store_commit_duration_seconds_bucket{le="0.0001"} 2"#,
        r#"capuchin_store_commit_duration_seconds_bucket{le="1.0"} 2"#,
        r#"capuchin_store_commit_duration_seconds_bucket{le="+Inf"} 3"#,
        "capuchin_store_commit_duration_seconds_sum 1.5",
        r#"capuchin_build_info{version="0.1.0"} 1"#,
    ] {
        assert!(text.lines().any(|found| found == line), "{line} is missing in:\n{text}");
    }
    assert!(!text.contains(r#"="running""#), "a running turn has not ended");
}

#[test]
fn the_number_of_routes_is_bounded() {
    let metrics = Metrics::new();
    for n in 0..super::groups::ROUTES_MAX + 10 {
        metrics.http.answered("GET", &format!("/{n}"), 200, Duration::ZERO);
    }
    let text = metrics.encode();
    let routes = text.lines().filter(|l| l.starts_with("capuchin_http_requests_total{")).count();
    assert_eq!(routes, super::groups::ROUTES_MAX + 1);
    assert!(text.contains(r#"route="other",status="200"} 10"#));
}
