//! What supervision costs: kill → answers again, start of a dynamic child, memory per child.
//!
//! `cargo bench -p capuchin-actors --bench restart`. Prints one line per measurement. Rounds are
//! timed one by one with the monotonic clock; memory is the growth of the resident set.

use std::io::{self, Write};
use std::sync::Arc;
use std::time::{Duration, Instant};

use capuchin_actors::supervision::intensity::Intensity;
use capuchin_actors::supervision::{
    ChildSpec, RunningTree, StartChild, StartContext, StartError, StartOutcome, Started, Strategy,
    SupervisorSpec,
};
use futures::future::BoxFuture;
use ractor::{Actor, ActorCell, ActorProcessingErr, ActorRef};
use ractor_cluster_derive::RactorMessage;
use tokio::sync::{mpsc, oneshot};

const ROUNDS: usize = 20_000;
const CHILDREN: usize = 10_000;

type BoxError = Box<dyn std::error::Error + Send + Sync>;

#[derive(RactorMessage)]
enum Told {
    Ping(oneshot::Sender<()>),
    Fail,
}

struct Worker;

impl Actor for Worker {
    type Msg = Told;
    type State = ();
    type Arguments = ();

    async fn pre_start(&self, _: ActorRef<Told>, (): ()) -> Result<(), ActorProcessingErr> {
        Ok(())
    }

    async fn handle(&self, _: ActorRef<Told>, told: Told, (): &mut ()) -> Result<(), ActorProcessingErr> {
        match told {
            Told::Ping(reply) => {
                // silent-ok: the bench waits for every answer.
                let _ = reply.send(());
                Ok(())
            }
            Told::Fail => Err("told to fail".into()),
        }
    }
}

/// Starts workers and announces each.
struct Announced(mpsc::UnboundedSender<ActorCell>);

impl StartChild for Announced {
    fn start(&self, ctx: StartContext) -> BoxFuture<'static, Result<StartOutcome, StartError>> {
        let announce = self.0.clone();
        Box::pin(async move {
            let (actor, _) = Actor::spawn_linked(None, Worker, (), ctx.supervisor).await?;
            let cell = actor.get_cell();
            announce.send(cell.clone()).map_err(StartError::failed)?;
            Ok(Started::new(cell).into())
        })
    }
}

fn main() -> Result<(), BoxError> {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    runtime.block_on(async {
        restarts("kill", |cell| cell.kill()).await?;
        // silent-ok: a failing send would show as a round that never ends.
        restarts("error", |cell| drop(cell.send_message(Told::Fail))).await?;
        children().await
    })
}

async fn restarts(name: &str, end: fn(&ActorCell)) -> Result<(), BoxError> {
    let (announce, mut announced) = mpsc::unbounded_channel();
    let worker = ChildSpec::worker("worker", Arc::new(Announced(announce)));
    let mut spec = SupervisorSpec::new(Strategy::OneForOne, vec![worker]);
    spec.intensity = Intensity { restarts: 1_000_000, within: Duration::from_millis(1) };
    let tree = RunningTree::start("root", spec, Vec::new()).await?;
    let mut cell = announced.recv().await.ok_or("no worker")?;
    let mut took = Vec::with_capacity(ROUNDS);
    for _ in 0..ROUNDS {
        let begun = Instant::now();
        end(&cell);
        cell = announced.recv().await.ok_or("no worker")?;
        let (reply, answer) = oneshot::channel();
        cell.send_message(Told::Ping(reply)).map_err(|_| "a new worker is gone")?;
        answer.await?;
        took.push(begun.elapsed());
    }
    took.sort_unstable();
    let at = |share: usize| took.get(ROUNDS * share / 100).copied().unwrap_or_default();
    writeln!(io::stdout(), "{name} -> answers again: p50 {:?}, p99 {:?}, {ROUNDS} rounds", at(50), at(99))?;
    tree.shutdown(Duration::from_secs(10)).await;
    Ok(())
}

async fn children() -> Result<(), BoxError> {
    let before = resident_bytes()?;
    let mut bare = Vec::with_capacity(CHILDREN);
    let begun = Instant::now();
    for _ in 0..CHILDREN {
        bare.push(Actor::spawn(None, Worker, ()).await?.0);
    }
    report("actor without a supervisor", begun.elapsed(), resident_bytes()?.saturating_sub(before))?;

    let (announce, mut announced) = mpsc::unbounded_channel();
    let template = ChildSpec::worker("kind", Arc::new(Announced(announce)));
    let tree = RunningTree::start("root", SupervisorSpec::dynamic(template), Vec::new()).await?;
    let pool = tree.handle().supervisor(&"root".into());
    let before = resident_bytes()?;
    let begun = Instant::now();
    for n in 0..CHILDREN {
        // Ids as long as a UUID's text.
        pool.start_child(&format!("{n:036}"), None).await?;
        announced.recv().await.ok_or("no child")?;
    }
    report("dynamic child", begun.elapsed(), resident_bytes()?.saturating_sub(before))?;
    let begun = Instant::now();
    tree.handle().snapshot(Default::default()).ok_or("no tree")?;
    writeln!(io::stdout(), "snapshot of {CHILDREN} children: {:?}", begun.elapsed())?;
    let begun = Instant::now();
    tree.shutdown(Duration::from_secs(10)).await;
    writeln!(io::stdout(), "ordered stop of {CHILDREN} children: {:?}", begun.elapsed())?;
    Ok(())
}

fn report(what: &str, took: Duration, bytes: usize) -> io::Result<()> {
    let each = took / u32::try_from(CHILDREN).unwrap_or(u32::MAX);
    writeln!(io::stdout(), "{what}: {each:?} to start, {} B resident, {CHILDREN} of them", bytes / CHILDREN)
}

/// Linux only, like the figures that it is for.
fn resident_bytes() -> io::Result<usize> {
    let statm = std::fs::read_to_string("/proc/self/statm")?;
    let pages: usize = statm.split(' ').nth(1).and_then(|pages| pages.parse().ok()).unwrap_or(0);
    Ok(pages * 4096)
}
