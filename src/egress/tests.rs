//! What the client does on the wire, against a scripted server on loopback.

mod lookups;
mod proxies;
mod secrets;
mod sockets;
mod strangers;

use std::time::Duration;

use super::upstream::{Act, Upstream, answer, chunk, chunked_head};
use super::*;

const SOON: Duration = Duration::from_secs(10);

fn egress() -> Egress {
    Egress::new(&EgressConfig::default())
}

fn refusal(base_url: &str, allow_private: bool) -> Option<EgressError> {
    egress().destination(base_url, allow_private).err()
}

async fn get(upstream: &Upstream) -> Result<Reply, EgressError> {
    egress().destination(&upstream.url(), false).unwrap().get("/x").send(SOON).await
}

#[test]
fn only_plain_http_addresses_are_destinations() {
    for url in [
        "",
        "x",
        "ftp://h/",
        "file:///etc/passwd",
        "http://",
        "http://u:p@h/",
        "http://h/?q=1",
        "http://h/#f",
    ] {
        assert!(matches!(refusal(url, true), Some(EgressError::BadUrl { .. })), "{url}");
    }
    assert!(refusal("https://api.example.com/v1/", false).is_none());
}

#[test]
fn metadata_addresses_are_refused_in_every_spelling() {
    for host in
        ["169.254.169.254", "0xa9fea9fe", "2852039166", "0251.0376.0251.0376", "[::ffff:a9fe:a9fe]", "0"]
    {
        let url = format!("http://{host}/");
        assert!(matches!(refusal(&url, true), Some(EgressError::Refused { .. })), "{url}");
    }
}

#[test]
fn an_address_in_the_configuration_names_its_place_itself() {
    for url in [
        "http://127.0.0.1:1/",
        "http://[::1]:1/",
        "http://192.168.1.5/",
        "http://localhost/",
        "http://a.localhost./",
    ] {
        assert_eq!(egress().destination(url, false).unwrap().route.reach, Reach::Private, "{url}");
    }
    assert_eq!(egress().destination("http://1.1.1.1/", false).unwrap().route.reach, Reach::Public);
    assert_eq!(egress().destination("http://nas/", true).unwrap().route.reach, Reach::Private);
    assert_eq!(egress().destination("http://nas/", false).unwrap().route.reach, Reach::Public);
}

#[tokio::test]
async fn a_name_that_leads_to_this_machine_is_refused_without_permission() {
    let upstream = Upstream::start(vec![answer(200, "", "ok")]).await;
    // `localhost` stands for any name here: the test asks the public pool for it, as for a name of another zone.
    let url = upstream.url().replace("127.0.0.1", "localhost");
    let mut destination = egress().destination(&url, false).unwrap();
    destination.route.reach = Reach::Public;
    let error = destination.get("/").send(SOON).await.err().unwrap();
    assert!(matches!(error, EgressError::Refused { .. }), "{error}");
    assert_eq!(upstream.received().len(), 0);
}

#[tokio::test]
async fn an_unknown_name_is_a_failed_lookup() {
    let destination = egress().destination("http://no-such-host.invalid/", false).unwrap();
    let error = destination.get("/").send(SOON).await.err().unwrap();
    assert!(matches!(error, EgressError::Lookup { .. }), "{error}");
}

#[tokio::test]
async fn nobody_listening_is_a_failed_connection() {
    let closed = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let destination = egress().destination(&format!("http://{closed}"), false).unwrap();
    let error = destination.get("/").send(SOON).await.err().unwrap();
    assert!(matches!(error, EgressError::Connect { .. }), "{error}");
    assert!(error.to_string().contains("refused"), "{error}");
}

#[tokio::test]
async fn a_tls_peer_that_speaks_rubbish_is_a_failed_connection() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("https://{}", listener.local_addr().unwrap());
    let _peer = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        tokio::io::AsyncWriteExt::write_all(&mut stream, b"HTTP/1.1 400 Bad Request\r\n\r\n").await.unwrap();
    });
    let error = egress().destination(&url, false).unwrap().get("/").send(SOON).await.err();
    // A machine without TLS roots cannot speak TLS at all, and says so.
    assert!(matches!(error, Some(EgressError::Connect { .. } | EgressError::Setup { .. })));
}

