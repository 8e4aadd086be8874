//! `acp`: an agent for editors that speak the Agent Client Protocol, over standard input and output.
//!
//! | file | what |
//! |---|---|
//! | `line` | messages of JSON-RPC, one a line, and questions to the editor that wait for an answer |
//! | `prompt` | one turn, from its text to its reason to stop |
//! | `update` | what an editor is shown: pieces, thoughts, calls of tools, and what was said before |
//!
//! A session is a thread; what was said is in the daemon, so a session of yesterday is loaded with its id. The assistant works
//! with its own tools and in its own workspace: files and terminals of the editor are not used, nor are servers of tools that
//! it names.

mod line;
mod prompt;
mod update;

use std::collections::HashMap;
use std::future::Future;
use std::io::{self, Read as _, Write as _};

use futures::StreamExt as _;
use futures::future::BoxFuture;
use futures::stream::FuturesUnordered;
use serde_json::{Value, json};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use super::args::AcpArgs;
use super::client::{Client, ClientError};
use super::exit::{Exit, Failure, Outcome};
use super::link::Link;
use super::place::Place;
use super::workspace;
use line::{Editor, Line, Wrong};

/// The version of the protocol.
const PROTOCOL_VERSION: u64 = 1;
/// Bytes that are read at a time.
const READ_BYTES: usize = 64 * 1024;
/// Longest line of an editor in bytes.
const LINE_BYTES_MAX: usize = 32 * 1024 * 1024;

/// An agent that an editor talks to.
struct Agent {
    client: Client,
    /// Where new sessions belong; the default workspace without it.
    workspace: Option<String>,
    editor: Editor,
    /// Turns that run, by session; cancelled when the editor says so.
    running: HashMap<String, CancellationToken>,
    prompts: FuturesUnordered<BoxFuture<'static, String>>,
}

pub(super) async fn run(place: &Place, args: AcpArgs) -> Outcome {
    let link = Link::open(place).await?;
    let served = serve(&link.client, &args).await;
    link.close().await;
    served.map(|()| Exit::Done)
}

/// Serves one editor until it hangs up.
async fn serve(client: &Client, args: &AcpArgs) -> Result<(), Failure> {
    let workspace = match &args.workspace {
        Some(wanted) => Some(workspace::id(client, wanted).await?),
        None => None,
    };
    let (editor, mut written) = Editor::new();
    let (running, prompts) = (HashMap::new(), FuturesUnordered::new());
    let mut agent = Agent { client: client.clone(), workspace, editor, running, prompts };
    let mut heard: Vec<u8> = Vec::new();
    let mut reading = read_some();
    loop {
        tokio::select! {
            biased;
            Some(line) = written.recv() => write(&line)?,
            Some(session) = agent.prompts.next() => {
                agent.running.remove(&session);
            }
            read = &mut reading => {
                let bytes = read.map_err(io::Error::other)??;
                if bytes.is_empty() {
                    return Ok(());
                }
                heard.extend(bytes);
                while let Some(end) = heard.iter().position(|byte| *byte == b'\n') {
                    let line: Vec<u8> = heard.drain(..=end).collect();
                    if let Some(answer) = agent.hear(&line).await {
                        write(&answer)?;
                    }
                }
                if heard.len() > LINE_BYTES_MAX {
                    return Err(too_long());
                }
                reading = read_some();
            }
        }
    }
}

/// The next bytes of the editor, none at their end.
fn read_some() -> JoinHandle<io::Result<Vec<u8>>> {
    tokio::task::spawn_blocking(|| {
        let mut bytes = vec![0; READ_BYTES];
        let count = io::stdin().lock().read(&mut bytes)?;
        bytes.truncate(count);
        Ok(bytes)
    })
}

fn write(line: &str) -> io::Result<()> {
    let mut output = io::stdout().lock();
    output.write_all(line.as_bytes())?;
    output.write_all(b"\n")?;
    output.flush()
}

fn too_long() -> Failure {
    Failure::text(Exit::Failed, format!("a line of the editor is longer than {LINE_BYTES_MAX} bytes"))
}

// === impl Agent ===

