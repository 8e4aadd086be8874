//! A console over a real store, without listeners and with sessions that do not start.

use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Instant;

use axum::Router;
use axum::body::Body;
use axum::http::{HeaderMap, Method, Request, StatusCode, header};
use capuchin_actors::ports::run_turn::{RunTurn, TurnReport};
use capuchin_actors::session::{
    LaneKey, OpenError, OpenLane, Opened, SessionDirectory, SessionLimits, SessionPorts,
};
use futures::future::BoxFuture;
use http_body_util::BodyExt as _;
use serde_json::Value;
use tokio::sync::mpsc;
use tower::ServiceExt as _;

use crate::adapters::knowledge::Knowledge;
use crate::adapters::ledger::Ledger;
use crate::adapters::turns::{ModelTurns, TurnParts};
use crate::approvals::{ApprovalTimes, Approvals};
use crate::assistants::{Assistants, NewAssistant};
use crate::backends::Backends;
use crate::channels::Channels;
use crate::config::Config;
use crate::db::{Db, DbOptions, WriterRun};
use crate::egress::Egress;
use crate::extensions::Extensions;
use crate::guard::Guard;
use crate::http::{AppState, Connection, console};
use crate::identity::{Identity, NewToken, Principal};
use crate::mcp::{McpServers, NoProcesses};
use crate::policy::{KillSwitches, Policies};
use crate::protocol::ids::{AssistantId, TenantId};
use crate::protocol::model::ModelError;
use crate::protocol::turn::TurnWork;
use crate::redaction::{LeakLog, Redactor};
use crate::telemetry::Metrics;
use crate::tools::{Tools, file_tools};
use crate::turns::{EventHub, Turns};
use crate::vault::{Oauth, Vault, VaultOptions};
use crate::webhooks::Webhooks;
use crate::workspaces::{Threads, Workspaces};

pub(super) const OWN: &str = "http://127.0.0.1:7717";
pub(super) const PASSWORD: &str = "correct horse battery";

/// Sessions do not start here: a message that passed every check is answered 503.
struct NoSessions;

impl OpenLane for NoSessions {
    fn open(&self, _key: LaneKey) -> BoxFuture<'static, Result<Opened, OpenError>> {
        Box::pin(async { Err(OpenError::Failed("no sessions in this test".to_owned())) })
    }
}

impl RunTurn for NoSessions {
    fn run(
        &self,
        _work: TurnWork,
        _reports: mpsc::Sender<TurnReport>,
    ) -> BoxFuture<'static, Result<(), ModelError>> {
        Box::pin(async { Ok(()) })
    }
}

pub(super) struct World {
    pub(super) state: AppState,
    /// Made with the first request: every test makes hundreds.
    console: OnceLock<Router>,
    /// How far the clock of identity is ahead, in milliseconds.
    ahead_ms: Arc<AtomicI64>,
    _writer: WriterRun,
    _home: tempfile::TempDir,
}

/// An answer with its body read.
pub(super) struct Answer {
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    pub(super) text: String,
}

impl Answer {
    pub(super) fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|_| panic!("not JSON: {}", self.text))
    }

    /// The session that the answer sets.
    pub(super) fn cookie(&self) -> String {
        let cookie = self.headers[header::SET_COOKIE].to_str().unwrap();
        cookie.split(';').next().unwrap().to_owned()
    }

    pub(super) fn id(&self) -> String {
        self.json()["id"].as_str().unwrap_or_else(|| panic!("no id: {}", self.text)).to_owned()
    }
}

/// Processes whose actors have no tree: none starts.
fn processes(
    home: &std::path::Path,
    db: &Db,
    policies: &Policies,
    switches: &KillSwitches,
    workspaces: &Workspaces,
) -> crate::processes::Processes {
    use crate::adapters::processes::{KeptProcesses, SandboxedProcesses};
    use crate::processes::{Processes, Records};
    use capuchin_actors::process::{ProcessDirectory, ProcessOpener, ProcessPorts};

    let place = crate::config::Home::locate(Some(home)).unwrap();
    let scanner = (Redactor::new(), LeakLog::new(db.clone()));
    let records = Records::new(db.clone(), scanner, place.processes(), Default::default());
    let ports = ProcessPorts {
        runner: Arc::new(SandboxedProcesses::new(sandbox(home), records.clone())),
        keeper: Arc::new(KeptProcesses::new(records.clone())),
    };
    let directory = ProcessDirectory::new(ports, ProcessOpener::new("root/tenants".into()));
    Processes::new(records, directory, (policies.clone(), switches.clone()), workspaces.clone())
}

