//! The gate: one handle that everybody shares, and the one way from a credential to a principal.
//!
//! Authenticating costs no query of its own: tokens and sessions are in memory. The token table
//! is read again when it is older than a second, or when a token is unknown, so that what
//! another process (the command line) makes or revokes counts here too.

use std::net::IpAddr;
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use jiff::Timestamp;
use parking_lot::{Mutex, RwLock};
use tokio::sync::{Semaphore, watch};

use super::SecretText;
use super::accounts::AccountTable;
use super::device::DeviceDesk;
use super::error::AuthError;
use super::members::{Member, MemberState, OWNER_NAME, People, Role};
use super::passkeys::CeremonyDesk;
use super::principal::{Principal, Who};
use super::rate::{FailureTable, Purpose};
use super::seal::SEEDS;
use super::secret::{SecretHash, TOKEN_PREFIX};
use super::sessions::SessionTable;
use super::setup::SetupDesk;
use super::store;
use super::tickets::{NoTicket, TicketDesk};
use super::tokens::{Found, TokenTable};
use super::totp::CodeDesk;
use crate::db::{Db, DbError, TenantRead, TenantTx};
use crate::protocol::ids::{MemberId, TenantId, TokenId};
use crate::vault::Vault;

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
    /// Written by [`Identity::reload_people`] only.
    people: RwLock<Arc<People>>,
    pub(super) sessions: RwLock<SessionTable>,
    pub(super) setup: Mutex<SetupDesk>,
    pub(super) failures: Mutex<FailureTable>,
    pub(super) accounts: Mutex<AccountTable>,
    pub(super) ceremonies: Mutex<CeremonyDesk>,
    pub(super) codes: Mutex<CodeDesk>,
    pub(super) devices: Mutex<DeviceDesk>,
    pub(super) vault: OnceLock<Vault>,
    pub(super) hashing: Semaphore,
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
        let found = db.read(&tenant, read_all).await?;
        let (tokens, sessions, people) = match found {
            (tokens, sessions, Some(people)) => (tokens, sessions, people),
            (tokens, sessions, None) => (tokens, sessions, first_owner(&db, &tenant, clock()).await?),
        };
        let inner = Inner {
            db,
            tenant,
            clock,
            tokens: RwLock::new(Table { table: Arc::new(TokenTable::new(tokens)), read_at }),
            reloading: tokio::sync::Mutex::default(),
            people: RwLock::new(Arc::new(people)),
            sessions: RwLock::new(SessionTable::new(sessions)),
            setup: Mutex::default(),
            failures: Mutex::default(),
            accounts: Mutex::default(),
            ceremonies: Mutex::default(),
            codes: Mutex::default(),
            devices: Mutex::default(),
            vault: OnceLock::new(),
            hashing: Semaphore::new(HASHES_MAX),
            tickets: Mutex::default(),
            endings: watch::Sender::new(0),
        };
        Ok(Self { inner: Arc::new(inner) })
    }

    /// Says which vault keeps the seeds of second factors. Said once, at start; without one nobody enrols.
    pub fn keep_seeds_in(&self, vault: &Vault) {
        if self.inner.vault.set(vault.clone()).is_ok() {
            vault.register(SEEDS);
        }
    }

    /// Whose identities these are.
    #[must_use]
    pub fn tenant(&self) -> &TenantId {
        &self.inner.tenant
    }

    /// Whether the owner can sign in: with a password or a passkey.
    #[must_use]
    pub fn is_set_up(&self) -> bool {
        self.people().is_set_up()
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
            (_, Some(hash)) => self.inner.sessions.read().live(hash, now_ms).is_some(),
            (Who::Owner, None) => true,
            (Who::Member(_), None) => false,
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

    /// The person behind a principal; `None` for a token.
    #[must_use]
    pub fn person(&self, principal: &Principal) -> Option<MemberId> {
        match principal.who {
            Who::Owner => Some(self.people().owner()),
            Who::Member(id) => Some(id),
            Who::Token(_) => None,
        }
    }

    /// Whether the person behind a browser session proved who they are a short time ago. Tokens and the
    /// control socket are proofs of their own.
    #[must_use]
    pub fn is_fresh(&self, principal: &Principal) -> bool {
        let Some(hash) = &principal.session else { return true };
        let now_ms = self.now_ms();
        self.inner.sessions.read().live(hash, now_ms).is_some_and(|session| session.is_fresh(now_ms))
    }

    pub(super) fn people(&self) -> Arc<People> {
        Arc::clone(&self.inner.people.read())
    }

    /// Reads the people again, after something about them changed.
    pub(super) async fn reload_people(&self) -> Result<(), DbError> {
        let members = self.inner.db.read(&self.inner.tenant, store::members::all).await?;
        let people = People::new(members).ok_or(DbError::NoRow)?;
        *self.inner.people.write() = Arc::new(people);
        Ok(())
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
        let tokens = self.inner.db.read(&self.inner.tenant, store::tokens::tokens).await?;
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
        if let Some(principal) = self.find_token(&hash, address) {
            return Ok(principal);
        }
        let locked = self.inner.failures.lock().locked_for(address, Purpose::Token, asked_at);
        if let Some(retry_after) = locked {
            return Err(AuthError::LockedOut { retry_after });
        }
        if text.starts_with(TOKEN_PREFIX) {
            self.reload_since(asked_at).await;
            if let Some(principal) = self.find_token(&hash, address) {
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

    fn find_token(&self, hash: &SecretHash, address: IpAddr) -> Option<Principal> {
        let now_ms = self.now_ms();
        let Found::Live { principal, note } = self.table().find(hash, now_ms) else { return None };
        if let (true, Who::Token(id)) = (note, principal.who) {
            self.note_use(id, address, now_ms);
        }
        Some(principal)
    }

    /// Writes a use down without waiting for the disk: losing it costs a minute of `last used`.
    fn note_use(&self, id: TokenId, address: IpAddr, now_ms: i64) {
        let work = move |tx: &mut TenantTx<'_>| store::tokens::note_use(tx, id, &address.to_string(), now_ms);
        drop(self.inner.db.write(&self.inner.tenant, work));
    }

    fn authenticate_session(&self, text: &str) -> Option<Principal> {
        let (hash, now_ms) = (SecretHash::of(text), self.now_ms());
        let member = self.inner.sessions.read().live(&hash, now_ms)?.member;
        let principal = self.principal_of(self.people().active(member)?, Some(hash));
        if self.inner.sessions.write().touch(&hash, now_ms) {
            let work = move |tx: &mut TenantTx<'_>| store::sessions::touch(tx, &hash, now_ms);
            drop(self.inner.db.write(&self.inner.tenant, work));
        }
        Some(principal)
    }

    /// What a person is to every route.
    pub(super) fn principal_of(&self, member: &Member, session: Option<SecretHash>) -> Principal {
        let who = match member.role {
            Role::Owner => Who::Owner,
            Role::Member => Who::Member(member.id),
        };
        let tenant = self.inner.tenant.clone();
        Principal { who, scopes: member.role.scopes(), session, ..Principal::owner(tenant) }
    }

    fn table(&self) -> Arc<TokenTable> {
        Arc::clone(&self.inner.tokens.read().table)
    }
}

type All = (Vec<(SecretHash, super::TokenRecord)>, Vec<super::sessions::WebSession>, Option<People>);

fn read_all(read: &TenantRead<'_>) -> Result<All, DbError> {
    let members = store::members::all(read)?;
    Ok((store::tokens::tokens(read)?, store::sessions::all(read)?, People::new(members)))
}

/// Makes the owner of a tenant that has none yet.
async fn first_owner(db: &Db, tenant: &TenantId, now_ms: i64) -> Result<People, DbError> {
    let owner = Member::new(OWNER_NAME, Role::Owner, MemberState::Active, now_ms);
    let made = db.write(tenant, move |tx| {
        store::members::insert(tx, &owner)?;
        store::members::all(tx)
    });
    People::new(made.await?).ok_or(DbError::NoRow)
}
