//! The watch over the program: its end, its time, its memory, and the word of the daemon. Takes in orphans.

use std::io::Read;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::time::{Duration, Instant};

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use rustix::process::{
    Pid, PidfdFlags, Signal, WaitOptions, WaitStatus, getpid, kill_process, kill_process_group, pidfd_open,
    waitpid,
};

use super::super::plan::{Ended, EndedBy, Plan};
use super::weight::{Disks, members, weigh};

/// How often time, memory, processes and disks are looked at.
const LOOK_EVERY_MS: u16 = 250;
/// The same once a quarter of a limit is used up.
const LOOK_OFTEN_MS: u16 = 50;

struct Watch<'a> {
    plan: &'a Plan,
    started: Instant,
    /// Why it was told to end, and when.
    ending: Option<(EndedBy, Instant)>,
    disks: Disks,
    look_every_ms: u16,
}

/// Returns when the program has ended. Whatever else is in the cage ends with this process.
///
/// `heard`: where the daemon speaks, and the terminal on which somebody hangs up.
pub(super) fn until_the_end(heard: (&UnixStream, Option<&OwnedFd>), program: Pid, plan: &Plan) -> Ended {
    let end = pidfd_open(program, PidfdFlags::empty()).ok();
    let mut watch = Watch {
        plan,
        started: Instant::now(),
        ending: None,
        disks: Disks::of(plan),
        look_every_ms: LOOK_OFTEN_MS,
    };
    loop {
        if let Some(status) = reap(program) {
            return watch.ended(status);
        }
        if !listen(heard, end.as_ref(), &mut watch) {
            // The daemon is gone: so are we, and everything with us.
            signal_all(Signal::KILL);
            return Ended { code: None, signal: None, by: EndedBy::Lost };
        }
        watch.look();
    }
}

/// Waits for something to happen; `false` when the daemon is gone.
fn listen(
    (mut socket, terminal): (&UnixStream, Option<&OwnedFd>),
    end: Option<&OwnedFd>,
    watch: &mut Watch<'_>,
) -> bool {
    let mut waited = vec![PollFd::new(socket.as_fd(), PollFlags::POLLIN)];
    waited.extend(end.map(|end| PollFd::new(end.as_fd(), PollFlags::POLLIN)));
    let hung_up = waited.len();
    let terminal = terminal.filter(|_| watch.ending.is_none());
    waited.extend(terminal.map(|terminal| PollFd::new(terminal.as_fd(), PollFlags::empty())));
    // silent-ok: interrupted or not, everything is looked at again
    let _ = poll(&mut waited, PollTimeout::from(watch.timeout_ms()));
    if waited.get(hung_up).and_then(PollFd::any).unwrap_or(false) {
        signal_all(Signal::HUP);
        watch.end(EndedBy::Stopped);
    }
    let spoken = waited.first().and_then(PollFd::any).unwrap_or(false);
    if !spoken {
        return true;
    }
    let mut word = [0; 16];
    match socket.read(&mut word) {
        Ok(0) | Err(_) => false,
        Ok(_) => {
            watch.end(EndedBy::Stopped);
            true
        }
    }
}

/// Takes in everybody who ended; the program's status if it is among them.
fn reap(program: Pid) -> Option<WaitStatus> {
    while let Ok(Some((pid, status))) = waitpid(None, WaitOptions::NOHANG) {
        if pid == program {
            return Some(status);
        }
    }
    None
}

impl Watch<'_> {
    fn look(&mut self) {
        let limits = &self.plan.limits;
        if limits.wall_ms.is_some_and(|wall| self.started.elapsed() >= Duration::from_millis(wall)) {
            self.end(EndedBy::Deadline);
        }
        let weight = weigh(limits.memory_bytes);
        let heavy = |part: u64, whole: u64| part > whole / 4;
        let busy = heavy(weight.memory, limits.memory_bytes) || heavy(weight.threads, limits.processes);
        self.look_every_ms = if busy { LOOK_OFTEN_MS } else { LOOK_EVERY_MS };
        if weight.memory > limits.memory_bytes {
            self.kill(EndedBy::Memory);
        } else if weight.threads > limits.processes {
            self.kill(EndedBy::Processes);
        } else if self.disks.full() {
            self.kill(EndedBy::Disk);
        }
        let grace = Duration::from_millis(limits.grace_ms);
        if let Some((by, since)) = self.ending
            && since.elapsed() >= grace
        {
            self.kill(by);
        }
    }

    /// KILL, as often as it takes: who starts processes all the time may start one more.
    fn kill(&mut self, by: EndedBy) {
        self.ending.get_or_insert((by, Instant::now()));
        signal_all(Signal::KILL);
    }

    /// Until the next look, or until something is due before it.
    fn timeout_ms(&self) -> u16 {
        let limits = &self.plan.limits;
        let of = |ms: u64, since: Instant| Duration::from_millis(ms).saturating_sub(since.elapsed());
        let wall = limits.wall_ms.map(|wall| of(wall, self.started));
        let grace = self.ending.map(|(_, since)| of(limits.grace_ms, since));
        let due = grace.or(wall).and_then(|due| u16::try_from(due.as_millis()).ok());
        due.map_or(self.look_every_ms, |due| self.look_every_ms.min(due.saturating_add(1)))
    }

    /// TERM, once.
    fn end(&mut self, by: EndedBy) {
        if self.ending.is_none() {
            self.ending = Some((by, Instant::now()));
            signal_all(Signal::TERM);
        }
    }

    fn ended(&self, status: WaitStatus) -> Ended {
        let (code, signal) = (status.exit_status(), status.terminating_signal());
        let by = match (self.ending, signal) {
            (Some((by, _)), _) => by,
            (None, Some(libc::SIGXCPU)) => EndedBy::Cpu,
            (None, Some(libc::SIGXFSZ)) => EndedBy::FileSize,
            (None, _) => EndedBy::Itself,
        };
        Ended { code, signal, by }
    }
}

/// Everybody but this process. In a process namespace of its own the first process reaches all others by one call.
fn signal_all(signal: Signal) {
    if getpid().is_init() {
        // silent-ok: nobody is left
        let _ = kill_process_group(Pid::INIT, signal);
        return;
    }
    for pid in members().into_iter().filter_map(|pid| Pid::from_raw(pid.cast_signed())) {
        // silent-ok: it is gone already
        let _ = kill_process(pid, signal);
    }
}
