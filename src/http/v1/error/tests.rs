//! Which status, type and code an error has.

use serde_json::{Value, json};

use super::*;
use crate::identity::{Forbidden, Scope};

#[test]
fn every_failure_of_a_provider_has_a_status_that_says_what_to_do() {
    let table = [
        (Kind::InvalidRequest, 400, "invalid_request_error"),
        (Kind::TooLarge, 400, "invalid_request_error"),
        (Kind::NotFound, 404, "invalid_request_error"),
        (Kind::RateLimited, 429, "rate_limit_error"),
        (Kind::Overloaded, 503, "server_error"),
        (Kind::Timeout, 504, "server_error"),
        (Kind::Authentication, 502, "server_error"),
        (Kind::Permission, 502, "server_error"),
        (Kind::Upstream, 502, "server_error"),
        (Kind::Network, 502, "server_error"),
        (Kind::Truncated, 502, "server_error"),
        (Kind::Protocol, 502, "server_error"),
        (Kind::Configuration, 500, "server_error"),
    ];
    for (kind, status, word) in table {
        let error = ApiError::from(ModelError::new(kind, "what happened"));
        assert_eq!(error.status, status, "{kind:?}");
        let body: Value = serde_json::from_slice(&error.json()).unwrap();
        let expected =
            json!({ "message": "what happened", "type": word, "param": null, "code": kind.as_str() });
        assert_eq!(body, json!({ "error": expected }));
    }
}

#[test]
fn a_delay_is_told_in_whole_seconds_and_a_lasting_failure_forbids_another_try() {
    let mut limited = ModelError::new(Kind::RateLimited, "x");
    limited.retry_after = Some(Duration::from_millis(1_200));
    let response = ApiError::from(limited).into_response();
    assert_eq!(response.headers()["retry-after"], "2");
    assert!(!response.headers().contains_key("x-should-retry"));
    let lasting = ApiError::from(ModelError::new(Kind::Configuration, "x")).into_response();
    assert_eq!(lasting.headers()["x-should-retry"], "false");
}

#[test]
fn problems_of_the_edge_keep_their_meaning() {
    let unauthenticated = ApiError::from(Problem::unauthenticated());
    assert_eq!((unauthenticated.status.as_u16(), unauthenticated.code.as_str()), (401, "invalid_api_key"));
    let forbidden = ApiError::from(Problem::from(Forbidden { needed: Scope::Chat }));
    assert_eq!((forbidden.status.as_u16(), type_of(forbidden.status)), (403, "permission_error"));
    let busy = ApiError::from(AcceptError::Busy { retry_after: Duration::from_secs(3) });
    assert_eq!((busy.status.as_u16(), busy.retry_after), (429, Some(Duration::from_secs(3))));
    let field = ApiError::from(Problem::invalid_field("/name", "is too long"));
    assert_eq!((field.status.as_u16(), field.param.as_deref()), (400, Some("name")));
}

#[test]
fn a_turn_that_ended_otherwise_says_how() {
    let of = |code: &str| ApiError::from(TurnFailure::new(code, "x", false));
    assert_eq!(of("overloaded").status, 503);
    assert_eq!(of("stopped").status, 409);
    assert_eq!(of("deadline").status, 504);
    assert_eq!((of("crashed").status.as_u16(), of("crashed").code.as_str()), (500, "crashed"));
}
