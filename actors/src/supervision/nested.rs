//! A supervisor as a child of another.

use std::sync::Arc;

use futures::future::BoxFuture;

use super::child::{StartChild, StartContext, StartError, StartOutcome, Started};
use super::node::Node;
use super::spec::SupervisorSpec;
use super::supervisor;

/// Starts a whole subtree as one child. As the template of a dynamic supervisor, the arguments of
/// the child reach every factory below it.
pub struct Subtree {
    spec: Arc<SupervisorSpec>,
}

// === impl Subtree ===

impl Subtree {
    /// A subtree with this supervisor at its head.
    pub fn new(spec: SupervisorSpec) -> Self {
        Self { spec: Arc::new(spec) }
    }
}

impl StartChild for Subtree {
    fn start(&self, ctx: StartContext) -> BoxFuture<'static, Result<StartOutcome, StartError>> {
        let spec = self.spec.clone();
        Box::pin(async move {
            let node = Arc::new(Node::new(spec, ctx.path, ctx.tree, ctx.args));
            let cell = supervisor::start(node.clone(), Some(ctx.supervisor)).await?;
            Ok(Started::new(cell).with_node(node).into())
        })
    }
}