/// A sandbox without a launcher: it runs nothing, and says so.
fn sandbox(home: &std::path::Path) -> crate::sandbox::Sandbox {
    let mut options = crate::sandbox::SandboxOptions::new(home.join("cages"));
    options.launcher = "/nonexistent/capuchin".into();
    crate::sandbox::Sandbox::new(options)
}

impl World {
    #[allow(clippy::too_many_lines, reason = "it builds every part of the state once")]
    pub(super) async fn new() -> Self {
        let home = tempfile::tempdir().unwrap();
        let db = Db::open(home.path().join("capuchin.db"), DbOptions::default()).unwrap();
        let writer = db.start_writer().unwrap();
        let tenant = TenantId::home();
        let turns = Turns::new(db.clone(), EventHub::new());
        turns.begin_boot("test").await.unwrap();
        let folders = crate::config::Home::locate(Some(home.path())).unwrap();
        let (assistants, workspaces) = (Assistants::new(db.clone()), Workspaces::new(db.clone(), &folders));
        let first = NewAssistant {
            name: "capuchin".into(),
            backend: "demo".into(),
            model: "demo".into(),
            routing: crate::models::Routing::default(),
            system_prompt: String::new(),
        };
        assistants.ensure_default(&tenant, first).await.unwrap();
        workspaces.ensure_default(&tenant).await.unwrap();
        let config = Config::default();
        let egress = Egress::new(&config.egress);
        let backends = Backends::build(&config.backends, &egress).unwrap();
        let ports = SessionPorts {
            ledger: Arc::new(Ledger::new(turns.clone(), Metrics::new())),
            runner: Arc::new(NoSessions),
            watch: Arc::new(capuchin_actors::ports::watch_session::Unwatched),
        };
        let vault = Vault::load(db.clone(), Self::vault_options(home.path()), Redactor::new()).await.unwrap();
        let policies = Policies::new(db.clone());
        let hour = std::time::Duration::from_secs(3_600);
        let times = ApprovalTimes { attended: hour, unattended: hour };
        let notifications = crate::notifications::Notifications::new(db.clone());
        let approvals =
            Approvals::new(db.clone(), policies.clone(), times).with_notices(notifications.clone());
        let kill_switches = KillSwitches::open(db.clone()).await.unwrap();
        let prices = crate::backends::Prices::new(&config.backends);
        let settings = config.budgets.clone();
        let budgets =
            crate::budgets::Budgets::open(db.clone(), prices, Metrics::new(), settings).await.unwrap();
        let ahead_ms = Arc::new(AtomicI64::new(0));
        let identity = Self::identity(&db, tenant, &ahead_ms).await;
        identity.keep_seeds_in(&vault);
        let processes = processes(home.path(), &db, &policies, &kill_switches, &workspaces);
        let guard = Guard::new(
            (Redactor::new(), LeakLog::new(db.clone())),
            kill_switches.clone(),
            policies.clone(),
            approvals.clone(),
            budgets.clone(),
        );
        let knowledge = Knowledge::open(&db, &vault, &config, &folders);
        let tools = Tools::new(file_tools(), Vec::new());
        let prices = crate::backends::Prices::new(&config.backends);
        let models = crate::models::Models::open(db.clone(), backends.clone(), prices).await;
        let options = crate::sandbox::SandboxOptions::new(home.path().join("cages"));
        let cages = crate::adapters::coders::CagedCoders(crate::sandbox::Sandbox::new(options));
        let of = (db.clone(), &config.backends);
        let coders = crate::coders::Coders::new(of, folders.coders(), Arc::new(cages), (None, None));
        let parts = TurnParts {
            coders,
            db: db.clone(),
            backends: backends.clone(),
            models: models.clone(),
            guard: guard.clone(),
            extensions: Extensions::default(),
            knowledge: knowledge.clone(),
            tools: tools.clone(),
            workspaces: workspaces.clone(),
            experiments: folders.experiments(),
            metrics: Metrics::new(),
            limits: TurnParts::limits(&config.sessions),
            context_tokens: config.sessions.context_tokens,
            rounds_max: config.sessions.rounds_max,
        };
        let model_turns = ModelTurns::new(parts, 1);
        let told = (Metrics::new(), notifications.clone());
        let webhooks = Webhooks::open(db.clone(), vault.clone(), guard.clone(), told).await.unwrap();
        let keepers = (vault.clone(), guard.clone());
        let channels =
            Channels::open(db.clone(), keepers, notifications.clone(), &Channels::bell()).await.unwrap();
        let told = (Metrics::new(), notifications.clone());
        let schedules =
            crate::schedules::Schedules::open(db.clone(), kill_switches.clone(), told).await.unwrap();
        let searchable = crate::adapters::search::Searchable {
            turns: turns.clone(),
            threads: Threads::new(db.clone()),
            memory: knowledge.memory.clone(),
            skills: knowledge.skills.clone(),
            workspaces: workspaces.clone(),
            redactor: Redactor::new(),
        };
        let search = crate::search::Search::new(folders.search());
        let recall = crate::recall::Recall::new(search.clone(), Threads::new(db.clone()));
        let finder = crate::adapters::search::Finder::new(search, recall, searchable);
        let experiments = crate::experiments::ExperimentParts {
            db: db.clone(),
            workspaces: workspaces.clone(),
            approvals: approvals.clone(),
            policies: policies.clone(),
            switches: kill_switches.clone(),
            notices: notifications.clone(),
            extensions: Extensions::default(),
        };
        let state = AppState {
            schedules,
            experiments: crate::experiments::Experiments::new(experiments, &folders),
            db: db.clone(),
            audit: crate::audit::Audit::new(db.clone()),
            identity,
            assistants,
            workspaces,
            threads: Threads::new(db.clone()),
            turns,
            policies,
            approvals,
            notifications,
            kill_switches,
            sessions: SessionDirectory::new(ports, SessionLimits::default(), Arc::new(NoSessions)),
            backends,
            models,
            mcp: McpServers::new(
                db.clone(),
                egress.clone(),
                Redactor::new(),
                Arc::new(NoProcesses),
                crate::config::McpConfig::default(),
            ),
            oauth: Oauth::new(vault.clone(), egress),
            vault: vault.clone(),
            guard: guard.clone(),
            extensions: Extensions::default(),
            finder,
            sandbox: sandbox(home.path()),
            tools,
            knowledge,
            model_turns,
            channels,
            webhooks,
            processes,
            redactor: Redactor::new(),
            leaks: LeakLog::new(db.clone()),
            budgets,
            usage: crate::backends::UsageRecorder::new(db.clone()),
            tree: Arc::default(),
            metrics: Metrics::new(),
            started: Instant::now(),
            stopping: tokio_util::sync::CancellationToken::new(),
            config: Arc::new(config),
        };
        Self { state, console: OnceLock::new(), ahead_ms, _writer: writer, _home: home }
    }

