//! What search costs: the size of the index, the time from a commit to a hit, queries beside SQLite's FTS5.
//!
//! `cargo bench --bench search`. `SEARCH_MESSAGES` (10⁶) made-up messages of 1,000 threads (words by Zipf's law over 60,000,
//! 30 a message on average) are stored with their change rows, indexed, and asked for with each kind of query; the same
//! texts are in an FTS5 table in the same file. The folder is `SEARCH_FOLDER`, or the one for temporary files.

#![allow(
    missing_docs,
    clippy::print_stdout,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a measurement prints and may stop"
)]

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use capuchin::adapters::search::{Finder, Searchable, Wanted};
use capuchin::assistants::{Assistants, NewAssistant};
use capuchin::config::{Home, MemoryConfig};
use capuchin::db::{Db, DbError, DbOptions};
use capuchin::identity::Principal;
use capuchin::memory::Memory;
use capuchin::protocol::ids::TenantId;
use capuchin::recall::Recall;
use capuchin::redaction::Redactor;
use capuchin::search::{Order, Query, Search};
use capuchin::skills::Skills;
use capuchin::turns::{EventHub, Turns};
use capuchin::workspaces::{ImportedLine, Threads, Workspaces};
use tokio_util::sync::CancellationToken;

const VOCABULARY: usize = 60_000;
const THREADS: usize = 1_000;
const QUERIES: usize = 300;
const BATCH: usize = 20_000;
/// Rows of FTS5 in a transaction.
const ROWS: usize = 200;
/// Messages of a conversation.
const SAID: usize = 1_000;

fn main() {
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let base = std::env::var_os("SEARCH_FOLDER").map_or_else(std::env::temp_dir, Into::into);
    let folder = tempfile::tempdir_in(base).expect("a folder");
    runtime.block_on(Box::pin(measure(folder.path())));
}

struct Bench {
    db: Db,
    home: Home,
    threads: Threads,
    finder: Finder,
    search: Search,
    owner: Principal,
    words: Words,
}

/// Words by how often they are said.
struct Words {
    all: Vec<String>,
    sums: Vec<f64>,
}

impl Words {
    fn new() -> Self {
        let syllables = [
            "ka", "lo", "mi", "ter", "an", "dor", "vel", "su", "pri", "mon", "est", "ur", "gha", "bel", "nor",
        ];
        let word = |mut n: usize| {
            let mut text = String::new();
            for _ in 0..2 + n % 3 {
                text.push_str(syllables[n % syllables.len()]);
                n = n / syllables.len() + 7;
            }
            text
        };
        let all = (0..VOCABULARY)
            .map(|n| format!("{}{}", word(n), if n < 3_000 { String::new() } else { word(n * 31) }));
        let mut sum = 0.0;
        let sums = (1..=VOCABULARY).map(|rank| {
            sum += 1.0 / rank as f64;
            sum
        });
        Self { all: all.collect(), sums: sums.collect() }
    }

    fn any(&self) -> &str {
        let at = fastrand::f64() * self.sums[VOCABULARY - 1];
        &self.all[self.sums.partition_point(|sum| *sum < at).min(VOCABULARY - 1)]
    }

    fn text(&self) -> String {
        let words: Vec<&str> = (0..5 + fastrand::usize(0..50)).map(|_| self.any()).collect();
        words.join(" ")
    }
}

