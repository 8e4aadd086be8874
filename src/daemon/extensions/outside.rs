//! Plugs of people: programs and components, as their settings want them.

use std::sync::Arc;

use futures::FutureExt as _;
use futures::future::BoxFuture;

use crate::config::PlugConfig;
use crate::extensions::{CommandPlug, CommandWish, ComponentLimits, ComponentPlug, Context, Plug, PlugError};
use crate::sandbox::Sandbox;

/// Memory in MiB of a program with all that it starts.
const COMMAND_MEMORY_MIB: u64 = 256;
/// Memory in MiB of a component.
const COMPONENT_MEMORY_MIB: u64 = 64;
/// Fuel of one call of a component.
const FUEL: u64 = 1_000_000_000;

/// A plug that could not be made: it fails with the reason, and halts its point if it should have guarded it.
struct Broken {
    name: String,
    guards: bool,
    why: PlugError,
}

impl Plug for Broken {
    fn name(&self) -> &str {
        &self.name
    }

    fn call(&self, _: Context) -> BoxFuture<'_, Result<Context, PlugError>> {
        futures::future::ready(Err(self.why.clone())).boxed()
    }

    fn guards(&self) -> bool {
        self.guards
    }
}

/// The plug that these settings want.
pub(super) async fn make(
    name: &str,
    wish: &PlugConfig,
    sandbox: &Sandbox,
) -> Result<Arc<dyn Plug>, PlugError> {
    let memory = |default_mib: u64| wish.memory_mib.unwrap_or(default_mib).saturating_mul(1 << 20);
    if let Some(path) = &wish.component {
        let limits = ComponentLimits {
            fuel: wish.fuel.unwrap_or(FUEL),
            memory_bytes: usize::try_from(memory(COMPONENT_MEMORY_MIB)).unwrap_or(usize::MAX),
        };
        let trust = (wish.trusted, wish.guards);
        return Ok(Arc::new(ComponentPlug::load((name, path), &wish.options, trust, limits).await?));
    }
    let wish = CommandWish {
        command: wish.command.clone(),
        options: wish.options.clone(),
        read: wish.read.clone(),
        memory_bytes: memory(COMMAND_MEMORY_MIB),
        once: wish.once,
        trusted: wish.trusted,
        guards: wish.guards,
    };
    Ok(Arc::new(CommandPlug::new(name, wish, sandbox.clone())))
}

/// What stands in the place of one that could not be made.
pub(super) fn broken(name: &str, wish: &PlugConfig, why: PlugError) -> Arc<dyn Plug> {
    Arc::new(Broken { name: name.to_owned(), guards: wish.guards, why })
}
