//! `config check` and `config template`.

use crate::config::TEMPLATE;

use super::args::{ConfigCommand, ServeArgs};
use super::exit::{Exit, Outcome};
use super::output;
use super::place::Place;

pub(super) fn run(place: &Place, command: ConfigCommand) -> Outcome {
    match command {
        ConfigCommand::Template => output::piece(TEMPLATE),
        ConfigCommand::Check => {
            place.config(&ServeArgs::default())?;
            output::line("the configuration is good");
            true
        }
    };
    Ok(Exit::Done)
}
