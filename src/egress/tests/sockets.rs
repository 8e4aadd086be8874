//! WebSockets against a server on loopback: what is said, what is bounded, where they may lead.

use futures::{SinkExt as _, StreamExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::CloseFrame;

use super::lookups::{FakeDns, INTERNET, MACHINE, egress_with};
use super::*;

type Peer = WebSocketStream<TcpStream>;

fn address(text: &str) -> Secret {
    Secret::new(text.to_owned())
}

/// A socket and the other end of it.
async fn pair() -> (Socket, Peer) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let place = egress().destination(&format!("http://127.0.0.1:{port}"), false).unwrap();
    let url = address(&format!("ws://127.0.0.1:{port}/link?ticket=t-1"));
    let accept = async {
        let (stream, _) = listener.accept().await.unwrap();
        tokio_tungstenite::accept_async(stream).await.unwrap()
    };
    let (socket, peer) = tokio::join!(place.socket(&url, SOON), accept);
    (socket.unwrap(), peer)
}

/// Why a socket is not opened.
async fn refused(egress: &Egress, base_url: &str, url: &str) -> SocketError {
    egress.destination(base_url, false).unwrap().socket(&address(url), SOON).await.err().unwrap()
}

#[tokio::test]
async fn messages_go_both_ways_and_a_secret_is_put_in_escaped() {
    let (mut socket, mut peer) = pair().await;
    socket.send_showing(r#"{"token":"{token}"}"#, "{token}", &address("a\"b")).await.unwrap();
    let sent: serde_json::Value =
        serde_json::from_str(peer.next().await.unwrap().unwrap().to_text().unwrap()).unwrap();
    assert_eq!(sent["token"], "a\"b");
    peer.send(Message::binary(vec![0_u8])).await.unwrap();
    peer.send(Message::text("hello")).await.unwrap();
    assert_eq!(socket.next().await.unwrap(), Came::Text("hello".to_owned()), "bytes are passed over");
    peer.send(Message::Ping("p".into())).await.unwrap();
    assert_eq!(socket.next().await.unwrap(), Came::Alive);
    socket.ping().await.unwrap();
    let seen = [peer.next().await.unwrap().unwrap(), peer.next().await.unwrap().unwrap()];
    assert!(seen.iter().any(Message::is_pong) && seen.iter().any(Message::is_ping), "{seen:?}");
}

#[tokio::test]
async fn the_end_has_the_code_of_the_other_side_and_says_ours() {
    for (frame, code) in
        [(Some(CloseFrame { code: 4_014.into(), reason: "no".into() }), Some(4_014)), (None, None)]
    {
        let (mut socket, mut peer) = pair().await;
        peer.send(Message::Close(frame)).await.unwrap();
        assert_eq!(socket.next().await.unwrap(), Came::Closed(code));
    }
    let (socket, mut peer) = pair().await;
    socket.close(4_000).await;
    let Some(Ok(Message::Close(Some(frame)))) = peer.next().await else { panic!("no goodbye") };
    assert_eq!(u16::from(frame.code), 4_000);
    let (mut socket, peer) = pair().await;
    drop(peer);
    assert!(!matches!(socket.next().await, Ok(Came::Text(_) | Came::Alive)));
}

#[tokio::test]
async fn a_message_ends_at_the_limit() {
    let (mut socket, mut peer) = pair().await;
    let taken = tokio::join!(peer.send(Message::text("x".repeat(MESSAGE_BYTES_MAX))), socket.next());
    assert!(matches!(taken.1.unwrap(), Came::Text(text) if text.len() == MESSAGE_BYTES_MAX));
    let long = Message::text("x".repeat(MESSAGE_BYTES_MAX + 1));
    let came = tokio::select! {
        came = socket.next() => came,
        _ = async { peer.send(long).await.ok(); std::future::pending::<()>().await } => unreachable!(),
    };
    assert!(matches!(came, Err(SocketError::Broken { .. })), "{came:?}");
}

#[tokio::test]
async fn what_is_no_socket_is_not_opened() {
    let key = "dGhlIHNhbXBsZSBub25jZQ==";
    let switch = format!(
        "HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\nconnection: upgrade\r\nsec-websocket-accept: {key}\r\n\r\n"
    );
    let script =
        vec![answer(403, "", "no"), answer(200, "", ""), vec![Act::Send(switch.into_bytes()), Act::Stall]];
    let upstream = Upstream::start(script).await;
    let url = upstream.url().replace("http://", "ws://") + "/link?ticket=t-1";
    for status in [403, 200, 101] {
        let error = refused(&egress(), &upstream.url(), &url).await;
        assert!(matches!(error, SocketError::NotOpened { status: got, .. } if got == status), "{error}");
        assert!(!error.to_string().contains("t-1"), "{error}");
    }
    let asked = &upstream.received()[0];
    assert!(asked.target.contains("/link?ticket=t-1"));
    for header in ["upgrade: websocket", "connection: upgrade", "sec-websocket-version: 13"] {
        assert!(asked.head.contains(header), "{header}: {}", asked.head);
    }
    assert!(!asked.head.contains("authorization"));
}

#[tokio::test]
async fn a_platform_leads_no_further_than_its_own_address() {
    let inside = FakeDns::new(&[&[MACHINE]]);
    let egress = egress_with(&inside, &EgressConfig::default());
    let public = "https://platform.example/api";
    for url in [
        "wss://127.0.0.1/x",
        "ws://localhost:1/x",
        "wss://10.1.2.3/",
        "wss://169.254.169.254/",
        "wss://inside.example/",
    ] {
        let error = refused(&egress, public, url).await;
        assert!(matches!(error, SocketError::Request(EgressError::Refused { .. })), "{url}: {error}");
    }
    for url in ["ws://platform.example/x", "https://platform.example/", "wss://", "wss://u:p@h/", "nonsense"]
    {
        let error = refused(&egress, public, url).await;
        assert!(matches!(error, SocketError::Request(EgressError::BadUrl { .. })), "{url}: {error}");
    }
    let outside = egress_with(&FakeDns::new(&[&[INTERNET]]), &EgressConfig::default());
    let error = refused(&outside, "http://127.0.0.1:9", "ws://platform.example/x").await;
    assert!(matches!(error, SocketError::Request(EgressError::BadUrl { .. })), "{error}");
}
