//! Which address shows which page. Forms answer with a redirection to a page, or with JSON to scripts.

mod approvals;
mod audit;
mod backends;
mod budgets;
mod channels;
mod chat;
mod context;
mod device;
mod entrance;
mod experiments;
mod extensions;
mod facts;
mod gate;
mod home;
mod library;
mod mcp;
mod models;
mod notifications;
mod processes;
mod runtime;
mod safety;
mod schedules;
mod search;
mod secrets;
mod security;
mod send;
mod settings;
mod tokens;
mod vault;
mod webhooks;
mod workspaces;
mod you;

use axum::Router;
use axum::routing::{get, post};
use form_urlencoded::Serializer;
use tower_http::compression::CompressionLayer;

use super::{assets, live};
use crate::http::auth;
use crate::http::{AppState, Problem};
use crate::identity::Principal;
use crate::protocol::ids::WorkspaceId;

/// Every page, asset and form of the console.
pub fn router() -> Router<AppState> {
    let pages = Router::new()
        .route("/", get(home::show))
        .route("/about", get(home::about))
        .route("/setup", get(entrance::setup).post(entrance::set_up))
        .route("/join", get(entrance::join).post(entrance::joined))
        .route("/recover", get(entrance::recover).post(entrance::recovered))
        .route("/login", get(gate::login).post(gate::sign_in))
        .route("/step-up", get(gate::prove).post(gate::step_up))
        .route("/device", get(device::show).post(device::look_up))
        .route("/device/decide", post(device::decide))
        .route("/logout", post(gate::sign_out))
        .route("/inbox", get(approvals::inbox))
        .route("/inbox/deny", post(approvals::deny_ticked))
        .route("/a/{id}", get(approvals::show))
        .route("/a/{id}/decide", get(approvals::confirm).post(approvals::answer))
        .route("/audit", get(audit::show))
        .route("/vault", get(vault::show))
        .route("/vault/unseal", post(vault::unseal))
        .route("/vault/seal", post(vault::seal))
        .route("/vault/rotate", post(vault::rotate))
        .route("/vault/secrets", post(secrets::create))
        .route("/vault/secrets/{name}", get(secrets::show))
        .route("/vault/secrets/{name}/value", post(secrets::replace))
        .route("/vault/secrets/{name}/hosts", post(secrets::hosts))
        .route("/vault/secrets/{name}/delete", post(secrets::delete))
        .route("/vault/tokens", post(tokens::create))
        .route("/vault/tokens/{name}/connect", post(tokens::connect))
        .route("/vault/tokens/{name}/refresh", post(tokens::refresh))
        .route("/vault/tokens/{name}/revoke", post(tokens::revoke))
        .route("/vault/tokens/{name}/delete", post(tokens::delete))
        .route("/processes", get(processes::list).post(processes::start))
        .route("/processes/{id}", get(processes::show))
        .route("/processes/{id}/input", post(processes::input))
        .route("/processes/{id}/kill", post(processes::kill))
        .route("/experiments", get(experiments::list).post(experiments::create))
        .route("/experiments/{id}", get(experiments::show))
        .route("/experiments/{id}/report", get(experiments::report))
        .route("/experiments/{id}/decide", post(experiments::decide))
        .route("/experiments/{id}/{action}", post(experiments::act))
        .route("/settings", get(settings::show))
        .route("/settings/budgets", get(budgets::show).post(budgets::create))
        .route("/settings/budgets/{id}", post(budgets::change))
        .route("/settings/budgets/{id}/remove", post(budgets::remove))
        .route("/settings/extensions", get(extensions::show))
        .route("/settings/extensions/reload", post(extensions::reload))
        .merge(minds())
        .route("/settings/workspaces", get(workspaces::show).post(workspaces::create))
        .route("/settings/workspaces/{id}", post(workspaces::change))
        .route("/settings/workspaces/{id}/delete", post(workspaces::delete))
        .route("/settings/mcp", get(mcp::show).post(mcp::create))
        .route("/settings/mcp/import", post(mcp::import))
        .route("/settings/mcp/{id}", post(mcp::change))
        .route("/settings/mcp/{id}/accept", post(mcp::accept))
        .route("/settings/mcp/{id}/restart", post(mcp::restart))
        .route("/settings/mcp/{id}/remove", post(mcp::remove))
        .route("/settings/safety", get(safety::show))
        .route("/settings/safety/policy", post(safety::policy))
        .route("/settings/safety/assistants/{id}", post(safety::assistant))
        .route("/settings/safety/rules", post(safety::add_rule))
        .route("/settings/safety/rules/{id}/remove", post(safety::remove_rule))
        .route("/settings/safety/kill", get(safety::confirm_kill).post(safety::kill))
        .route("/settings/safety/resume", post(safety::resume))
        .route("/runtime", get(runtime::show))
        .route("/runtime/confirm", get(runtime::confirm))
        .route("/runtime/{action}", post(runtime::act))
        .route("/assets/{build}/{name}", get(assets::serve));
    let others = [security(), library(), doors(), notices(), planned(), finding()];
    let pages = others.into_iter().fold(pages.merge(conversations()), Router::merge);
    // The stream is never compressed: a compressor holds back what a reader waits for.
    pages.layer(CompressionLayer::new()).route("/live", get(live::follow))
}

