//! `GET /api/openapi.json`: the whole API as OpenAPI 3.1, made from the routes themselves.

mod refusals;

use std::sync::Arc;

use axum::Json;
use axum::Router;
use axum::response::IntoResponse;
use axum::routing::get;
use utoipa::openapi::security::{ApiKey, ApiKeyValue, HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::openapi::{Components, InfoBuilder, OpenApi, OpenApiBuilder};

use super::described;
use crate::http::state::AppState;

/// An empty document with what all routes share.
pub(super) fn blank() -> OpenApi {
    let info = InfoBuilder::new()
        .title("Capuchin")
        .version(env!("CARGO_PKG_VERSION"))
        .description(Some("The console of a personal assistant on your own machines. Errors are RFC 9457 problem documents."))
        .build();
    let mut components = Components::new();
    let bearer = HttpBuilder::new().scheme(HttpAuthScheme::Bearer).bearer_format("cap_…").build();
    components.add_security_scheme("token", SecurityScheme::Http(bearer));
    let cookie = ApiKey::Cookie(ApiKeyValue::new("capuchin_session"));
    components.add_security_scheme("session", SecurityScheme::ApiKey(cookie));
    OpenApiBuilder::new().info(info).components(Some(components)).build()
}

/// The route of a finished document.
pub(super) fn route(document: OpenApi) -> Router<AppState> {
    let document = Arc::new(finish(document));
    let answer = move || {
        let document = Arc::clone(&document);
        async move { Json(&*document).into_response() }
    };
    Router::new().route("/api/openapi.json", get(answer))
}

/// Shows wildcards of the router as the parameters that they stand for.
pub(super) fn finish(mut document: OpenApi) -> OpenApi {
    let actors = "/api/v1/runtime/actors/";
    if let Some(item) = document.paths.paths.remove(&format!("{actors}{{*target}}")) {
        document.paths.paths.insert(format!("{actors}{{path}}/{{action}}"), item);
    }
    let files = "/api/v1/workspaces/{id}/files/";
    if let Some(item) = document.paths.paths.remove(&format!("{files}{{*path}}")) {
        document.paths.paths.insert(format!("{files}{{path}}"), item);
    }
    described::add_to(&mut document);
    refusals::add_to(&mut document);
    document
}
