//! A port: how a server that is a program comes to life. Whoever implements it puts the program into the sandbox.

use futures::future::BoxFuture;
use tokio::io::{AsyncRead, AsyncWrite};
use zeroize::Zeroizing;

use crate::protocol::ids::{McpServerId, TenantId, WorkspaceId};

/// What to run.
pub struct ProcessWish {
    /// Whose server it is.
    pub tenant: TenantId,
    /// Its id.
    pub server: McpServerId,
    /// Its name.
    pub name: String,
    /// Whose folder it may write to; its own one without.
    pub workspace: Option<WorkspaceId>,
    /// The program.
    pub command: String,
    /// Its arguments.
    pub args: Vec<String>,
    /// Its variables, secrets filled in.
    pub env: Vec<(String, Zeroizing<String>)>,
    /// The folder that it works in.
    pub cwd: Option<String>,
    /// Folders and files that it may read besides.
    pub read: Vec<String>,
    /// Folders that it may change.
    pub write: Vec<String>,
    /// Whether it may use the network.
    pub network: bool,
}

/// A program that runs. Dropping `guard` ends it with all that it started.
pub struct StartedProcess {
    /// Its standard input.
    pub stdin: Box<dyn AsyncWrite + Send + Unpin>,
    /// Its standard output.
    pub stdout: Box<dyn AsyncRead + Send + Unpin>,
    /// Its error output.
    pub stderr: Box<dyn AsyncRead + Send + Unpin>,
    /// Ends it.
    pub guard: Box<dyn Send>,
}

/// See the module.
pub trait StartProcess: Send + Sync + 'static {
    /// Starts it.
    ///
    /// The error is for people: why it cannot run, and what to do.
    fn start(&self, wish: ProcessWish) -> BoxFuture<'static, Result<StartedProcess, String>>;
}

/// Starts nothing: for a machine without a sandbox.
pub struct NoProcesses;

impl StartProcess for NoProcesses {
    fn start(&self, wish: ProcessWish) -> BoxFuture<'static, Result<StartedProcess, String>> {
        let why = format!(
            "`{}` is a program, and programs of MCP servers are not run without a sandbox; use a server with an address",
            wish.command
        );
        Box::pin(std::future::ready(Err(why)))
    }
}
