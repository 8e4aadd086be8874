//! The checks of the sandbox: which layers this system really puts up around child processes.

use std::sync::Arc;

use super::super::client::Client;
use super::super::exit::Failure;
use super::finding::Finding;
use crate::config::{Config, Home, Occupant};
use crate::sandbox::{Layer, LayerState, Layers, Sandbox};

/// What the running daemon found, for its surroundings count; without one, what is found here.
pub(super) async fn layers(
    config: &Config,
    home: &Home,
    occupant: &Result<Occupant, Failure>,
) -> Vec<Finding> {
    let layers = match occupant {
        Ok(Occupant::Ready(presence)) => {
            let found = Client::new(presence.control.clone()).get("/api/v1/runtime/sandbox").await;
            match found.ok().and_then(|found| serde_json::from_value::<Layers>(found).ok()) {
                Some(layers) => Arc::new(layers),
                None => {
                    return vec![Finding::warn(
                        "sandbox",
                        "the daemon does not say what its self-test found",
                    )];
                }
            }
        }
        _ => here(config, home).await,
    };
    layers.states.iter().map(|state| finding(state, &layers.done_without)).collect()
}

/// A self-test that leaves nothing behind.
async fn here(config: &Config, home: &Home) -> Arc<Layers> {
    let folder = std::env::temp_dir().join(format!("capuchin-doctor-{}", std::process::id()));
    let mut options = config.sandbox.options(home, config.vault.key_file.as_deref());
    options.state.clone_from(&folder);
    let layers = Sandbox::new(options).layers().await;
    // silent-ok: a folder for temporary files, with nothing in it
    let _ = std::fs::remove_dir_all(&folder);
    layers
}

fn finding(state: &LayerState, done_without: &[Layer]) -> Finding {
    let id = format!("sandbox.{}", state.layer);
    let evidence = state.evidence.as_str();
    if state.active {
        return Finding::ok(id, evidence);
    }
    if done_without.contains(&state.layer) {
        return Finding::warn(id, format!("{evidence}; programs are run without it, as the settings allow"));
    }
    Finding::fail(id, format!("{evidence}; no program is run")).fix(format!(
        "give the system what it lacks, or run programs without it: sandbox.allow_without = [\"{}\"]",
        state.layer
    ))
}
