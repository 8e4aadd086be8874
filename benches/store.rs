//! What the store costs: commits, whole turns, reads, and whether age changes it.
//!
//! `cargo bench --bench store`. Reports the disk's own sync beside everything that waits for one; latency at
//! 1 client and rate at 64 clients for small jobs, for accepts and for whole turns (accept and settle with
//! its events); reads; the time to open; and accepts again at 10³ and at `STORE_MESSAGES` (10⁶) stored
//! messages in 1,000 threads. The store lies in `STORE_FOLDER`, or in the folder for temporary files.

#![allow(
    missing_docs,
    clippy::print_stdout,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "a measurement prints and may stop"
)]

use std::future::Future;
use std::io::Write;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use capuchin::db::{Db, DbError, DbOptions, remember_key};
use capuchin::protocol::chat::{StopReason, Usage};
use capuchin::protocol::event::{EventKind, NewEvent};
use capuchin::protocol::ids::{TenantId, ThreadId, TurnId, WorkspaceId};
use capuchin::protocol::journal::TurnLog;
use capuchin::protocol::turn::{Inbound, Provenance, Settlement, TurnAnswer, TurnOverrides, TurnState};
use capuchin::turns::{EventHub, Turns};

const THREADS: usize = 1_000;
const CLIENTS: usize = 64;
/// Calls in each measurement at one client.
const CALLS: usize = 1_000;
/// How long each measurement at many clients runs.
const RUN: Duration = Duration::from_secs(4);

fn main() {
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let base = std::env::var_os("STORE_FOLDER").map_or_else(std::env::temp_dir, Into::into);
    let folder = tempfile::tempdir_in(base).expect("a folder");
    println!("| what | figure |\n|---|---|");
    print_latency("write of 4 KiB and its sync, without a store", sync_floor(folder.path()));
    runtime.block_on(measure(&folder.path().join("data/capuchin.db")));
}

async fn measure(path: &Path) {
    let started = Instant::now();
    let db = Db::open(path, DbOptions::default()).expect("a store");
    let run = db.start_writer().expect("a writer");
    println!("| open and migrate an empty folder | {:.1} ms |", ms(started.elapsed()));
    let bench = Bench::new(db.clone()).await;

    let key = AtomicUsize::new(0);
    let job = || small_job(&bench.db, key.fetch_add(1, Ordering::Relaxed));
    print_latency("small job, 1 client", one_client(CALLS, job).await);
    bench.print_rate("small jobs, 64 clients", many_clients(CLIENTS, RUN, job)).await;

    let messages: usize =
        std::env::var("STORE_MESSAGES").map_or(1_000_000, |text| text.parse().expect("a number"));
    for stored in [1_000, messages] {
        bench.fill(stored).await;
        bench.print_all(stored).await;
    }
    run.stop().await.expect("a clean end");
    drop((bench, db));
    let started = Instant::now();
    let db = Db::open(path, DbOptions::default()).expect("a store");
    let _run = db.start_writer().expect("a writer");
    println!("| open it again | {:.1} ms |", ms(started.elapsed()));
}

struct Bench {
    db: Db,
    turns: Turns,
    home: TenantId,
    threads: Vec<ThreadId>,
    next: AtomicUsize,
}

impl Bench {
    async fn new(db: Db) -> Arc<Self> {
        let turns = Turns::new(db.clone(), EventHub::new());
        turns.begin_boot("bench").await.expect("a boot");
        let (home, workspace) = (TenantId::home(), WorkspaceId::new());
        let threads: Vec<ThreadId> = (0..THREADS).map(|_| ThreadId::new()).collect();
        let rows = threads.clone();
        db.write(&home, move |tx| {
            tx.execute(
                "INSERT INTO workspaces (id, tenant, name, created_ms, updated_ms) VALUES (?2, ?1, 'w', 0, 0)",
                &[&workspace],
            )?;
            for thread in &rows {
                tx.execute(
                    "INSERT INTO threads (id, tenant, workspace_id, created_ms, updated_ms)
                     VALUES (?2, ?1, ?3, 0, 0)",
                    &[thread, &workspace],
                )?;
            }
            Ok::<_, DbError>(())
        })
        .await
        .expect("threads");
        Arc::new(Self { db, turns, home, threads, next: AtomicUsize::new(0) })
    }

