//! The children of the cases: they start, end and refuse to end as they are told.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use capuchin_actors::supervision::nested::Subtree;
use capuchin_actors::supervision::{
    StartChild, StartContext, StartError, StartOutcome, Started, SupervisorSpec,
};
use futures::future::BoxFuture;
use ractor::{Actor, ActorProcessingErr, ActorRef, Message};
use serde_json::{Value, json};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::start_term;
use super::world::World;

/// A reason in the shape of the cases.
#[derive(Debug)]
pub(super) struct Term(pub(super) Value);

impl fmt::Display for Term {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl std::error::Error for Term {}

/// Starts workers that behave as `opts` says; dynamic ones bring their own.
pub(super) struct KidFactory {
    pub(super) world: Arc<World>,
    pub(super) opts: Value,
}

/// Starts nested supervisors and notes when they run.
pub(super) struct SupFactory {
    world: Arc<World>,
    subtree: Subtree,
}

impl SupFactory {
    pub(super) fn new(world: Arc<World>, spec: SupervisorSpec) -> Self {
        Self { world, subtree: Subtree::new(spec) }
    }
}

impl StartChild for SupFactory {
    fn start(&self, ctx: StartContext) -> BoxFuture<'static, Result<StartOutcome, StartError>> {
        let (world, id) = (self.world.clone(), ctx.path.id().to_owned());
        let attempt = world.next_attempt(&id);
        let start = self.subtree.start(ctx);
        Box::pin(async move {
            let label = format!("{id}#{attempt}");
            match start.await {
                Ok(StartOutcome::Started(started)) => {
                    world.started(&label);
                    world.born(&id, attempt, Some(started.cell().clone()));
                    Ok(StartOutcome::Started(started))
                }
                Ok(StartOutcome::Ignored) => Ok(StartOutcome::Ignored),
                Err(error) => {
                    world.start_failed(&label, &json!(["error", start_term(&error)]));
                    Err(error)
                }
            }
        })
    }
}

impl StartChild for KidFactory {
    fn start(&self, ctx: StartContext) -> BoxFuture<'static, Result<StartOutcome, StartError>> {
        let world = self.world.clone();
        let own = ctx.args.as_ref().and_then(|args| args.clone().downcast::<Value>().ok());
        let opts = own.map_or_else(|| self.opts.clone(), |own| Value::clone(&own));
        Box::pin(async move { start(world, ctx, opts).await })
    }
}

#[allow(clippy::panic, reason = "a start that panics is one of the cases")]
async fn start(world: Arc<World>, ctx: StartContext, opts: Value) -> Result<StartOutcome, StartError> {
    let id = ctx.path.id().to_owned();
    let attempt = world.next_attempt(&id);
    let label = format!("{id}#{attempt}");
    let behaviour = behaviour(&opts, attempt);
    let (kind, detail) = match &behaviour {
        Value::Array(parts) => (parts.first().cloned().unwrap_or_default(), parts.get(1).cloned()),
        word => (word.clone(), None),
    };
    let detail = detail.unwrap_or_default();
    let pause = Duration::from_millis(detail.as_u64().unwrap_or(0));
    match kind.as_str().unwrap_or("ok") {
        "slow" => tokio::time::sleep(pause).await,
        "slowerr" => {
            // Too many of these to be in a trace.
            tokio::time::sleep(pause).await;
            return Err(StartError::failed(Term(json!("slowerr"))));
        }
        "ignore" => {
            world.start_failed(&label, &behaviour);
            return Ok(StartOutcome::Ignored);
        }
        "error" => {
            world.start_failed(&label, &behaviour);
            return Err(StartError::failed(Term(detail)));
        }
        "crash" => {
            world.start_failed(&label, &behaviour);
            std::panic::panic_any("boom");
        }
        "exit" => {
            world.start_failed(&label, &behaviour);
            return Err(StartError::failed(Term(json!(["EXIT", "bye"]))));
        }
        "badret" => {
            // The type system refuses what OTP finds out when it runs; the word is OTP's.
            world.start_failed(&label, &behaviour);
            return Err(StartError::failed(Term(json!("not_a_valid_return"))));
        }
        _ => {}
    }
    world.started(&label);
    let (die, dying) = mpsc::unbounded_channel();
    let stop = CancellationToken::new();
    let end = End { world: world.clone(), label: label.clone() };
    let life = Life { end, dying, stop: stop.clone(), opts };
    let (kid, _) = Actor::spawn_linked(None, Kid, life, ctx.supervisor).await?;
    world.born_worker(&id, &label, kid.get_cell(), die);
    Ok(Started::new(kid.get_cell()).with_cancel(stop).into())
}

/// The behaviour of this attempt; the last of the list repeats.
fn behaviour(opts: &Value, attempt: u64) -> Value {
    let list = opts["start"].as_array().map(Vec::as_slice).unwrap_or_default();
    let at = usize::try_from(attempt).unwrap_or(usize::MAX).saturating_sub(1);
    list.get(at).or_else(|| list.last()).cloned().unwrap_or_else(|| json!("ok"))
}

struct Kid;

/// All that a worker's life takes.
struct Life {
    end: End,
    dying: mpsc::UnboundedReceiver<Value>,
    stop: CancellationToken,
    opts: Value,
}

/// Workers have no messages.
struct Nothing;

impl Message for Nothing {}

/// Knows that a worker that ends without a word was killed.
struct End {
    world: Arc<World>,
    label: String,
}

impl End {
    fn with(&self, reason: &Value) {
        self.world.epitaph(&self.label, reason);
    }
}

impl Drop for End {
    fn drop(&mut self) {
        self.with(&json!("killed"));
    }
}

/// Lives in `post_start`, where a kill ends it at once, and where a stop that comes before its
/// first breath is still heard as its token.
impl Actor for Kid {
    type Msg = Nothing;
    type State = Option<Life>;
    type Arguments = Life;

    async fn pre_start(&self, _: ActorRef<Nothing>, life: Life) -> Result<Option<Life>, ActorProcessingErr> {
        Ok(Some(life))
    }

    async fn post_start(
        &self,
        myself: ActorRef<Nothing>,
        life: &mut Option<Life>,
    ) -> Result<(), ActorProcessingErr> {
        let Some(mut life) = life.take() else { return Ok(()) };
        let told = tokio::select! {
            biased;
            () = life.stop.cancelled() => None,
            reason = life.dying.recv() => reason,
        };
        let Some(reason) = told else { return life.on_stop().await };
        life.end.with(&reason);
        match (&reason, reason[1].as_str()) {
            (Value::String(word), _) if word == "normal" => myself.stop(None),
            (Value::String(word), _) if word == "shutdown" => myself.stop(Some("shutdown".to_owned())),
            (Value::Array(_), Some(why)) if reason[0] == "shutdown" => {
                myself.stop(Some(format!("shutdown:{why}")));
            }
            _ => return Err(Box::new(Term(reason))),
        }
        Ok(())
    }
}

impl Life {
    /// Does what the case says a worker does when it is told to stop.
    async fn on_stop(self) -> Result<(), ActorProcessingErr> {
        let traps = self.opts["trap"] != json!(false);
        let on_stop = &self.opts["on_stop"];
        match on_stop.as_str().or_else(|| on_stop[0].as_str()).filter(|_| traps) {
            Some("hang") => std::future::pending::<()>().await,
            Some("slow") => {
                tokio::time::sleep(Duration::from_millis(on_stop[1].as_u64().unwrap_or(0))).await;
            }
            Some("exit") => self.end.with(&on_stop[1]),
            _ => {}
        }
        self.end.with(&json!("shutdown"));
        Ok(())
    }
}
