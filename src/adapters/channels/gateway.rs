//! Discord's gateway: the socket, the clock and the store of the machine in `channels::discord::gateway`.
//!
//! **Invariant:** a message is stored before its number counts, and the session with that number is noted after it. So what
//! a crash or a full disk swallowed comes again when the session is resumed, also by the daemon's next life: Discord keeps
//! a session for some minutes. What comes twice is known by its id.

use std::time::Duration;

use tokio::time::{Instant, Interval, MissedTickBehavior};

use super::lease::LOST;
use super::life::Life;
use super::line::Calls;
use super::link::{Ended, Row};
use crate::channels::discord::gateway::{CLOSE_CODE, Effect, Event, Gateway, QUERY, intents};
use crate::channels::{ChannelError, ChannelState, Outcome, discord};
use crate::egress::{Came, Secret, Socket};

/// Longest wait for the server's hello.
const HELLO: Duration = Duration::from_secs(30);
/// After so many failures in a row the session is resumed at the gateway's own address: the session's may be gone.
const RESUMES_MAX: u32 = 4;
/// Sessions of the day that are left alone: whoever begins more than there are loses the token.
const SPARED: i64 = 10;
/// Longest wait for more of them.
const SPARE_WAIT_MAX: Duration = Duration::from_secs(86_400);

/// The connections of one life.
struct Link<'l> {
    life: &'l Life,
    calls: &'l Calls,
    epoch: i64,
    machine: Gateway,
    row: Row,
    /// The session that was noted last, without its number.
    noted: Option<String>,
}

/// One connection.
struct Wire {
    socket: Socket,
    /// From the hello on.
    beat: Option<Interval>,
    patience: Instant,
}

impl Life {
    /// Takes what comes over the gateway, as long as the channel can go on; then why it cannot.
    pub(super) async fn gateway(&self, calls: &Calls) -> String {
        let epoch = match self.take_lease().await {
            Ok((epoch, _)) => epoch,
            Err(why) => return why,
        };
        let session = match self.parts.channels.session(&self.tenant, self.channel.id).await {
            Ok(session) => session,
            Err(error) => return error.to_string(),
        };
        let noted = session.as_ref().map(|session| session.id.clone());
        let machine = Gateway::new(intents(self.channel.settings.groups), session);
        let mut link = Link { life: self, calls, epoch, machine, row: Row::default(), noted };
        tokio::select! {
            why = self.keep_lease(epoch) => why,
            why = link.run() => why,
        }
    }
}

/// Resolves at the next heartbeat, or when the hello is overdue.
async fn due(beat: &mut Option<Interval>, patience: Instant) {
    match beat {
        Some(beat) => {
            beat.tick().await;
        }
        None => tokio::time::sleep_until(patience).await,
    }
}

/// A random moment between two.
fn between((least, most): (u64, u64)) -> Duration {
    Duration::from_millis(fastrand::u64(least..=most.max(least)))
}

// === impl Link ===

