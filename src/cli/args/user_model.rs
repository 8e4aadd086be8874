//! What can be typed about what is known of you.

use clap::Subcommand;

/// What to do with what is known about you.
#[derive(Subcommand, Debug)]
pub enum UserModelCommand {
    /// Everything that is known
    Show {
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// How much is noticed; what a lower level does not allow is removed
    SetPrivacy {
        /// full (topics and patterns), limited (topics) or none
        #[arg(value_parser = ["full", "limited", "none"])]
        level: String,
    },
    /// Whether prompts are told
    Injection {
        /// on or off
        #[arg(value_parser = ["on", "off"])]
        state: String,
    },
    /// Say something about yourself that assistants should know
    Prefer {
        /// What, in at most 500 characters
        text: String,
    },
    /// Take out a topic by its word, or a preference by its number
    Drop {
        /// The word or the number
        what: String,
    },
    /// Forget everything that is known about you, for good
    Forget {
        /// Do it
        #[arg(long)]
        yes: bool,
    },
}
