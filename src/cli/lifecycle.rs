//! `start`, `stop` and `restart`: a daemon in the background.

use std::fs::OpenOptions;
use std::io::{BufRead, BufReader, Read, Seek, SeekFrom};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use tokio::time::{Instant, sleep, timeout};

use crate::config::{Occupant, Presence};

use super::args::{ServeArgs, StopArgs};
use super::exit::{Exit, Failure, Outcome};
use super::output;
use super::place::Place;
use super::serve::invite;

/// First word of the line that a daemon prints when every listener answers.
pub(super) const READY: &str = "ready";
/// First word of the line before it, with the link for the first person, when there is none yet.
pub(super) const SETUP: &str = "setup";
/// A large home on a slow disk is recovered in far less.
const START_TIMEOUT: Duration = Duration::from_secs(60);
/// Longer than a daemon takes to drain, whatever runs.
const STOP_TIMEOUT: Duration = Duration::from_secs(60);
const BETWEEN_LOOKS: Duration = Duration::from_millis(25);
/// What is shown of the log of a daemon that did not start.
const LOG_TAIL_BYTES: u64 = 4_096;

pub(super) async fn start(place: &Place, args: &ServeArgs) -> Outcome {
    match place.occupant()? {
        Occupant::Ready(presence) => {
            output::talk(format_args!("a daemon is already running (process {})", presence.pid));
            return Ok(Exit::Done);
        }
        Occupant::Unready(pid) => return Err(place.unready(pid)),
        Occupant::None => {}
    }
    // Problems of the settings are shown here, not in a log that nobody reads.
    place.config(args)?;
    place.prepare()?;
    let log = place.home.log_file();
    let log_start = std::fs::metadata(&log).map_or(0, |found| found.len());
    let mut child = spawn(place, args, &log)?;
    let Some(stdout) = child.stdout.take() else {
        return Err(Failure::text(Exit::Failed, "the daemon has no output to wait for"));
    };
    match timeout(START_TIMEOUT, ready_line(stdout)).await {
        Ok(Some(Started { ready, setup })) => {
            output::line(ready);
            if let Some(link) = setup {
                invite(&link);
            }
            output::talk(format_args!(
                "the daemon runs in the background (process {}); its log is {}",
                child.id(),
                log.display()
            ));
            Ok(Exit::Done)
        }
        Ok(None) => Err(died(&mut child, &log, log_start)),
        Err(_) => {
            let pid = child.id();
            Err(Failure::text(
                Exit::Unavailable,
                format_args!("process {pid} is not ready after {} s", START_TIMEOUT.as_secs()),
            )
            .hint(format!("look into {}, or end it with `capuchin stop`", log.display())))
        }
    }
}

pub(super) async fn stop(place: &Place, args: &StopArgs) -> Outcome {
    let presence = match place.occupant()? {
        Occupant::Ready(presence) => presence,
        Occupant::Unready(pid) => return Err(place.unready(pid)),
        Occupant::None => {
            output::talk(format_args!("no daemon runs in {}", place.home.describe()));
            return Ok(Exit::Done);
        }
    };
    stop_this(place, &presence, args.force).await?;
    output::talk("stopped");
    Ok(Exit::Done)
}

pub(super) async fn restart(place: &Place, args: &ServeArgs) -> Outcome {
    // A daemon is not stopped for settings with which no other would start.
    place.config(args)?;
    if let Occupant::Ready(presence) = place.occupant()? {
        stop_this(place, &presence, false).await?;
    }
    start(place, args).await
}

async fn stop_this(place: &Place, presence: &Presence, force: bool) -> Result<(), Failure> {
    if presence.console.is_none() {
        return Err(Failure::text(
            Exit::Failed,
            format_args!("the daemon belongs to another command (process {})", presence.pid),
        )
        .hint("end that command, for example a `capuchin chat` in another terminal"));
    }
    let pid = i32::try_from(presence.pid).ok().and_then(Pid::from_raw);
    let Some(pid) = pid.filter(|_| presence.is_alive()) else {
        return Err(Failure::text(Exit::Failed, "the daemon's process cannot be told from another one"));
    };
    kill_process(pid, Signal::TERM)?;
    let deadline = Instant::now() + STOP_TIMEOUT;
    let mut forced = !force;
    while place.occupant()? != Occupant::None && presence.is_alive() {
        if Instant::now() >= deadline {
            return Err(Failure::text(
                Exit::Failed,
                format_args!("process {} still drains after {} s", presence.pid, STOP_TIMEOUT.as_secs()),
            )
            .hint("`capuchin stop --force` does not wait; nothing that was accepted is lost"));
        }
        sleep(BETWEEN_LOOKS).await;
        if !forced {
            // The second signal says: do not drain. It may come after the end.
            forced = true;
            // silent-ok: a process that is gone is what was wanted.
            let _ = kill_process(pid, Signal::TERM);
        }
    }
    Ok(())
}

fn spawn(place: &Place, args: &ServeArgs, log: &Path) -> Result<Child, Failure> {
    let log = OpenOptions::new().create(true).append(true).mode(0o600).open(log)?;
    let mut command = Command::new(std::env::current_exe()?);
    command.arg("serve").arg("--detached").args(place.arguments());
    for (flag, value) in [("--listen", &args.listen), ("--ingress", &args.ingress)] {
        if let Some(value) = value {
            command.arg(flag).arg(value);
        }
    }
    if args.demo {
        command.arg("--demo");
    }
    // Its working folder must not keep a disk from being taken out.
    command.current_dir("/").stdin(Stdio::null()).stdout(Stdio::piped()).stderr(log);
    Ok(command.spawn()?)
}

/// What a daemon said on its way to ready.
struct Started {
    ready: String,
    setup: Option<String>,
}

/// Reads until the line that says ready; `None` when the output ends without it.
async fn ready_line(stdout: ChildStdout) -> Option<Started> {
    let reading = tokio::task::spawn_blocking(move || {
        let mut setup = None;
        for line in BufReader::new(stdout).lines().map_while(Result::ok) {
            match line.split_once(' ') {
                Some((SETUP, link)) => setup = Some(link.to_owned()),
                Some((READY, _)) => return Some(Started { ready: line, setup }),
                _ => {}
            }
        }
        None
    });
    reading.await.ok().flatten()
}

/// A daemon that ended before it was ready: its own words, and its own exit code.
fn died(child: &mut Child, log: &Path, log_start: u64) -> Failure {
    let code = child.wait().ok().and_then(|status| status.code());
    let exit = [Exit::BadConfiguration, Exit::Unavailable, Exit::GaveUp, Exit::Denied]
        .into_iter()
        .find(|exit| code == Some(i32::from(exit.code())))
        .unwrap_or(Exit::Failed);
    let words = log_tail(log, log_start).unwrap_or_default();
    Failure::text(exit, format_args!("the daemon did not start\n{}", words.trim_end()))
        .hint(format!("its whole log is {}", log.display()))
}

fn log_tail(log: &Path, from: u64) -> std::io::Result<String> {
    let mut file = std::fs::File::open(log)?;
    let end = file.metadata()?.len();
    file.seek(SeekFrom::Start(from.max(end.saturating_sub(LOG_TAIL_BYTES))))?;
    let mut tail = Vec::new();
    file.take(LOG_TAIL_BYTES).read_to_end(&mut tail)?;
    Ok(String::from_utf8_lossy(&tail).into_owned())
}
