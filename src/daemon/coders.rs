//! Programs with an agent of their own: their sessions, in cages.

use std::path::Path;
use std::sync::Arc;

use crate::adapters::coders::CagedCoders;
use crate::backends::UsageRecorder;
use crate::coders::Coders;
use crate::config::{Config, Home};
use crate::db::Db;
use crate::guard::Guard;
use crate::http::Passages;
use crate::models::Models;
use crate::sandbox::Sandbox;

/// The supervisor of a tenant's sessions with programs, as `supervision.toml` names it.
pub(super) const CODERS: &str = "coders";

/// The sessions of this home. Where programs are is looked for as the environment says now.
pub(super) fn build((db, home, config): (&Db, &Home, &Config), sandbox: &Sandbox) -> Coders {
    let (path, own) = (std::env::var_os("PATH"), std::env::var_os("HOME"));
    let programs = Arc::new(CagedCoders(sandbox.clone()));
    Coders::new(
        (db.clone(), &config.backends),
        home.coders(),
        programs,
        (path.as_deref(), own.as_deref().map(Path::new)),
    )
}

/// The ways of programs to their providers.
pub(super) fn passages(
    (models, guard, usage): (&Models, &Guard, &UsageRecorder),
    coders: &Coders,
) -> Passages {
    let passages = Passages::new(models.backends().clone(), guard.clone(), usage.clone());
    coders.open_door(Arc::new(passages.clone()));
    passages
}
