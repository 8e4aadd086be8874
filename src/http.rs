//! The HTTP edge: listeners, the gate in front of every route, and the console's API.
//!
//! A request passes [`edge`] (id, host, origin, headers), then its route, whose first
//! argument names what it needs ([`auth::May`]). Routes translate: they parse, call one
//! product function, and shape its answer. Errors are [`problem::Problem`]s.

mod api;
pub mod auth;
mod bind;
pub mod caller;
pub mod conditional;
pub mod connection;
mod control;
pub mod cookie;
pub mod edge;
pub mod extract;
mod handshake;
pub mod host;
mod ingress;
mod listener;
mod mcp;
mod moment;
pub mod page;
mod passages;
mod plugs;
pub mod problem;
mod router;
pub mod state;
mod timed_body;
mod tls;
pub mod v1;

pub(crate) use api::experiment_report;
pub use api::openapi;
pub use auth::{Fresh, May};
pub use bind::{
    BindError, bind_console, bind_control, bind_ingress, bind_passages, console_tls, ingress_tls,
};
pub use connection::Connection;
pub use ingress::IngressState;
pub use listener::{Listener, ListenerLimits};
pub use passages::{Passages, router as passages};
pub use problem::Problem;
pub use router::{console, ingress};
pub use state::{AppState, Draft, TakenIn};
pub use tls::{Look, TlsDoor, TlsError, TlsFiles};

#[cfg(test)]
mod tests;
