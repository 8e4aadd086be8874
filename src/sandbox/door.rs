//! The one address outside that a cage without a network reaches: it listens inside at the same address, and what connects to
//! it there is connected here.
//!
//! The listening socket is made by the cage's first process in the cage's own network and handed to the daemon. No program
//! inside has a part in it, and no other address is there to be reached.

use std::net::SocketAddr;

use futures::StreamExt as _;
use futures::stream::FuturesUnordered;
use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};

/// Connections at a time; further ones wait.
const CONNECTIONS_MAX: usize = 64;

/// The daemon's side of a door. Connections are carried while [`run`](Self::run) is polled, and end when it is dropped.
#[derive(Debug)]
pub struct Relay {
    inside: TcpListener,
    to: SocketAddr,
}

// === impl Relay ===

impl Relay {
    pub(super) fn new(inside: std::net::TcpListener, to: SocketAddr) -> std::io::Result<Self> {
        inside.set_nonblocking(true)?;
        Ok(Self { inside: TcpListener::from_std(inside)?, to })
    }

    /// Carries connections, for ever.
    pub async fn run(self) {
        let mut open = FuturesUnordered::new();
        loop {
            tokio::select! {
                accepted = self.inside.accept(), if open.len() < CONNECTIONS_MAX => match accepted {
                    Ok((inside, _)) => open.push(carry(inside, self.to)),
                    Err(error) => {
                        tracing::warn!(%error, "a door of a cage is closed");
                        break;
                    }
                },
                Some(()) = open.next(), if !open.is_empty() => {}
            }
        }
        while open.next().await.is_some() {}
        std::future::pending::<()>().await;
    }
}

async fn carry(mut inside: TcpStream, to: SocketAddr) {
    let carried = async {
        let mut outside = TcpStream::connect(to).await?;
        copy_bidirectional(&mut inside, &mut outside).await
    };
    if let Err(error) = carried.await {
        tracing::debug!(%error, %to, "a connection of a cage broke");
    }
}
