//! The tools of all servers that run, for whoever asks what can be called in a place.

use std::sync::Arc;

use futures::FutureExt as _;
use futures::future::BoxFuture;

use super::context::{McpPrompt, McpReadResource, McpResources};
use super::desk::McpServers;
use super::live::{Live, Standing};
use super::tool::McpTool;
use crate::protocol::ids::WorkspaceId;
use crate::tools::{Place, Tool, ToolSource};

/// See the module. Cheap to clone.
#[derive(Clone)]
pub struct McpTools(pub McpServers);

impl ToolSource for McpTools {
    fn tools(&self, place: &Place) -> BoxFuture<'static, Vec<Arc<dyn Tool>>> {
        let (servers, place) = (self.0.clone(), place.clone());
        async move {
            servers.first_tries(&place.tenant).await;
            offered(&servers, &place)
        }
        .boxed()
    }
}

fn offered(servers: &McpServers, place: &Place) -> Vec<Arc<dyn Tool>> {
    let mut tools: Vec<Arc<dyn Tool>> = Vec::new();
    let (mut resources, mut prompts) = (false, false);
    let mut all = here(servers, place);
    all.sort_by(|a, b| {
        a.server.as_ref().map(|server| server.id).cmp(&b.server.as_ref().map(|server| server.id))
    });
    for live in all {
        let Some(server) = live.server else { continue };
        resources |= live.view.has_resources;
        prompts |= live.view.has_prompts;
        for found in live.view.tools.iter().filter(|found| found.standing == Standing::Accepted) {
            let (server, tool) = (Arc::clone(&server), found.tool.clone());
            tools.push(Arc::new(McpTool { servers: servers.clone(), server, tool }));
        }
    }
    if resources {
        tools.push(Arc::new(McpResources(servers.clone())));
        tools.push(Arc::new(McpReadResource(servers.clone())));
    }
    if prompts {
        tools.push(Arc::new(McpPrompt(servers.clone())));
    }
    tools
}

/// The servers that run and whose tools are seen in this place.
pub(super) fn here(servers: &McpServers, place: &Place) -> Vec<Live> {
    let all = servers.table().all(&place.tenant).into_iter();
    let mut here: Vec<Live> =
        all.filter(|live| live.peer.is_some() && seen_from(live, place.workspace)).collect();
    here.sort_by(|a, b| {
        a.server.as_ref().map(|server| &server.name).cmp(&b.server.as_ref().map(|server| &server.name))
    });
    here
}

fn seen_from(live: &Live, workspace: WorkspaceId) -> bool {
    live.server.as_ref().is_some_and(|server| server.workspace_id.is_none_or(|only| only == workspace))
}
