//! The gate: one handle that everybody shares, and the one way from a credential to a principal.
//!
//! Authenticating costs no query of its own: tokens and sessions are in memory. The token table
//! is read again when it is older than a second, or when a token is unknown, so that what
//! another process (the command line) makes or revokes counts here too.

use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use jiff::Timestamp;
use parking_lot::{Mutex, RwLock};
use tokio::sync::{Semaphore, watch};

use super::SecretText;
use super::error::AuthError;
use super::principal::{Principal, Who};
use super::rate::{FailureTable, Purpose};
use super::secret::{SecretHash, TOKEN_PREFIX};
use super::sessions::SessionTable;
use super::setup::SetupDesk;
use super::store;
use super::tickets::{NoTicket, TicketDesk};
use super::tokens::{Found, TokenTable};
use crate::db::{Db, DbError};
use crate::protocol::ids::{TenantId, TokenId};

/// How old the token table may be when a token is looked up.
const TABLE_AGE_MAX: Duration = Duration::from_secs(1);
/// Least time between two reads of the table for unknown tokens.
const RELOAD_PAUSE: Duration = Duration::from_millis(50);
/// Passwords that are hashed at a time: each takes 19 MiB for some tens of milliseconds.
const HASHES_MAX: usize = 2;

/// The time of day in milliseconds since 1970. Tests bring their own.
pub type Clock = Arc<dyn Fn() -> i64 + Send + Sync>;

