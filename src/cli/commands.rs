//! From what was typed to what is done: one arm per command.

use std::io;
use std::process::ExitCode;

use clap::{CommandFactory, Parser};
use serde_json::json;
use tokio::runtime::{Builder, Runtime};

use crate::sandbox::{Stage, run_stage};

use super::args::{CageArgs, CageStage, Cli, Command, PlaceArgs};
use super::exit::{Exit, Failure, Outcome};
use super::place::Place;
use super::{
    acp, agent, approvals, audit, budget, certs, channel, chat, config, doctor, experiment, extension, jq,
    kill_switch, lifecycle, login, mcp, memory, model, notification, output, people, policy, redact,
    schedule, search, serve, skill, status, thread, token, tree, user_model, vault, webhook,
};

const GUIDE: &str = "\
Capuchin is not set up here yet.

  capuchin serve          run it in this terminal and open the printed link
  capuchin start          run it in the background
  capuchin chat 'Hello'   try it at once, without a daemon: the built-in demo answers

  capuchin help           everything else";

/// Runs the command of this process. Usage errors end in clap, with exit code 2.
#[must_use]
pub fn run() -> ExitCode {
    let cli = Cli::parse();
    if let Some(Command::Cage(cage)) = &cli.command {
        return run_stage(stage(*cage));
    }
    let outcome = dispatch(&cli.place, cli.command);
    let exit = outcome.unwrap_or_else(|failure| {
        output::talk(&failure);
        failure.exit
    });
    exit.into()
}

fn dispatch(args: &PlaceArgs, command: Option<Command>) -> Outcome {
    let place = || Place::locate(args);
    match command {
        None => guide_or_status(&place()?),
        Some(Command::Serve(serve)) => serve::run(&place()?, &serve),
        Some(Command::Chat(chat)) => wait(many()?, chat::run(&place()?, chat)),
        Some(Command::Acp(args)) => wait(many()?, acp::run(&place()?, args)),
        Some(Command::Agent(command)) => wait(one()?, agent::run(&place()?, command)),
        Some(Command::Memory(command)) => wait(one()?, memory::run(&place()?, command)),
        Some(Command::Skill(command)) => wait(one()?, skill::run(&place()?, command)),
        Some(Command::Search(args)) => wait(one()?, search::run(&place()?, args)),
        Some(Command::Thread(command)) => wait(one()?, thread::run(&place()?, command)),
        Some(Command::UserModel(command)) => wait(one()?, user_model::run(&place()?, command)),
        Some(Command::Token(token)) => wait(one()?, token::run(&place()?, token)),
        Some(Command::Budget(command)) => wait(one()?, budget::run(&place()?, command)),
        Some(Command::Model(command)) => wait(one()?, model::run(&place()?, command)),
        Some(Command::Extension(command)) => wait(one()?, extension::run(&place()?, command)),
        Some(Command::Approvals(command)) => wait(one()?, approvals::run(&place()?, command)),
        Some(Command::Notification(command)) => wait(one()?, notification::run(&place()?, command)),
        Some(Command::Policy(command)) => wait(one()?, policy::run(&place()?, command)),
        Some(Command::KillSwitch(command)) => wait(one()?, kill_switch::run(&place()?, command)),
        Some(Command::Audit(command)) => audit::run(&place()?, command),
        Some(Command::Certs(certs)) => certs::run(&place()?, certs),
        Some(Command::Vault(command)) => wait(many()?, vault::run(&place()?, command)),
        Some(Command::Mcp(command)) => wait(one()?, mcp::run(&place()?, command)),
        Some(Command::Webhook(command)) => wait(one()?, webhook::run(&place()?, command)),
        Some(Command::Schedule(command)) => wait(one()?, schedule::run(&place()?, command)),
        Some(Command::Channel(command)) => wait(one()?, channel::run(&place()?, command)),
        Some(Command::Experiment(command)) => wait(one()?, experiment::run(&place()?, command)),
        Some(Command::Member(command)) => wait(one()?, people::member(&place()?, command)),
        Some(Command::Session(command)) => wait(one()?, people::session(&place()?, command)),
        Some(Command::RecoveryKey) => wait(one()?, people::recovery_key(&place()?)),
        Some(Command::User(command)) => wait(one()?, people::user(&place()?, command)),
        Some(Command::Login(args)) => wait(one()?, login::login(&place()?, args)),
        Some(Command::Logout) => login::logout(&place()?),
        Some(Command::Start(serve)) => wait(one()?, lifecycle::start(&place()?, &serve)),
        Some(Command::Stop(stop)) => wait(one()?, lifecycle::stop(&place()?, &stop)),
        Some(Command::Restart(serve)) => wait(one()?, lifecycle::restart(&place()?, &serve)),
        Some(Command::Status(args)) => wait(one()?, status::run(&place()?, args.json)),
        Some(Command::Tree(args)) => wait(one()?, tree::run(&place()?, args.json)),
        Some(Command::Doctor(doctor)) => wait(one()?, doctor::run(&place()?, doctor)),
        Some(Command::Config(command)) => config::run(&place()?, command),
        Some(Command::Redact { jsonl }) => redact::run(jsonl),
        Some(Command::Jq(args)) => jq::run(&args),
        Some(Command::Openapi) => {
            output::json(&crate::http::openapi());
            Ok(Exit::Done)
        }
        Some(Command::Completions { shell }) => {
            clap_complete::generate(shell, &mut Cli::command(), "capuchin", &mut io::stdout());
            Ok(Exit::Done)
        }
        Some(Command::Version(args)) => {
            version(args.json);
            Ok(Exit::Done)
        }
        // Ran already, before everything else.
        Some(Command::Cage(_)) => Ok(Exit::Done),
    }
}

const fn stage(args: CageArgs) -> Stage {
    match args.stage {
        CageStage::Outer => {
            Stage::Outer { namespaces: !args.bare, own_network: !args.open, loopback: args.loopback }
        }
        CageStage::Inner => Stage::Inner,
        CageStage::Probe => Stage::Probe,
    }
}

fn guide_or_status(place: &Place) -> Outcome {
    if place.home.is_set_up() {
        return wait(one()?, status::run(place, false));
    }
    output::line(GUIDE);
    Ok(Exit::Done)
}

fn version(json: bool) {
    let version = env!("CARGO_PKG_VERSION");
    if json {
        output::json(&json!({ "name": "capuchin", "version": version }));
    } else {
        output::line(format_args!("capuchin {version}"));
    }
}

/// The runtime of a command that only asks.
fn one() -> Result<Runtime, Failure> {
    Ok(Builder::new_current_thread().enable_all().build()?)
}

/// The runtime of a daemon.
pub(super) fn many() -> Result<Runtime, Failure> {
    Ok(Builder::new_multi_thread().enable_all().build()?)
}

fn wait(runtime: Runtime, command: impl Future<Output = Outcome>) -> Outcome {
    let outcome = runtime.block_on(command);
    // A thread that waits for a terminal or a pipe must not keep the process.
    runtime.shutdown_background();
    outcome
}
