//! The console's own API: one file per resource, one OpenAPI document of all.

mod health;

use utoipa::openapi::OpenApi;
use utoipa_axum::router::OpenApiRouter;

use super::state::AppState;

/// All routes with their documentation.
pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::with_openapi(OpenApi::default()).merge(health::routes())
}
