//! Workspaces, their threads, and the messages in them.
//!
//! A workspace is a project; exactly one of a tenant is the default. A thread is one conversation
//! in it, and one folder has its files. Messages are written by `turns`, taken in from elsewhere by an import, and only
//! read otherwise. A principal that may use one
//! assistant only sees the threads that this assistant answers, and nothing else exists for it.

mod bound;
mod desk;
mod error;
pub mod files;
mod folders;
mod import;
mod indexed;
mod message;
mod opted;
mod passages;
mod roots;
mod store;
mod thread;
mod threads;
mod workspace;

pub use bound::BoundThread;
pub use desk::Workspaces;
pub use error::WorkspaceError;
pub use import::{Imported, ImportedLine, THREAD_CHARS_MAX};
pub use indexed::{FoundMessage, finders};
pub use message::Message;
pub use opted::{GLOBS_MAX, OPTED_BYTES_MAX, OPTED_FILES_MAX, OptedFile};
pub use passages::{Passage, passages};
pub use roots::NoRoot;
pub use thread::{
    Answering, NewThread, SESSION_CHARS_MAX, TITLE_CHARS_MAX, Thread, ThreadChange, title_from,
};
pub use threads::{ThreadFilter, Threads};
pub use workspace::{NAME_CHARS_MAX, NewWorkspace, Workspace, WorkspaceChange};
