//! From an accepted connection to an encrypted one, within the time that a stranger gets.

use std::future::pending;
use std::sync::Arc;
use std::time::Duration;

use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;
use tokio::sync::watch;

use super::tls::{Encrypted, Trust, client_serial};

/// What a client gets that speaks plain HTTP here.
const WRONG_SCHEME: &[u8] = b"HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain\r\nContent-Length: 43\r\n\
    Connection: close\r\n\r\nThis address speaks TLS: use https:// here\n";

/// An encrypted connection.
pub(super) struct Secured {
    pub(super) stream: Encrypted,
    pub(super) guest: Guest,
}

/// Who is at the other end, as far as the handshake says.
pub(super) struct Guest {
    /// Of the client's certificate.
    serial: Option<String>,
    trusted: watch::Receiver<Arc<Trust>>,
}

/// The handshake, with what counts now. `None` when it did not come to an end in time.
pub(super) async fn secure(
    stream: TcpStream,
    trusted: watch::Receiver<Arc<Trust>>,
    within: Duration,
) -> Option<Secured> {
    let trust = Arc::clone(&trusted.borrow());
    let handshake = async {
        let mut first = [0];
        if stream.peek(&mut first).await.ok()? == 1 && first[0].is_ascii_uppercase() {
            refuse_plain(stream).await;
            return None;
        }
        trust.acceptor.accept(stream).await.ok()
    };
    let stream = tokio::time::timeout(within, handshake).await.ok()??;
    let serial = client_serial(stream.get_ref().1);
    Some(Secured { stream, guest: Guest { serial, trusted } })
}

/// Says what is wrong, as far as the other end listens.
async fn refuse_plain(mut stream: TcpStream) {
    // silent-ok: a client that went away needs no answer
    let _ = stream.write_all(WRONG_SCHEME).await;
    // silent-ok: as above
    let _ = stream.shutdown().await;
    // What it still sends is read, or the answer would be lost in a reset.
    let mut rest = [0; 1024];
    for _ in 0..64 {
        if !matches!(tokio::io::AsyncReadExt::read(&mut stream, &mut rest).await, Ok(1..)) {
            return;
        }
    }
}

// === impl Guest ===

impl Guest {
    /// Waits until the client's certificate is revoked; for ever when it has none.
    pub(super) async fn unwelcome(self) {
        let Self { serial, mut trusted } = self;
        let revoked = |trust: &Arc<Trust>| serial.as_deref().is_some_and(|serial| trust.has_revoked(serial));
        if serial.is_none() || trusted.wait_for(revoked).await.is_err() {
            pending::<()>().await;
        }
    }
}
