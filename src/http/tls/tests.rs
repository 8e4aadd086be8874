//! Encrypted listeners under good and bad clients, and files that change below them.

use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use axum::Router;
use axum::routing::get;
use jiff::Timestamp;
use rustls_pki_types::pem::PemObject as _;
use rustls_pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_rustls::rustls::{ClientConfig, SupportedProtocolVersion};
use tokio_util::sync::CancellationToken;

use super::super::listener::{Listener, ListenerLimits};
use super::*;
use crate::certificates::{Certificates, Held};
use crate::config::Home;

const REQUEST: &[u8] = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n";
const BOTH: &[&SupportedProtocolVersion] = &[&TLS13, &TLS12];

/// An authority and a listener with a certificate of it.
struct Site {
    _folder: tempfile::TempDir,
    certificates: Certificates,
    ca: Held,
    server: Held,
    door: Arc<TlsDoor>,
    addr: SocketAddr,
    stop: CancellationToken,
    serving: tokio::task::JoinHandle<()>,
}

fn home() -> (tempfile::TempDir, Certificates) {
    let folder = tempfile::tempdir().unwrap();
    let home = Home::locate(Some(folder.path())).unwrap();
    home.prepare().unwrap();
    (folder, Certificates::of(&home))
}

async fn site(client_auth: Option<ClientAuth>, min_tls: MinTls) -> Site {
    let (folder, certificates) = home();
    let now = Timestamp::now();
    let ca = certificates.make_ca(&[], now).unwrap();
    let server = certificates.make_server("console", &[], now).unwrap();
    let files = TlsFiles {
        cert: server.cert.clone(),
        key: server.key.clone().unwrap(),
        client_ca: client_auth.map(|_| ca.cert.clone()),
        client_auth: client_auth.unwrap_or(ClientAuth::Optional),
        revoked: certificates.revoked_file(),
        min_tls,
    };
    let door = Arc::new(TlsDoor::open(files).unwrap());
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let addr = listener.local_addr().unwrap();
    let limits = ListenerLimits {
        connections_max: 8,
        header_timeout: Duration::from_millis(400),
        body_timeout: Duration::from_secs(5),
        drain: Duration::from_secs(5),
    };
    let stop = CancellationToken::new();
    let listener = Listener::tcp(listener, addr, Some(door.watch()), limits);
    let router = Router::new().route("/", get(async || "hi"));
    let serving = tokio::spawn(listener.serve(router, stop.clone()));
    Site { _folder: folder, certificates, ca, server, door, addr, stop, serving }
}

impl Site {
    fn client(&self, name: &str) -> Held {
        self.certificates.make_client(name, Timestamp::now()).unwrap()
    }

