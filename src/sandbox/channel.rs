//! The socket between the daemon and a cage: first the plan, with the program's three open files beside it.

use std::io::{self, IoSlice, IoSliceMut, Read};
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::net::UnixStream;

use rustix::net::{
    RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, SendAncillaryBuffer, SendAncillaryMessage,
    SendFlags, recvmsg, sendmsg,
};

use super::plan::Plan;

/// Largest plan: a system takes arguments and environment of 6 MiB at the most.
pub(super) const PLAN_BYTES_MAX: usize = 8 << 20;
/// Input, output and errors of the program.
const FILES: usize = 3;

/// Sends the length of a plan, and the files beside it. The plan itself follows as bytes.
pub(super) fn send_head(
    socket: impl AsFd,
    plan_bytes: usize,
    files: [BorrowedFd<'_>; FILES],
) -> io::Result<()> {
    let length = u32::try_from(plan_bytes).map_err(io::Error::other)?.to_le_bytes();
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(FILES))];
    let mut beside = SendAncillaryBuffer::new(&mut space);
    if !beside.push(SendAncillaryMessage::ScmRights(&files)) {
        return Err(io::ErrorKind::InvalidInput.into());
    }
    let sent = sendmsg(socket, &[IoSlice::new(&length)], &mut beside, SendFlags::NOSIGNAL)?;
    if sent == length.len() { Ok(()) } else { Err(io::ErrorKind::WriteZero.into()) }
}

/// Waits for a plan and its files.
pub(super) fn receive(mut socket: &UnixStream) -> io::Result<(Plan, [OwnedFd; FILES])> {
    let mut length = [0_u8; 4];
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(FILES))];
    let mut beside = RecvAncillaryBuffer::new(&mut space);
    let received =
        recvmsg(socket, &mut [IoSliceMut::new(&mut length)], &mut beside, RecvFlags::CMSG_CLOEXEC)?;
    let files: Vec<OwnedFd> = beside
        .drain()
        .filter_map(|message| match message {
            RecvAncillaryMessage::ScmRights(files) => Some(files),
            _ => None,
        })
        .flatten()
        .collect();
    let bytes = u32::from_le_bytes(length) as usize;
    let files: [OwnedFd; FILES] = files.try_into().map_err(|_| io::ErrorKind::InvalidData)?;
    if received.bytes != length.len() || bytes > PLAN_BYTES_MAX {
        return Err(io::ErrorKind::InvalidData.into());
    }
    let mut json = vec![0; bytes];
    socket.read_exact(&mut json)?;
    Ok((serde_json::from_slice(&json)?, files))
}
