//! An HTTP/1.1 connection that its user carries along: nothing runs beside the command that asked.

use std::future::Future;
use std::pin::{Pin, pin};

use bytes::Bytes;
use http_body_util::Full;
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};

/// See the module. Empty when the connection has ended.
pub(super) struct Wire(Option<Pin<Box<dyn Future<Output = ()> + Send>>>);

// === impl Wire ===

impl Wire {
    /// Speaks HTTP over this stream. What the sender does happens inside [`Wire::carry`] only.
    pub(super) async fn over<S>(stream: S) -> hyper::Result<(SendRequest<Full<Bytes>>, Self)>
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let (sender, connection) = handshake(TokioIo::new(stream)).await?;
        let connection = async {
            // silent-ok: whoever waits for an answer gets this error too.
            let _ = connection.await;
        };
        Ok((sender, Self(Some(Box::pin(connection)))))
    }

    /// Waits for this work while the connection makes progress.
    pub(super) async fn carry<T>(&mut self, work: impl Future<Output = T>) -> T {
        let mut work = pin!(work);
        if let Some(connection) = &mut self.0 {
            tokio::select! {
                done = &mut work => return done,
                () = connection => {}
            }
            self.0 = None;
        }
        work.await
    }
}
