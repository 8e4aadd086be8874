//! One life of a session's actor: it waits for what is said, has a program for it, and ends the program when nobody needs it.
//!
//! A child of the tenant's `coders` supervisor. A program that dies, hangs or floods ends this life: the supervisor begins
//! another one, which waits for what is said next and takes the session up.

use std::collections::VecDeque;
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::time::{Instant, sleep_until};
use tokio_util::sync::CancellationToken;

use super::alive::Alive;
use super::desk::{Coders, Inbox, key};
use super::dialect::{Dialect, Event, Opening, Out};
use super::door::Passage;
use super::session::{Order, SessionKey, Wish};
use crate::config::backends::ProgramSettings;
use crate::protocol::ids::TenantId;
use crate::protocol::model::{ModelError, ModelErrorKind};

/// How long an interrupted program may take to come to its end, before it is ended.
const INTERRUPTED_WITHIN: Duration = Duration::from_secs(3);
/// Events that wait for a turn that is busy; then the program is not read.
const QUEUED_MAX: usize = 1_024;
/// How often its provider may break off an answer before the prompt is given up: one program tries for ever.
const AGAIN_MAX: u32 = 5;

/// A program that takes prompts.
pub(super) struct Ready {
    pub(super) alive: Alive,
    pub(super) dialect: Box<dyn Dialect>,
    /// The session's id.
    pub(super) session: String,
    pub(super) opening: Opening,
    /// Its way out; ends with it.
    pub(super) _passage: Option<Passage>,
}

/// Whose session it is.
pub(super) struct Whose {
    pub(super) coders: Coders,
    pub(super) key: SessionKey,
    pub(super) settings: ProgramSettings,
}

struct Life {
    of: Whose,
    inbox: Inbox,
    ready: Option<Ready>,
}

/// How a prompt ended, as far as the program is concerned.
enum After {
    /// It takes another one.
    Fine,
    /// It is of no use any more.
    Useless,
    /// It is of no use any more, and that is its fault.
    Crashed(String),
}

// === impl Coders ===

impl Coders {
    /// One life of the session with this name: until it rests too long or is stopped.
    ///
    /// # Errors
    /// Why its program failed, for people.
    pub async fn live(&self, tenant: &TenantId, name: &str, stop: &CancellationToken) -> Result<(), String> {
        let found = key(tenant, name).and_then(|key| Some((self.inbox(&key)?, key)));
        let Some(((inbox, settings), key)) = found else { return Ok(()) };
        let mut life = Life { of: Whose { coders: self.clone(), key, settings }, inbox, ready: None };
        let lived = life.run(stop).await;
        if let Some(ready) = life.ready.take() {
            ready.alive.stop().await;
        }
        lived
    }
}

// === impl Life ===

impl Life {
    async fn run(&mut self, stop: &CancellationToken) -> Result<(), String> {
        let inbox = Inbox::clone(&self.inbox);
        let mut orders = inbox.lock().await;
        loop {
            let Some(order) = self.rest(&mut orders, stop).await else { return Ok(()) };
            let after = tokio::select! {
                after = self.serve(order) => after,
                () = stop.cancelled() => return Ok(()),
            };
            self.of.coders.rests(&self.of.key, &inbox);
            if let After::Crashed(why) = after {
                return Err(why);
            }
        }
    }