impl Link<'_> {
    async fn run(&mut self) -> String {
        loop {
            let ended = self.connection().await;
            if let Some(why) = self.row.after(ended, self.life).await {
                return why;
            }
        }
    }

    /// One connection, from its begin to its end.
    async fn connection(&mut self) -> Ended {
        let url = match self.address().await {
            Ok(url) => url,
            Err(ended) => return ended,
        };
        let socket = match self.calls.socket(&url).await {
            Ok(socket) => socket,
            Err(error) => return Ended::soon(&error),
        };
        let mut line = Wire { socket, beat: None, patience: Instant::now() + HELLO };
        self.machine = self.machine.clone().next(Event::Connecting).0;
        let ended = loop {
            let came = tokio::select! {
                came = line.socket.next() => Some(came),
                () = due(&mut line.beat, line.patience) => None,
            };
            let after = match came {
                None if line.beat.is_none() => self.on(Event::Closed(None), &mut line).await,
                None => self.on(Event::HeartbeatDue, &mut line).await,
                Some(Ok(Came::Alive)) => Ok(()),
                Some(Ok(Came::Text(frame))) => self.on(Event::Frame(&frame), &mut line).await,
                Some(Ok(Came::Closed(code))) => self.on(Event::Closed(code), &mut line).await,
                Some(Err(error)) => {
                    tracing::debug!(%error, channel = %self.life.channel.id, "the gateway broke");
                    self.on(Event::Closed(None), &mut line).await
                }
            };
            if let Err(ended) = after {
                break ended;
            }
        };
        line.socket.close(CLOSE_CODE).await;
        ended
    }

    /// Where the next connection leads: to the session, or to a new one.
    async fn address(&self) -> Result<Secret, Ended> {
        let url = match self.machine.address().filter(|_| self.row.failures() < RESUMES_MAX) {
            Some(url) => url.to_owned(),
            None => self.gateway_address().await?,
        };
        Ok(Secret::new([url.trim_end_matches('/'), QUERY].concat()))
    }

    async fn gateway_address(&self) -> Result<String, Ended> {
        let said = self.calls.ask(&discord::get_gateway(), Duration::ZERO).await;
        match said.and_then(|said| discord::gateway_address(&said.answer())) {
            Ok(found) if found.left <= SPARED => {
                let wait = Duration::from_millis(found.reset_after_ms).min(SPARE_WAIT_MAX);
                let why = format!(
                    "the bot began nearly as many sessions as Discord allows in a day; the next one follows in {} min",
                    wait.as_secs() / 60
                );
                Err(Ended::Again { wait, why })
            }
            Ok(found) => Ok(found.url),
            Err(outcome @ (Outcome::Unauthorized { .. } | Outcome::Refused { .. })) => {
                Err(Ended::Fatal(outcome.to_string()))
            }
            Err(outcome @ Outcome::Wait { after_ms }) => {
                Err(Ended::Again { wait: Duration::from_millis(after_ms), why: outcome.to_string() })
            }
            Err(outcome) => Err(Ended::soon(&outcome.to_string())),
        }
    }

    /// Tells the machine what happened and does what it says. What could not be stored did not happen.
    async fn on(&mut self, event: Event<'_>, line: &mut Wire) -> Result<(), Ended> {
        let (next, effects) = self.machine.clone().next(event);
        let (mut is_stored, mut ended) = (false, None);
        for effect in effects {
            match effect {
                Effect::Send(frame) => {
                    self.calls.show(&mut line.socket, &frame).await.map_err(|error| Ended::soon(&error))?;
                }
                Effect::Heartbeats { every_ms } => line.beat = Some(beat(every_ms)),
                Effect::Alive => {
                    self.row.good();
                    self.enter_live();
                }
                Effect::Ready { .. } => {
                    self.row.live();
                    self.enter_live();
                }
                Effect::Dispatch { name, data } => {
                    let came = match name.as_str() {
                        "INTERACTION_CREATE" => discord::read_interaction(&data),
                        _ => discord::read_message(&data, &self.life.us),
                    };
                    if let Some(came) = came {
                        self.life.keep(self.epoch, came).await?;
                        is_stored = true;
                    }
                }
                // Whoever ends a connection closes it.
                Effect::Close => {}
                Effect::Reconnect { wait_ms, .. } => {
                    let why = "Discord ended the connection, or did not answer".to_owned();
                    ended = Some(Ended::Again { wait: between(wait_ms), why });
                }
                Effect::Fatal { why, fix } => ended = Some(Ended::Fatal(format!("{why}; {fix}"))),
            }
        }
        self.machine = next;
        self.note(is_stored).await?;
        ended.map_or(Ok(()), Err)
    }

    fn enter_live(&self) {
        self.life.parts.channels.enter(self.life.channel.id, ChannelState::Live);
    }

    /// Notes the session where it is another one, or has got further.
    async fn note(&mut self, is_further: bool) -> Result<(), Ended> {
        let session = self.machine.session();
        let id = session.map(|session| session.id.clone());
        if !is_further && id == self.noted {
            return Ok(());
        }
        let life = self.life;
        match life.parts.channels.note_session(&life.tenant, life.channel.id, self.epoch, session).await {
            Ok(()) => self.noted = id,
            Err(ChannelError::Leased) => return Err(Ended::Fatal(LOST.to_owned())),
            // An older one brings again what is known already.
            Err(error) => tracing::warn!(%error, channel = %life.channel.id, "a session could not be noted"),
        }
        Ok(())
    }
}

/// The first heartbeat at a random time, so that daemons that began together do not beat together.
fn beat(every_ms: u64) -> Interval {
    let every = Duration::from_millis(every_ms);
    let mut beat = tokio::time::interval_at(Instant::now() + every.mul_f64(fastrand::f64()), every);
    beat.set_missed_tick_behavior(MissedTickBehavior::Delay);
    beat
}
