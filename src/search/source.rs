//! The port to what is indexed. The substrate knows no product: an adapter implements this.

use futures::future::BoxFuture;

use super::document::{Document, Key, RawId};
use crate::protocol::ids::TenantId;

/// Why the things could not be read. They are asked for again.
#[derive(Clone, Debug, thiserror::Error)]
#[error("what is indexed cannot be read: {0}")]
pub struct SourceError(pub String);

/// A set of things under one name, such as the passages of a file, as it is now.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SetState {
    /// How the source finds it: the sets of a tenant differ in it.
    pub locator: String,
    /// A word that is another when the set is.
    pub state: String,
}

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

    /// The kind of things that come in sets; `None` where there are none. Sets are looked at every now and then; only those
    /// that are others are read.
    fn set_kind(&self) -> Option<&'static str> {
        None
    }

    /// All sets that there are.
    fn sets<'a>(&'a self, _tenant: &'a TenantId) -> BoxFuture<'a, Result<Vec<SetState>, SourceError>> {
        Box::pin(std::future::ready(Ok(Vec::new())))
    }

    /// What is in a set; nothing where it is gone. Its things belong to no group.
    fn set<'a>(
        &'a self,
        _tenant: &'a TenantId,
        _locator: &'a str,
    ) -> BoxFuture<'a, Result<Vec<Document>, SourceError>> {
        Box::pin(std::future::ready(Ok(Vec::new())))
    }
}
