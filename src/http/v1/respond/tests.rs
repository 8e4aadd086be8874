//! What leaves on the wire, seen by a client that believes nothing but bytes.

use axum::Router;
use axum::routing::get;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use super::super::call::Head;
use super::super::encode::{Chunks, Completion};
use super::*;
use crate::protocol::chat::StopReason;

fn head() -> Head {
    Head { id: "chatcmpl-1".to_owned(), created: 7, model: "m".to_owned() }
}

fn text() -> Result<ModelEvent, ApiError> {
    Ok(ModelEvent::Text("Hel".to_owned()))
}

fn stop() -> Result<ModelEvent, ApiError> {
    Ok(ModelEvent::Stop(StopReason::EndTurn))
}

fn failure() -> Result<ModelEvent, ApiError> {
    Err(ModelError::new(ModelErrorKind::Overloaded, "too busy").into())
}

fn answer(items: Vec<Result<ModelEvent, ApiError>>) -> Answer {
    stream::iter(items).boxed()
}

/// The bytes that a client of a real listener gets.
async fn on_the_wire(items: Vec<Result<ModelEvent, ApiError>>) -> String {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let route = get(move || async move { streamed(answer(items), Chunks::new(&head(), false)).await });
    let server = tokio::spawn(async move { axum::serve(listener, Router::new().route("/", route)).await });
    let mut client = tokio::net::TcpStream::connect(address).await.unwrap();
    client.write_all(b"GET / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n").await.unwrap();
    let mut bytes = Vec::new();
    // A cut may come as a reset; what came before it counts.
    let _ = client.read_to_end(&mut bytes).await;
    server.abort();
    String::from_utf8(bytes).unwrap()
}

#[tokio::test]
async fn a_good_stream_ends_with_done_and_in_order() {
    let wire = on_the_wire(vec![text(), stop()]).await;
    assert!(wire.contains("content-type: text/event-stream"));
    assert!(wire.contains("data: [DONE]\n\n") && wire.ends_with("\r\n0\r\n\r\n"), "{wire}");
}

#[tokio::test]
async fn a_stream_that_fails_says_so_and_is_cut() {
    for items in [vec![text(), failure()], vec![text()]] {
        let wire = on_the_wire(items).await;
        assert!(wire.contains("Hel") && wire.contains("data: {\"error\":"), "{wire}");
        assert!(
            !wire.contains("[DONE]") && !wire.ends_with("0\r\n\r\n"),
            "the end must not look clean: {wire}"
        );
    }
}

#[tokio::test]
async fn a_failure_before_anything_else_has_its_own_status() {
    for items in [vec![failure()], vec![]] {
        let error = streamed(answer(items), Chunks::new(&head(), false)).await.unwrap_err();
        assert!(error.status.is_server_error());
    }
    let wire = on_the_wire(vec![failure()]).await;
    assert!(wire.starts_with("HTTP/1.1 503 ") && wire.contains("too busy"), "{wire}");
}

#[tokio::test]
async fn a_whole_answer_that_fails_is_an_error_and_not_a_piece() {
    assert_eq!(
        whole(answer(vec![text(), failure()]), Completion::new(&head())).await.unwrap_err().status,
        503
    );
    assert_eq!(whole(answer(vec![text()]), Completion::new(&head())).await.unwrap_err().code, "truncated");
    assert_eq!(whole(answer(vec![text(), stop()]), Completion::new(&head())).await.unwrap().status(), 200);
}