/// Who answers, and with what.
fn minds() -> Router<AppState> {
    Router::new()
        .route("/settings/backends", get(backends::show))
        .route("/settings/backends/{name}/test", post(backends::test))
        .route("/settings/assistants/{id}/routing", post(backends::route))
        .route("/settings/models", get(models::show))
        .route("/settings/models/{probe}/refresh", post(models::refresh))
}

/// Conversations, and what stands behind them.
fn conversations() -> Router<AppState> {
    Router::new()
        .route("/chat", get(chat::new).post(send::first))
        .route("/c/{thread}/context", get(context::show))
        .route("/c/{thread}/summaries/{summary}/undo", post(context::undo))
        .route("/c/{thread}/injections/{injection}/{whither}", post(context::keep))
        .route("/c/{thread}/turns/{turn}/run", get(context::run))
        .route("/c/{thread}", get(chat::show))
        .route("/c/{thread}/messages", post(send::message))
        .route("/c/{thread}/rename", post(send::rename))
        .route("/c/{thread}/delete", post(send::delete))
        .route("/c/{thread}/turns/{turn}/feedback", post(context::feedback))
        .route("/c/{thread}/turns/{turn}/stop", post(send::stop))
        .route("/c/{thread}/turns/{turn}/retry", post(send::retry))
}

/// A token for one assistant has nothing to do with what holds for all of them.
pub(super) fn unrestricted(by: &Principal) -> Result<(), Problem> {
    auth::unrestricted(by, "reach this")
}

/// The workspace that a form names; none for an empty word.
fn workspace_of(word: &str) -> Result<Option<WorkspaceId>, Problem> {
    let nowhere = |_| Problem::invalid_field("workspace", "names nothing that exists");
    (!word.is_empty()).then(|| word.parse().map_err(nowhere)).transpose()
}

/// An address with these pairs in its query, without the empty ones.
pub(super) fn address<'a>(path: &str, pairs: impl Iterator<Item = (&'a str, &'a str)>) -> String {
    let query: String =
        Serializer::new(String::new()).extend_pairs(pairs.filter(|(_, value)| !value.is_empty())).finish();
    if query.is_empty() { path.to_owned() } else { format!("{path}?{query}") }
}

/// What is found by its words.
fn finding() -> Router<AppState> {
    Router::new()
        .route("/search", get(search::show))
        .route("/search/palette", get(search::palette))
        .route("/m/{id}", get(search::message))
}

/// `/settings/security` and its forms.
fn security() -> Router<AppState> {
    Router::new()
        .route("/settings/security", get(security::show))
        .route("/settings/security/password", post(security::password))
        .route("/settings/security/password/remove", post(security::remove_password))
        .route("/settings/security/passkeys/{id}/remove", post(security::remove_passkey))
        .route("/settings/security/codes", post(security::begin_codes))
        .route("/settings/security/codes/confirm", post(security::confirm_codes))
        .route("/settings/security/codes/remove", post(security::remove_codes))
        .route("/settings/security/recovery-key", post(security::recovery_key))
        .route("/settings/security/sessions/end-others", post(security::end_others))
        .route("/settings/security/sessions/{id}/end", post(security::end_session))
        .route("/settings/security/tokens", post(security::make_token))
        .route("/settings/security/tokens/{id}/revoke", post(security::revoke_token))
        .route("/settings/security/members", post(security::invite))
        .route("/settings/security/members/{id}/{action}", post(security::change_member))
}

