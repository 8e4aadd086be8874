//! A port: how a program comes to life. Whoever implements it puts the program into the sandbox.

use std::net::SocketAddr;
use std::path::PathBuf;

use futures::future::BoxFuture;
use tokio::io::{AsyncRead, AsyncWrite};

/// What to run.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Spec {
    /// The program, as an absolute path.
    pub program: PathBuf,
    /// Its arguments.
    pub args: Vec<String>,
    /// Its whole environment, besides what every program in a cage has.
    pub env: Vec<(String, String)>,
    /// What it reads besides: itself, and what it is made of.
    pub read: Vec<PathBuf>,
    /// Its own folder, which stays.
    pub home: PathBuf,
    /// Where it works.
    pub folder: PathBuf,
    /// What it reaches.
    pub reach: Reach,
}

/// What a program reaches over the network.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Reach {
    /// Nothing.
    Nothing,
    /// This address on loopback.
    Door(SocketAddr),
    /// Everything: it uses a login of its own.
    Everything,
}

/// A program that runs.
pub struct Started {
    /// Its standard input.
    pub stdin: Box<dyn AsyncWrite + Send + Unpin>,
    /// Its standard output.
    pub stdout: Box<dyn AsyncRead + Send + Unpin>,
    /// Its error output.
    pub stderr: Box<dyn AsyncRead + Send + Unpin>,
    /// The program with all that it started.
    pub program: Box<dyn Running>,
    /// Carries what goes through its door while it is polled; never resolves.
    pub relay: BoxFuture<'static, ()>,
}

/// A program with all that it started. Dropping it ends them.
pub trait Running: Send {
    /// Waits for the end, and says in words how it came. Can be dropped and called again.
    fn wait(&mut self) -> BoxFuture<'_, String>;

    /// Ends it: asked first, then killed; within five seconds nothing of it is left.
    fn stop(&mut self) -> BoxFuture<'_, String>;
}

/// See the module.
pub trait RunPrograms: Send + Sync + 'static {
    /// Starts it.
    ///
    /// The error is for people: why it cannot run.
    fn start(&self, spec: Spec) -> BoxFuture<'static, Result<Started, String>>;

    /// Runs it to its end, for a moment, and answers what it printed.
    ///
    /// The error is for people, as above.
    fn print(&self, spec: Spec) -> BoxFuture<'static, Result<String, String>>;
}
