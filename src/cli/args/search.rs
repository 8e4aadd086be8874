//! The arguments of `search` and `thread`.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};

/// What to find.
#[derive(Args, Clone, Debug)]
pub struct SearchArgs {
    /// Words, a "phrase", begin*, -without (after another word in quotes, or after `--`), or a question
    #[arg(required = true)]
    pub words: Vec<String>,
    /// Only in this workspace (name or id)
    #[arg(short, long)]
    pub workspace: Option<String>,
    /// Only in this thread (id)
    #[arg(long)]
    pub thread: Option<String>,
    /// Only messages by user, assistant, tool or system
    #[arg(long)]
    pub role: Option<String>,
    /// Only message, memory, skill or file
    #[arg(long)]
    pub kind: Option<String>,
    /// Made at this time or later: a date, or RFC 3339
    #[arg(long, value_name = "TIME")]
    pub after: Option<String>,
    /// Made before this time
    #[arg(long, value_name = "TIME")]
    pub before: Option<String>,
    /// The newest first, not the best
    #[arg(long)]
    pub newest: bool,
    /// Items at the most, 1–200
    #[arg(long, default_value_t = 20)]
    pub limit: usize,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
}

/// What to do with conversations.
#[derive(Subcommand, Debug)]
pub enum ThreadCommand {
    /// Take conversations in: JSON lines of {thread, role, author?, content, created_at}; what is known is not taken twice
    Import {
        /// The file; `-` for stdin
        file: PathBuf,
        /// Where new threads go (name or id) [default: the default workspace]
        #[arg(short, long)]
        workspace: Option<String>,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Write a conversation to stdout
    Export {
        /// Its id
        id: String,
        /// How
        #[arg(long, value_enum, default_value_t = ThreadFormat::Jsonl)]
        format: ThreadFormat,
    },
}

/// How a conversation is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ThreadFormat {
    /// One JSON object per message, which `import` takes
    Jsonl,
    /// For people
    Markdown,
}
