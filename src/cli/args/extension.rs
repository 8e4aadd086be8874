//! The arguments of `extension`.

use clap::Subcommand;

use super::JsonArgs;

/// What to do with plugs.
#[derive(Subcommand, Debug)]
pub enum ExtensionCommand {
    /// The plugs of each point in their order, and how they do
    List(JsonArgs),
    /// The sixteen points, when each is reached, and what its plugs are told
    Hooks(JsonArgs),
    /// Take in `[extensions]` of the settings as they are now; with any problem in them nothing changes
    Reload,
    /// Have one plug say what it would say; nothing follows from it
    Test {
        /// The plug
        name: String,
        /// The point, for instance query_pre
        hook: String,
        /// `-` reads what it is told from stdin, as JSON [default: the example that `hooks` shows]
        #[arg(allow_hyphen_values = true)]
        data: Option<String>,
    },
}
