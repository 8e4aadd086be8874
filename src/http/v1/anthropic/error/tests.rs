//! Which status and type an error has for clients of Anthropic.

use axum::http::HeaderValue;
use http_body_util::BodyExt as _;
use serde_json::{Value, json};

use super::*;
use crate::http::problem::Problem;
use crate::protocol::model::ModelError;

async fn shown(error: ApiError, id: Option<&'static str>) -> (u16, Value, Response) {
    let response = in_envelope(Response::default(), Some(error), id.map(HeaderValue::from_static));
    let (parts, body) = response.into_parts();
    let bytes = body.collect().await.unwrap().to_bytes();
    let json = serde_json::from_slice(&bytes).unwrap();
    (parts.status.as_u16(), json, Response::from_parts(parts, Body::empty()))
}

#[tokio::test]
async fn every_failure_has_anthropics_status_and_word() {
    for (kind, status, word) in [
        (Kind::InvalidRequest, 400, "invalid_request_error"),
        (Kind::TooLarge, 400, "invalid_request_error"),
        (Kind::NotFound, 404, "not_found_error"),
        (Kind::Denied, 403, "permission_error"),
        (Kind::RateLimited, 429, "rate_limit_error"),
        (Kind::BudgetExceeded, 402, "billing_error"),
        (Kind::Overloaded, 529, "overloaded_error"),
        (Kind::Timeout, 504, "timeout_error"),
        (Kind::Authentication, 502, "api_error"),
        (Kind::Network, 502, "api_error"),
        (Kind::Configuration, 500, "api_error"),
        (Kind::Halted, 503, "api_error"),
    ] {
        let (found, json, _) = shown(ModelError::new(kind, "what happened").into(), None).await;
        let error = json!({ "type": word, "message": "what happened" });
        assert_eq!((found, json), (status, json!({ "type": "error", "error": error })), "{kind:?}");
    }
    let (status, json, _) = shown(Problem::unauthenticated().into(), None).await;
    assert_eq!((status, &json["error"]["type"]), (401, &json!("authentication_error")));
    let (status, json, _) = shown(crate::http::extract::payload_too_large().into(), None).await;
    assert_eq!((status, &json["error"]["type"]), (413, &json!("request_too_large")));
}

#[tokio::test]
async fn an_error_tells_its_request_and_when_to_come_again() {
    let mut limited = ModelError::new(Kind::RateLimited, "x");
    limited.retry_after = Some(std::time::Duration::from_secs(3));
    let (_, json, response) = shown(limited.into(), Some("r-1")).await;
    assert_eq!(json["request_id"], "r-1");
    let header = |name: &str| response.headers()[name].to_str().unwrap().to_owned();
    assert_eq!((header("request-id"), header("retry-after")), ("r-1".to_owned(), "3".to_owned()));
    assert_eq!(header("content-type"), "application/json");
}

#[test]
fn a_good_answer_tells_its_request_too() {
    let response = in_envelope(Response::default(), None, Some(HeaderValue::from_static("r-2")));
    assert_eq!(
        (response.status().as_u16(), &response.headers()["request-id"]),
        (200, &HeaderValue::from_static("r-2"))
    );
}