impl Agent {
    /// Does what a line says; what is answered at once.
    async fn hear(&mut self, line: &[u8]) -> Option<String> {
        if line.trim_ascii().is_empty() {
            return None;
        }
        match Line::read(line) {
            Ok(Line::Answer { id, outcome }) => self.editor.answered(id, outcome),
            Ok(Line::Notice { method, params }) => self.notified(&method, &params),
            Ok(Line::Request { id, method, params }) => {
                return match self.asked(&id, &method, &params).await {
                    Ok(result) => result.map(|result| line::answer(&id, &result)),
                    Err(wrong) => Some(line::refusal(&id, &wrong)),
                };
            }
            Err(wrong) => return Some(line::refusal(&Value::Null, &wrong)),
        }
        None
    }

    fn notified(&self, method: &str, params: &Value) {
        let session = params.get("sessionId").and_then(Value::as_str).unwrap_or_default();
        if method == "session/cancel"
            && let Some(running) = self.running.get(session)
        {
            running.cancel();
        }
    }

    /// The result, or nothing for what is answered later.
    async fn asked(&mut self, id: &Value, method: &str, params: &Value) -> Result<Option<Value>, Wrong> {
        match method {
            "initialize" => Ok(Some(initialize())),
            "authenticate" => Ok(Some(json!({}))),
            "session/new" => self.new_session().await.map(Some),
            "session/load" => {
                let session = session(params)?.to_owned();
                let load = prompt::load(self.client.clone(), self.editor.clone(), session);
                self.later(id.clone(), None, load);
                Ok(None)
            }
            "session/prompt" => self.prompt(id.clone(), params).map(|()| None),
            other => Err(Wrong::no_method(other)),
        }
    }

    /// Answers when this is done.
    fn later(
        &mut self,
        id: Value,
        session: Option<String>,
        work: impl Future<Output = Result<Value, Wrong>> + Send + 'static,
    ) {
        let editor = self.editor.clone();
        self.prompts.push(Box::pin(async move {
            let line = match work.await {
                Ok(result) => line::answer(&id, &result),
                Err(wrong) => line::refusal(&id, &wrong),
            };
            editor.write(line).await;
            session.unwrap_or_default()
        }));
    }

    async fn new_session(&self) -> Result<Value, Wrong> {
        let body = match &self.workspace {
            Some(workspace) => json!({ "workspace_id": workspace }),
            None => json!({}),
        };
        let made = self.client.post("/api/v1/threads", &body, None).await?;
        let id = made.get("id").and_then(Value::as_str).ok_or(ClientError::Strange)?;
        Ok(json!({ "sessionId": id }))
    }

    fn prompt(&mut self, id: Value, params: &Value) -> Result<(), Wrong> {
        let session = session(params)?.to_owned();
        if self.running.contains_key(&session) {
            return Err(Wrong::invalid("this session has a turn that runs; cancel it or wait for its end"));
        }
        let content = prompt::text(params.get("prompt").unwrap_or(&Value::Null))?;
        let cancelled = CancellationToken::new();
        self.running.insert(session.clone(), cancelled.clone());
        let turn = prompt::Turn::new(self.client.clone(), self.editor.clone(), session.clone(), cancelled);
        self.later(id, Some(session), async move {
            turn.run(content).await.map(|reason| json!({ "stopReason": reason }))
        });
        Ok(())
    }
}

fn initialize() -> Value {
    json!({
        "protocolVersion": PROTOCOL_VERSION,
        "agentInfo": { "name": "capuchin", "title": "Capuchin", "version": env!("CARGO_PKG_VERSION") },
        "agentCapabilities": {
            "loadSession": true,
            "promptCapabilities": { "image": false, "audio": false, "embeddedContext": true },
            "mcpCapabilities": { "http": false, "sse": false },
        },
        "authMethods": [],
    })
}

/// The session that a request names: ids of threads, and nothing that could be another path.
fn session(params: &Value) -> Result<&str, Wrong> {
    let session = params.get("sessionId").and_then(Value::as_str).unwrap_or_default();
    let plain = session.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
    if session.is_empty() || !plain {
        Err(Wrong::invalid("`sessionId` names no session"))
    } else {
        Ok(session)
    }
}