    fn vault_options(home: &std::path::Path) -> VaultOptions {
        VaultOptions {
            source: None,
            key_file: home.join("keys/vault.key"),
            credentials: None,
            data: home.join("data"),
        }
    }

    async fn identity(db: &Db, tenant: TenantId, ahead_ms: &Arc<AtomicI64>) -> Identity {
        let ahead_ms = Arc::clone(ahead_ms);
        let now = || jiff::Timestamp::now().as_millisecond();
        let clock = Arc::new(move || now() + ahead_ms.load(Ordering::Relaxed));
        Identity::open_with_clock(db.clone(), tenant, clock).await.unwrap()
    }

    /// The same daemon as the people of another tenant meet it.
    pub(super) async fn as_tenant(&self, name: &str) -> AppState {
        let tenant: TenantId = name.parse().unwrap();
        let (id, text) = (tenant.clone(), name.to_owned());
        let made = self.state.db.write_system(move |tx| {
            tx.execute("INSERT INTO tenants (id, name, created_ms) VALUES (?1, ?2, 0)", &[&id, &text])
        });
        made.await.unwrap();
        let identity = Self::identity(&self.state.db, tenant.clone(), &self.ahead_ms).await;
        self.state.workspaces.ensure_default(&tenant).await.unwrap();
        AppState { identity, ..self.state.clone() }
    }

    /// Lets time pass for credentials.
    pub(super) fn later(&self, ms: i64) {
        self.ahead_ms.fetch_add(ms, Ordering::Relaxed);
    }

    /// Sets the owner's password and answers the cookie of a session with a fresh proof.
    pub(super) async fn owner_session(&self) -> String {
        let token = self.state.identity.open_setup().unwrap().unwrap();
        let body = serde_json::json!({ "token": token.expose(), "password": PASSWORD });
        self.enter("/api/v1/setup", &body).await
    }

