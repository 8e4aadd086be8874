//! A WebAssembly component of `wit/plug.wit`: compiled once, a fresh instance for each call; and a plug that is one.
//!
//! It has no rights at all: the one thing that it may import is a line for the log. What it computes is bounded by fuel, what
//! it holds by its memory, and how long it runs by whoever waits: when nobody does any more it is interrupted. It runs on
//! a thread that may block, at most [`PLACES`] of its calls at a time.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use futures::FutureExt as _;
use futures::future::BoxFuture;
use serde_json::{Map, Value};
use tokio::sync::Semaphore;
use wasmtime::component::{Component, InstancePre, Linker};
use wasmtime::{Config, Engine, ResourceLimiter, Store, StoreContextMut, Trap, UpdateDeadline};

use super::answer::{Speaker, asked, short, take};
use super::context::Context;
use super::plug::{Plug, PlugError};

/// Largest component in bytes.
pub const COMPONENT_BYTES_MAX: u64 = 16 << 20;
/// Calls of one plug at a time; further ones wait, and their time counts.
const PLACES: usize = 4;
/// Stack in bytes.
const STACK_BYTES: usize = 512 << 10;
/// Elements of all tables together.
const TABLE_ELEMENTS_MAX: usize = 100_000;
/// Instances, memories and tables that a component is made of.
const PARTS_MAX: usize = 64;
/// Lines of the log of one call.
const LINES_MAX: usize = 100;

/// What a component may take.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ComponentLimits {
    /// Fuel of one call: about an instruction each.
    pub fuel: u64,
    /// Memory in bytes.
    pub memory_bytes: usize,
}

/// A component that took its options: text in, text out.
pub struct Answerer {
    name: String,
    /// Its settings, as JSON.
    options: Arc<str>,
    code: Code,
    places: Arc<Semaphore>,
}

/// A plug that is a component.
pub struct ComponentPlug {
    speaker: Speaker,
    guards: bool,
    answerer: Answerer,
}

#[derive(Clone)]
struct Code {
    engine: Engine,
    ready: InstancePre<Host>,
    limits: ComponentLimits,
}

/// What belongs to one instance.
struct Host {
    plug: String,
    memory_left: usize,
    elements_left: usize,
    lines_left: usize,
    /// Set when it was refused more.
    full: bool,
    /// Set when nobody waits any more.
    over: Arc<AtomicBool>,
}

/// Interrupts the call of which nobody waits for the end.
struct Waiting {
    engine: Engine,
    over: Arc<AtomicBool>,
}

impl Drop for Waiting {
    fn drop(&mut self) {
        self.over.store(true, Ordering::Release);
        self.engine.increment_epoch();
    }
}

// === impl Answerer ===

impl Answerer {
    /// Compiles and tries a component: it has to take its options before it is ever called.
    ///
    /// # Errors
    /// Why it cannot be one.
    pub async fn of_bytes(
        (name, bytes): (&str, Vec<u8>),
        options: &Map<String, Value>,
        limits: ComponentLimits,
    ) -> Result<Self, PlugError> {
        Self::made(name, options, move || Code::of_bytes(&bytes, limits)).await
    }

    async fn made(
        name: &str,
        options: &Map<String, Value>,
        compile: impl FnOnce() -> Result<Code, PlugError> + Send + 'static,
    ) -> Result<Self, PlugError> {
        let options: Arc<str> =
            serde_json::to_string(options).map_err(|error| PlugError::Invalid(error.to_string()))?.into();
        let code = blocking(compile).await?;
        let places = Arc::new(Semaphore::new(PLACES));
        let made = Self { name: name.to_owned(), options, code, places };
        made.run(None).await?;
        Ok(made)
    }

    /// What a fresh instance answers to a text. A call that nobody waits for any more is interrupted.
    ///
    /// # Errors
    /// Why it has no answer.
    pub async fn answer(&self, text: String) -> Result<Vec<u8>, PlugError> {
        self.run(Some(text)).await
    }

    /// A fresh instance takes the options, and then a call if there is one.
    async fn run(&self, call: Option<String>) -> Result<Vec<u8>, PlugError> {
        let Ok(place) = Arc::clone(&self.places).acquire_owned().await else {
            return Err(PlugError::Unavailable("it is gone".to_owned()));
        };
        let over = Arc::new(AtomicBool::new(false));
        let _waiting = Waiting { engine: self.code.engine.clone(), over: Arc::clone(&over) };
        let (code, options, name) = (self.code.clone(), Arc::clone(&self.options), self.name.clone());
        blocking(move || {
            // Held until the call is over, whoever waits for it.
            let _place = place;
            code.run((name, over), &options, call.as_deref())
        })
        .await
    }
}

// === impl ComponentPlug ===

impl ComponentPlug {
    /// Reads, compiles and tries a component.
    ///
    /// # Errors
    /// Why it cannot be a plug.
    pub async fn load(
        (name, path): (&str, &Path),
        options: &Map<String, Value>,
        (trusted, guards): (bool, bool),
        limits: ComponentLimits,
    ) -> Result<Self, PlugError> {
        let owned = path.to_owned();
        let answerer = Answerer::made(name, options, move || Code::compile(&owned, limits)).await?;
        Ok(Self { speaker: Speaker { name: name.to_owned(), trusted }, guards, answerer })
    }
}

impl Plug for ComponentPlug {
    fn name(&self) -> &str {
        &self.speaker.name
    }

    fn call(&self, context: Context) -> BoxFuture<'_, Result<Context, PlugError>> {
        async move {
            let said = self.answerer.answer(asked(&context, None)?).await?;
            take(context, &self.speaker, &said)
        }
        .boxed()
    }

    fn guards(&self) -> bool {
        self.guards
    }
}