    /// Whole turns until so many messages are stored.
    async fn fill(self: &Arc<Self>, messages: usize) {
        let count = self.db.read(&self.home, |read| {
            read.query_one("SELECT count(*) FROM messages WHERE tenant = ?1", &[], |row| row.get::<usize>(0))
        });
        let missing = messages.saturating_sub(count.await.map_err(|error: DbError| error).expect("a count"));
        let left = Arc::new(AtomicUsize::new(missing / 2));
        let mut fillers = tokio::task::JoinSet::new();
        for _ in 0..CLIENTS * 2 {
            let (bench, left) = (Arc::clone(self), Arc::clone(&left));
            fillers.spawn(async move {
                let one_less = |left: usize| left.checked_sub(1);
                while left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, one_less).is_ok() {
                    bench.turn().await;
                }
            });
        }
        fillers.join_all().await;
    }

    async fn print_all(self: &Arc<Self>, stored: usize) {
        let size = self.db.stats().db_bytes >> 20;
        println!("| **{stored} stored messages** | {size} MiB |");
        print_latency("accept, 1 client", one_client(CALLS, || self.accept()).await);
        self.print_rate("accepts, 64 clients", many_clients(CLIENTS, RUN, || self.accept())).await;
        print_latency("whole turn, 1 client", one_client(CALLS, || self.turn()).await);
        self.print_rate("whole turns, 64 clients", many_clients(CLIENTS, RUN, || self.turn())).await;
        print_latency("read of a turn, 1 client", one_client(CALLS, || self.look()).await);
        let (reads, _) = many_clients(CLIENTS, RUN, || self.look()).await;
        println!("| reads of a turn, 64 clients | {reads:.0} /s |");
    }

    /// Prints a rate with what a commit took meanwhile.
    async fn print_rate(&self, what: &str, measured: impl Future<Output = (f64, Vec<Duration>)>) {
        let (before, cpu_before) = (self.db.stats(), cpu_time());
        let (rate, mut times) = measured.await;
        let (after, cpu_after) = (self.db.stats(), cpu_time());
        let cpu = ms(cpu_after - cpu_before) * 1_000.0 / times.len() as f64;
        times.sort_unstable();
        let (p50, p99) = (ms(times[times.len() / 2]), ms(times[times.len() * 99 / 100]));
        let batches = after.batches - before.batches;
        let jobs = (after.jobs - before.jobs) as f64 / batches as f64;
        let commit = (after.commit_us_sum - before.commit_us_sum) as f64 / batches as f64 / 1_000.0;
        println!(
            "| {what} | {rate:.0} /s, p50 {p50:.2} ms, p99 {p99:.2} ms; {jobs:.1} jobs per commit of \
             {commit:.2} ms; CPU {cpu:.0} µs each |"
        );
    }

    /// An accept that nobody ever answers.
    fn accept(&self) -> impl Future<Output = ()> + Send + 'static {
        let thread = self.threads[self.next.fetch_add(1, Ordering::Relaxed) % THREADS];
        let accepting = self.turns.accept(inbound(&self.home, thread), TurnId::new(), true);
        async move {
            accepting.await.expect("an accept");
        }
    }

    /// An accept, and an answer of some words that came in three pieces.
    fn turn(&self) -> impl Future<Output = ()> + Send + 'static {
        let thread = self.threads[self.next.fetch_add(1, Ordering::Relaxed) % THREADS];
        let turn = TurnId::new();
        let accepting = self.turns.accept(inbound(&self.home, thread), turn, true);
        let (turns, home) = (self.turns.clone(), self.home.clone());
        async move {
            accepting.await.expect("an accept");
            turns.settle(settlement(home, thread, turn)).await.expect("a settlement");
        }
    }

    fn look(&self) -> impl Future<Output = ()> + Send + 'static {
        let thread = self.threads[self.next.fetch_add(1, Ordering::Relaxed) % THREADS];
        let (turns, home) = (self.turns.clone(), self.home.clone());
        async move {
            turns.turns(&home, thread, None, 1).await.expect("a turn");
        }
    }
}

