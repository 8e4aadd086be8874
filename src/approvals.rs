//! Approvals: questions to a person, kept before they are asked and decided once.
//!
//! [`Approvals::ask`] keeps a question with the exact bytes of what it is about; [`Approvals::wait`] answers
//! when somebody decided, also after a restart; [`Approvals::redeem`] is called by whoever acts, with the
//! digest of what is really done, and works once.
//!
//! **Invariant:** nothing is approved by itself: what nobody decides in time is denied.
//! **Invariant:** what is done is what was shown, byte by byte, or it is not done.
//! **Invariant:** a program does not decide about its own turns, and `chat` does not decide at all.

mod approval;
mod decision;
mod desk;
mod display;
mod error;
mod reading;
mod store;
mod withdrawing;

pub use approval::{
    Approval, ApprovalFilter, ApprovalState, Choice, Cursor, DecisionScope, NoCursor, Question,
};
pub use desk::{APPROVALS_PENDING_MAX, ApprovalTimes, Approvals};
pub use display::{SHOWN_BYTES_MAX, visible};
pub use error::ApprovalError;

#[cfg(test)]
mod tests;