async fn measure(folder: &Path) {
    let messages: usize =
        std::env::var("SEARCH_MESSAGES").map_or(1_000_000, |text| text.parse().expect("a number"));
    fastrand::seed(7);
    let home = Home::locate(Some(folder)).expect("a home");
    home.prepare().expect("folders");
    let db = Db::open(home.database(), DbOptions::default()).expect("a store");
    let _writer = db.start_writer().expect("a writer");
    let bench = Bench::new(db, home).await;
    println!("| what | figure |\n|---|---|");
    bench.fill(messages).await;
    let stop = CancellationToken::new();
    let begun = Instant::now();
    let run = tokio::spawn(bench.finder.indexer(bench.db.clone()).run(stop.clone()));
    bench.indexed(messages as u64).await;
    let took = begun.elapsed();
    println!(
        "| index of {messages} messages made in | {:.1} s, {:.0} a second |",
        took.as_secs_f64(),
        messages as f64 / took.as_secs_f64()
    );
    println!("| texts in the store | {:.0} MB |", bench.texts().await as f64 / 1e6);
    println!("| index on disk | {:.0} MB |", size(&bench.home.search()) as f64 / 1e6);
    println!("| FTS5 table on disk | {:.0} MB |", bench.fts_bytes().await as f64 / 1e6);
    bench.visible().await;
    println!(
        "\n| {QUERIES} queries | p50 | p99 | longest | FTS5 p50 | p99 | longest |\n|---|---|---|---|---|---|---|"
    );
    for (name, make) in KINDS {
        bench.queries(name, *make).await;
    }
    bench.conversation(messages as u64).await;
    stop.cancel();
    run.await.expect("the indexer ends");
}

type Make = fn(&Words) -> (Query, String);

fn words_of(words: &Words, from: usize, to: usize, count: usize) -> Vec<String> {
    (0..count).map(|_| words.all[fastrand::usize(from..to)].clone()).collect()
}

fn any_of(words: &[String]) -> (Query, String) {
    let fts = words.iter().map(|word| format!("\"{word}\"")).collect::<Vec<_>>().join(" OR ");
    (Query { text: words.join(" "), limit: 20, ..Query::default() }, fts)
}

const KINDS: &[(&str, Make)] = &[
    ("one rare word", |words| any_of(&words_of(words, 20_000, 60_000, 1))),
    ("three words", |words| any_of(&words_of(words, 200, 20_000, 3))),
    ("eight words, some frequent", |words| any_of(&words_of(words, 5, 3_000, 8))),
    ("three of the thirty most frequent words", |words| any_of(&words_of(words, 0, 30, 3))),
    ("the same, newest first", |words| {
        let (query, fts) = any_of(&words_of(words, 0, 30, 3));
        (Query { order: Order::Newest, ..query }, fts)
    }),
    ("the same, of one role", |words| {
        let (query, fts) = any_of(&words_of(words, 0, 30, 3));
        (Query { roles: vec!["user".to_owned()], ..query }, fts)
    }),
    ("a phrase of two frequent words", |words| {
        let both = words_of(words, 0, 200, 2).join(" ");
        (Query { text: format!("\"{both}\""), limit: 20, ..Query::default() }, format!("\"{both}\""))
    }),
    ("the beginning of a word, two letters", |words| {
        let word: String = words.any().chars().take(2).collect();
        (Query { text: format!("{word}*"), limit: 20, ..Query::default() }, format!("{word}*"))
    }),
    ("a misspelt word", |words| {
        let word = &words.all[fastrand::usize(3_000..20_000)];
        let mut letters: Vec<char> = word.chars().collect();
        letters.swap(2, 3);
        let wrong: String = letters.into_iter().collect();
        (Query { text: wrong.clone(), limit: 20, ..Query::default() }, format!("\"{wrong}\""))
    }),
    ("thirty-two words", |words| any_of(&words_of(words, 0, 2_000, 32))),
];

