//! The layers of the sandbox, as the self-test found them.

use crate::http::AppState;
use crate::web::view::pages::WallView;

/// Every layer, outermost first. Waits for the self-test where it has not run yet.
pub(in crate::web) async fn walls(state: &AppState) -> Vec<WallView> {
    let layers = state.sandbox.layers().await;
    let wall = |found: &crate::sandbox::LayerState| WallView {
        name: found.layer.word().to_owned(),
        what: found.layer.describe().to_owned(),
        state: match found.active {
            true => "active",
            false if layers.done_without.contains(&found.layer) => "stopped",
            false => "down",
        },
        evidence: found.evidence.clone(),
    };
    layers.states.iter().map(wall).collect()
}
