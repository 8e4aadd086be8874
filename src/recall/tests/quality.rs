//! How often the turn that holds an answer is among the first: recall and plain search beside FTS5, on the same messages.
//!
//! `cargo test --lib recall::tests::quality -- --nocapture` prints the table of the README. With a file of other conversations
//! (`CAPUCHIN_RECALL_SET=FILE`, JSON lines `{thread, role, author, content, created_at}` and then `{question, evidence: [line
//! numbers from 0], kind}`), it measures those.

mod conversations;

use std::collections::{BTreeMap, HashMap};

use serde_json::Value;
use tokio_util::sync::CancellationToken;

use crate::adapters::search::Searchable;
use crate::assistants::{Assistants, NewAssistant};
use crate::config::{Home, MemoryConfig};
use crate::db::{Db, DbError, DbOptions};
use crate::identity::Principal;
use crate::memory::Memory;
use crate::protocol::ids::{MessageId, TenantId};
use crate::recall::{Question, Recall};
use crate::redaction::Redactor;
use crate::search::{Indexer, Query, Search};
use crate::semantic::OnBehalf;
use crate::skills::Skills;
use crate::turns::{EventHub, Turns};
use crate::workspaces::{ImportedLine, Threads, Workspaces};

/// Figures of one way to find.
#[derive(Default, Clone, Copy)]
struct Figures {
    questions: usize,
    at_1: f64,
    at_5: f64,
    at_10: f64,
    reciprocal: f64,
}

impl Figures {
    fn count(&mut self, found: &[MessageId], gold: &[MessageId]) {
        let share = |depth: usize| {
            let there = gold.iter().filter(|id| found.iter().take(depth).any(|found| found == *id)).count();
            there as f64 / gold.len() as f64
        };
        self.questions += 1;
        self.at_1 += share(1);
        self.at_5 += share(5);
        self.at_10 += share(10);
        self.reciprocal +=
            found.iter().position(|id| gold.contains(id)).map_or(0.0, |at| 1.0 / (at + 1) as f64);
    }

    fn row(&self) -> String {
        let of = |sum: f64| sum / self.questions.max(1) as f64;
        let (one, five, ten, mrr) = (of(self.at_1), of(self.at_5), of(self.at_10), of(self.reciprocal));
        format!("{one:.3} | {five:.3} | {ten:.3} | {mrr:.3}")
    }

    fn recall_at_5(&self) -> f64 {
        self.at_5 / self.questions.max(1) as f64
    }
}

/// A set of messages and questions.
struct Set {
    lines: Vec<ImportedLine>,
    questions: Vec<(String, String, Vec<usize>)>,
}

fn own_set() -> Set {
    let said = conversations::said();
    let lines = said.iter().map(|one| ImportedLine {
        thread: format!("pair {}", one.pair),
        role: if conversations::PAIRS[one.pair][0] == one.who { "user" } else { "assistant" }.to_owned(),
        author: Some(one.who.to_owned()),
        content: one.text.clone(),
        provenance: "owner",
        created_ms: one.at_ms,
    });
    let place: HashMap<(usize, usize), usize> =
        said.iter().enumerate().filter_map(|(at, one)| Some(((one.pair, one.fact?), at))).collect();
    let questions = conversations::asked().into_iter().map(|asked| {
        let gold = asked.facts.iter().map(|fact| place[&(asked.pair, *fact)]).collect();
        (asked.text, asked.kind.to_owned(), gold)
    });
    Set { lines: lines.collect(), questions: questions.collect() }
}

fn set_of(path: &str) -> Set {
    let (mut lines, mut questions) = (Vec::new(), Vec::new());
    for line in std::fs::read_to_string(path).unwrap().lines() {
        let line: Value = serde_json::from_str(line).unwrap();
        let text = |key: &str| line[key].as_str().unwrap_or_default().to_owned();
        if line.get("question").is_some() {
            let gold = line["evidence"].as_array().unwrap().iter().map(|n| n.as_u64().unwrap() as usize);
            questions.push((text("question"), text("kind"), gold.collect()));
        } else {
            lines.push(ImportedLine {
                thread: text("thread"),
                role: text("role"),
                author: line["author"].as_str().map(str::to_owned),
                content: text("content"),
                provenance: "owner",
                created_ms: text("created_at").parse::<jiff::Timestamp>().unwrap().as_millisecond(),
            });
        }
    }
    Set { lines, questions }
}

/// The words of a question as FTS5 takes them: all of them, any of them.
fn fts(text: &str) -> String {
    let words = text.split(|c: char| !c.is_alphanumeric()).filter(|word| word.len() > 1);
    words.map(|word| format!("\"{word}\"")).collect::<Vec<_>>().join(" OR ")
}

