//! The actor of a process with played programs, records and time.

use std::sync::Arc;
use std::time::Duration;

use futures::FutureExt;
use futures::future::BoxFuture;
use parking_lot::Mutex;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use super::*;
use crate::ports::run_process::{KeepError, ProcessLines, ProcessReport, ProcessWork};
use crate::protocol::ids::TenantId;
use crate::protocol::process::{KillReason, OutputStream, ProcessEnd, ProcessId, ProcessKey, ProcessOrder};

/// A program that echoes what it is told, until it is told `exit` or `crash`, or killed.
struct Echo {
    /// It does not end when killed, until this.
    stubborn: Option<Arc<Notify>>,
}

impl RunProcess for Echo {
    fn run(&self, _: ProcessKey, mut lines: ProcessLines) -> BoxFuture<'static, ProcessEnd> {
        let stubborn = self.stubborn.clone();
        async move {
            let code = loop {
                let order = tokio::select! {
                    () = lines.kill.cancelled() => break 143,
                    order = lines.orders.recv() => order,
                };
                match order {
                    Some(ProcessOrder::Input(bytes)) if bytes == b"exit" => break 3,
                    Some(ProcessOrder::Input(bytes)) if bytes == b"crash" => panic!("played"),
                    Some(ProcessOrder::Input(bytes)) => {
                        let report = ProcessReport::Output { stream: OutputStream::Stdout, bytes };
                        lines.reports.send(report).await.unwrap();
                    }
                    _ => {}
                }
            };
            if let Some(stubborn) = stubborn {
                stubborn.notified().await;
            }
            let last = ProcessReport::Output { stream: OutputStream::Stderr, bytes: b"bye".to_vec() };
            lines.reports.send(last).await.unwrap();
            ProcessEnd { code: Some(code), signal: None, killed: None, reason: format!("exit code {code}") }
        }
        .boxed()
    }
}

/// Records in memory: what was said, then how it ended.
#[derive(Default)]
struct Book {
    lines: Mutex<Vec<String>>,
    begun: Mutex<bool>,
    /// Nothing can be kept any more.
    full: Mutex<bool>,
}

impl Book {
    fn write(&self, line: impl Into<String>) -> BoxFuture<'static, Result<(), KeepError>> {
        self.lines.lock().push(line.into());
        futures::future::ready(Ok(())).boxed()
    }

    fn lines(&self) -> Vec<String> {
        self.lines.lock().clone()
    }
}

impl KeepProcess for Book {
    fn begin(&self, key: &ProcessKey) -> BoxFuture<'static, Result<ProcessWork, KeepError>> {
        let first = !std::mem::replace(&mut *self.begun.lock(), true);
        let work = ProcessWork { key: key.clone(), time: Duration::from_secs(60) };
        futures::future::ready(if first { Ok(work) } else { Err(KeepError::Fenced) }).boxed()
    }

    fn report(&self, _: &ProcessKey, report: ProcessReport) -> BoxFuture<'static, Result<(), KeepError>> {
        if *self.full.lock() {
            return futures::future::ready(Err(KeepError::Unavailable)).boxed();
        }
        match report {
            ProcessReport::Started { .. } => self.write("started"),
            ProcessReport::Output { bytes, .. } => self.write(String::from_utf8(bytes).unwrap()),
        }
    }

    fn rest(&self, _: &ProcessKey) -> BoxFuture<'static, Result<(), KeepError>> {
        self.write("rest")
    }

    fn settle(&self, _: &ProcessKey, end: ProcessEnd) -> BoxFuture<'static, Result<(), KeepError>> {
        self.write(format!("{:?}, {:?}, {}", end.killed, end.code, end.reason))
    }

    fn lose(&self, _: &ProcessKey, why: &'static str) -> BoxFuture<'static, Result<(), KeepError>> {
        self.write(format!("lost: {why}"))
    }
}

struct World {
    book: Arc<Book>,
    directory: Arc<ProcessDirectory>,
    stop: CancellationToken,
}

fn key() -> ProcessKey {
    ProcessKey { tenant: TenantId::home(), id: ProcessId::from_number(7) }
}

fn input(text: &str) -> ProcessOrder {
    ProcessOrder::Input(text.as_bytes().to_vec())
}

struct NoOpener;

impl OpenProcess for NoOpener {
    fn open(&self, _: ProcessKey) -> BoxFuture<'static, Result<(), StartRefused>> {
        futures::future::ready(Ok(())).boxed()
    }
}