impl Bench {
    async fn new(db: Db, home: Home) -> Self {
        let tenant = TenantId::home();
        let first = NewAssistant {
            name: "a".to_owned(),
            backend: "demo".to_owned(),
            model: "demo".to_owned(),
            routing: capuchin::models::Routing::default(),
            system_prompt: String::new(),
        };
        Assistants::new(db.clone()).ensure_default(&tenant, first).await.expect("an assistant");
        let workspaces = Workspaces::new(db.clone(), &home);
        workspaces.ensure_default(&tenant).await.expect("a workspace");
        let threads = Threads::new(db.clone());
        let things = Searchable {
            turns: Turns::new(db.clone(), EventHub::new()),
            threads: threads.clone(),
            memory: Memory::open(db.clone(), &MemoryConfig::default(), home.memory()),
            skills: Skills::new(db.clone(), &home),
            workspaces,
            redactor: Redactor::new(),
        };
        let search = Search::new(home.search());
        let recall = Recall::new(search.clone(), threads.clone());
        let finder = Finder::new(search.clone(), recall, things);
        Self { db, home, threads, finder, search, owner: Principal::owner(tenant), words: Words::new() }
    }

    /// Stores messages, and the same texts for FTS5.
    async fn fill(&self, messages: usize) {
        let table = self.db.write_system(|tx| {
            tx.execute("CREATE VIRTUAL TABLE texts USING fts5 (text, tokenize = 'porter unicode61')", &[])
        });
        let _: usize = result(table.await);
        let begun = Instant::now();
        let mut stored = 0;
        while stored < messages {
            let count = BATCH.min(messages - stored);
            let lines: Vec<ImportedLine> = (stored..stored + count).map(|n| self.line(n)).collect();
            let texts: Arc<Vec<String>> = Arc::new(lines.iter().map(|line| line.content.clone()).collect());
            self.threads.import(&self.owner, None, lines).await.expect("an import");
            for from in (0..count).step_by(ROWS) {
                let texts = Arc::clone(&texts);
                let write = self.db.write_system(move |tx| {
                    for text in texts.iter().skip(from).take(ROWS) {
                        tx.execute("INSERT INTO texts (text) VALUES (?1)", &[text])?;
                    }
                    Ok::<_, DbError>(())
                });
                write.await.expect("FTS5");
            }
            stored += count;
        }
        println!("| stored, for both | {:.0} s |", begun.elapsed().as_secs_f64());
    }

    fn line(&self, n: usize) -> ImportedLine {
        ImportedLine {
            thread: format!("thread {}", n % THREADS),
            role: if n.is_multiple_of(2) { "user" } else { "assistant" }.to_owned(),
            author: None,
            content: self.words.text(),
            provenance: "owner",
            created_ms: 1_700_000_000_000 + n as i64 * 1_000,
        }
    }

