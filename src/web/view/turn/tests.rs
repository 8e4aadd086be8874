//! What a turn's fragment says in each state.

use super::*;

fn turn(state: &str) -> TurnView {
    TurnView {
        id: "019a".to_owned(),
        thread: "019b".to_owned(),
        state: state.to_owned(),
        user: Some(UserView {
            content: "<img src=x onerror=alert(1)>".to_owned(),
            author: "You",
            created: "2026-11-21T10:00:00Z".to_owned(),
        }),
        ..TurnView::default()
    }
}

fn html(turn: &TurnView) -> String {
    TurnFragment { turn }.render().unwrap()
}

#[test]
fn what_a_person_wrote_is_text() {
    let html = html(&turn("done"));
    assert!(!html.contains("<img"), "{html}");
    assert!(html.contains("&#60;img") || html.contains("&lt;img"), "{html}");
}

#[test]
fn a_queued_turn_has_no_answer_and_can_be_removed() {
    let html = html(&turn("queued"));
    assert!(!html.contains("message answer"));
    assert!(html.contains("/c/019b/turns/019a/stop"));
}

#[test]
fn a_running_turn_is_busy_and_has_room_for_thinking() {
    let html = html(&turn("running"));
    assert!(html.contains("aria-busy=\"true\""));
    assert!(html.contains("class=\"thinking\""));
    assert!(!html.contains("data-copy-turn"));
}

#[test]
fn a_failed_turn_says_why_and_offers_another_try() {
    let mut turn = turn("failed");
    turn.failure = Some(FailureView::new("network", "The address <b> does not answer."));
    let html = html(&turn);
    assert!(html.contains("The model could not be reached"));
    assert!(html.contains("/c/019b/turns/019a/retry"));
    assert!(!html.contains("<b> does"));
}

#[test]
fn a_turn_is_one_element() {
    for state in ["queued", "running", "done", "failed", "stopped", "interrupted"] {
        let html = html(&turn(state));
        assert!(
            html.starts_with("<div class=\"turn\"") && html.trim_end().ends_with("</div>"),
            "{state}: {html}"
        );
        assert_eq!(html.matches("<div").count(), html.matches("</div>").count(), "{state}");
    }
}

#[test]
fn a_tool_call_cannot_break_out_of_its_card() {
    let tool = ToolView::new("a\"b<c", "sh", "{\"cmd\":\"<script>\"}", "done");
    assert_eq!(tool.id, "a-b-c");
    let html = ToolFragment { turn: &turn("done"), tool: &tool }.render().unwrap();
    assert!(!html.contains("<script>"), "{html}");
}
