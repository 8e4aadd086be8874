//! Names that change their mind. 127.0.0.2 plays the internet here and 127.0.0.1 this machine.

use std::collections::VecDeque;
use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::atomic::{AtomicUsize, Ordering};

use futures::FutureExt as _;
use futures::future::BoxFuture;
use parking_lot::Mutex;

use super::*;

pub(super) const INTERNET: IpAddr = IpAddr::V4(Ipv4Addr::new(127, 0, 0, 2));
pub(super) const MACHINE: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);
const METADATA: IpAddr = IpAddr::V4(Ipv4Addr::new(169, 254, 169, 254));

/// A DNS server that answers with one list after the other; the last one repeats.
pub(super) struct FakeDns {
    answers: Mutex<VecDeque<Vec<IpAddr>>>,
    pub(super) asked: AtomicUsize,
}

impl FakeDns {
    pub(super) fn new(answers: &[&[IpAddr]]) -> Arc<Self> {
        let answers = answers.iter().map(|answer| answer.to_vec()).collect();
        Arc::new(Self { answers: Mutex::new(answers), asked: AtomicUsize::new(0) })
    }
}

impl Lookup for FakeDns {
    fn lookup(&self, _: &str) -> BoxFuture<'static, io::Result<Vec<IpAddr>>> {
        self.asked.fetch_add(1, Ordering::SeqCst);
        let mut answers = self.answers.lock();
        let answer = if answers.len() > 1 { answers.pop_front() } else { answers.front().cloned() };
        let answer = answer.filter(|found| !found.is_empty());
        futures::future::ready(answer.ok_or_else(|| io::Error::other("no such name"))).boxed()
    }
}

/// As in the product, but for the one address that plays the internet.
fn classify(address: IpAddr) -> AddressClass {
    if address == INTERNET { AddressClass::Public } else { AddressClass::of(address) }
}

pub(super) fn egress_with(dns: &Arc<FakeDns>, config: &EgressConfig) -> Egress {
    Egress::with(config, Arc::clone(dns) as Arc<dyn Lookup>, classify)
}

/// A server of the internet and one of this machine, with the same port.
pub(super) async fn two_servers(script: Vec<Vec<Act>>) -> (Upstream, Upstream) {
    two_servers_of(|_| script.clone()).await
}

/// The same with a script that knows the port.
pub(super) async fn two_servers_of(script: impl Fn(u16) -> Vec<Vec<Act>>) -> (Upstream, Upstream) {
    loop {
        let machine = Upstream::start(vec![answer(200, "", "inside")]).await;
        let port = machine.address().port();
        if let Ok(listener) = tokio::net::TcpListener::bind(SocketAddr::new(INTERNET, port)).await {
            return (Upstream::start_on(listener, script(port)), machine);
        }
    }
}

pub(super) fn named(upstream: &Upstream, path: &str) -> String {
    format!("http://rebind.example:{}{path}", upstream.address().port())
}

async fn fetch(egress: &Egress, url: &str) -> Result<Reply, EgressError> {
    egress.request(Method::GET, url)?.send(SOON).await
}

#[tokio::test]
async fn the_connection_goes_to_the_address_that_was_judged_without_a_second_lookup() {
    let close = answer(200, "connection: close\r\n", "outside");
    let (internet, machine) = two_servers(vec![close]).await;
    let dns = FakeDns::new(&[&[INTERNET], &[MACHINE]]);
    let egress = egress_with(&dns, &EgressConfig::default());
    let url = named(&machine, "/");
    let body = fetch(&egress, &url).await.unwrap().whole(64, SOON).await.unwrap();
    assert_eq!(body, "outside");
    assert_eq!(dns.asked.load(Ordering::SeqCst), 1);
    let error = fetch(&egress, &url).await.err().unwrap();
    assert!(matches!(error, EgressError::Refused { .. }), "{error}");
    assert_eq!((internet.received().len(), machine.connections()), (1, 0));
}

#[tokio::test]
async fn one_private_address_among_public_ones_refuses_the_name() {
    let (internet, machine) = two_servers(vec![answer(200, "", "outside")]).await;
    for answer in
        [&[INTERNET, MACHINE][..], &[MACHINE, INTERNET], &[INTERNET, METADATA], &[METADATA], &[MACHINE]]
    {
        let egress = egress_with(&FakeDns::new(&[answer]), &EgressConfig::default());
        let error = fetch(&egress, &named(&machine, "/")).await.err().unwrap();
        assert!(matches!(error, EgressError::Refused { .. }), "{answer:?}: {error}");
    }
    assert_eq!((internet.connections(), machine.connections()), (0, 0));
}

#[tokio::test]
async fn every_hop_of_a_redirect_is_looked_up_and_judged() {
    for location in ["http://rebind.example:PORT/b", "http://other.example:PORT/", "http://127.0.0.1:PORT/"] {
        let script = |port: u16| {
            let location = location.replace("PORT", &port.to_string());
            vec![answer(302, &format!("connection: close\r\nlocation: {location}\r\n"), "")]
        };
        let (internet, machine) = two_servers_of(script).await;
        let egress = egress_with(&FakeDns::new(&[&[INTERNET], &[MACHINE]]), &EgressConfig::default());
        let request = egress.request(Method::GET, &named(&machine, "/")).unwrap();
        let error = request.follow(Follow::up_to(5)).send(SOON).await.err().unwrap();
        assert!(matches!(error, EgressError::Refused { .. }), "{location}: {error}");
        assert_eq!((internet.received().len(), machine.connections()), (1, 0), "{location}");
    }
}

#[tokio::test]
async fn a_listed_name_may_lead_to_this_machine_but_never_to_metadata() {
    let (_, machine) = two_servers(vec![answer(200, "", "outside")]).await;
    let config =
        EgressConfig { allow_private_hosts: vec!["rebind.example".to_owned()], ..EgressConfig::default() };
    let egress = egress_with(&FakeDns::new(&[&[MACHINE], &[METADATA]]), &config);
    let url = named(&machine, "/");
    assert_eq!(fetch(&egress, &url).await.unwrap().whole(64, SOON).await.unwrap(), "inside");
    let egress = egress_with(&FakeDns::new(&[&[METADATA]]), &config);
    assert!(matches!(fetch(&egress, &url).await, Err(EgressError::Refused { .. })));
}

#[tokio::test]
async fn a_name_without_an_address_is_a_failed_lookup() {
    let egress = egress_with(&FakeDns::new(&[&[]]), &EgressConfig::default());
    let error = fetch(&egress, "http://none.example/").await.err().unwrap();
    assert!(matches!(error, EgressError::Lookup { .. }), "{error}");
}
