//! Notices over channels: whoever may decide is told where they talk to us alone.

use futures::FutureExt as _;
use futures::future::BoxFuture;

use super::desk::Channels;
use super::outbox::DUPLICATE;
use crate::notifications::{DeliverFailure, DeliverNotice, Letter};
use crate::protocol::ids::TenantId;

impl DeliverNotice for Channels {
    fn is_ready(&self, tenant: &TenantId) -> bool {
        self.reaches_somebody(tenant)
    }

    /// Once it is owed it is delivered as far as this goes: what the platform does with it is in the outbox.
    fn deliver(&self, tenant: TenantId, letter: Letter) -> BoxFuture<'static, Result<(), DeliverFailure>> {
        let channels = self.clone();
        async move {
            match channels.tell_deciders(&tenant, words(&letter)).await {
                Ok(0) => Err(DeliverFailure::Never {
                    why: "nobody who may decide has written to us over a channel".to_owned(),
                }),
                Ok(_) => Ok(()),
                Err(error) => Err(DeliverFailure::Later { why: error.to_string(), after: None }),
            }
        }
        .boxed()
    }
}

fn words(letter: &Letter) -> String {
    let mark = if letter.possible_duplicate { format!("{DUPLICATE} ") } else { String::new() };
    match letter.body.trim() {
        "" => format!("{mark}**{}**", letter.title),
        body => format!("{mark}**{}**\n\n{body}", letter.title),
    }
}
