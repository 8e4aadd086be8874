//! The home and the settings that a command works with.

use crate::config::{Config, Home, Occupant, Sources, presence};

use super::args::{PlaceArgs, ServeArgs};
use super::client::Client;
use super::exit::{Exit, Failure};
use super::server::Server;

/// Where a command works.
#[derive(Clone, Debug)]
pub(super) struct Place {
    pub(super) home: Home,
    args: PlaceArgs,
}

// === impl Place ===

impl Place {
    pub(super) fn locate(args: &PlaceArgs) -> Result<Self, Failure> {
        let home = Home::locate(args.home.as_deref()).map_err(|e| Failure::new(Exit::BadConfiguration, e))?;
        Ok(Self { home, args: args.clone() })
    }

    /// The arguments with which another process finds the same place.
    pub(super) fn arguments(&self) -> Vec<std::ffi::OsString> {
        let mut arguments = Vec::new();
        for (flag, path) in [("--home", self.home.root()), ("--config", self.args.config.as_deref())] {
            // Absolute, because that process works in another folder.
            if let Some(path) = path.and_then(|path| std::path::absolute(path).ok()) {
                arguments.extend([flag.into(), path.into_os_string()]);
            }
        }
        arguments
    }

    /// Every layer of settings below the flags.
    pub(super) fn sources(&self) -> Sources {
        let sources = match &self.args.config {
            Some(file) => Sources::none().required_file(file),
            None => Sources::none().file(self.home.config_file()),
        };
        // A variable that is not text cannot be a setting of ours, whose values are text.
        sources.variables(
            std::env::vars_os()
                .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?))),
        )
    }

    /// Every layer of settings, these flags included.
    pub(super) fn sources_with(&self, flags: &ServeArgs) -> Sources {
        let demo = flags.demo.then_some("demo");
        self.sources()
            .flag("--listen", "console.listen", flags.listen.as_ref())
            .flag("--ingress", "ingress.listen", flags.ingress.as_ref())
            .flag("--demo", "assistant.backend", demo)
            .flag("--demo", "assistant.model", demo)
    }

    /// The whole configuration with these flags.
    pub(super) fn config(&self, flags: &ServeArgs) -> Result<Config, Failure> {
        Config::load(&self.sources_with(flags)).map_err(|problems| {
            Failure::new(Exit::BadConfiguration, problems)
                .hint("`capuchin config template` prints every setting with its default")
        })
    }

    /// Makes the folders of the home.
    pub(super) fn prepare(&self) -> Result<(), Failure> {
        self.home.prepare().map_err(|e| Failure::new(Exit::BadConfiguration, e))
    }

    /// The console of a daemon elsewhere that the person named.
    pub(super) fn server(&self) -> Option<&str> {
        self.args.server.as_deref()
    }

    /// Who runs here. A command that asks this is for the daemon of this home.
    pub(super) fn occupant(&self) -> Result<Occupant, Failure> {
        if let Some(server) = self.server() {
            let text = format!("this command works where the daemon is, and not with --server {server}");
            return Err(Failure::text(Exit::Failed, text));
        }
        Ok(presence::look(&self.home)?)
    }

    /// The client for a daemon elsewhere, if the person named one.
    pub(super) fn elsewhere(&self) -> Result<Option<Client>, Failure> {
        self.server().map(|url| Server::known(self, url).map(Client::at)).transpose()
    }

    /// The daemon that runs here or that was named, for what only a running one can do.
    pub(super) fn running(&self) -> Result<Client, Failure> {
        if let Some(client) = self.elsewhere()? {
            return Ok(client);
        }
        match self.occupant()? {
            Occupant::Ready(presence) => Ok(Client::new(presence.control)),
            Occupant::Unready(pid) => Err(self.unready(pid)),
            Occupant::None => Err(Failure::text(
                Exit::Unavailable,
                format_args!("no daemon runs in {}", self.home.describe()),
            )
            .hint("`capuchin start` starts one")),
        }
    }

    pub(super) fn unready(&self, pid: Option<u32>) -> Failure {
        let pid = pid.map_or_else(String::new, |pid| format!(" (process {pid})"));
        Failure::text(
            Exit::Unavailable,
            format_args!("the daemon in {}{pid} is starting or stopping", self.home.describe()),
        )
        .hint("try again in a moment")
    }
}
