//! The loopback interface of a network of one's own, which is down in a new one.
//!
//! Source: rtnetlink(7). One message: the interface with the number 1 is `lo`; its flag *up* is set.

use std::io;

use rustix::net::{AddressFamily, RecvFlags, SendFlags, SocketFlags, SocketType, recv, send, socket_with};

/// `RTM_NEWLINK`, with `NLM_F_REQUEST` and `NLM_F_ACK`.
const NEW_LINK: u16 = 16;
const ANSWERED_REQUEST: u16 = 1 | 4;
/// `NLMSG_ERROR`: the answer, with 0 for success.
const ANSWER: u16 = 2;
const LOOPBACK: i32 = 1;
/// `IFF_UP`.
const UP: u32 = 1;
const HEAD_BYTES: usize = 16;
const MESSAGE_BYTES: u32 = 32;

/// Brings it up. The caller owns the network.
pub(super) fn bring_up() -> io::Result<()> {
    let (kind, flags) = (SocketType::RAW, SocketFlags::CLOEXEC);
    // `NETLINK_ROUTE` is the protocol 0.
    let socket = socket_with(AddressFamily::NETLINK, kind, flags, None)?;
    let mut message = Vec::with_capacity(MESSAGE_BYTES as usize);
    message.extend(MESSAGE_BYTES.to_ne_bytes());
    message.extend(NEW_LINK.to_ne_bytes());
    message.extend(ANSWERED_REQUEST.to_ne_bytes());
    // Number of the message, and the kernel as whom it goes to.
    message.extend([1_u32, 0].map(u32::to_ne_bytes).concat());
    // Of any family, of any type; which interface, its flags, and those of them that change.
    message.extend([0; 4]);
    message.extend(LOOPBACK.to_ne_bytes());
    message.extend([UP, UP].map(u32::to_ne_bytes).concat());
    send(&socket, &message, SendFlags::empty())?;
    let mut answer = [0_u8; 256];
    let (read, _) = recv(&socket, &mut answer, RecvFlags::empty())?;
    let answer = answer.get(..read).unwrap_or_default();
    let kind = answer.get(4..6).and_then(|kind| kind.try_into().ok()).map(u16::from_ne_bytes);
    let code =
        answer.get(HEAD_BYTES..HEAD_BYTES + 4).and_then(|code| code.try_into().ok()).map(i32::from_ne_bytes);
    match (kind, code) {
        (Some(ANSWER), Some(0)) => Ok(()),
        (Some(ANSWER), Some(errno)) => Err(io::Error::from_raw_os_error(-errno)),
        _ => Err(io::ErrorKind::InvalidData.into()),
    }
}
