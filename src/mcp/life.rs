//! One life of one server: connect, look at its tools, look again when it says that they changed, notice its end.
//!
//! Run by the server's child. Its end is the child's end, and the tree decides when the next life begins. Nothing
//! here waits without a bound: a server that does not answer is a server that ended.

use std::sync::Arc;
use std::time::Duration;

use rmcp::RoleClient;
use rmcp::model::{ProtocolVersion, SubscriptionFilter};
use rmcp::service::{Peer, Subscription};
use tokio::io::{AsyncRead, AsyncReadExt as _};
use tokio::sync::Notify;
use tokio::time::{Instant, sleep, sleep_until, timeout};
use tokio_util::sync::CancellationToken;

use super::connection::{Connection, all_tools, connect};
use super::desk::{LINE_BYTES_MAX, McpServers, pin_of, standing};
use super::live::{LiveView, ServerState, Standing, StandingTool};
use super::offer::{FoundTool, offer, plain_text};
use super::server::McpServer;
use super::store;
use crate::db::DbError;
use crate::notifications::Pattern;
use crate::protocol::ids::TenantId;

/// Longest time between two looks at the tools of a server that says nothing.
const LOOK_AGAIN: Duration = Duration::from_secs(300);
/// Shortest time between two looks: a server may call for one as often as it likes.
const REST: Duration = Duration::from_secs(1);
/// How long the first turns after a start wait for servers.
const FIRST_TRIES: Duration = Duration::from_secs(10);
/// How long a server may take to say goodbye.
const GOODBYE: Duration = Duration::from_secs(3);
/// Lines of error output that one life may have in the log.
const LINES_MAX: usize = 1_000;

impl McpServers {
    /// The servers of a tenant that shall run: their names, each with a number that changes with its settings.
    ///
    /// # Errors
    /// What the store answers.
    pub async fn wanted(&self, tenant: &TenantId) -> Result<Vec<(String, u64)>, DbError> {
        let all = self.db().read(tenant, store::all).await?;
        let wanted = all.into_iter().filter(|server| server.enabled).map(|server| {
            // Versions begin at 1, so another server of the same name counts too: its id is part of the number.
            let (id, restarts) = (server.id.to_string(), self.table().restarts(tenant, &server.name));
            let print = crate::db::fingerprint(&[
                id.as_bytes(),
                &server.version.to_le_bytes(),
                &restarts.to_le_bytes(),
            ]);
            (server.name, print.first_chunk::<8>().map_or(0, |bytes| u64::from_le_bytes(*bytes)))
        });
        Ok(wanted.collect())
    }

    /// Waits, once in a life of the daemon, until the servers that shall run have been tried: a turn that an earlier
    /// life left goes on with the tools that it had.
    pub(super) async fn first_tries(&self, tenant: &TenantId) {
        let table = self.table();
        if table.is_tried(tenant) {
            return;
        }
        // silent-ok: a store that does not answer is told by everything else of the turn
        let wanted = self.wanted(tenant).await.unwrap_or_default();
        let is_tried = |name: &str| table.get(tenant, name).view.state.is_decided();
        let mut moves = table.moves();
        let tried = async {
            while !wanted.iter().all(|(name, _)| is_tried(name)) && moves.changed().await.is_ok() {}
        };
        // silent-ok: who is not there by then is not there
        let _ = timeout(FIRST_TRIES, tried).await;
        table.set_tried(tenant);
    }

    /// Resolves once [`McpServers::wanted`] may have another answer. Keeps one wish that nobody waits for.
    pub async fn changed(&self, tenant: &TenantId) {
        self.table().changed(tenant).notified().await;
    }

    /// One life, until the server ends or `stop` is cancelled; `Ok` only after that.
    ///
    /// # Errors
    /// Why it ended, for people.
    pub async fn live(&self, tenant: &TenantId, name: &str, stop: &CancellationToken) -> Result<(), String> {
        self.table().enter(tenant, name, ServerState::Starting);
        let ended = Box::pin(stop.run_until_cancelled(self.life(tenant, name, stop))).await;
        let (state, result) = match ended {
            None | Some(Ok(())) => (ServerState::Stopped, Ok(())),
            Some(Err(why)) => {
                self.note(tenant, name, &why);
                tracing::warn!(noticed = true, name, why, "an MCP server ended");
                let title = format!("The MCP server {name} does not run");
                self.notice(tenant, Pattern::McpDown, name, (title, &why));
                (ServerState::Failed(why.clone()), Err(why))
            }
        };
        self.table().enter(tenant, name, state);
        result
    }