    /// Waits for something to be said; `None` when that is not to be expected.
    async fn rest(&mut self, orders: &mut mpsc::Receiver<Order>, stop: &CancellationToken) -> Option<Order> {
        let until = Instant::now() + self.of.settings.idle_stop;
        loop {
            let ready = &mut self.ready;
            let gone = async {
                match ready.as_mut() {
                    // What it says without being asked is about nothing.
                    Some(ready) => while ready.alive.line().await.is_ok() {},
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                biased;
                () = stop.cancelled() => return None,
                order = orders.recv() => return order,
                () = sleep_until(until) => {
                    if self.of.coders.leave(&self.of.key, &self.inbox) {
                        return None;
                    }
                    return orders.recv().await;
                }
                () = gone => self.ready = None,
            }
        }
    }

    /// Says something, and passes on what comes of it.
    async fn serve(&mut self, order: Order) -> After {
        let Order { wish, earlier, events, mut told } = order;
        let (mut ready, text) = match self.ready_for(&wish, earlier).await {
            Ok(ready) => ready,
            Err(error) => {
                let why = error.message.clone();
                // What a person has to mend is no crash.
                let is_ours =
                    matches!(error.kind, ModelErrorKind::Configuration | ModelErrorKind::Authentication);
                // silent-ok: a turn that is gone needs no reason
                let _ = events.send(Event::Broken(error)).await;
                return if is_ours { After::Useless } else { After::Crashed(why) };
            }
        };
        if let Err(error) = self.of.coders.remember(&self.of.key, &ready.session, wish.turn).await {
            tracing::warn!(%error, "a session could not be kept; the next turn begins a new one");
        }
        let mut out = Out::default();
        ready.dialect.prompt(&text, &mut out);
        ready.alive.send(std::mem::take(&mut out.lines));
        let after = Prompt::new(&events, self.of.settings.silence).run(&mut ready, &mut told).await;
        if matches!(after, After::Fine) {
            self.ready = Some(ready);
        } else {
            ready.alive.stop().await;
        }
        after
    }

    /// A program that is in the session of this wish, and what is to be said in it.
    async fn ready_for(
        &mut self,
        wish: &Wish,
        earlier: Option<(String, String)>,
    ) -> Result<(Ready, String), ModelError> {
        let fits = |ready: &Ready| {
            let same = earlier.as_ref().is_some_and(|(session, _)| *session == ready.session);
            same && ready.opening.instructions == wish.instructions && ready.opening.folder == wish.folder
        };
        let ready = match self.ready.take() {
            Some(mut ready) if fits(&ready) => {
                if ready.opening.model != wish.model
                    && let Some(model) = &wish.model
                {
                    let mut out = Out::default();
                    ready.dialect.set_model(model, &mut out);
                    ready.alive.send(out.lines);
                }
                ready.opening.model.clone_from(&wish.model);
                Some(ready)
            }
            Some(other) => {
                other.alive.stop().await;
                None
            }
            None => None,
        };
        Ok(match (ready, earlier) {
            (Some(ready), Some((_, text))) => (ready, text),
            (_, Some((session, text))) => match self.of.begin(wish, Some(session)).await? {
                Some(ready) => (ready, text),
                None => (self.of.begin_new(wish).await?, wish.seeded.clone()),
            },
            (_, None) => (self.of.begin_new(wish).await?, wish.seeded.clone()),
        })
    }
}

// === impl Whose ===

impl Whose {
    async fn begin_new(&self, wish: &Wish) -> Result<Ready, ModelError> {
        if let Err(error) = self.coders.forget(&self.key).await {
            tracing::warn!(%error, "a session that is gone could not be forgotten");
        }
        self.begin(wish, None).await?.ok_or_else(|| {
            ModelError::new(ModelErrorKind::Protocol, "the program lost a session that was just begun")
        })
    }
}

/// A prompt under way.
struct Prompt<'a> {
    events: &'a mpsc::Sender<Event>,
    queued: VecDeque<Event>,
    silence: Duration,
    /// Questions that wait for an answer: the program is silent meanwhile.
    asked: Vec<String>,
    heard: Instant,
    /// How often its model was asked again since a tool began last.
    again: u32,
    /// When it has to be at its end, since nobody listens any more.
    leaving: Option<Instant>,
}

// === impl Prompt ===

impl<'a> Prompt<'a> {
    fn new(events: &'a mpsc::Sender<Event>, silence: Duration) -> Self {
        let heard = Instant::now();
        Self { events, queued: VecDeque::new(), silence, asked: Vec::new(), heard, again: 0, leaving: None }
    }