/// What a caller shows.
#[derive(Clone, Copy)]
pub enum Credential<'a> {
    /// An API token.
    Token(&'a str),
    /// The value of the session cookie.
    Session(&'a str),
    /// A one-use ticket.
    Ticket(&'a str),
}

/// See the module. Cheap to clone.
#[derive(Clone)]
pub struct Identity {
    pub(super) inner: Arc<Inner>,
}

pub(super) struct Inner {
    pub(super) db: Db,
    pub(super) tenant: TenantId,
    pub(super) clock: Clock,
    /// Written by [`Identity::reload`] only.
    tokens: RwLock<Table>,
    /// Held while the table is read, so that one reader does it.
    reloading: tokio::sync::Mutex<()>,
    pub(super) sessions: RwLock<SessionTable>,
    pub(super) setup: Mutex<SetupDesk>,
    pub(super) failures: Mutex<FailureTable>,
    pub(super) hashing: Semaphore,
    /// Whether a password exists.
    pub(super) has_password: AtomicBool,
    tickets: Mutex<TicketDesk>,
    /// Counts what ends credentials; streams look again at each change.
    endings: watch::Sender<u64>,
}

struct Table {
    table: Arc<TokenTable>,
    read_at: Instant,
}

impl Identity {
    /// Reads what the store knows about a tenant.
    ///
    /// # Errors
    /// What the store answers.
    pub async fn open(db: Db, tenant: TenantId) -> Result<Self, DbError> {
        Self::open_with_clock(db, tenant, Arc::new(|| Timestamp::now().as_millisecond())).await
    }

    /// Like [`Identity::open`], with another clock.
    ///
    /// # Errors
    /// What the store answers.
    pub async fn open_with_clock(db: Db, tenant: TenantId, clock: Clock) -> Result<Self, DbError> {
        let read_at = Instant::now();
        let (tokens, sessions, password) = db
            .read(&tenant, |read| {
                Ok::<_, DbError>((store::tokens(read)?, store::sessions(read)?, store::password(read)?))
            })
            .await?;
        let inner = Inner {
            db,
            tenant,
            clock,
            tokens: RwLock::new(Table { table: Arc::new(TokenTable::new(tokens)), read_at }),
            reloading: tokio::sync::Mutex::default(),
            sessions: RwLock::new(SessionTable::new(sessions)),
            setup: Mutex::default(),
            failures: Mutex::default(),
            hashing: Semaphore::new(HASHES_MAX),
            has_password: AtomicBool::new(password.is_some()),
            tickets: Mutex::default(),
            endings: watch::Sender::new(0),
        };
        Ok(Self { inner: Arc::new(inner) })
    }

    /// Whose identities these are.
    #[must_use]
    pub fn tenant(&self) -> &TenantId {
        &self.inner.tenant
    }

    /// Whether the owner has set a password.
    #[must_use]
    pub fn is_set_up(&self) -> bool {
        self.inner.has_password.load(Ordering::Acquire)
    }

    /// Whether anything at all opens the console: a listener beyond loopback needs that.
    #[must_use]
    pub fn has_credentials(&self) -> bool {
        self.is_set_up() || self.table().has_live(self.now_ms())
    }

    /// Finds out who shows this credential from this address.
    ///
    /// # Errors
    /// [`AuthError`], the same for every credential that opens nothing.
    pub async fn authenticate(
        &self,
        credential: Credential<'_>,
        address: IpAddr,
    ) -> Result<Principal, AuthError> {
        match credential {
            Credential::Token(text) => self.authenticate_token(text, address).await,
            Credential::Session(text) => self.authenticate_session(text).ok_or(AuthError::Unknown),
            Credential::Ticket(text) => {
                let principal = self.inner.tickets.lock().redeem(text, Instant::now());
                principal.filter(|found| self.is_live(found)).ok_or(AuthError::Unknown)
            }
        }
    }

    /// Whether the credential behind a principal still opens something. Streams ask this when
    /// [`Identity::endings`] changes and from time to time.
    #[must_use]
    pub fn is_live(&self, principal: &Principal) -> bool {
        let now_ms = self.now_ms();
        match (principal.who, &principal.session) {
            (Who::Token(id), _) => self.table().is_live(id, now_ms),
            (Who::Owner, Some(hash)) => self.inner.sessions.read().is_live(hash, now_ms),
            (Who::Owner, None) => true,
        }
    }

    /// Changes whenever a credential of this process's knowledge ends.
    #[must_use]
    pub fn endings(&self) -> watch::Receiver<u64> {
        self.inner.endings.subscribe()
    }

    /// Makes a one-use ticket for a stream.
    ///
    /// # Errors
    /// [`NoTicket`].
    pub fn issue_ticket(&self, principal: Principal) -> Result<SecretText, NoTicket> {
        self.inner.tickets.lock().issue(principal, Instant::now())
    }

    /// Reads the token table again when it is older than a second.
    pub async fn refresh(&self) {
        if self.inner.tokens.read().read_at.elapsed() < TABLE_AGE_MAX {
            return;
        }
        let Ok(_only) = self.inner.reloading.try_lock() else { return };
        if let Err(error) = self.reload().await {
            tracing::warn!(%error, "the token table could not be read; the one of before is used");
        }
    }

    pub(super) fn now_ms(&self) -> i64 {
        (self.inner.clock)()
    }

    pub(super) fn announce_ending(&self) {
        self.inner.endings.send_modify(|count| *count = count.wrapping_add(1));
    }

    /// Reads the token table. What ended since then is announced.
    pub(super) async fn reload(&self) -> Result<(), DbError> {
        let read_at = Instant::now();
        let tokens = self.inner.db.read(&self.inner.tenant, store::tokens).await?;
        let fresh = Arc::new(TokenTable::new(tokens));
        let shrunk = {
            let mut current = self.inner.tokens.write();
            if current.read_at > read_at {
                return Ok(());
            }
            let shrunk = current.table.lost_some_in(&fresh);
            *current = Table { table: fresh, read_at };
            shrunk
        };
        if shrunk {
            self.announce_ending();
        }
        Ok(())
    }

    async fn authenticate_token(&self, text: &str, address: IpAddr) -> Result<Principal, AuthError> {
        let asked_at = Instant::now();
        let hash = SecretHash::of(text);
        self.refresh().await;
        if let Some(principal) = self.find_token(&hash) {
            return Ok(principal);
        }
        let locked = self.inner.failures.lock().locked_for(address, Purpose::Token, asked_at);
        if let Some(retry_after) = locked {
            return Err(AuthError::LockedOut { retry_after });
        }
        if text.starts_with(TOKEN_PREFIX) {
            self.reload_since(asked_at).await;
            if let Some(principal) = self.find_token(&hash) {
                return Ok(principal);
            }
        }
        self.inner.failures.lock().failed(address, Purpose::Token, asked_at);
        Err(AuthError::Unknown)
    }

    /// Makes sure that the table was read after `moment`, at most every [`RELOAD_PAUSE`].
    async fn reload_since(&self, moment: Instant) {
        let _only = self.inner.reloading.lock().await;
        let read_at = self.inner.tokens.read().read_at;
        if read_at > moment {
            return;
        }
        tokio::time::sleep(RELOAD_PAUSE.saturating_sub(read_at.elapsed())).await;
        if let Err(error) = self.reload().await {
            tracing::warn!(%error, "the token table could not be read; the one of before is used");
        }
    }

    fn find_token(&self, hash: &SecretHash) -> Option<Principal> {
        let now_ms = self.now_ms();
        let Found::Live { principal, note } = self.table().find(hash, now_ms) else { return None };
        if let (true, Who::Token(id)) = (note, principal.who) {
            self.note_use(id, now_ms);
        }
        Some(principal)
    }

    /// Writes a use down without waiting for the disk: losing it costs a minute of `last used`.
    fn note_use(&self, id: TokenId, now_ms: i64) {
        drop(self.inner.db.write(&self.inner.tenant, move |tx| store::note_use(tx, id, now_ms)));
    }

    fn authenticate_session(&self, text: &str) -> Option<Principal> {
        let (hash, now_ms) = (SecretHash::of(text), self.now_ms());
        if !self.inner.sessions.read().is_live(&hash, now_ms) {
            return None;
        }
        if self.inner.sessions.write().touch(&hash, now_ms) {
            drop(self.inner.db.write(&self.inner.tenant, move |tx| store::touch_session(tx, &hash, now_ms)));
        }
        Some(Principal { session: Some(hash), ..Principal::owner(self.inner.tenant.clone()) })
    }

    fn table(&self) -> Arc<TokenTable> {
        Arc::clone(&self.inner.tokens.read().table)
    }
}
