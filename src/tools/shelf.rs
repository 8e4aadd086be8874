//! Where the tools of an assistant are found: the built-in ones and those of sources, such as MCP servers.

use std::sync::Arc;

use futures::future::BoxFuture;

use super::{Place, Tool};

/// Something that has tools: they can come and go.
pub trait ToolSource: Send + Sync + 'static {
    /// Its tools for this place now. Quick: what is not known yet is left out.
    fn tools(&self, place: &Place) -> BoxFuture<'static, Vec<Arc<dyn Tool>>>;
}

/// All tools there are. Cheap to clone.
#[derive(Clone, Default)]
pub struct Tools {
    built_in: Arc<[Arc<dyn Tool>]>,
    sources: Arc<[Arc<dyn ToolSource>]>,
}

// === impl Tools ===

impl Tools {
    /// These tools, and those of these sources.
    #[must_use]
    pub fn new(built_in: Vec<Arc<dyn Tool>>, sources: Vec<Arc<dyn ToolSource>>) -> Self {
        Self { built_in: built_in.into(), sources: sources.into() }
    }

    /// The built-in ones, which are there in every place.
    pub fn built_in(&self) -> impl Iterator<Item = &dyn Tool> {
        self.built_in.iter().map(AsRef::as_ref)
    }

    /// What can be called in this place, built-in ones first. Of two tools with one name the first one counts, so
    /// that no source can put itself in the place of a built-in one.
    pub async fn at(&self, place: &Place) -> Vec<Arc<dyn Tool>> {
        let mut found: Vec<Arc<dyn Tool>> = self.built_in.to_vec();
        for source in self.sources.iter() {
            for tool in source.tools(place).await {
                let name = tool.spec().name;
                if found.iter().all(|known| known.spec().name != name) {
                    found.push(tool);
                }
            }
        }
        found
    }
}

#[cfg(test)]
mod tests;