#[tokio::test]
async fn a_redirect_is_an_answer_and_is_not_followed() {
    let upstream = Upstream::start(vec![answer(302, "location: http://169.254.169.254/\r\n", "")]).await;
    assert_eq!(get(&upstream).await.unwrap().status(), 302);
    assert_eq!(upstream.received().len(), 1);
}

#[tokio::test]
async fn a_credential_is_sent_once_and_a_bad_one_is_left_out() {
    let upstream = Upstream::start(vec![answer(200, "", "")]).await;
    let destination = egress().destination(&upstream.url(), false).unwrap();
    for key in ["k-1", "k\n2"] {
        let request =
            destination.get("/").secret_header("authorization", "Bearer ", &Secret::new(key.to_owned()));
        request.send(SOON).await.unwrap();
    }
    let received = upstream.received();
    assert!(received[0].head.contains("authorization: bearer k-1"));
    assert!(!received[1].head.contains("authorization"));
}

#[tokio::test]
async fn a_head_that_does_not_come_is_a_timeout() {
    let upstream = Upstream::start(vec![vec![Act::Stall]]).await;
    let destination = egress().destination(&upstream.url(), false).unwrap();
    let error = destination.get("/").send(Duration::from_millis(30)).await.err().unwrap();
    assert!(matches!(error, EgressError::Timeout { what: "begin to answer", .. }), "{error}");
}

#[tokio::test]
async fn a_body_that_stops_is_a_timeout_and_one_that_is_cut_is_broken() {
    let script =
        vec![vec![chunked_head(), chunk("a"), Act::Stall], vec![chunked_head(), chunk("a"), Act::Reset]];
    let upstream = Upstream::start(script).await;
    let mut stalled = get(&upstream).await.unwrap();
    assert_eq!(stalled.chunk(SOON).await.unwrap().unwrap(), "a");
    let error = stalled.chunk(Duration::from_millis(30)).await.unwrap_err();
    assert!(matches!(error, EgressError::Timeout { what: "go on answering", .. }), "{error}");
    let mut cut = get(&upstream).await.unwrap();
    let error = loop {
        match cut.chunk(SOON).await {
            Ok(piece) => assert_eq!(piece.unwrap(), "a"),
            Err(error) => break error,
        }
    };
    assert!(matches!(error, EgressError::Broken { .. }), "{error}");
}

#[tokio::test]
async fn a_body_at_the_limit_is_taken_and_one_byte_more_is_not() {
    let upstream = Upstream::start(vec![answer(200, "", "12345")]).await;
    assert_eq!(get(&upstream).await.unwrap().whole(5, SOON).await.unwrap(), "12345");
    let error = get(&upstream).await.unwrap().whole(4, SOON).await.unwrap_err();
    assert!(matches!(error, EgressError::TooLong { bytes_max: 4, .. }), "{error}");
    assert_eq!(get(&upstream).await.unwrap().beginning(4, SOON).await, "1234");

    let small = Egress::new(&EgressConfig { response_bytes_max: 4, ..EgressConfig::default() });
    let mut reply = small.destination(&upstream.url(), false).unwrap().get("/").send(SOON).await.unwrap();
    assert!(matches!(reply.chunk(SOON).await, Err(EgressError::TooLong { bytes_max: 4, .. })));
}

#[tokio::test]
async fn connections_are_used_again() {
    let upstream = Upstream::start(vec![answer(200, "", "ok")]).await;
    let destination = egress().destination(&upstream.url(), false).unwrap();
    for _ in 0..3 {
        destination.get("/").send(SOON).await.unwrap().whole(10, SOON).await.unwrap();
    }
    assert_eq!(upstream.received().len(), 3);
    assert_eq!(upstream.connections(), 1);
}
