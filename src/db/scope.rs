//! Statements with their scope: the tenant travels in the type.
//!
//! A [`TenantRead`] binds its tenant to `?1` of every statement, own parameters start at `?2`, and a
//! statement that does not name `?1` is an error. [`SystemRead`] is for the few statements that come
//! before a tenant is known or concern all of them (a token's hash, boots, housekeeping): own
//! parameters start at `?1`.

use std::cell::RefCell;
use std::ops::{ControlFlow, Deref};

use rusqlite::{CachedStatement, Connection};
use serde_json::Value;

use crate::extensions::{Extensions, Hook as Point};
use crate::protocol::ids::TenantId;

use super::error::DbError;
use super::value::{Row, ToValue};
use crate::redaction::Redactor;

/// What runs once the transaction is durable, on the writer's thread: keep it short.
pub(super) type Hook = Box<dyn FnOnce() + Send>;

/// Whose rows statements may touch.
pub trait Scope: sealed::Sealed {
    /// Binds what the scope binds, and answers the index of the first own parameter.
    #[doc(hidden)]
    fn bind(&self, binder: &mut Binder<'_, '_>) -> Result<usize, DbError>;
}

/// Rows of one tenant.
pub struct Tenant(pub(super) TenantId);

/// Rows of all tenants.
pub struct System;

/// Reading statements on a consistent view.
pub struct Read<'c, S> {
    conn: &'c Connection,
    scope: S,
    /// The first failure of the disk that a statement saw, even if the closure swallowed it.
    trouble: RefCell<Option<DbError>>,
}

/// Reading and writing statements of one job.
pub struct Tx<'c, S> {
    read: Read<'c, S>,
    beside: Beside<'c>,
    hooks: Vec<Hook>,
}

/// What every job has besides its connection.
#[derive(Clone, Copy)]
pub(super) struct Beside<'c> {
    pub(super) redactor: &'c Redactor,
    pub(super) plugs: &'c Extensions,
}

/// Reads of one tenant.
pub type TenantRead<'c> = Read<'c, Tenant>;
/// Writes of one tenant.
pub type TenantTx<'c> = Tx<'c, Tenant>;
/// Reads over all tenants.
pub type SystemRead<'c> = Read<'c, System>;
/// Writes over all tenants.
pub type SystemTx<'c> = Tx<'c, System>;

mod sealed {
    pub trait Sealed {}
    impl Sealed for super::Tenant {}
    impl Sealed for super::System {}
}

/// A statement whose parameters are being bound.
pub struct Binder<'b, 'c> {
    statement: &'b mut CachedStatement<'c>,
    sql: &'b str,
}

impl Scope for Tenant {
    fn bind(&self, binder: &mut Binder<'_, '_>) -> Result<usize, DbError> {
        if binder.statement.parameter_name(1) != Some("?1") {
            return Err(DbError::Unscoped { sql: binder.sql.to_owned() });
        }
        binder.statement.raw_bind_parameter(1, self.0.to_value())?;
        Ok(2)
    }
}

impl Scope for System {
    fn bind(&self, _binder: &mut Binder<'_, '_>) -> Result<usize, DbError> {
        Ok(1)
    }
}

// === impl Read ===

impl Read<'_, Tenant> {
    /// Whose rows these are.
    #[must_use]
    pub const fn tenant(&self) -> &TenantId {
        &self.scope.0
    }
}

impl<'c, S: Scope> Read<'c, S> {
    pub(super) const fn new(conn: &'c Connection, scope: S) -> Self {
        Self { conn, scope, trouble: RefCell::new(None) }
    }

