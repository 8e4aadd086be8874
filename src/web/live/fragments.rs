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
use crate::web::view::approvals::{AskFragment, CountFragment, InboxFragment};
use crate::web::view::channels::{ChannelFragment, ChannelsFragment, OutboxFragment};
use crate::web::view::notifications::{BellFragment, NoticeFilters, NoticesFragment};
use crate::web::view::pages::{HomeFragment, TreeFragment};
use crate::web::view::{HaltFragment, Notices, RailFragment};

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
    async fn render(&self) -> Option<(String, String)> {
        // silent-ok: a store that is away is reported by whoever writes to it; the next look is in a second.
        match self.topic {
            Topic::Home => {
                let facts = read::home::facts(&self.state, &self.by).await.ok()?;
                Some(("home".to_owned(), fragment(&HomeFragment { facts: &facts })?))
            }
            Topic::Rail => {
                let rail = read::rail::rail(&self.state, &self.by).await.ok()?;
                Some(("rail".to_owned(), fragment(&RailFragment { rail: &rail })?))
            }
            Topic::Runtime => {
                let may_operate = self.by.authorize(Operate::ANY_OF).is_ok();
                let tree = read::tree::tree(&self.state, may_operate);
                Some(("runtime".to_owned(), fragment(&TreeFragment { tree: &tree })?))
            }
            Topic::Inbox => {
                let inbox = read::approvals::inbox(&self.state, &self.by).await.ok()?;
                Some(("inbox".to_owned(), fragment(&InboxFragment { inbox: &inbox })?))
            }
            Topic::Count => {
                let waiting = read::notices::waiting(&self.state, &self.by).await?;
                let notices = Notices { waiting, ..Notices::default() };
                Some(("count".to_owned(), fragment(&CountFragment { notices: &notices })?))
            }
            Topic::Bell => {
                let unread = Some(read::notices::unread(&self.state, &self.by).await?);
                let notices = Notices { unread, ..Notices::default() };
                Some(("bell".to_owned(), fragment(&BellFragment { notices: &notices })?))
            }
            Topic::Notices => {
                read::notices::unread(&self.state, &self.by).await?;
                let asked = NoticeFilters::default();
                let list = read::notifications::list(&self.state, &self.by, &asked, "").await.ok()?;
                Some(("notices".to_owned(), fragment(&NoticesFragment { list: &list })?))
            }
            Topic::Halt => {
                let halted = read::notices::halted(&self.state, &self.by);
                let notices = Notices { halted, ..Notices::default() };
                Some(("halt".to_owned(), fragment(&HaltFragment { notices: &notices })?))
            }
            Topic::Approval(id) => {
                let ask = read::approvals::one(&self.state, &self.by, id).await.ok()?;
                Some((format!("approval:{id}"), fragment(&AskFragment { ask: &ask })?))
            }
            Topic::Channels | Topic::Channel(_) | Topic::Outbox => self.render_channels().await,
            Topic::Thread { .. } => None,
        }
    }

    async fn render_channels(&self) -> Option<(String, String)> {
        let (state, by) = (&self.state, &self.by);
        // silent-ok: as above.
        match self.topic {
            Topic::Channels => {
                let cards = read::channels::cards(state, by).await.ok()?;
                Some(("channels".to_owned(), fragment(&ChannelsFragment { cards: &cards })?))
            }
            Topic::Channel(id) => {
                let live = read::channels::live(state, by, id).await.ok()?;
                Some((format!("channel:{id}"), fragment(&ChannelFragment { live: &live })?))
            }
            Topic::Outbox => {
                let list = read::channels::outbox::list(state, by).await.ok()?;
                Some(("outbox".to_owned(), fragment(&OutboxFragment { list: &list })?))
            }
            _ => None,
        }
    }
}