    /// The server does not run, and nobody starts it again by itself.
    pub fn is_down(&self, tenant: &TenantId, name: &str, why: &str) {
        self.table().enter(tenant, name, ServerState::Failed(plain_text(why, LINE_BYTES_MAX)));
    }

    async fn life(&self, tenant: &TenantId, name: &str, stop: &CancellationToken) -> Result<(), String> {
        let wanted = name.to_owned();
        let found = self.db().read(tenant, move |read| store::by_name(read, &wanted)).await;
        let server = found.map_err(|error| error.to_string())?.ok_or("it was removed")?;
        let within = Duration::from_secs(self.limits().connect_timeout_s);
        let doubt = Arc::new(Notify::new());
        let late = |_| format!("it did not answer within {} s", within.as_secs());
        let connection = timeout(within, connect(self, tenant, &server, &doubt)).await.map_err(late)??;
        let Connection { running, program } = connection;
        let peer = running.peer().clone();
        let looking = timeout(within, self.look(tenant, &server, &peer, &doubt));
        looking.await.map_err(late)??;
        let (goodbye, waiting) = (running.cancellation_token(), running.waiting());
        let mut life = Box::pin(async {
            tokio::select! {
                ended = waiting => Err(format!("the connection ended{}", ended.map_or(" by a fault", |_| ""))),
                ended = self.watch(tenant, &server, &peer, &doubt) => ended,
            }
        });
        let (stderr, _program) = match program {
            Some(program) => (Some(program.stderr), Some(program.guard)),
            None => (None, None),
        };
        let listening = self.listen_to(tenant, name, stderr);
        tokio::select! {
            ended = &mut life => ended,
            () = listening => life.await,
            () = stop.cancelled() => {
                goodbye.cancel();
                // silent-ok: whoever does not say goodbye is cut off
                let _ = timeout(GOODBYE, life).await;
                Ok(())
            }
        }
    }

    /// Looks at the tools again when there is a reason, and from time to time. Ends when the server does not answer.
    async fn watch(
        &self,
        tenant: &TenantId,
        server: &McpServer,
        peer: &Peer<RoleClient>,
        doubt: &Arc<Notify>,
    ) -> Result<(), String> {
        let within = Duration::from_secs(self.limits().connect_timeout_s);
        let mut subscription = subscribe(peer, within).await;
        let mut due = Instant::now() + LOOK_AGAIN;
        loop {
            tokio::select! {
                () = doubt.notified() => {}
                () = sleep_until(due) => {}
                still = news(subscription.as_mut()) => if !still {
                    subscription = None;
                },
            }
            sleep(REST).await;
            let looked = timeout(within, self.look(tenant, server, peer, doubt)).await;
            looked.map_err(|_| format!("it did not answer within {} s", within.as_secs()))??;
            due = Instant::now() + LOOK_AGAIN;
            if subscription.is_none() {
                subscription = subscribe(peer, within).await;
            }
        }
    }