    /// The only row.
    ///
    /// # Errors
    /// [`DbError::NoRow`] when there is none, else what the statement or `map` answers.
    pub fn query_one<T, E: From<DbError>>(
        &self,
        sql: &str,
        args: &[&dyn ToValue],
        map: impl FnOnce(&Row<'_>) -> Result<T, E>,
    ) -> Result<T, E> {
        self.query_opt(sql, args, map)?.ok_or_else(|| DbError::NoRow.into())
    }

    /// The first row, if any.
    ///
    /// # Errors
    /// What the statement or `map` answers.
    pub fn query_opt<T, E: From<DbError>>(
        &self,
        sql: &str,
        args: &[&dyn ToValue],
        map: impl FnOnce(&Row<'_>) -> Result<T, E>,
    ) -> Result<Option<T>, E> {
        let mut map = Some(map);
        let mut found = None;
        self.query_each(sql, args, |row| {
            if let Some(map) = map.take() {
                found = Some(map(row)?);
            }
            Ok::<_, E>(ControlFlow::Break(()))
        })?;
        Ok(found)
    }

    /// All rows. Statements carry a `LIMIT` wherever the table can grow.
    ///
    /// # Errors
    /// What the statement or `map` answers.
    pub fn query_all<T, E: From<DbError>>(
        &self,
        sql: &str,
        args: &[&dyn ToValue],
        mut map: impl FnMut(&Row<'_>) -> Result<T, E>,
    ) -> Result<Vec<T>, E> {
        let mut all = Vec::new();
        self.query_each(sql, args, |row| {
            all.push(map(row)?);
            Ok::<_, E>(ControlFlow::Continue(()))
        })?;
        Ok(all)
    }

    /// Row by row, until `each` breaks.
    ///
    /// # Errors
    /// What the statement or `each` answers.
    pub fn query_each<E: From<DbError>>(
        &self,
        sql: &str,
        args: &[&dyn ToValue],
        mut each: impl FnMut(&Row<'_>) -> Result<ControlFlow<()>, E>,
    ) -> Result<(), E> {
        let mut statement = self.prepare(sql, args)?;
        let mut rows = statement.raw_query();
        while let Some(row) = rows.next().map_err(|error| self.note(error))? {
            if each(&Row::new(row))?.is_break() {
                break;
            }
        }
        Ok(())
    }

    /// A prepared statement with all parameters bound.
    fn prepare(&self, sql: &str, args: &[&dyn ToValue]) -> Result<CachedStatement<'c>, DbError> {
        let mut statement = self.conn.prepare_cached(sql).map_err(|error| self.note(error))?;
        let first = self.scope.bind(&mut Binder { statement: &mut statement, sql })?;
        for (offset, arg) in args.iter().enumerate() {
            statement.raw_bind_parameter(first + offset, arg.to_value())?;
        }
        Ok(statement)
    }

    /// Keeps a failure of the disk for the writer, which must know it whatever the closure answers.
    fn note(&self, error: rusqlite::Error) -> DbError {
        let error = DbError::from(error);
        if error.stops_the_writer() || matches!(error, DbError::DiskFull) {
            self.trouble.borrow_mut().get_or_insert_with(|| error.clone());
        }
        error
    }
}

// === impl Tx ===

impl<'c, S: Scope> Tx<'c, S> {
    pub(super) const fn new(conn: &'c Connection, scope: S, beside: Beside<'c>) -> Self {
        Self { read: Read::new(conn, scope), beside, hooks: Vec::new() }
    }

    /// The engine that takes secrets out of what is stored for good. It is here so that nobody who writes
    /// in somebody else's transaction can be without it.
    #[must_use]
    pub const fn redactor(&self) -> &'c Redactor {
        self.beside.redactor
    }

    /// Runs a statement that answers no rows; the number of rows that it changed.
    ///
    /// # Errors
    /// What the statement answers.
    pub fn execute(&mut self, sql: &str, args: &[&dyn ToValue]) -> Result<usize, DbError> {
        self.read.prepare(sql, args)?.raw_execute().map_err(|error| self.read.note(error))
    }

    /// Inserts one row into a table with an integer key; the key.
    ///
    /// # Errors
    /// What the statement answers.
    pub fn insert(&mut self, sql: &str, args: &[&dyn ToValue]) -> Result<i64, DbError> {
        self.execute(sql, args)?;
        Ok(self.read.conn.last_insert_rowid())
    }

    /// Runs `hook` once this job is durable, in the order of the jobs, on the writer's thread.
    /// It does not run when the job or its commit fails.
    pub fn on_commit(&mut self, hook: impl FnOnce() + Send + 'static) {
        self.hooks.push(Box::new(hook));
    }

    pub(super) fn finish(self) -> (Vec<Hook>, Option<DbError>) {
        (self.hooks, self.read.trouble.into_inner())
    }
}

impl Tx<'_, Tenant> {
    /// Has the plugs of a point told once this job is durable. What they are told is put together only if there are some.
    ///
    /// # Errors
    /// What `data` answers.
    pub fn tell(
        &mut self,
        point: Point,
        data: impl FnOnce(&TenantRead<'_>) -> Result<Value, DbError>,
    ) -> Result<(), DbError> {
        if !self.beside.plugs.wants(point) {
            return Ok(());
        }
        let (plugs, tenant, data) = (self.beside.plugs.clone(), self.tenant().clone(), data(&self.read)?);
        self.on_commit(move || plugs.tell(point, &tenant, data));
        Ok(())
    }
}

impl<'c, S> Deref for Tx<'c, S> {
    type Target = Read<'c, S>;

    fn deref(&self) -> &Read<'c, S> {
        &self.read
    }
}
