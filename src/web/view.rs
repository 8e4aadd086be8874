//! What the templates show, without any type of the store or the actors.

pub mod approvals;
pub mod audit;
pub mod backends;
pub mod budgets;
pub mod channels;
pub mod context;
pub mod doors;
pub mod experiments;
pub mod extensions;
pub mod facts;
pub mod filters;
mod frame;
pub mod library;
pub mod mcp;
pub mod models;
pub mod notifications;
pub mod pages;
pub mod processes;
mod rail;
pub mod safety;
pub mod schedules;
pub mod search;
pub mod security;
pub mod settings;
pub mod tokens;
mod turn;
pub mod vault;
pub mod webhooks;
pub mod workspaces;
pub mod you;

pub use self::frame::{Frame, HaltFragment, Halted, Notices, Theme};
pub use self::rail::{Rail, RailFragment, RailThread, RailWorkspace};
pub use self::turn::{BlockView, FailureView, ToolFragment, ToolView, TurnFragment, TurnView, UserView};
