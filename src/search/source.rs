//! The port to what is indexed. The substrate knows no product: an adapter implements this.

use futures::future::BoxFuture;

use super::document::{Document, Key, RawId};
use crate::protocol::ids::TenantId;

/// Why the things could not be read. They are asked for again.
#[derive(Clone, Debug, thiserror::Error)]
#[error("what is indexed cannot be read: {0}")]
pub struct SourceError(pub String);

/// What has texts. Every function answers the present state, and is asked again after a failure.
pub trait Source: Send + Sync + 'static {
    /// The tenants that there are.
    fn tenants(&self) -> BoxFuture<'_, Result<Vec<TenantId>, SourceError>>;

    /// The kinds of things that the change table names, and that [`Source::page`] knows.
    fn kinds(&self) -> &'static [&'static str];

    /// The kind of the change table that stands for all things of a group.
    fn group_kind(&self) -> &'static str;

    /// Those of these things that exist.
    fn documents<'a>(
        &'a self,
        tenant: &'a TenantId,
        keys: Vec<Key>,
    ) -> BoxFuture<'a, Result<Vec<Document>, SourceError>>;

    /// Up to `limit` things of a group after this id, in the order of their ids.
    fn group<'a>(
        &'a self,
        tenant: &'a TenantId,
        group: RawId,
        after: Option<RawId>,
        limit: usize,
    ) -> BoxFuture<'a, Result<Vec<Document>, SourceError>>;

    /// Up to `limit` things of a kind after this id, in the order of their ids.
    fn page<'a>(
        &'a self,
        tenant: &'a TenantId,
        kind: &'static str,
        after: Option<RawId>,
        limit: usize,
    ) -> BoxFuture<'a, Result<Vec<Document>, SourceError>>;

    /// Kinds without a change table: they are looked at every now and then, as a whole.
    fn watched_kinds(&self) -> &'static [&'static str];

    /// Everything of a watched kind, with a word for each that is another when the thing is.
    fn watched<'a>(
        &'a self,
        tenant: &'a TenantId,
        kind: &'static str,
    ) -> BoxFuture<'a, Result<Vec<(String, Document)>, SourceError>>;
}