    /// Reads the list of tools and offers those that were accepted. The first list of a server is accepted as it is.
    async fn look(
        &self,
        tenant: &TenantId,
        server: &McpServer,
        peer: &Peer<RoleClient>,
        doubt: &Arc<Notify>,
    ) -> Result<(), String> {
        let info = peer.peer_info();
        let has_tools = info.as_ref().is_none_or(|info| info.capabilities.tools.is_some());
        let (raw, beyond) =
            if has_tools { all_tools(peer, self.limits().tools_max).await? } else { (Vec::new(), 0) };
        if self.table().get(tenant, &server.name).view.state != ServerState::Ready {
            self.is_back(tenant, &server.name);
        }
        let (found, left_out) = offer(&server.name, server.trusted, &raw);
        let pins = self.pins(tenant, server, &found).await.map_err(|error| error.to_string())?;
        let tools = standing(server, found, &pins);
        let changed =
            |tools: &[StandingTool]| tools.iter().filter(|tool| tool.standing == Standing::Changed).count();
        let withheld = changed(&tools);
        if withheld > changed(&self.table().get(tenant, &server.name).view.tools) {
            let text = format!("{withheld} tools changed and are withheld until somebody accepts them");
            self.note(tenant, &server.name, &text);
            let title = format!("Tools of the MCP server {} changed", server.name);
            self.notice(tenant, Pattern::McpToolChanged, &server.name, (title, &text));
        }
        self.table().change(tenant, &server.name, |live| {
            live.view = LiveView {
                state: ServerState::Ready,
                protocol: info.as_ref().map(|info| plain_text(info.protocol_version.as_str(), 40)),
                calls_itself: info
                    .as_ref()
                    .and_then(|info| info.server_info.as_ref())
                    .map(|us| plain_text(&format!("{} {}", us.name, us.version), 100)),
                tools: tools.into(),
                left_out: left_out + beyond,
                has_resources: info.as_ref().is_some_and(|info| info.capabilities.resources.is_some()),
                has_prompts: info.as_ref().is_some_and(|info| info.capabilities.prompts.is_some()),
            };
            live.server = Some(Arc::new(server.clone()));
            live.peer = Some(peer.clone());
            live.doubt = Some(Arc::clone(doubt));
        });
        Ok(())
    }

    /// What people accepted of this server; its first list is taken as accepted.
    async fn pins(
        &self,
        tenant: &TenantId,
        server: &McpServer,
        found: &[FoundTool],
    ) -> Result<Vec<store::Pin>, DbError> {
        let (id, version) = (server.id, server.version);
        let known = self.db().read(tenant, move |read| {
            Ok::<_, DbError>((store::by_id(read, id)?.pinned, store::pins(read, id)?))
        });
        let (pinned, pins) = known.await?;
        if pinned {
            return Ok(pins);
        }
        let first: Vec<store::Pin> = found.iter().map(pin_of).collect();
        let now_ms = jiff::Timestamp::now().as_millisecond();
        let write = self.db().write(tenant, move |tx| {
            if store::set_pinned(tx, id, version)? {
                first.iter().try_for_each(|pin| store::pin(tx, id, pin, ("first", now_ms)))?;
            }
            store::pins(tx, id)
        });
        write.await
    }

    /// Keeps what a program says on its error output. Resolves at its end.
    async fn listen_to(
        &self,
        tenant: &TenantId,
        name: &str,
        stderr: Option<Box<dyn AsyncRead + Send + Unpin>>,
    ) {
        let Some(mut stderr) = stderr else { return };
        let (mut line, mut piece, mut lines) = (Vec::new(), [0; 4_096], 0);
        while let Ok(length @ 1..) = stderr.read(&mut piece).await {
            for byte in piece.get(..length).unwrap_or_default() {
                if *byte != b'\n' {
                    if line.len() < LINE_BYTES_MAX {
                        line.push(*byte);
                    }
                    continue;
                }
                // A program that talks without end is read without end, or it would stop; but not kept.
                if lines < LINES_MAX {
                    self.note(tenant, name, &String::from_utf8_lossy(&line));
                    lines += 1;
                }
                line.clear();
            }
        }
    }
}

/// Asks a server of the newer era to say when its tools change. The older ones say so by themselves.
async fn subscribe(peer: &Peer<RoleClient>, within: Duration) -> Option<Subscription> {
    let info = peer.peer_info()?;
    let tools = info.capabilities.tools.as_ref()?;
    if info.protocol_version < ProtocolVersion::V_2026_07_28 || tools.list_changed != Some(true) {
        return None;
    }
    let filter = SubscriptionFilter::builder().tools_list_changed().build();
    // silent-ok: without it the tools are looked at from time to time
    timeout(within, peer.listen(filter)).await.ok()?.ok()
}

/// Waits for a word of a subscription. False at its end.
async fn news(subscription: Option<&mut Subscription>) -> bool {
    match subscription {
        Some(subscription) => matches!(subscription.next().await, Ok(Some(_))),
        None => std::future::pending().await,
    }
}