#[tokio::test(flavor = "multi_thread")]
#[expect(clippy::print_stdout, reason = "a measurement prints")]
async fn the_turns_that_hold_the_answer_are_found_more_often_than_by_fts5() {
    let other = std::env::var("CAPUCHIN_RECALL_SET").ok();
    let set = other.as_deref().map_or_else(own_set, set_of);
    let folder = tempfile::tempdir().unwrap();
    let home = Home::locate(Some(folder.path())).unwrap();
    home.prepare().unwrap();
    let db = Db::open(home.database(), DbOptions::default()).unwrap();
    let _writer = db.start_writer().unwrap();
    let (tenant, owner) = (TenantId::home(), Principal::owner(TenantId::home()));
    let first = NewAssistant {
        name: "a".into(),
        backend: "demo".into(),
        model: "demo".into(),
        routing: crate::models::Routing::default(),
        system_prompt: String::new(),
    };
    Assistants::new(db.clone()).ensure_default(&tenant, first).await.unwrap();
    let workspaces = Workspaces::new(db.clone(), &home);
    workspaces.ensure_default(&tenant).await.unwrap();
    let threads = Threads::new(db.clone());
    let ids = threads.import(&owner, None, set.lines.clone()).await.unwrap();
    let things = Searchable {
        turns: Turns::new(db.clone(), EventHub::new()),
        threads: threads.clone(),
        memory: Memory::open(db.clone(), &MemoryConfig::default(), home.memory()),
        skills: Skills::new(db.clone(), &home),
        workspaces,
        redactor: Redactor::new(),
    };
    let (search, stop) = (Search::new(home.search()), CancellationToken::new());
    let run = tokio::spawn(Indexer::new(search.clone(), db.clone(), things.into_source()).run(stop.clone()));
    while search.status(&tenant).documents < set.lines.len() as u64 {
        tokio::task::yield_now().await;
    }
    baseline(&db, &ids.iter().map(|one| one.id).collect::<Vec<_>>(), &set).await;
    let recall = Recall::new(search.clone(), threads);
    let by = OnBehalf { source: "owner".into(), subject: OnBehalf::nobody() };
    let mut ways: BTreeMap<(&str, String), Figures> = BTreeMap::new();
    for (text, kind, gold) in &set.questions {
        let gold: Vec<MessageId> = gold.iter().map(|at| ids[*at].id).collect();
        let by_fts = fts5(&db, text).await;
        let asked = Query { text: text.clone(), limit: 50, ..Query::default() };
        let by_words = search.find(&tenant, asked).await.unwrap().hits;
        let by_words: Vec<_> = by_words.iter().map(|hit| MessageId::from_bytes(hit.id)).collect();
        let by_recall = recall.turns(&tenant, text, Query::default(), &by).await.unwrap().turns;
        let by_recall: Vec<_> = by_recall.iter().map(|turn| turn.message.id).collect();
        assert!(other.is_some() || Question::is_one(text), "{text}");
        for (way, found) in [("1 FTS5", &by_fts), ("2 search", &by_words), ("3 recall", &by_recall)] {
            ways.entry((way, String::new())).or_default().count(found, &gold);
            ways.entry((way, kind.clone())).or_default().count(found, &gold);
        }
        if std::env::var("CAPUCHIN_RECALL_MISSES").is_ok()
            && !by_recall.iter().take(5).any(|id| gold.contains(id))
        {
            println!("missed: {text}");
        }
    }
    println!("\n{} messages, {} questions", set.lines.len(), set.questions.len());
    println!("| way, kind | recall@1 | recall@5 | recall@10 | MRR |\n|---|---|---|---|---|");
    for ((way, kind), figures) in &ways {
        println!("| {way} {kind} ({}) | {} |", figures.questions, figures.row());
    }
    let whole = |way| ways[&(way, String::new())];
    assert!(whole("3 recall").recall_at_5() > whole("1 FTS5").recall_at_5());
    if other.is_none() {
        assert!(set.questions.len() >= 100, "{}", set.questions.len());
        assert!(whole("3 recall").recall_at_5() >= 0.75, "{}", whole("3 recall").row());
    }
    stop.cancel();
    run.await.unwrap();
}

async fn baseline(db: &Db, ids: &[MessageId], set: &Set) {
    let rows: Vec<(MessageId, String)> = ids
        .iter()
        .zip(&set.lines)
        .map(|(id, line)| (*id, format!("{} {}", line.author.as_deref().unwrap_or_default(), line.content)))
        .collect();
    let write = db.write_system(move |tx| {
        tx.execute(
            "CREATE VIRTUAL TABLE measured USING fts5 (id UNINDEXED, text, tokenize = 'porter unicode61')",
            &[],
        )?;
        for (id, text) in &rows {
            tx.execute("INSERT INTO measured (id, text) VALUES (?1, ?2)", &[id, text])?;
        }
        Ok::<_, DbError>(())
    });
    write.await.unwrap();
}

async fn fts5(db: &Db, text: &str) -> Vec<MessageId> {
    let words = fts(text);
    let read = db.read_system(move |read| {
        let sql = "SELECT id FROM measured WHERE measured MATCH ?1 ORDER BY bm25(measured) LIMIT 50";
        read.query_all(sql, &[&words], |row| row.get::<MessageId>(0))
    });
    let found: Result<Vec<MessageId>, DbError> = read.await;
    found.unwrap()
}
