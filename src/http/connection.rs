//! What the listener knows about the connection of a request. Headers that a client writes play no part.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

/// Set by the listener in the extensions of every request.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Connection {
    /// Over TCP.
    Tcp {
        /// The other end.
        peer: SocketAddr,
        /// Our end: the address that was really reached.
        local: SocketAddr,
        /// Whether it is encrypted by us.
        tls: bool,
    },
    /// Over the control socket, from a process of the same user.
    Control,
}

impl Connection {
    /// Nobody: no address of this machine, nor of any other.
    pub(super) const UNKNOWN: Self = {
        let nowhere = SocketAddr::new(IpAddr::V4(Ipv4Addr::UNSPECIFIED), 0);
        Self::Tcp { peer: nowhere, local: nowhere, tls: false }
    };

    /// The address under which failures are counted.
    #[must_use]
    pub const fn address(&self) -> IpAddr {
        match self {
            Self::Tcp { peer, .. } => peer.ip().to_canonical(),
            Self::Control => IpAddr::V4(Ipv4Addr::LOCALHOST),
        }
    }

    /// Whether the other end is on this machine.
    #[must_use]
    pub const fn is_local(&self) -> bool {
        self.address().is_loopback()
    }

    /// Whether it is encrypted by us.
    #[must_use]
    pub const fn is_tls(&self) -> bool {
        matches!(self, Self::Tcp { tls: true, .. })
    }
}