    /// Invites a member, who comes in with a password; their cookie.
    pub(super) async fn member_session(&self, name: &str) -> String {
        let admin = self.token("admin").await;
        let invited = self.post("/api/v1/members", &admin, serde_json::json!({ "name": name })).await;
        assert_eq!(invited.status, StatusCode::CREATED, "{}", invited.text);
        let path = invited.json()["invite"]["path"].as_str().unwrap().to_owned();
        let token = path.split('#').nth(1).unwrap();
        self.enter("/api/v1/invite", &serde_json::json!({ "token": token, "password": PASSWORD })).await
    }

    /// Comes in by one of the doors; the cookie.
    pub(super) async fn enter(&self, door: &str, body: &Value) -> String {
        let answer = self.send(request(Method::POST, door).header("origin", OWN).json(body)).await;
        assert_eq!(answer.status, StatusCode::CREATED, "{}", answer.text);
        answer.cookie()
    }

    pub(super) fn owner() -> Principal {
        Principal::owner(TenantId::home())
    }

    pub(super) async fn token(&self, scopes: &str) -> String {
        self.token_with(scopes, None).await
    }

    pub(super) async fn token_with(&self, scopes: &str, assistant: Option<AssistantId>) -> String {
        let new = NewToken {
            name: scopes.to_owned(),
            scopes: scopes.parse().unwrap(),
            assistant,
            budget_usd: None,
            expires_ms: None,
        };
        let made = self.state.identity.create_token(&Self::owner(), new, None).await.unwrap();
        made.thing.value.unwrap().expose().to_owned()
    }

    /// A request as the listener hands it over.
    pub(super) async fn send(&self, request: Request<Body>) -> Answer {
        let local = "127.0.0.1:7717".parse().unwrap();
        let peer = "127.0.0.1:50000".parse().unwrap();
        self.send_over(Connection::Tcp { peer, local, tls: false }, request).await
    }

    pub(super) async fn send_over(&self, connection: Connection, request: Request<Body>) -> Answer {
        let console = self.console.get_or_init(|| console(self.state.clone()));
        Self::send_to(console.clone(), connection, request).await
    }

    /// A request to a console that shares this store.
    pub(super) async fn send_to(
        console: Router,
        connection: Connection,
        mut request: Request<Body>,
    ) -> Answer {
        request.extensions_mut().insert(connection);
        let response = console.oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let is_stream = parts
            .headers
            .get(header::CONTENT_TYPE)
            .is_some_and(|kind| kind.as_bytes().starts_with(b"text/event-stream"));
        let bytes = if is_stream { bytes::Bytes::new() } else { body.collect().await.unwrap().to_bytes() };
        let text = String::from_utf8(bytes.to_vec()).unwrap();
        Answer { status: parts.status, headers: parts.headers, text }
    }

    pub(super) async fn get(&self, path: &str, token: &str) -> Answer {
        self.send(request(Method::GET, path).bearer(token).empty()).await
    }

    pub(super) async fn post(&self, path: &str, token: &str, body: Value) -> Answer {
        self.send(request(Method::POST, path).bearer(token).json(&body)).await
    }
}

/// Builds requests to the console's own address.
pub(super) struct Ask(axum::http::request::Builder);

pub(super) fn request(method: Method, path: &str) -> Ask {
    Ask(Request::builder().method(method).uri(path)).header("host", "127.0.0.1:7717")
}

impl Ask {
    /// From our own page, with the session of a browser.
    pub(super) fn signed_in(self, cookie: &str) -> Self {
        self.header("cookie", cookie).header("origin", OWN)
    }

    /// A request without any header.
    pub(super) fn bare(method: Method, path: &str) -> Self {
        Self(Request::builder().method(method).uri(path))
    }

    pub(super) fn header(self, name: &str, value: &str) -> Self {
        Self(self.0.header(name, value))
    }

    pub(super) fn bearer(self, token: &str) -> Self {
        self.header("authorization", &format!("Bearer {token}"))
    }

    pub(super) fn empty(self) -> Request<Body> {
        self.0.body(Body::empty()).unwrap()
    }

    /// With these bytes, and no header that was not asked for.
    pub(super) fn raw(self, body: impl Into<Body>) -> Request<Body> {
        self.0.body(body.into()).unwrap()
    }

    pub(super) fn bytes(self, body: impl Into<Body>) -> Request<Body> {
        self.header("content-type", "application/octet-stream").0.body(body.into()).unwrap()
    }

    pub(super) fn json(self, body: &Value) -> Request<Body> {
        self.header("content-type", "application/json").0.body(Body::from(body.to_string())).unwrap()
    }
}
