//! The console's own API: one file per resource, one OpenAPI document of all.

mod agent_files;
mod approvals;
mod assistants;
mod audit;
mod backends;
mod budgets;
mod channels;
mod compactions;
mod context;
mod credentials;
mod described;
mod device;
mod document;
mod entrance;
mod events;
mod experiments;
mod export;
mod extensions;
mod gateway;
mod health;
mod import;
mod injections;
mod kill_switch;
mod leaks;
mod mcp_servers;
mod members;
mod memory;
mod messages;
mod models;
mod notification_rules;
mod notifications;
mod oauth_tokens;
mod optional;
mod policy;
mod processes;
mod push_subscriptions;
mod routing;
mod rules;
mod runtime;
mod schedules;
mod search;
mod secrets;
mod session;
mod skills;
mod status;
mod threads;
mod tokens;
mod tools;
mod turns;
mod user_model;
mod vault;
mod webhooks;
mod workspace_files;
mod workspace_notifications;
mod workspaces;

pub(crate) use experiments::document as experiment_report;

use axum::Router;
use utoipa::openapi::OpenApi;
use utoipa_axum::router::OpenApiRouter;

use super::state::AppState;

/// All routes with their documentation.
fn documented() -> OpenApiRouter<AppState> {
    OpenApiRouter::with_openapi(document::blank())
        .merge(health::routes())
        .merge(entrance::routes())
        .merge(session::routes())
        .merge(credentials::routes())
        .merge(members::routes())
        .merge(device::routes())
        .merge(assistants::routes())
        .merge(agent_files::routes())
        .merge(memory::routes())
        .merge(skills::routes())
        .merge(user_model::routes())
        .merge(workspaces::routes())
        .merge(workspace_files::routes())
        .merge(threads::routes())
        .merge(export::routes())
        .merge(import::routes())
        .merge(search::routes())
        .merge(messages::routes())
        .merge(events::routes())
        .merge(gateway::routes())
        .merge(compactions::routes())
        .merge(injections::routes())
        .merge(context::routes())
        .merge(turns::routes())
        .merge(backends::routes())
        .merge(models::routes())
        .merge(tokens::routes())
        .merge(tools::routes())
        .merge(processes::routes())
        .merge(leaks::routes())
        .merge(secrets::routes())
        .merge(vault::routes())
        .merge(oauth_tokens::routes())
        .merge(mcp_servers::routes())
        .merge(webhooks::routes())
        .merge(schedules::routes())
        .merge(channels::routes())
        .merge(experiments::routes())
        .merge(extensions::routes())
        .merge(runtime::routes())
        .merge(audit::routes())
        .merge(approvals::routes())
        .merge(notifications::routes())
        .merge(notification_rules::routes())
        .merge(workspace_notifications::routes())
        .merge(push_subscriptions::routes())
        .merge(policy::routes())
        .merge(rules::routes())
        .merge(kill_switch::routes())
        .merge(budgets::routes())
        .merge(status::routes())
}

/// All routes, the document's own included.
pub(super) fn routes() -> Router<AppState> {
    let (routes, document) = documented().split_for_parts();
    routes.merge(document::route(document))
}

/// The document of all routes.
#[must_use]
pub fn openapi() -> OpenApi {
    document::finish(documented().into_openapi())
}