/// Notifications in the inbox and in the settings.
fn notices() -> Router<AppState> {
    Router::new()
        .route("/push-worker.js", get(assets::push_worker))
        .route("/inbox/outbox", get(channels::acts::outbox))
        .route("/inbox/notifications", get(notifications::list))
        .route("/inbox/notifications/latest", get(notifications::latest))
        .route("/inbox/notifications/read-all", post(notifications::read_all))
        .route("/inbox/notifications/{id}/{action}", post(notifications::mark))
        .route("/settings/notifications", get(notifications::show))
        .route("/settings/notifications/times", post(notifications::times))
        .route("/settings/notifications/away", post(notifications::away))
        .route("/settings/notifications/back", post(notifications::returned))
        .route("/settings/notifications/test", post(notifications::test))
        .route("/settings/notifications/patterns", post(notifications::patterns))
        .route("/settings/notifications/rules", post(notifications::add_rule))
        .route("/settings/notifications/rules/{id}/remove", post(notifications::remove_rule))
        .route("/settings/notifications/browsers/{id}/remove", post(notifications::remove_browser))
}

/// `/library` and `/you` with their forms.
fn library() -> Router<AppState> {
    Router::new()
        .route("/library", get(library::show))
        .route("/library/files/{assistant}/{name}", get(library::file).post(library::write_file))
        .route("/library/memory", post(facts::create))
        .route("/library/memory/{id}", get(facts::history).post(facts::change))
        .route("/library/memory/{id}/pin", post(facts::pin))
        .route("/library/memory/{id}/restore", post(facts::restore))
        .route("/library/memory/{id}/purge", post(facts::purge))
        .route("/library/memory/{id}/forget", post(facts::forget))
        .route("/you", get(you::show).post(you::decide))
        .route("/you/preferences", post(you::prefer))
        .route("/you/topics", post(you::topic))
        .route("/you/drop", post(you::drop_one))
        .route("/you/forget", post(you::forget))
        .route("/library/skills", post(library::create_skill))
        .route("/library/skills/{name}", get(library::skill).post(library::write_skill))
        .route("/library/skills/{name}/enable", post(library::enable_skill))
        .route("/library/skills/{name}/restore", post(library::restore_skill))
        .route("/library/skills/{name}/remove", post(library::remove_skill))
}

/// `/schedules` and its forms.
fn planned() -> Router<AppState> {
    Router::new()
        .route("/schedules", get(schedules::list).post(schedules::create))
        .route("/schedules/pause-all", post(schedules::pause_all))
        .route("/schedules/resume-all", post(schedules::resume_all))
        .route("/schedules/{id}", get(schedules::show).post(schedules::change))
        .route("/schedules/{id}/remove", post(schedules::remove))
        .route("/schedules/{id}/runs/{run}/cancel", post(schedules::cancel))
        .route("/schedules/{id}/{act}", post(schedules::act))
}

/// `/webhooks` and `/channels` with their forms.
fn doors() -> Router<AppState> {
    Router::new()
        .route("/channels", get(channels::list).post(channels::create))
        .route("/channels/new", get(channels::new))
        .route("/channels/{id}", get(channels::show).post(channels::change))
        .route("/channels/{id}/credentials", get(channels::credentials_form).post(channels::credentials))
        .route("/channels/{id}/remove", post(channels::remove))
        .route("/channels/{id}/people", post(channels::acts::person))
        .route("/channels/{id}/test", post(channels::acts::test))
        .route("/channels/{id}/{act}", post(channels::acts::act))
        .route("/channels/{id}/outbox/{obligation}/retry", post(channels::acts::retry))
        .route("/webhooks", get(webhooks::list).post(webhooks::create))
        .route("/webhooks/{id}", get(webhooks::show).post(webhooks::change))
        .route("/webhooks/{id}/rotate", post(webhooks::rotate))
        .route("/webhooks/{id}/remove", post(webhooks::remove))
        .route("/webhooks/{id}/deliveries/{delivery}/replay", post(webhooks::replay))
}
