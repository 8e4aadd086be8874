//! Work with the writer of an index, on threads that may block.

use std::sync::Arc;

use super::document::Document;
use super::error::SearchError;
use super::live::Live;
use super::source::SourceError;
use super::writing::Writing;
use crate::db::DbError;

pub(super) async fn put_all(
    writing: &mut Option<Writing>,
    documents: Vec<Document>,
) -> Result<(), SearchError> {
    write(writing, move |writing| documents.iter().try_for_each(|document| writing.put(document, false)))
        .await
}

pub(super) async fn open_writer(live: Arc<Live>) -> Result<Writing, SearchError> {
    blocking(move || Writing::open(&live)).await
}

/// Works with the writer on a thread that may block. After an error, or a crash, there is no writer any more.
pub(super) async fn write(
    writing: &mut Option<Writing>,
    work: impl FnOnce(&mut Writing) -> Result<(), SearchError> + Send + 'static,
) -> Result<(), SearchError> {
    let mut taken = writing.take().ok_or(SearchError::Damaged)?;
    let taken = blocking(move || {
        work(&mut taken)?;
        Ok(taken)
    });
    *writing = Some(taken.await?);
    Ok(())
}

pub(super) async fn drop_writer(writing: Option<Writing>) {
    let Some(writing) = writing else { return };
    // silent-ok: a crash there has no other effect than the end of the writer
    let _ = tokio::task::spawn_blocking(move || writing.close()).await;
}

pub(super) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, SearchError> + Send + 'static,
) -> Result<T, SearchError> {
    tokio::task::spawn_blocking(work).await.unwrap_or(Err(SearchError::Damaged))
}

pub(super) fn unreadable(error: &DbError) -> SearchError {
    SearchError::Source(SourceError(error.to_string()))
}
