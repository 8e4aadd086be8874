//! What every page tells whoever is signed in.

use crate::http::AppState;
use crate::identity::{Principal, Scope};
use crate::web::view::Notices;

/// What is to be told now.
pub(in crate::web) async fn notices(_state: &AppState, by: &Principal) -> Notices {
    Notices { admin: by.scopes.allows(Scope::Admin), ..Notices::default() }
}