async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, PlugError> + Send + 'static,
) -> Result<T, PlugError> {
    let broken = |error: tokio::task::JoinError| PlugError::Unavailable(error.to_string());
    tokio::task::spawn_blocking(work).await.map_err(broken)?
}

// === impl Code ===

impl Code {
    fn compile(path: &Path, limits: ComponentLimits) -> Result<Self, PlugError> {
        let missing = |error: std::io::Error| PlugError::Unavailable(format!("{}: {error}", path.display()));
        if std::fs::metadata(path).map_err(missing)?.len() > COMPONENT_BYTES_MAX {
            return Err(PlugError::TooMuch(format!("{} MiB", COMPONENT_BYTES_MAX >> 20)));
        }
        let bytes = std::fs::read(path).map_err(missing)?;
        Self::of_bytes(&bytes, limits)
    }

    fn of_bytes(bytes: &[u8], limits: ComponentLimits) -> Result<Self, PlugError> {
        let mut config = Config::new();
        config.consume_fuel(true).epoch_interruption(true).max_wasm_stack(STACK_BYTES);
        let engine = Engine::new(&config).map_err(|error| unfit(&error))?;
        let component = Component::from_binary(&engine, bytes).map_err(|error| unfit(&error))?;
        let mut linker = Linker::<Host>::new(&engine);
        let log = |mut store: StoreContextMut<'_, Host>, (message,): (String,)| {
            store.data_mut().log(&message);
            Ok(())
        };
        linker.root().func_wrap("log", log).map_err(|error| unfit(&error))?;
        let ready = linker.instantiate_pre(&component).map_err(|error| unfit(&error))?;
        Ok(Self { engine, ready, limits })
    }

    fn run(
        &self,
        (plug, over): (String, Arc<AtomicBool>),
        options: &str,
        call: Option<&str>,
    ) -> Result<Vec<u8>, PlugError> {
        let host = Host {
            plug,
            memory_left: self.limits.memory_bytes,
            elements_left: TABLE_ELEMENTS_MAX,
            lines_left: LINES_MAX,
            full: false,
            over,
        };
        let mut store = Store::new(&self.engine, host);
        store.limiter(|host| host);
        store.set_epoch_deadline(1);
        store.epoch_deadline_callback(|store| {
            let over = store.data().over.load(Ordering::Acquire);
            Ok(if over { UpdateDeadline::Interrupt } else { UpdateDeadline::Continue(1) })
        });
        let said = store.set_fuel(self.limits.fuel).and_then(|()| self.talk(&mut store, options, call));
        match said {
            Ok(said) => said.map(String::into_bytes).map_err(|why| PlugError::Unavailable(short(&why))),
            Err(error) => Err(self.failure(store.data(), &error)),
        }
    }

    fn talk(
        &self,
        store: &mut Store<Host>,
        options: &str,
        call: Option<&str>,
    ) -> wasmtime::Result<Result<String, String>> {
        let instance = self.ready.instantiate(&mut *store)?;
        let init = instance.get_typed_func::<(&str,), (Result<(), String>,)>(&mut *store, "init")?;
        let answer = instance.get_typed_func::<(&str,), (Result<String, String>,)>(&mut *store, "call")?;
        if let (Err(why),) = init.call(&mut *store, (options,))? {
            return Ok(Err(format!("it does not take its options: {why}")));
        }
        match call {
            Some(context) => Ok(answer.call(&mut *store, (context,))?.0),
            None => Ok(Ok(String::new())),
        }
    }

    /// What an error means to people.
    fn failure(&self, host: &Host, error: &wasmtime::Error) -> PlugError {
        match error.downcast_ref::<Trap>() {
            _ if host.full => PlugError::TooMuch(format!("{} KiB of memory", self.limits.memory_bytes >> 10)),
            Some(Trap::OutOfFuel) => PlugError::TooMuch(format!("{} of fuel in a call", self.limits.fuel)),
            Some(Trap::Interrupt) => PlugError::TooMuch("the time that it has".to_owned()),
            Some(trap) => PlugError::Unavailable(format!("it trapped: {trap}")),
            None => PlugError::Unavailable(short(&format!("it failed: {}", error.root_cause()))),
        }
    }
}

fn unfit(error: &wasmtime::Error) -> PlugError {
    PlugError::Invalid(short(&format!("it is no component that can be a plug: {error:#}")))
}

// === impl Host ===

impl Host {
    fn log(&mut self, message: &str) {
        let Some(left) = self.lines_left.checked_sub(1) else { return };
        self.lines_left = left;
        tracing::info!(plug = self.plug, said = short(message), "a plug writes");
    }

    /// Whether something may grow: what it takes is gone from what is left.
    fn grow(left: &mut usize, full: &mut bool, (current, desired): (usize, usize)) -> wasmtime::Result<bool> {
        match left.checked_sub(desired.saturating_sub(current)) {
            Some(rest) => {
                *left = rest;
                Ok(true)
            }
            None => {
                *full = true;
                Err(wasmtime::Error::msg("it takes more than it may"))
            }
        }
    }
}

impl ResourceLimiter for Host {
    fn memory_growing(&mut self, current: usize, desired: usize, _: Option<usize>) -> wasmtime::Result<bool> {
        Self::grow(&mut self.memory_left, &mut self.full, (current, desired))
    }

    fn table_growing(&mut self, current: usize, desired: usize, _: Option<usize>) -> wasmtime::Result<bool> {
        Self::grow(&mut self.elements_left, &mut self.full, (current, desired))
    }

    fn instances(&self) -> usize {
        PARTS_MAX
    }

    fn tables(&self) -> usize {
        PARTS_MAX
    }

    fn memories(&self) -> usize {
        PARTS_MAX
    }
}

#[cfg(test)]
mod tests;
