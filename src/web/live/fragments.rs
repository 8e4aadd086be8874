//! Parts of pages that are rendered again when what they show has changed.
//!
//! A look once a second is cheaper than a subscription to everything, and a person does
//! not read faster. While nothing changes nothing is sent.

use std::time::Duration;

use futures::stream::{self, Stream};
use serde_json::{Value, json};
use tokio::time::{Interval, MissedTickBehavior, interval};

use super::topics::Topic;
use crate::http::AppState;
use crate::http::auth::{Need as _, Operate};
use crate::identity::Principal;
use crate::web::headers::fragment;
use crate::web::read;
use crate::web::view::RailFragment;
use crate::web::view::pages::{HomeFragment, TreeFragment};

/// How often each part is looked at.
const LOOK_EVERY: Duration = Duration::from_secs(1);

struct Watch {
    state: AppState,
    by: Principal,
    topic: Topic,
    every: Interval,
    /// What the reader has.
    shown: String,
}

/// The part of a page as it changes, the first one at once.
pub(super) fn follow(
    state: AppState,
    by: Principal,
    topic: Topic,
) -> impl Stream<Item = Value> + Send + 'static {
    let mut every = interval(LOOK_EVERY);
    every.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let watch = Watch { state, by, topic, every, shown: String::new() };
    stream::unfold(watch, |mut watch| async move {
        loop {
            watch.every.tick().await;
            let Some((name, html)) = watch.render().await else { continue };
            if html != watch.shown {
                let message = json!({ "topic": name, "what": "fragment", "html": html });
                watch.shown = html;
                return Some((message, watch));
            }
        }
    })
}

impl Watch {
    /// `None` when the store does not answer now: the reader keeps what it has.
    async fn render(&self) -> Option<(&'static str, String)> {
        // silent-ok: a store that is away is reported by whoever writes to it; the next look is in a second.
        match self.topic {
            Topic::Home => {
                let facts = read::home::facts(&self.state, &self.by).await.ok()?;
                Some(("home", fragment(&HomeFragment { facts: &facts })?))
            }
            Topic::Rail => {
                let rail = read::rail::rail(&self.state, &self.by).await.ok()?;
                Some(("rail", fragment(&RailFragment { rail: &rail })?))
            }
            Topic::Runtime => {
                let may_operate = self.by.authorize(Operate::ANY_OF).is_ok();
                let tree = read::tree::tree(&self.state, may_operate);
                Some(("runtime", fragment(&TreeFragment { tree: &tree })?))
            }
            Topic::Thread { .. } => None,
        }
    }
}
