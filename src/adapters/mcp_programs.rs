//! `StartProcess` over the sandbox: an MCP server that is a program runs in a cage of its own.
//!
//! It may change the folder of its workspace, if it has one, and reads the folder that it is told to work in; its settings
//! name others. Its home is a private one that goes with it. It reaches other machines only if its settings say so.

use futures::FutureExt;
use futures::future::BoxFuture;

use crate::mcp::{ProcessWish, StartProcess, StartedProcess};
use crate::sandbox::{Command, Network, Profile, Sandbox};
use crate::workspaces::Workspaces;

/// Programs in this sandbox. Cheap to clone.
#[derive(Clone)]
pub struct CagedPrograms {
    sandbox: Sandbox,
    workspaces: Workspaces,
}

// === impl CagedPrograms ===

impl CagedPrograms {
    /// Programs in this sandbox, which see these workspaces.
    #[must_use]
    pub const fn new(sandbox: Sandbox, workspaces: Workspaces) -> Self {
        Self { sandbox, workspaces }
    }

    async fn begin(self, wish: ProcessWish) -> Result<StartedProcess, String> {
        let folder = match wish.workspace {
            Some(workspace) => {
                let folder = self.workspaces.folder(&wish.tenant, workspace).await;
                Some(folder.map_err(|error| error.to_string())?)
            }
            None => None,
        };
        let own = folder.iter().map(|folder| folder.to_path_buf());
        let write = own.chain(wish.write.iter().map(Into::into)).collect();
        let profile = Profile {
            read: wish.cwd.iter().chain(&wish.read).map(Into::into).collect(),
            network: if wish.network { Network::Open } else { Network::Off },
            env: wish.env.iter().map(|(name, value)| (name.clone(), value.to_string())).collect(),
            ..Profile::writing(write, self.sandbox.limits())
        };
        let command = Command::new(&wish.command, wish.args).with_input();
        let command = match (&wish.cwd, &folder) {
            (Some(cwd), _) => command.at(cwd),
            (None, Some(folder)) => command.at(&**folder),
            (None, None) => command,
        };
        let started = self.sandbox.spawn(command, &profile).await;
        let mut child = started.map_err(|error| format!("`{}` was not started: {error}", wish.command))?;
        let streams = (child.stdin.take(), child.stdout.take(), child.stderr.take());
        let (Some(stdin), Some(stdout), Some(stderr)) = streams else {
            return Err(format!("`{}` was started without its streams", wish.command));
        };
        Ok(StartedProcess {
            stdin: Box::new(stdin),
            stdout: Box::new(stdout),
            stderr: Box::new(stderr),
            guard: Box::new(child),
        })
    }
}

impl StartProcess for CagedPrograms {
    fn start(&self, wish: ProcessWish) -> BoxFuture<'static, Result<StartedProcess, String>> {
        self.clone().begin(wish).boxed()
    }
}
