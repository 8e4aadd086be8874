//! The self-test: a cage is put up around a probe that tries to break every wall and says what came of it.

use std::path::PathBuf;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use tokio::io::AsyncWriteExt as _;

use super::error::SandboxError;
use super::handle::Sandbox;
use super::layers::{Layer, LayerState, Layers};
use super::profile::{Command, Limits, Network, Profile};

/// Longest self-test.
const WALL: Duration = Duration::from_secs(20);
const REPORT_BYTES_MAX: usize = 64 << 10;

/// What the probe is told: it cannot know what is outside.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(super) struct Outside {
    /// A file in the daemon's own folder.
    pub(super) canary: PathBuf,
    /// Names and numbers of the daemon's namespaces.
    pub(super) namespaces: Vec<(String, PathBuf)>,
    /// The daemon.
    pub(super) pid: u32,
    pub(super) limits: Limits,
    /// The layers that are up.
    pub(super) layers: Vec<Layer>,
}

/// Limits of the probe, low enough to run into.
const LIMITS: Limits = Limits {
    wall_ms: Some(15_000),
    cpu_s: 20,
    memory_bytes: 256 << 20,
    processes: 40,
    open_files: 64,
    file_bytes: 1 << 20,
    tmp_bytes: 4 << 20,
    disk_free_bytes: 0,
    grace_ms: 100,
};

/// Runs the self-test, first with every layer, then without those that cannot be put up.
pub(super) async fn run(sandbox: &Sandbox) -> Layers {
    let done_without = sandbox.options().allow_without.clone();
    let left_out = &sandbox.options().without;
    let mut up: Vec<Layer> = Layer::ALL.into_iter().filter(|layer| !left_out.contains(layer)).collect();
    let mut missing: Vec<LayerState> =
        left_out.iter().map(|layer| absent(*layer, "it is left out".to_owned())).collect();
    let mut states = loop {
        match probe(sandbox, &up).await {
            Ok(states) => break states,
            Err(SandboxError::Missing { layer, reason }) if up.contains(&layer) => {
                up.retain(|other| *other != layer);
                missing.push(absent(layer, reason));
            }
            Err(error) => {
                let evidence = format!("the self-test could not run: {error}");
                break up.iter().map(|layer| absent(*layer, evidence.clone())).collect();
            }
        }
    };
    states.append(&mut missing);
    states.sort_by_key(|state| state.layer);
    Layers { states, done_without }
}

const fn absent(layer: Layer, evidence: String) -> LayerState {
    LayerState { layer, active: false, evidence }
}

async fn probe(sandbox: &Sandbox, layers: &[Layer]) -> Result<Vec<LayerState>, SandboxError> {
    let options = sandbox.options();
    let program = sandbox.launcher()?;
    let canary = options.state.join("canary");
    std::fs::create_dir_all(&options.state).map_err(SandboxError::Launcher)?;
    std::fs::write(&canary, "nobody inside reads this").map_err(SandboxError::Launcher)?;
    let outside = Outside {
        canary,
        namespaces: namespaces(),
        pid: std::process::id(),
        limits: LIMITS,
        layers: layers.to_vec(),
    };
    let profile = Profile { read: vec![program.clone()], limits: LIMITS, ..Profile::default() };
    debug_assert!(profile.network == Network::Off, "the self-test is about a cage without a network");
    let command = Command::new(program, ["cage", "probe"]).with_input();
    let mut child = sandbox.start(command, &profile, layers.to_vec(), None).await?;
    if let Some(mut stdin) = child.stdin.take() {
        let told = serde_json::to_vec(&outside).map_err(|_| SandboxError::Arguments)?;
        stdin.write_all(&told).await.map_err(SandboxError::Launcher)?;
    }
    let finished = tokio::time::timeout(WALL, child.run_to_end(REPORT_BYTES_MAX)).await;
    let finished = finished.map_err(|_| SandboxError::Launcher(std::io::ErrorKind::TimedOut.into()))?;
    serde_json::from_str(&finished.stdout.text()).map_err(|_| SandboxError::Setup {
        step: "the self-test",
        error: format!("{} {}", finished.ended.describe(), finished.text().trim()),
    })
}

fn namespaces() -> Vec<(String, PathBuf)> {
    let named =
        |name: &str| Some((name.to_owned(), std::fs::read_link(format!("/proc/self/ns/{name}")).ok()?));
    ["user", "mnt", "pid", "net", "ipc", "uts"].into_iter().filter_map(named).collect()
}
