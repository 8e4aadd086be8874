//! What a process of this program does as part of a cage. Two processes put a cage up: the launcher makes the
//! namespaces; the first process inside them puts up every other wall and starts the program behind them.

mod calls;
mod files;
mod inner;
mod limits;
mod loopback;
mod mounts;
mod outer;
mod privileges;
mod probe;
mod watch;
mod weight;

use std::io::{self, Write};
use std::os::fd::AsFd;
use std::os::unix::net::UnixStream;
use std::process::ExitCode;

use super::Stage;
use super::plan::{Message, Step};

/// Why a cage could not be put up.
#[derive(Debug)]
struct Failure {
    step: Step,
    errno: Option<i32>,
    error: String,
}

impl Failure {
    fn at(step: Step) -> impl Fn(io::Error) -> Self {
        move |error| Self { step, errno: error.raw_os_error(), error: error.to_string() }
    }

    fn text(step: Step, error: &impl ToString) -> Self {
        Self { step, errno: None, error: error.to_string() }
    }
}

pub(super) fn run(stage: Stage) -> ExitCode {
    if stage == Stage::Probe {
        return probe::run();
    }
    // The input of both stages is the socket to the daemon.
    let Ok(socket) = io::stdin().as_fd().try_clone_to_owned() else { return ExitCode::FAILURE };
    let socket = UnixStream::from(socket);
    let outcome = match stage {
        Stage::Outer { namespaces, own_network, loopback } => outer::run(namespaces, own_network, loopback),
        Stage::Inner | Stage::Probe => inner::run(&socket),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(Failure { step, errno, error }) => {
            say(&socket, &Message::Failed { step, errno, error });
            ExitCode::FAILURE
        }
    }
}

/// Tells the daemon. If it is gone there is nobody to tell, and the cage ends anyway.
fn say(mut socket: &UnixStream, message: &Message) {
    if let Ok(mut line) = serde_json::to_vec(message) {
        line.push(b'\n');
        // silent-ok: see above
        let _ = socket.write_all(&line);
    }
}