impl World {
    fn new(stubborn: Option<Arc<Notify>>) -> Self {
        let book = Arc::new(Book::default());
        let ports = ProcessPorts { runner: Arc::new(Echo { stubborn }), keeper: Arc::clone(&book) as _ };
        let directory = ProcessDirectory::new(ports, Arc::new(NoOpener));
        Self { book, directory, stop: CancellationToken::new() }
    }

    /// Runs the actor's loop beside the test.
    async fn begin(&self) -> tokio::task::JoinHandle<Result<(), KeepError>> {
        let work = self.book.begin(&key()).await.unwrap();
        tokio::spawn(pump::run(self.directory.connect(key()), work, self.stop.clone()))
    }

    async fn until(&self, lines: usize) -> Vec<String> {
        while self.book.lines().len() < lines {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        self.book.lines()
    }
}

#[tokio::test(start_paused = true)]
async fn what_it_says_is_kept_in_order_and_its_end_comes_last() {
    let world = World::new(None);
    let running = world.begin().await;
    for text in ["one", "two", "exit"] {
        world.directory.order(&key(), input(text)).unwrap();
    }
    running.await.unwrap().unwrap();
    assert_eq!(world.book.lines(), ["one", "two", "bye", "None, Some(3), exit code 3"]);
    assert_eq!(world.directory.order(&key(), input("more")), Err(OrderError::Gone));
    assert!(!world.directory.kill(&key(), KillReason::Asked));
}

#[tokio::test(start_paused = true)]
async fn killed_stays_killed_and_the_first_reason_counts() {
    let world = World::new(None);
    let running = world.begin().await;
    assert!(world.directory.kill(&key(), KillReason::Asked));
    assert!(world.directory.kill(&key(), KillReason::Halted));
    running.await.unwrap().unwrap();
    assert_eq!(world.book.lines(), ["bye", "Some(Asked), Some(143), killed"]);
}

#[tokio::test(start_paused = true)]
async fn its_time_its_supervisor_and_a_full_disk_end_it() {
    for (reason, word) in
        [(KillReason::Expired, "time"), (KillReason::Stopping, "stopped"), (KillReason::Unkept, "kept")]
    {
        let world = World::new(None);
        let running = world.begin().await;
        match reason {
            KillReason::Stopping => world.stop.cancel(),
            KillReason::Unkept => {
                *world.book.full.lock() = true;
                world.directory.order(&key(), input("lost")).unwrap();
            }
            // Nothing happens: paused time goes on to its deadline.
            _ => {}
        }
        running.await.unwrap().unwrap();
        let end = world.book.lines().pop().unwrap();
        assert!(end.starts_with(&format!("Some({reason:?})")) && end.contains(word), "{end}");
    }
}

#[tokio::test(start_paused = true)]
async fn after_a_quiet_moment_what_was_held_back_is_shown_once() {
    let world = World::new(None);
    let running = world.begin().await;
    world.directory.order(&key(), input("one")).unwrap();
    assert_eq!(world.until(2).await, ["one", "rest"]);
    tokio::time::sleep(Duration::from_secs(5)).await;
    assert_eq!(world.book.lines(), ["one", "rest"]);
    world.directory.order(&key(), input("exit")).unwrap();
    running.await.unwrap().unwrap();
}

#[tokio::test(start_paused = true)]
async fn orders_that_nobody_takes_are_refused_and_a_kill_is_not() {
    let release = Arc::new(Notify::new());
    let world = World::new(Some(Arc::clone(&release)));
    let running = world.begin().await;
    world.directory.order(&key(), input("exit")).unwrap();
    // It has ended its reading and hangs.
    let mut taken = 0;
    while world.directory.order(&key(), input("x")).is_ok() {
        taken += 1;
        tokio::task::yield_now().await;
        assert!(taken < 1_000, "orders are bounded");
    }
    assert_eq!(world.directory.order(&key(), input("x")), Err(OrderError::Busy));
    assert_eq!(world.directory.kill_all(&TenantId::home(), KillReason::Halted), 1);
    release.notify_one();
    running.await.unwrap().unwrap();
    assert!(world.book.lines().pop().unwrap().starts_with("Some(Halted)"));
}

#[tokio::test(start_paused = true)]
async fn a_crash_takes_it_out_of_the_directory_and_it_is_not_begun_again() {
    let world = World::new(None);
    let running = world.begin().await;
    world.directory.order(&key(), input("crash")).unwrap();
    assert!(running.await.unwrap_err().is_panic());
    assert_eq!(world.directory.order(&key(), input("x")), Err(OrderError::Gone));
    assert_eq!(world.book.begin(&key()).await.unwrap_err(), KeepError::Fenced);
}
