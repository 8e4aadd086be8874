//! The files of a workspace, by handle.
//!
//! | file | what |
//! |---|---|
//! | `path` | which file is meant, as text |
//! | `folder` | the handle of the workspace's folder, below which everything is opened |
//! | `listing` | what a walk sees: names, without what `.gitignore` files leave out |
//! | `stamp` | which state of a file somebody saw |
//!
//! Tools of assistants and the API use the same handle. Calls block: they are for threads that may.
//!
//! **Invariant:** every name of a path is opened from the handle of the folder before it, and never through a
//! symbolic link. So no path leads out of the workspace, whatever is swapped while it is walked, and the file
//! that was judged is the file that is opened.

mod error;
mod folder;
mod listing;
mod path;
mod stamp;

pub use error::FileError;
pub use folder::{Entry, Folder, Kind};
pub(crate) use folder::{kind, open_file, open_folder, read_up_to};
pub(crate) use listing::{Ignored, joined, names};
pub use path::WorkspacePath;
pub use stamp::Stamp;