fn small_job(db: &Db, number: usize) -> impl Future<Output = ()> + Send + 'static + use<> {
    let write = db.write(&TenantId::home(), move |tx| {
        remember_key(tx, ("bench", &number.to_string()), &[0; 32], "{}", 0)
    });
    async move {
        write.await.expect("a commit");
    }
}

fn inbound(tenant: &TenantId, thread: ThreadId) -> Inbound {
    Inbound {
        tenant: tenant.clone(),
        thread,
        content: "What is the weather going to be like in Lisbon on Saturday?".to_owned(),
        provenance: Provenance::Owner,
        source: "owner".to_owned(),
        idempotency_key: None,
        overrides: TurnOverrides::default(),
    }
}

fn settlement(tenant: TenantId, thread: ThreadId, turn_id: TurnId) -> Settlement {
    let pieces = ["Warm and dry, ", "with a light wind ", "from the north."];
    let tail = pieces.map(|piece| NewEvent {
        kind: EventKind::Delta,
        data: [("text".to_owned(), piece.into())].into_iter().collect(),
    });
    let answer = TurnAnswer {
        text: pieces.concat(),
        usage: Usage { input_tokens: 20, output_tokens: 12, ..Usage::default() },
        stop_reason: Some(StopReason::EndTurn),
        backend: "mock".to_owned(),
        model: "mock".to_owned(),
        ..TurnAnswer::default()
    };
    let (state, tail) = (TurnState::Done, TurnLog::from(tail.to_vec()));
    Settlement { tenant, thread, turn_id, state, answer, spent: Usage::default(), tail, failure: None }
}

/// Durations of calls, one after the other.
async fn one_client<F: Future<Output = ()>>(calls: usize, call: impl Fn() -> F) -> Vec<Duration> {
    let mut times = Vec::with_capacity(calls);
    for _ in 0..calls {
        let started = Instant::now();
        call().await;
        times.push(started.elapsed());
    }
    times
}

/// Calls per second, and the duration of each, by clients that call again as soon as they are answered.
async fn many_clients<F>(clients: usize, run: Duration, call: impl Fn() -> F) -> (f64, Vec<Duration>)
where
    F: Future<Output = ()> + Send + 'static,
{
    let mut busy = tokio::task::JoinSet::new();
    let begin = |call: &dyn Fn() -> F, busy: &mut tokio::task::JoinSet<Duration>| {
        let (started, call) = (Instant::now(), call());
        busy.spawn(async move {
            call.await;
            started.elapsed()
        });
    };
    let started = Instant::now();
    for _ in 0..clients {
        begin(&call, &mut busy);
    }
    let mut times = Vec::new();
    while let Some(time) = busy.join_next().await {
        times.push(time.expect("a call"));
        if started.elapsed() < run {
            begin(&call, &mut busy);
        }
    }
    (times.len() as f64 / started.elapsed().as_secs_f64(), times)
}

/// What the disk needs for one page of an append-only file.
fn sync_floor(folder: &Path) -> Vec<Duration> {
    let mut file = std::fs::File::create(folder.join("floor")).expect("a file");
    let page = [7_u8; 4_096];
    (0..CALLS)
        .map(|_| {
            let started = Instant::now();
            file.write_all(&page).expect("a write");
            file.sync_data().expect("a sync");
            started.elapsed()
        })
        .collect()
}

/// Processor time of this process, in steps of 10 ms.
fn cpu_time() -> Duration {
    let stat = std::fs::read_to_string("/proc/self/stat").expect("the process's own figures");
    let after_name = stat.rsplit(')').next().expect("fields");
    let fields: Vec<&str> = after_name.split_whitespace().collect();
    let ticks = |at: usize| fields[at].parse::<u64>().expect("ticks");
    Duration::from_millis((ticks(11) + ticks(12)) * 10)
}

fn print_latency(what: &str, mut times: Vec<Duration>) {
    times.sort_unstable();
    let at = |share: usize| ms(times[(times.len() * share / 100).min(times.len() - 1)]);
    println!("| {what} | p50 {:.2} ms, p99 {:.2} ms |", at(50), at(99));
}

fn ms(time: Duration) -> f64 {
    time.as_secs_f64() * 1_000.0
}
