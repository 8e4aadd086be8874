//! The socket between the daemon and a cage: first the plan, with the program's three open files beside it.

use std::io::{self, IoSlice, IoSliceMut, Read};
use std::mem::MaybeUninit;
use std::net::TcpListener;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::net::UnixStream;

use rustix::net::{
    RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, SendAncillaryBuffer, SendAncillaryMessage,
    SendFlags, recvmsg, sendmsg,
};

use super::plan::Plan;

/// Largest plan: a system takes arguments and environment of 6 MiB at the most.
pub(super) const PLAN_BYTES_MAX: usize = 8 << 20;
/// Input, output and errors of the program, and where its door is handed over.
const FILES_MAX: usize = 4;

/// Sends the length of a plan, and the files beside it. The plan itself follows as bytes.
pub(super) fn send_head(socket: impl AsFd, plan_bytes: usize, files: &[BorrowedFd<'_>]) -> io::Result<()> {
    let length = u32::try_from(plan_bytes).map_err(io::Error::other)?.to_le_bytes();
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(FILES_MAX))];
    let mut beside = SendAncillaryBuffer::new(&mut space);
    if !beside.push(SendAncillaryMessage::ScmRights(files)) {
        return Err(io::ErrorKind::InvalidInput.into());
    }
    let sent = sendmsg(socket, &[IoSlice::new(&length)], &mut beside, SendFlags::NOSIGNAL)?;
    if sent == length.len() { Ok(()) } else { Err(io::ErrorKind::WriteZero.into()) }
}

/// Waits for a plan, the program's three files, and where its door is handed over.
pub(super) fn receive(mut socket: &UnixStream) -> io::Result<(Plan, [OwnedFd; 3], Option<OwnedFd>)> {
    let mut length = [0_u8; 4];
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(FILES_MAX))];
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
    let mut files = files.into_iter();
    let standard = [files.next(), files.next(), files.next()];
    let [Some(input), Some(output), Some(errors)] = standard else {
        return Err(io::ErrorKind::InvalidData.into());
    };
    let (standard, door) = ([input, output, errors], files.next());
    if received.bytes != length.len() || bytes > PLAN_BYTES_MAX {
        return Err(io::ErrorKind::InvalidData.into());
    }
    let mut json = vec![0; bytes];
    socket.read_exact(&mut json)?;
    Ok((serde_json::from_slice(&json)?, standard, door))
}

/// Hands a listening socket over.
pub(super) fn hand_over(socket: impl AsFd, listener: impl AsFd) -> io::Result<()> {
    send_head(socket, 0, &[listener.as_fd()])
}

/// Takes a listening socket that was handed over before.
pub(super) fn take_over(socket: impl AsFd) -> io::Result<TcpListener> {
    let mut nothing = [0_u8; 4];
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(FILES_MAX))];
    let mut beside = RecvAncillaryBuffer::new(&mut space);
    let flags = RecvFlags::CMSG_CLOEXEC | RecvFlags::DONTWAIT;
    recvmsg(socket, &mut [IoSliceMut::new(&mut nothing)], &mut beside, flags)?;
    let listener = beside.drain().find_map(|message| match message {
        RecvAncillaryMessage::ScmRights(mut files) => files.next(),
        _ => None,
    });
    listener.map(TcpListener::from).ok_or_else(|| io::ErrorKind::InvalidData.into())
}
