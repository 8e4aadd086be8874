//! Where the tools of an assistant are found: the built-in ones and those of sources, such as MCP servers.

use std::collections::HashSet;
use std::sync::Arc;

use futures::future::BoxFuture;

use super::{Place, Tool};
use crate::protocol::chat::ToolSpec;

/// Something that has tools: they can come and go.
pub trait ToolSource: Send + Sync + 'static {
    /// Its tools for this place now. Quick: what is not known yet is left out.
    fn tools(&self, place: &Place) -> BoxFuture<'static, Vec<Arc<dyn Tool>>>;
}

/// A tool with what it says of itself, which it is asked for once.
#[derive(Clone)]
pub struct Shelved {
    /// The tool.
    pub tool: Arc<dyn Tool>,
    /// Its name, description and schema.
    pub spec: Arc<ToolSpec>,
}

/// All tools there are. Cheap to clone.
#[derive(Clone, Default)]
pub struct Tools {
    built_in: Arc<[Shelved]>,
    sources: Arc<[Arc<dyn ToolSource>]>,
}

// === impl Tools ===

impl Tools {
    /// These tools, and those of these sources.
    #[must_use]
    pub fn new(built_in: Vec<Arc<dyn Tool>>, sources: Vec<Arc<dyn ToolSource>>) -> Self {
        let built_in = built_in.into_iter().map(Shelved::from);
        Self { built_in: built_in.collect(), sources: sources.into() }
    }

    /// The built-in ones, which are there in every place.
    pub fn built_in(&self) -> impl Iterator<Item = &dyn Tool> {
        self.built_in.iter().map(|shelved| shelved.tool.as_ref())
    }

    /// What can be called in this place, built-in ones first. Of two tools with one name the first one counts, so
    /// that no source can put itself in the place of a built-in one.
    pub async fn at(&self, place: &Place) -> Vec<Shelved> {
        let mut found = self.built_in.to_vec();
        for source in self.sources.iter() {
            found.extend(source.tools(place).await.into_iter().map(Shelved::from));
        }
        let mut names = HashSet::new();
        found.retain(|shelved| names.insert(shelved.spec.name.clone()));
        found
    }
}

// === impl Shelved ===

impl From<Arc<dyn Tool>> for Shelved {
    fn from(tool: Arc<dyn Tool>) -> Self {
        Self { spec: Arc::new(tool.spec()), tool }
    }
}

#[cfg(test)]
mod tests;
