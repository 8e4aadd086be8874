//! Programs with an agent of their own: their sessions, in cages.

use std::path::PathBuf;
use std::sync::Arc;

use crate::adapters::coders::CagedCoders;
use crate::coders::Coders;
use crate::config::{Config, Home};
use crate::db::Db;
use crate::sandbox::Sandbox;

/// The supervisor of a tenant's sessions with programs, as `supervision.toml` names it.
pub(super) const CODERS: &str = "coders";

/// The sessions of this home. Where programs are is looked for as the environment says now.
pub(super) fn build((db, home, config): (&Db, &Home, &Config), sandbox: &Sandbox) -> Coders {
    let path = (std::env::var_os("PATH"), std::env::var_os("HOME").map(PathBuf::from));
    let programs = Arc::new(CagedCoders(sandbox.clone()));
    Coders::new((db.clone(), &config.backends), home.coders(), programs, path)
}
