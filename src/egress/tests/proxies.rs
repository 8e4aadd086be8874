//! Requests through a configured proxy, which a scripted server plays.

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use super::lookups::{FakeDns, INTERNET, MACHINE, egress_with};
use super::*;

fn behind(proxy: &str, answers: &[&[std::net::IpAddr]], no_proxy: &[&str]) -> Egress {
    let config = EgressConfig {
        proxy: Some(proxy.to_owned()),
        proxy_user: Some("me".to_owned()),
        no_proxy: no_proxy.iter().map(|&host| host.to_owned()).collect(),
        ..EgressConfig::default()
    };
    egress_with(&FakeDns::new(answers), &config)
}

async fn fetch(egress: &Egress, url: &str) -> Result<Reply, EgressError> {
    egress.request(Method::GET, url)?.send(SOON).await
}

#[tokio::test]
async fn the_internet_is_reached_through_the_proxy_with_its_credentials() {
    let proxy = Upstream::start(vec![answer(200, "", "ok")]).await;
    let egress = behind(&proxy.url(), &[&[INTERNET]], &[]);
    assert_eq!(fetch(&egress, "http://a.example/x").await.unwrap().status(), 200);
    let received = proxy.received();
    assert_eq!(received[0].target, "GET http://a.example/x");
    assert!(received[0].head.contains("proxy-authorization: basic bwu6"), "{}", received[0].head);
}

#[tokio::test]
async fn names_that_lead_inside_are_refused_although_the_proxy_would_look_them_up() {
    let proxy = Upstream::start(vec![answer(200, "", "ok")]).await;
    for url in ["http://a.example/", "http://127.0.0.1/", "http://169.254.169.254/", "http://localhost/"] {
        let error = fetch(&behind(&proxy.url(), &[&[INTERNET, MACHINE]], &[]), url).await.err().unwrap();
        assert!(matches!(error, EgressError::Refused { .. }), "{url}: {error}");
    }
    let unknown = behind(&proxy.url(), &[&[]], &[]);
    for url in ["http://wiki/", "http://wiki.internal/", "http://printer.local./", "http://nas.home.arpa/"] {
        assert!(matches!(fetch(&unknown, url).await, Err(EgressError::Refused { .. })), "{url}");
    }
    assert_eq!(proxy.connections(), 0);
    assert_eq!(fetch(&unknown, "http://only-the-proxy-knows.example/").await.unwrap().status(), 200);
}

#[tokio::test]
async fn excepted_hosts_and_configured_loopback_go_around_the_proxy() {
    let proxy = Upstream::start(vec![answer(500, "", "")]).await;
    let local = Upstream::start(vec![answer(200, "", "")]).await;
    let egress = behind(&proxy.url(), &[&[INTERNET]], &["direct.example"]);
    let model = egress.destination(&local.url(), false).unwrap();
    assert_eq!(model.get("/").send(SOON).await.unwrap().status(), 200);
    assert!(
        egress.request(Method::GET, "http://direct.example/").unwrap().destination.route.reach
            == Reach::Public
    );
    assert!(!egress.request(Method::GET, "http://direct.example/").unwrap().destination.route.proxied);
    assert!(egress.request(Method::GET, "http://a.example/").unwrap().destination.route.proxied);
    assert_eq!(proxy.connections(), 0);
}

#[tokio::test]
async fn a_socks_proxy_is_given_the_name_and_not_an_address() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let config = EgressConfig {
        proxy: Some(format!("socks5://{}", listener.local_addr().unwrap())),
        ..EgressConfig::default()
    };
    let proxy = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut greeting = [0; 3];
        stream.read_exact(&mut greeting).await.unwrap();
        stream.write_all(&[5, 0]).await.unwrap();
        let mut head = [0; 5];
        stream.read_exact(&mut head).await.unwrap();
        let mut name = vec![0; usize::from(head[4]) + 2];
        stream.read_exact(&mut name).await.unwrap();
        stream.write_all(&[5, 0, 0, 1, 0, 0, 0, 0, 0, 0]).await.unwrap();
        let mut request = [0; 1];
        stream.read_exact(&mut request).await.unwrap();
        stream.write_all(b"HTTP/1.1 204 X\r\ncontent-length: 0\r\n\r\n").await.unwrap();
        (head, name)
    });
    let egress = egress_with(&FakeDns::new(&[&[INTERNET]]), &config);
    assert_eq!(fetch(&egress, "http://a.example/").await.unwrap().status(), 204);
    let (head, name) = proxy.await.unwrap();
    assert_eq!(head[3], 3, "a name");
    assert_eq!(&name[..9], b"a.example");
}
