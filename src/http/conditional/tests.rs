//! Conditions and keys as headers.

use axum::http::Request;

use super::*;

async fn if_match(value: &str) -> Result<Option<i64>, StatusCode> {
    let (mut parts, ()) = Request::builder().header("if-match", value).body(()).unwrap().into_parts();
    let found = IfMatch::from_request_parts(&mut parts, &()).await;
    found.map(|found| found.version()).map_err(|problem| problem.status)
}

#[tokio::test]
async fn a_tag_that_is_none_of_ours_matches_nothing() {
    assert_eq!(if_match("\"3\"").await, Ok(Some(3)));
    assert_eq!(if_match("*").await, Ok(None));
    for odd in ["3", "W/\"3\"", "\"x\"", "\"3\", \"4\"", ""] {
        assert_eq!(if_match(odd).await, Err(StatusCode::PRECONDITION_FAILED), "{odd}");
    }
    assert_eq!(IfMatch(None).required().unwrap_err().status, StatusCode::PRECONDITION_REQUIRED);
}

#[tokio::test]
async fn a_key_is_accepted_up_to_its_limit_and_once() {
    let key = |values: Vec<String>| async move {
        let mut request = Request::builder();
        for value in values {
            request = request.header("idempotency-key", value);
        }
        let (mut parts, ()) = request.body(()).unwrap().into_parts();
        IdempotencyKey::from_request_parts(&mut parts, &()).await.map(|key| key.0).map_err(|p| p.status)
    };
    assert_eq!(key(vec![]).await, Ok(None));
    let longest = "k".repeat(IDEMPOTENCY_KEY_CHARS_MAX);
    assert_eq!(key(vec![longest.clone()]).await, Ok(Some(longest.clone())));
    assert_eq!(key(vec![longest + "k"]).await, Err(StatusCode::BAD_REQUEST));
    assert_eq!(key(vec![String::new()]).await, Err(StatusCode::BAD_REQUEST));
    assert_eq!(key(vec!["a".into(), "a".into()]).await, Err(StatusCode::BAD_REQUEST));
}
