//! A pseudo-terminal: its own side is held here, the other one is given to a program.

use std::io;
use std::os::fd::{AsFd, OwnedFd};

use rustix::fs::{OFlags, fcntl_getfl, fcntl_setfl};
use rustix::io::Errno;
use rustix::pty::{OpenptFlags, ioctl_tiocgptpeer, openpt, unlockpt};
use rustix::termios::{Winsize, tcsetwinsize};
use tokio::net::unix::pipe;

/// Our side of a pseudo-terminal. Dropping it hangs up: the program is told so.
#[derive(Debug)]
pub struct Terminal {
    /// Two handles on the same side, which is read and written like a pipe.
    output: pipe::Receiver,
    input: pipe::Sender,
}

// === impl Terminal ===

impl Terminal {
    /// A new terminal of this size, and its other side, for
    /// [`Sandbox::spawn_on_terminal`](super::Sandbox::spawn_on_terminal).
    ///
    /// # Errors
    /// The system gives no terminal.
    pub fn open(rows: u16, columns: u16) -> io::Result<(Self, OwnedFd)> {
        let flags = OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC;
        let side = openpt(flags)?;
        unlockpt(&side)?;
        let other = ioctl_tiocgptpeer(&side, flags)?;
        fcntl_setfl(&side, fcntl_getfl(&side)? | OFlags::NONBLOCK)?;
        let output = pipe::Receiver::from_owned_fd_unchecked(side.try_clone()?)?;
        let terminal = Self { output, input: pipe::Sender::from_owned_fd_unchecked(side)? };
        terminal.resize(rows, columns)?;
        Ok((terminal, other))
    }

    /// Another size; the program is told.
    ///
    /// # Errors
    /// The other side is gone.
    pub fn resize(&self, rows: u16, columns: u16) -> io::Result<()> {
        let size = Winsize { ws_row: rows, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0 };
        Ok(tcsetwinsize(self.input.as_fd(), size)?)
    }

    /// What the program wrote; 0 at its end. Loses nothing when it is dropped.
    ///
    /// # Errors
    /// What the system says, but for the end of the other side.
    pub async fn read(&self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            self.output.readable().await?;
            match self.output.try_read(buffer) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                // Nobody holds the other side any more.
                Err(error) if error.raw_os_error() == Some(Errno::IO.raw_os_error()) => return Ok(0),
                result => return result,
            }
        }
    }

    /// Types all of it. A program that does not read makes this wait.
    ///
    /// # Errors
    /// The other side is gone.
    pub async fn write_all(&self, mut bytes: &[u8]) -> io::Result<()> {
        while !bytes.is_empty() {
            self.input.writable().await?;
            match self.input.try_write(bytes) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                written => bytes = bytes.get(written?..).unwrap_or_default(),
            }
        }
        Ok(())
    }
}