    async fn run(
        &mut self,
        ready: &mut Ready,
        told: &mut mpsc::Receiver<(String, super::Decision)>,
    ) -> After {
        loop {
            let mut out = Out::default();
            let until = self.deadline();
            tokio::select! {
                line = ready.alive.line(), if self.queued.len() < QUEUED_MAX => match line {
                    Ok(line) => {
                        self.heard = Instant::now();
                        ready.dialect.take(&line, &mut out);
                    }
                    Err(how) => {
                        let text = format!("the program ended while it worked: {how}");
                        return self.fail(ModelErrorKind::Upstream, text).await;
                    }
                },
                said = told.recv(), if self.leaving.is_none() => match said {
                    Some((ask, decision)) => {
                        self.asked.retain(|open| *open != ask);
                        self.heard = Instant::now();
                        ready.dialect.decide(&ask, &decision, &mut out);
                    }
                    None => {
                        self.leaving = Some(Instant::now() + INTERRUPTED_WITHIN);
                        self.queued.clear();
                        for ask in self.asked.drain(..) {
                            let denied = super::Decision::Deny("the turn was stopped".to_owned());
                            ready.dialect.decide(&ask, &denied, &mut out);
                        }
                        ready.dialect.interrupt(&mut out);
                    }
                },
                place = self.events.reserve(), if !self.queued.is_empty() => {
                    if let (Ok(place), Some(event)) = (place, self.queued.pop_front()) {
                        place.send(event);
                    } else {
                        // Nobody listens; that is heard above.
                        self.queued.clear();
                    }
                },
                () = sleep_until(until) => {
                    if self.leaving.is_some() {
                        return After::Useless;
                    }
                    let seconds = self.silence.as_secs_f32();
                    let text = format!("the program said nothing for {seconds} s, so it was ended");
                    return self.fail(ModelErrorKind::Timeout, text).await;
                }
            }
            ready.alive.send(out.lines);
            if let Some(after) = self.pass_on(out.events).await {
                return after;
            }
        }
    }

    fn deadline(&self) -> Instant {
        match self.leaving {
            Some(until) => until,
            // A person takes their time, and so does a turn with what it has.
            None if !self.asked.is_empty() || !self.queued.is_empty() => Instant::now() + self.silence,
            None => self.heard + self.silence,
        }
    }

    /// Queues events for the turn; how the prompt ended, when it did.
    async fn pass_on(&mut self, events: Vec<Event>) -> Option<After> {
        for event in events {
            let after = match &event {
                Event::Ask(ask) => {
                    self.asked.push(ask.id.clone());
                    None
                }
                Event::ToolBegun(_) => {
                    self.again = 0;
                    None
                }
                Event::Again => {
                    self.again += 1;
                    if self.again > AGAIN_MAX {
                        let text =
                            format!("every answer of its provider broke off, {AGAIN_MAX} times in a row");
                        return Some(self.fail(ModelErrorKind::Truncated, text).await);
                    }
                    None
                }
                Event::Ended(_) => Some(After::Fine),
                Event::Lost => Some(After::Useless),
                Event::Broken(error) => Some(After::Crashed(error.message.clone())),
                _ => None,
            };
            self.queued.push_back(event);
            if after.is_some() {
                self.flush().await;
                return after;
            }
        }
        None
    }

    async fn fail(&mut self, kind: ModelErrorKind, text: String) -> After {
        self.queued.push_back(Event::Broken(ModelError::new(kind, text.clone())));
        let is_heard = self.leaving.is_none();
        self.flush().await;
        if is_heard { After::Crashed(text) } else { After::Useless }
    }

    /// The last events, for as long as somebody listens.
    async fn flush(&mut self) {
        while let Some(event) = self.queued.pop_front() {
            if self.events.send(event).await.is_err() {
                return;
            }
        }
    }
}
