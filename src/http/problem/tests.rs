//! Problem documents.

use serde_json::Value;

use super::*;

fn json(problem: &Problem) -> Value {
    serde_json::to_value(problem.document(Some("r-1"))).unwrap()
}

#[test]
fn a_document_has_the_fields_of_rfc_9457_and_the_code() {
    let document = json(&Problem::invalid_field("/name", "has 1 to 100 characters"));
    assert_eq!(document["type"], "/help/errors/invalid_fields");
    assert_eq!(document["title"], "Unprocessable Entity");
    assert_eq!(document["status"], 422);
    assert_eq!(document["instance"], "r-1");
    assert_eq!(document["errors"][0]["pointer"], "/name");
}

#[test]
fn busy_says_when_to_try_again_in_whole_seconds_rounded_up() {
    let busy = AcceptError::Busy { retry_after: Duration::from_millis(1_001) };
    let response = Problem::from(busy).into_response();
    assert_eq!(response.status(), StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(response.headers()[header::RETRY_AFTER], "2");
    assert_eq!(whole_seconds(Duration::ZERO), 1);
}

#[test]
fn a_full_disk_and_a_missing_store_are_told_apart() {
    assert_eq!(Problem::from(LedgerError::DiskFull).status, StatusCode::INSUFFICIENT_STORAGE);
    assert_eq!(Problem::from(LedgerError::Unavailable).status, StatusCode::SERVICE_UNAVAILABLE);
}

#[test]
fn a_missing_credential_names_the_scheme() {
    let response = Problem::unauthenticated().into_response();
    assert_eq!(response.headers()[header::WWW_AUTHENTICATE], "Bearer");
}
