//! `KeepRunning`: sessions with programs that have an agent of their own, each life of one its actor; and `RunPrograms` over the
//! sandbox.
//!
//! A program may change the folder of its workspace and its own, and reads itself and what it is made of. It reaches its door
//! and nothing else; with a login of its own it has the network.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use capuchin_actors::ports::keep_running::{Ended, KeepRunning, KeptKey, Wanted};
use futures::FutureExt as _;
use futures::future::BoxFuture;
use tokio_util::sync::CancellationToken;

use crate::coders::{Coders, Reach, RunPrograms, Running, Spec, Started};
use crate::protocol::ids::TenantId;
use crate::sandbox::{Child, Command, Limits, Network, Profile, Sandbox};

/// Longest run of a program that only prints something.
const PRINTS_WITHIN: Duration = Duration::from_secs(20);
const PRINTED_BYTES_MAX: usize = 4 << 10;
/// Memory of a program with all that it starts, at least: the heaviest measured one has 600 MiB when it has said a word.
const MEMORY_BYTES_MIN: u64 = 4 << 30;

/// See the module.
pub struct CoderRuns(pub Coders);

impl KeepRunning for CoderRuns {
    fn wanted(&self, tenant: &TenantId) -> BoxFuture<'static, Result<Vec<Wanted>, Ended>> {
        let wanted = self.0.wanted(tenant).into_iter();
        let wanted = wanted.map(|(name, revision)| Wanted { name: Arc::from(name), revision }).collect();
        futures::future::ready(Ok(wanted)).boxed()
    }

    fn changed(&self, tenant: &TenantId) -> BoxFuture<'static, ()> {
        let (coders, tenant) = (self.0.clone(), tenant.clone());
        async move { coders.changed(&tenant).await }.boxed()
    }

    fn run(&self, which: KeptKey, stop: CancellationToken) -> BoxFuture<'static, Result<(), Ended>> {
        let coders = self.0.clone();
        async move { coders.live(&which.tenant, &which.name, &stop).await.map_err(Ended) }.boxed()
    }

    fn is_down(&self, which: &KeptKey, why: &str) {
        tracing::warn!(session = %which.name, why, "the session of a program is down");
        self.0.is_down(&which.tenant, &which.name);
    }
}

/// Programs in this sandbox. Cheap to clone.
#[derive(Clone)]
pub struct CagedCoders(pub Sandbox);

// === impl CagedCoders ===

impl CagedCoders {
    fn profile(&self, spec: &Spec) -> Profile {
        let limits = self.0.limits();
        // It lives as long as its session.
        let limits = Limits {
            cpu_s: u64::from(u32::MAX),
            wall_ms: None,
            memory_bytes: limits.memory_bytes.max(MEMORY_BYTES_MIN),
            ..limits
        };
        let (network, door) = match spec.reach {
            Reach::Nothing => (Network::Off, None),
            Reach::Door(SocketAddr::V4(address)) => (Network::Off, Some(address)),
            Reach::Door(SocketAddr::V6(_)) | Reach::Everything => (Network::Open, None),
        };
        let write = vec![spec.home.clone(), spec.folder.clone()];
        let (read, env) = (spec.read.clone(), spec.env.clone());
        Profile { read, network, door, env, ..Profile::writing(write, limits) }
    }

    fn command(spec: &Spec) -> Command {
        Command::new(&spec.program, spec.args.clone()).at(&spec.folder)
    }

    async fn begin(self, spec: Spec) -> Result<Started, String> {
        let profile = self.profile(&spec);
        let started = self.0.spawn(Self::command(&spec).with_input(), &profile).await;
        let mut child = started.map_err(|error| unstarted(&spec.program, &error))?;
        let streams = (child.stdin.take(), child.stdout.take(), child.stderr.take());
        let (Some(stdin), Some(stdout), Some(stderr)) = streams else {
            return Err(format!("{} was started without its streams", spec.program.display()));
        };
        Ok(Started {
            stdin: Box::new(stdin),
            stdout: Box::new(stdout),
            stderr: Box::new(stderr),
            relay: match child.door.take() {
                Some(relay) => relay.run().boxed(),
                None => futures::future::pending().boxed(),
            },
            program: Box::new(Caged(child)),
        })
    }

    async fn ask(self, spec: Spec) -> Result<String, String> {
        let mut profile = self.profile(&spec);
        profile.limits = profile.limits.within(PRINTS_WITHIN);
        let finished = self.0.run(Self::command(&spec), &profile, PRINTED_BYTES_MAX).await;
        let finished = finished.map_err(|error| unstarted(&spec.program, &error))?;
        match finished.ended.success() {
            true => Ok(finished.text()),
            false => Err(format!(
                "{} {} ended with {}: {}",
                spec.program.display(),
                spec.args.join(" "),
                finished.ended.describe(),
                finished.text().trim()
            )),
        }
    }
}

impl RunPrograms for CagedCoders {
    fn start(&self, spec: Spec) -> BoxFuture<'static, Result<Started, String>> {
        self.clone().begin(spec).boxed()
    }

    fn print(&self, spec: Spec) -> BoxFuture<'static, Result<String, String>> {
        self.clone().ask(spec).boxed()
    }
}

/// A program in its cage.
struct Caged(Child);

impl Running for Caged {
    fn wait(&mut self) -> BoxFuture<'_, String> {
        async { self.0.wait().await.describe() }.boxed()
    }

    fn stop(&mut self) -> BoxFuture<'_, String> {
        async { self.0.stop().await.describe() }.boxed()
    }
}

fn unstarted(program: &Path, error: &crate::sandbox::SandboxError) -> String {
    format!("{} was not started: {error}", program.display())
}
