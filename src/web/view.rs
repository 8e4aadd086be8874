//! What the templates show, without any type of the store or the actors.

pub mod audit;
pub mod filters;
mod frame;
pub mod pages;
mod rail;
pub mod settings;
mod turn;

pub use self::frame::{Frame, Halted, Notices, Theme};
pub use self::rail::{Rail, RailFragment, RailThread, RailWorkspace};
pub use self::turn::{BlockView, FailureView, ToolFragment, ToolView, TurnFragment, TurnView, UserView};
