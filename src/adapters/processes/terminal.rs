//! Our side of a pseudo-terminal.

use std::fs::File;
use std::io;
use std::os::fd::OwnedFd;

use rustix::fs::{Mode, OFlags};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{Winsize, tcsetwinsize};
use tokio::io::AsyncWriteExt as _;
use tokio::net::unix::pipe;

use crate::protocol::process::TerminalSize;

/// What ends the input of a terminal.
const END_OF_INPUT: &[u8] = &[4];

/// See the module. The runtime waits for it as for the two ends of a pipe.
pub(super) struct Terminal {
    ours: OwnedFd,
    /// What is shown. It fails when nobody has the other side open any more.
    pub(super) output: Option<pipe::Receiver>,
    /// What is typed.
    keys: pipe::Sender,
}

impl Terminal {
    /// A new one of this size, and the program's side of it.
    pub(super) fn open(size: TerminalSize) -> io::Result<(Self, OwnedFd)> {
        let ours = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC)?;
        grantpt(&ours)?;
        unlockpt(&ours)?;
        let name = ptsname(&ours, Vec::new())?;
        let theirs = rustix::fs::open(&name, OFlags::RDWR | OFlags::NOCTTY | OFlags::CLOEXEC, Mode::empty())?;
        let flags = rustix::fs::fcntl_getfl(&ours)?;
        rustix::fs::fcntl_setfl(&ours, flags | OFlags::NONBLOCK)?;
        let output = pipe::Receiver::from_file_unchecked(File::from(ours.try_clone()?))?;
        let keys = pipe::Sender::from_file_unchecked(File::from(ours.try_clone()?))?;
        let terminal = Self { ours, output: Some(output), keys };
        terminal.resize(size)?;
        Ok((terminal, theirs))
    }

    /// Gives it another size; the program is told.
    pub(super) fn resize(&self, size: TerminalSize) -> io::Result<()> {
        let size = Winsize { ws_row: size.rows, ws_col: size.cols, ws_xpixel: 0, ws_ypixel: 0 };
        Ok(tcsetwinsize(&self.ours, size)?)
    }

    /// Types. What nobody reads stands still.
    pub(super) async fn write(&mut self, bytes: &[u8]) {
        // silent-ok: a program that is gone reads nothing, and its end says so
        let _ = self.keys.write_all(bytes).await;
    }

    /// Types the character that ends the input.
    pub(super) async fn end_input(&mut self) {
        self.write(END_OF_INPUT).await;
    }
}
