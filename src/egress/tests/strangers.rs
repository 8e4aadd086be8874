//! Requests to addresses that no setting names: redirects, limits, compression, places in the queue.

use std::io::Write as _;

use flate2::Compression;
use flate2::write::GzEncoder;

use super::lookups::{FakeDns, INTERNET, egress_with, named, two_servers, two_servers_of};
use super::*;

async fn stranger(script: Vec<Vec<Act>>) -> (Egress, Upstream, String) {
    let (internet, machine) = two_servers(script).await;
    let url = named(&machine, "/a");
    (egress_with(&FakeDns::new(&[&[INTERNET]]), &EgressConfig::default()), internet, url)
}

#[tokio::test]
async fn a_redirect_is_an_answer_unless_it_is_followed() {
    let (egress, internet, url) =
        stranger(vec![answer(302, "location: /b\r\n", ""), answer(200, "", "b")]).await;
    let get = |follow| egress.request(Method::GET, &url).unwrap().follow(follow).send(SOON);
    assert_eq!(get(Follow::never()).await.unwrap().status(), 302);
    assert_eq!(get(Follow::up_to(1)).await.unwrap().status(), 200);
    assert_eq!(internet.received().len(), 2);
}

#[tokio::test]
async fn redirects_are_followed_up_to_the_limit_and_not_once_more() {
    let (egress, internet, url) = stranger(vec![answer(302, "location: /again\r\n", "")]).await;
    let request = egress.request(Method::GET, &url).unwrap().follow(Follow::up_to(5));
    let error = request.send(SOON).await.err().unwrap();
    assert!(error.to_string().contains("too many"), "{error}");
    assert_eq!(internet.received().len(), 6);
}

#[tokio::test]
async fn another_origin_gets_no_credential_and_only_hosts_that_are_allowed() {
    let script = |port: u16| {
        let away = answer(302, &format!("location: http://other.example:{port}/\r\n"), "");
        vec![away.clone(), answer(200, "", ""), away]
    };
    let (internet, machine) = two_servers_of(script).await;
    let url = named(&machine, "/a");
    let egress = egress_with(&FakeDns::new(&[&[INTERNET]]), &EgressConfig::default());
    let request = || {
        let request = egress.request(Method::GET, &url).unwrap().header("accept", "text/html");
        let request = request.with_header("x-mine", "1").unwrap().follow(Follow::up_to(5));
        request.secret_header("authorization", "Bearer ", &Secret::new("k-1".to_owned()))
    };
    assert_eq!(request().send(SOON).await.unwrap().host(), "other.example");
    let received = internet.received();
    assert!(received[0].head.contains("authorization: bearer k-1"));
    assert!(received[1].head.contains("accept: text/html"));
    assert!(!received[1].head.contains("authorization") && !received[1].head.contains("x-mine"));

    let only = Follow::up_to(5).only_to(|host| host == "rebind.example");
    let error = request().follow(only).send(SOON).await.err().unwrap();
    assert!(matches!(error, EgressError::Redirect { .. }), "{error}");
    assert_eq!(internet.received().len(), 3);
}

#[tokio::test]
async fn a_decompression_bomb_is_cut_at_the_limit_of_what_comes_out() {
    let mut bomb = GzEncoder::new(Vec::new(), Compression::best());
    let zeros = vec![0; 1024 * 1024];
    for _ in 0..32 {
        bomb.write_all(&zeros).unwrap();
    }
    let bomb = bomb.finish().unwrap();
    assert!(bomb.len() < 64 * 1024);
    let (egress, _internet, url) = stranger(vec![answer(200, "content-encoding: gzip\r\n", bomb)]).await;
    let get = |bytes| egress.request(Method::GET, &url).unwrap().bytes_max(bytes).send(SOON);
    let error = get(1024 * 1024).await.unwrap().whole(usize::MAX, SOON).await.unwrap_err();
    assert!(matches!(error, EgressError::TooLong { bytes_max: 1_048_576, .. }), "{error}");
    let whole = get(u64::MAX).await.unwrap().whole(usize::MAX, SOON).await.unwrap();
    assert_eq!(whole.len(), 32 * 1024 * 1024);
}

#[tokio::test]
async fn a_configured_destination_asks_for_no_compression() {
    let upstream = Upstream::start(vec![answer(200, "", "")]).await;
    super::get(&upstream).await.unwrap();
    assert!(!upstream.received()[0].head.contains("accept-encoding"));
}

#[tokio::test]
async fn a_host_gets_so_many_requests_at_a_time_and_the_next_one_waits() {
    let (internet, machine) = two_servers(vec![answer(200, "", "x")]).await;
    let config = EgressConfig { per_host_max: 2, ..EgressConfig::default() };
    let egress = egress_with(&FakeDns::new(&[&[INTERNET]]), &config);
    let url = named(&machine, "/");
    let get = |timeout| egress.request(Method::GET, &url).unwrap().send(timeout);
    let (first, _second) = (get(SOON).await.unwrap(), get(SOON).await.unwrap());
    let error = get(Duration::from_millis(30)).await.err().unwrap();
    assert!(
        matches!(error, EgressError::Timeout { what: "have a free place for one more request", .. }),
        "{error}"
    );
    assert_eq!(internet.received().len(), 2);
    let other = egress.request(Method::GET, &url.replace("rebind", "other")).unwrap();
    assert_eq!(other.send(SOON).await.unwrap().status(), 200, "another host has places of its own");
    let (third, ()) = tokio::join!(get(SOON), async { drop(first) });
    assert_eq!(third.unwrap().status(), 200);
}

#[tokio::test]
async fn headers_that_frame_a_request_and_broken_ones_are_refused() {
    let request = || egress().request(Method::GET, "http://example.com/").unwrap();
    for (name, value) in [
        ("host", "a"),
        ("Content-Length", "1"),
        ("transfer-encoding", "chunked"),
        ("connection", "x"),
        ("proxy-authorization", "x"),
        ("a b", "c"),
        ("x", "a\r\nb: c"),
        ("", "x"),
    ] {
        assert!(matches!(request().with_header(name, value), Err(EgressError::BadHeader { .. })), "{name}");
    }
    assert!(request().with_header("X-Fine", "yes").is_ok());
}