    async fn indexed(&self, documents: u64) {
        while self.search.status(&self.owner.tenant).documents < documents
            || self.search.status(&self.owner.tenant).state.as_str() != "ready"
        {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    async fn texts(&self) -> i64 {
        self.number("SELECT sum(length(CAST(content AS BLOB))) FROM messages").await
    }

    async fn fts_bytes(&self) -> i64 {
        self.number("SELECT sum(length(block)) FROM texts_data").await
    }

    async fn number(&self, sql: &'static str) -> i64 {
        let read = self.db.read_system(move |read| read.query_one(sql, &[], |row| row.get::<i64>(0)));
        let number: Result<i64, DbError> = read.await;
        number.unwrap_or_default()
    }

    /// From a commit to the first search that finds it.
    async fn visible(&self) {
        let mut times = Vec::new();
        for n in 0..30 {
            let word = format!("unheard{n}of");
            let line = ImportedLine { content: word.clone(), ..self.line(n) };
            self.threads.import(&self.owner, None, vec![line]).await.expect("an import");
            let committed = Instant::now();
            loop {
                let query = Query { text: word.clone(), limit: 1, ..Query::default() };
                let found = self.search.find(&self.owner.tenant, query).await.expect("a search");
                if !found.hits.is_empty() {
                    break;
                }
                tokio::time::sleep(Duration::from_millis(2)).await;
            }
            times.push(committed.elapsed());
        }
        println!(
            "| from a commit to a hit, p50 / p99 | {} / {} |",
            at(&mut times, 0.5),
            at(&mut times, 0.99)
        );
        let mut times = Vec::new();
        for _ in 0..100 {
            let wanted = Wanted {
                text: format!("what {} {}?", self.words.any(), self.words.any()),
                limit: 20,
                ..Wanted::default()
            };
            let begun = Instant::now();
            self.finder.find(&self.owner, &wanted).await.expect("an answer");
            times.push(begun.elapsed());
        }
        println!(
            "| a question, answered by recall and read from the store, p50 / p99 | {} / {} |",
            at(&mut times, 0.5),
            at(&mut times, 0.99)
        );
    }

    /// What a conversation does, one message after the other, while nothing is indexed and while everything is.
    async fn conversation(&self, messages: u64) {
        println!("\n| a conversation | stored p50 | p99 | read back p50 | p99 |\n|---|---|---|---|---|");
        self.exchange("while nothing is indexed", |done| done == SAID).await;
        let tenant = self.owner.tenant.clone();
        self.search.rebuild(&tenant);
        while self.search.status(&tenant).state.as_str() == "ready" {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        let begun = Instant::now();
        let is_over = |_| self.search.status(&tenant).state.as_str() == "ready";
        let said = self.exchange("while the index is made anew", is_over).await;
        self.indexed(messages).await;
        println!("\nMade anew in {:.1} s beside {said} messages.", begun.elapsed().as_secs_f64());
    }

    async fn exchange(&self, name: &str, is_over: impl Fn(usize) -> bool) -> usize {
        let (mut stored, mut read) = (Vec::new(), Vec::new());
        while !is_over(stored.len()) {
            let begun = Instant::now();
            let line = self.line(stored.len());
            self.threads.import(&self.owner, None, vec![line]).await.expect("an import");
            stored.push(begun.elapsed());
            let begun = Instant::now();
            let found = self.threads.found_after(&self.owner.tenant, None, None, 50).await;
            found.expect("messages");
            read.push(begun.elapsed());
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        let figures =
            [&mut stored, &mut read].map(|times| [0.5, 0.99].map(|part| at(times, part)).join(" | "));
        println!("| {name} | {} |", figures.join(" | "));
        stored.len()
    }

    async fn queries(&self, name: &str, make: Make) {
        let (mut ours, mut theirs) = (Vec::new(), Vec::new());
        for _ in 0..QUERIES {
            let (query, fts) = make(&self.words);
            let begun = Instant::now();
            self.search.find(&self.owner.tenant, query).await.expect("a search");
            ours.push(begun.elapsed());
            // FTS5 takes seconds for some: fewer tell enough.
            if theirs.len() < QUERIES / 10 {
                let begun = Instant::now();
                let read = self.db.read_system(move |read| {
                    let sql = "SELECT rowid FROM texts WHERE texts MATCH ?1 ORDER BY bm25(texts) LIMIT 20";
                    read.query_all(sql, &[&fts], |row| row.get::<i64>(0))
                });
                let _found: Result<Vec<i64>, DbError> = read.await;
                theirs.push(begun.elapsed());
            }
        }
        let figures =
            [&mut ours, &mut theirs].map(|times| [0.5, 0.99, 1.0].map(|part| at(times, part)).join(" | "));
        println!("| {name} | {} |", figures.join(" | "));
    }
}

fn result<T>(outcome: Result<T, DbError>) -> T {
    outcome.expect("the store")
}

fn at(times: &mut [Duration], part: f64) -> String {
    times.sort_unstable();
    let place = ((times.len() as f64 * part).ceil() as usize).clamp(1, times.len()) - 1;
    format!("{:.1} ms", times[place].as_secs_f64() * 1e3)
}

fn size(folder: &Path) -> u64 {
    let entries = std::fs::read_dir(folder).expect("a folder").filter_map(Result::ok);
    let bytes = |entry: std::fs::DirEntry| {
        let path = entry.path();
        if path.is_dir() { size(&path) } else { entry.metadata().map_or(0, |file| file.len()) }
    };
    entries.map(bytes).sum()
}