    async fn connect(
        &self,
        identity: Option<&Held>,
        versions: &[&'static SupportedProtocolVersion],
    ) -> io::Result<TlsStream<TcpStream>> {
        let mut roots = RootCertStore::empty();
        roots.add(CertificateDer::from_pem_file(&self.ca.cert).unwrap()).unwrap();
        let provider = Arc::new(aws_lc_rs::default_provider());
        let config = ClientConfig::builder_with_provider(provider)
            .with_protocol_versions(versions)
            .unwrap()
            .with_root_certificates(roots);
        let config = match identity {
            None => config.with_no_client_auth(),
            Some(held) => {
                let chain = CertificateDer::pem_file_iter(&held.cert).unwrap().map(Result::unwrap).collect();
                let key = PrivateKeyDer::from_pem_file(held.key.as_ref().unwrap()).unwrap();
                config.with_client_auth_cert(chain, key).unwrap()
            }
        };
        let stream = TcpStream::connect(self.addr).await?;
        let name = ServerName::try_from("localhost").unwrap();
        TlsConnector::from(Arc::new(config)).connect(name, stream).await
    }

    /// The answer to one request on a new connection.
    async fn ask(&self, identity: Option<&Held>) -> io::Result<String> {
        exchange(&mut self.connect(identity, BOTH).await?).await
    }
}

/// One request and its answer. In TLS 1.3 it is here that a client hears that it was refused.
async fn exchange(stream: &mut TlsStream<TcpStream>) -> io::Result<String> {
    stream.write_all(REQUEST).await?;
    let mut answer = Vec::new();
    while !answer.ends_with(b"hi") {
        if stream.read_buf(&mut answer).await? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
    }
    Ok(String::from_utf8(answer).unwrap())
}

fn serial_of_server(stream: &TlsStream<TcpStream>) -> String {
    serial_of(&stream.get_ref().1.peer_certificates().unwrap()[0]).unwrap()
}

#[tokio::test]
async fn the_console_speaks_1_3_only_and_older_when_it_is_told_to() {
    let strict = site(None, MinTls::Tls13).await;
    let stream = strict.connect(None, BOTH).await.unwrap();
    assert_eq!(stream.get_ref().1.protocol_version(), Some(TLS13.version));
    assert!(strict.connect(None, &[&TLS12]).await.is_err());
    let older = site(None, MinTls::Tls12).await;
    assert!(exchange(&mut older.connect(None, &[&TLS12]).await.unwrap()).await.is_ok());
    assert!(older.ask(None).await.unwrap().starts_with("HTTP/1.1 200"));
}

#[tokio::test]
async fn a_client_that_says_nothing_is_cut_after_the_time_for_a_handshake() {
    let site = site(None, MinTls::Tls13).await;
    for beginning in [&b""[..], b"\x16", b"\x16\x03\x01\x02\x00\x01"] {
        let mut stream = TcpStream::connect(site.addr).await.unwrap();
        stream.write_all(beginning).await.unwrap();
        let mut answer = Vec::new();
        let cut = tokio::time::timeout(Duration::from_secs(5), stream.read_to_end(&mut answer)).await;
        assert!(cut.is_ok(), "{beginning:?}");
        assert!(answer.is_empty());
    }
    assert!(site.ask(None).await.is_ok(), "others are served meanwhile");
}

#[tokio::test]
async fn plain_http_gets_one_plain_answer_that_says_why_and_rubbish_gets_none() {
    let site = site(None, MinTls::Tls13).await;
    let mut plain = TcpStream::connect(site.addr).await.unwrap();
    plain.write_all(REQUEST).await.unwrap();
    let mut answer = String::new();
    plain.read_to_string(&mut answer).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 400") && answer.contains("https://"), "{answer}");
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    assert!(head.contains(&format!("Content-Length: {}", body.len())), "{answer}");
    let mut rubbish = TcpStream::connect(site.addr).await.unwrap();
    rubbish.write_all(&[0; 64]).await.unwrap();
    let mut answer = Vec::new();
    rubbish.read_to_end(&mut answer).await.ok();
    assert!(!answer.windows(4).any(|part| part == b"HTTP"));
}

#[tokio::test]
async fn a_required_certificate_must_be_there_of_our_authority_for_clients_and_good() {
    let site = site(Some(ClientAuth::Required), MinTls::Tls13).await;
    assert!(site.ask(Some(&site.client("phone"))).await.is_ok());
    assert!(site.ask(None).await.is_err(), "no certificate");
    let (_other_folder, other) = home();
    other.make_ca(&[], Timestamp::now()).unwrap();
    let foreign = other.make_client("phone", Timestamp::now()).unwrap();
    assert!(site.ask(Some(&foreign)).await.is_err(), "another authority");
    let years_ago = Timestamp::from_second(Timestamp::now().as_second() - 3 * 365 * 86_400).unwrap();
    let expired = site.certificates.make_client("old", years_ago).unwrap();
    assert!(site.ask(Some(&expired)).await.is_err(), "expired");
    assert!(site.ask(Some(&site.server)).await.is_err(), "a listener's certificate");
}

#[tokio::test]
async fn an_optional_certificate_may_be_absent_but_not_bad() {
    let site = site(Some(ClientAuth::Optional), MinTls::Tls13).await;
    assert!(site.ask(None).await.is_ok());
    assert!(site.ask(Some(&site.client("phone"))).await.is_ok());
    assert!(site.ask(Some(&site.server)).await.is_err());
}

#[tokio::test]
async fn a_revoked_certificate_is_cut_off_at_once_and_not_let_in_again() {
    for min_tls in [MinTls::Tls13, MinTls::Tls12] {
        let site = site(Some(ClientAuth::Required), min_tls).await;
        let (phone, tablet) = (site.client("phone"), site.client("tablet"));
        let versions: &[_] = if min_tls == MinTls::Tls12 { &[&TLS12] } else { BOTH };
        let (chain, key) =
            (std::fs::read(&phone.cert).unwrap(), std::fs::read(phone.key.as_ref().unwrap()).unwrap());
        let mut of_phone = site.connect(Some(&phone), versions).await.unwrap();
        let mut of_tablet = site.connect(Some(&tablet), versions).await.unwrap();
        exchange(&mut of_phone).await.unwrap();
        exchange(&mut of_tablet).await.unwrap();
        site.certificates.revoke("phone", Timestamp::now()).unwrap();
        assert!(matches!(site.door.look(), Look::Reloaded));
        let mut rest = Vec::new();
        let cut = tokio::time::timeout(Duration::from_secs(5), of_phone.read_to_end(&mut rest)).await;
        assert!(cut.is_ok(), "the open connection ends");
        assert!(exchange(&mut of_tablet).await.is_ok(), "others stay");
        // The device still has its files.
        std::fs::write(&phone.cert, chain).unwrap();
        std::fs::write(phone.key.as_ref().unwrap(), key).unwrap();
        assert!(site.ask(Some(&phone)).await.is_err());
        assert!(site.ask(Some(&tablet)).await.is_ok());
    }
}

#[tokio::test]
async fn new_files_are_for_new_connections_and_open_ones_go_on() {
    let site = site(None, MinTls::Tls13).await;
    let mut open = site.connect(None, BOTH).await.unwrap();
    exchange(&mut open).await.unwrap();
    assert!(matches!(site.door.look(), Look::Same));
    let renewed = site.certificates.renew("console", Timestamp::now()).unwrap();
    assert!(matches!(site.door.look(), Look::Reloaded));
    assert!(matches!(site.door.look(), Look::Same));
    assert!(exchange(&mut open).await.is_ok());
    assert_eq!(serial_of_server(&open), site.server.facts.serial);
    let fresh = site.connect(None, BOTH).await.unwrap();
    assert_eq!(serial_of_server(&fresh), renewed.facts.serial);
}

#[tokio::test]
async fn bad_new_files_are_reported_once_and_change_nothing() {
    let site = site(None, MinTls::Tls13).await;
    let good = std::fs::read(&site.server.cert).unwrap();
    let other = site.certificates.make_server("other", &[], Timestamp::now()).unwrap();
    let bad: [&[u8]; 3] =
        [b"", b"-----BEGIN CERTIFICATE-----\nrubbish\n", &std::fs::read(&other.cert).unwrap()];
    for bad in bad {
        std::fs::write(&site.server.cert, bad).unwrap();
        assert!(matches!(site.door.look(), Look::Bad(_)));
        assert!(matches!(site.door.look(), Look::StillBad));
        let stream = site.connect(None, BOTH).await.unwrap();
        assert_eq!(serial_of_server(&stream), site.server.facts.serial);
        std::fs::write(&site.server.cert, &good).unwrap();
        assert!(matches!(site.door.look(), Look::Same), "what is back is what is in use");
    }
    std::fs::remove_file(&site.server.cert).unwrap();
    assert!(matches!(site.door.look(), Look::Bad(TlsError::Read { .. })));
    std::fs::copy(&other.cert, &site.server.cert).unwrap();
    std::fs::copy(other.key.unwrap(), site.server.key.unwrap()).unwrap();
    assert!(matches!(site.door.look(), Look::Reloaded));
}

#[tokio::test]
async fn sessions_are_resumed_only_where_nobody_shows_a_certificate() {
    use tokio_rustls::rustls::HandshakeKind;
    for (client_auth, then) in
        [(None, HandshakeKind::Resumed), (Some(ClientAuth::Required), HandshakeKind::Full)]
    {
        let site = site(client_auth, MinTls::Tls13).await;
        let phone = site.client("phone");
        let mut roots = RootCertStore::empty();
        roots.add(CertificateDer::from_pem_file(&site.ca.cert).unwrap()).unwrap();
        let chain = CertificateDer::pem_file_iter(&phone.cert).unwrap().map(Result::unwrap).collect();
        let key = PrivateKeyDer::from_pem_file(phone.key.as_ref().unwrap()).unwrap();
        let config = ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
            .with_protocol_versions(BOTH)
            .unwrap()
            .with_root_certificates(roots)
            .with_client_auth_cert(chain, key)
            .unwrap();
        let connector = TlsConnector::from(Arc::new(config));
        for kind in [HandshakeKind::Full, then] {
            let stream = TcpStream::connect(site.addr).await.unwrap();
            let name = ServerName::try_from("localhost").unwrap();
            let mut stream = connector.connect(name, stream).await.unwrap();
            exchange(&mut stream).await.unwrap();
            assert_eq!(stream.get_ref().1.handshake_kind(), Some(kind), "{client_auth:?}");
        }
    }
}

#[tokio::test]
async fn a_stop_ends_encrypted_connections_too() {
    let site = site(None, MinTls::Tls13).await;
    let mut open = site.connect(None, BOTH).await.unwrap();
    exchange(&mut open).await.unwrap();
    site.stop.cancel();
    site.serving.await.unwrap();
    assert!(exchange(&mut open).await.is_err());
}

#[test]
fn what_is_wrong_with_the_files_is_said_with_the_file() {
    let (folder, certificates) = home();
    certificates.make_ca(&[], Timestamp::now()).unwrap();
    let server = certificates.make_server("console", &[], Timestamp::now()).unwrap();
    let files = |cert: PathBuf, key: PathBuf| TlsFiles {
        cert,
        key,
        client_ca: None,
        client_auth: ClientAuth::Optional,
        revoked: certificates.revoked_file(),
        min_tls: MinTls::Tls13,
    };
    let key = server.key.unwrap();
    let text = |cert, key| TlsDoor::open(files(cert, key)).err().unwrap().to_string();
    let nowhere = folder.path().join("nowhere.pem");
    assert!(text(nowhere, key.clone()).contains("nowhere.pem cannot be read"));
    assert!(text(key.clone(), key).contains("holds no certificate"));
    assert!(text(server.cert.clone(), server.cert.clone()).contains("holds no private key"));
    let other = certificates.make_client("x", Timestamp::now()).unwrap();
    assert!(text(server.cert, other.key.unwrap()).contains("do not work"));
}
