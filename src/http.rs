//! The HTTP edge: listeners, the gate in front of every route, and the console's API.
//!
//! A request passes [`edge`] (id, host, origin, headers), then its route, whose first
//! argument names what it needs ([`auth::May`]). Routes translate: they parse, call one
//! product function, and shape its answer. Errors are [`problem::Problem`]s.

mod api;
pub mod auth;
pub mod connection;
pub mod cookie;
pub mod edge;
pub mod extract;
pub mod host;
pub mod problem;
mod router;
pub mod state;

pub use auth::May;
pub use connection::Connection;
pub use problem::Problem;
pub use router::console;
pub use state::AppState;
