//! A ledger with two tenants, a thread each, and short ways to say things.

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::db::{Db, DbError, DbOptions, WriterRun};
use crate::protocol::chat::{StopReason, Usage};
use crate::protocol::event::{EventKind, NewEvent, ThreadEvent};
use crate::protocol::ids::{TenantId, ThreadId, TurnId, WorkspaceId};
use crate::protocol::journal::TurnLog;
use crate::protocol::turn::{
    Accepted, Inbound, Provenance, Settlement, TurnAnswer, TurnFailure, TurnOverrides, TurnState,
};
use crate::turns::{EventHub, Turns};

pub(super) struct Ledger {
    pub(super) turns: Turns,
    pub(super) db: Db,
    pub(super) home: TenantId,
    pub(super) thread: ThreadId,
    pub(super) run: WriterRun,
    _folder: TempDir,
}

impl Ledger {
    pub(super) async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let db = Db::open(folder.path().join("data/capuchin.db"), DbOptions::default()).unwrap();
        let run = db.start_writer().unwrap();
        let turns = Turns::new(db.clone(), EventHub::new());
        turns.begin_boot("test").await.unwrap();
        let home = TenantId::home();
        let thread = add_thread(&db, &home).await;
        Self { turns, db, home, thread, run, _folder: folder }
    }

    /// Another life of the daemon on the same store.
    pub(super) async fn next_life(&self) -> Turns {
        let turns = Turns::new(self.db.clone(), EventHub::new());
        turns.begin_boot("test").await.unwrap();
        turns
    }

    pub(super) async fn say(&self, content: &str) -> Accepted {
        self.turns.accept(self.inbound(content, None), TurnId::new(), true).await.unwrap()
    }

    pub(super) fn inbound(&self, content: &str, key: Option<&str>) -> Inbound {
        inbound(&self.home, self.thread, content, key)
    }

    pub(super) fn done(&self, turn: TurnId, text: &str) -> Settlement {
        settlement(&self.home, self.thread, turn, TurnState::Done, text)
    }

    pub(super) async fn answer(&self, turn: TurnId, text: &str) {
        self.turns.settle(self.done(turn, text)).await.unwrap();
    }

    pub(super) async fn events(&self) -> Vec<ThreadEvent> {
        self.turns.events_after(&self.home, self.thread, 0, 10_000).await.unwrap()
    }

    pub(super) async fn kinds(&self) -> Vec<EventKind> {
        self.events().await.iter().map(|event| event.kind).collect()
    }
}

pub(super) async fn add_tenant(db: &Db, name: &str) -> TenantId {
    let tenant: TenantId = name.parse().unwrap();
    let id = tenant.clone();
    db.write(&tenant, move |tx| {
        tx.execute("INSERT INTO tenants (id, name, created_ms) VALUES (?1, ?2, 0)", &[&id.as_str()])
    })
    .await
    .map_err(|error: DbError| error)
    .unwrap();
    tenant
}

pub(super) async fn add_thread(db: &Db, tenant: &TenantId) -> ThreadId {
    let (workspace, thread) = (WorkspaceId::new(), ThreadId::new());
    db.write(tenant, move |tx| {
        tx.execute(
            "INSERT INTO workspaces (id, tenant, name, created_ms, updated_ms) VALUES (?2, ?1, ?3, 0, 0)",
            &[&workspace, &workspace.to_string()],
        )?;
        tx.execute(
            "INSERT INTO threads (id, tenant, workspace_id, created_ms, updated_ms) VALUES (?2, ?1, ?3, 0, 0)",
            &[&thread, &workspace],
        )
    })
    .await
    .map_err(|error: DbError| error)
    .unwrap();
    thread
}

pub(super) fn inbound(tenant: &TenantId, thread: ThreadId, content: &str, key: Option<&str>) -> Inbound {
    Inbound {
        tenant: tenant.clone(),
        thread,
        content: content.to_owned(),
        provenance: Provenance::Owner,
        source: "owner".to_owned(),
        idempotency_key: key.map(str::to_owned),
        overrides: TurnOverrides::default(),
    }
}

pub(super) fn settlement(
    tenant: &TenantId,
    thread: ThreadId,
    turn_id: TurnId,
    state: TurnState,
    text: &str,
) -> Settlement {
    let done = state == TurnState::Done;
    Settlement {
        tenant: tenant.clone(),
        thread,
        turn_id,
        state,
        answer: TurnAnswer {
            text: text.to_owned(),
            usage: Usage { input_tokens: 3, output_tokens: 5, ..Usage::default() },
            stop_reason: done.then_some(StopReason::EndTurn),
            backend: "demo".to_owned(),
            model: "parrot".to_owned(),
            ..TurnAnswer::default()
        },
        spent: Usage::default(),
        tail: TurnLog::default(),
        failure: (!done).then(|| TurnFailure::new("upstream", "it broke", true)),
    }
}

pub(super) fn delta(text: &str) -> NewEvent {
    let Value::Object(data) = json!({ "text": text }) else { unreachable!() };
    NewEvent { kind: EventKind::Delta, data }
}

pub(super) fn data(event: &ThreadEvent) -> Value {
    serde_json::from_str(&event.data).unwrap()
}
