//! The cage's first process: receives the plan, puts up the walls from the outside in, starts the program behind
//! them, and watches it until the end.

use std::io;
use std::net::TcpListener;
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::process::{Command, Stdio};

use rustix::process::{
    Pid, Signal, ioctl_tiocsctty, set_child_subreaper, set_parent_process_death_signal, setsid,
};

use super::super::channel;
use super::super::layers::Layer;
use super::super::plan::{Message, Plan, Step};
use super::super::profile::Network;
use super::{Failure, calls, files, limits, mounts, privileges, say, watch};

pub(super) fn run(socket: &UnixStream) -> Result<(), Failure> {
    // If the launcher is killed, so is this process, and with it everything inside.
    let errno = |step| move |errno: rustix::io::Errno| Failure::at(step)(errno.into());
    set_parent_process_death_signal(Some(Signal::KILL)).map_err(errno(Step::Plan))?;
    setsid().map_err(errno(Step::Plan))?;
    let (plan, standard, door) = channel::receive(socket).map_err(Failure::at(Step::Plan))?;
    let has = |layer| plan.layers.contains(&layer);
    let alone = has(Layer::Namespaces);
    if !alone {
        // Orphans come here, and to the launcher when this process is gone.
        set_child_subreaper(Some(Pid::INIT)).map_err(errno(Step::Plan))?;
    }
    if plan.terminal {
        // The program shares this process's group: it is in the foreground from its first instruction on.
        let [terminal, ..] = &standard;
        ioctl_tiocsctty(terminal).map_err(errno(Step::Program))?;
    }
    let outlook =
        if alone { mounts::enter(&plan).map_err(Failure::at(Step::Mounts))? } else { mounts::system_files() };
    if let (Some(address), Some(door)) = (plan.door, door) {
        // Its own network has this one address, and who answers there is outside.
        let listener = TcpListener::bind(address).map_err(Failure::at(Step::Network))?;
        channel::hand_over(door, listener).map_err(Failure::at(Step::Network))?;
    }
    limits::set(&plan.limits, alone).map_err(Failure::at(Step::Limits))?;
    privileges::drop_all().map_err(Failure::at(Step::Privileges))?;
    let scoped = if has(Layer::Landlock) {
        files::restrict(&plan, &outlook).map_err(|error| Failure::text(Step::Landlock, &error))?
    } else {
        false
    };
    if has(Layer::Seccomp) {
        // Sockets of others must be out of reach: those with a path by the mounts, those without by a network of
        // one's own or by Landlock.
        let own_sockets = alone && (plan.network == Network::Off || scoped);
        let network = if plan.door.is_some() { Network::Open } else { plan.network };
        calls::restrict(network, own_sockets).map_err(|error| Failure::text(Step::Seccomp, &error))?;
    }
    let terminal = terminal(&plan, &standard).map_err(Failure::at(Step::Program))?;
    let program = start(&plan, standard).map_err(Failure::at(Step::Program))?;
    say(socket, &Message::Started);
    let ended = watch::until_the_end((socket, terminal.as_ref()), program, &plan);
    say(socket, &Message::Ended(ended));
    Ok(())
}

/// The terminal, to hear that somebody hung up: the system tells this process only, which no signal reaches.
fn terminal(plan: &Plan, [first, ..]: &[OwnedFd; 3]) -> io::Result<Option<OwnedFd>> {
    if plan.terminal { first.try_clone().map(Some) } else { Ok(None) }
}

/// Starts the program. Its three open files are closed here afterwards: nobody waits for their end because of us.
fn start(plan: &Plan, standard: [OwnedFd; 3]) -> io::Result<Pid> {
    let [stdin, stdout, stderr] = standard.map(Stdio::from);
    let mut command = Command::new(&plan.program);
    command.args(&plan.args).env_clear().envs(plan.env.iter().map(|(name, value)| (name, value)));
    command.current_dir(&plan.cwd).stdin(stdin).stdout(stdout).stderr(stderr);
    let child = command.spawn()?;
    Ok(Pid::from_child(&child))
}
