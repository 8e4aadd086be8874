//! Slack's Socket Mode: one connection after the other, each asked for with the app-level token.
//!
//! **Invariant:** an envelope is acknowledged after what it says is stored; what is not, Slack sends again, and what comes
//! twice is known by its id. Slack ends every connection after some hours and says so before.

use std::time::Duration;

use tokio::time::{Instant, Interval};

use super::life::Life;
use super::line::Calls;
use super::link::{Ended, Row};
use crate::channels::slack::{self, Envelope};
use crate::channels::{ChannelState, Outcome};
use crate::egress::{Came, Secret, Socket};

/// How often we ask for a sign of life.
const PING: Duration = Duration::from_secs(20);
/// Silence after which nobody is there: two questions without an answer. It is also the longest wait for a hello.
const SILENCE: Duration = Duration::from_secs(50);
/// With what we close: the server has nothing to keep for us but what was not acknowledged.
const CLOSE_CODE: u16 = 1_000;
/// What a person does where the token opens nothing.
const TOKEN: &str = "make an app-level token (xapp-…) with the scope connections:write, under Basic Information of the app, \
                     and store it as `app_token`";
/// What a person does where there are no sockets.
const SWITCHED_OFF: &str = "Socket Mode is switched off for the app; switch it on under Socket Mode in the app's settings, or \
                            set the channel's mode to webhook";

/// The connections of one life.
struct Link<'l> {
    life: &'l Life,
    /// Calls with the app-level token.
    calls: Calls,
    epoch: i64,
    row: Row,
}

impl Life {
    /// Takes what comes over sockets, as long as the channel can go on; then why it cannot.
    pub(super) async fn socket_mode(&self, app_token: Option<&Secret>) -> String {
        let Some(app_token) = app_token else {
            return format!("the channel has no app-level token: {TOKEN}");
        };
        let calls =
            match Calls::new((&self.parts.egress, self.parts.call_time), &self.channel, app_token.clone()) {
                Ok(calls) => calls,
                Err(error) => return error.to_string(),
            };
        let epoch = match self.take_lease().await {
            Ok((epoch, _)) => epoch,
            Err(why) => return why,
        };
        let mut link = Link { life: self, calls, epoch, row: Row::default() };
        tokio::select! {
            why = self.keep_lease(epoch) => why,
            why = link.run() => why,
        }
    }
}

// === impl Link ===

impl Link<'_> {
    async fn run(&mut self) -> String {
        loop {
            let ended = match self.opened().await {
                Ok(mut socket) => {
                    let ended = self.listen(&mut socket).await;
                    socket.close(CLOSE_CODE).await;
                    ended
                }
                Err(ended) => ended,
            };
            if let Some(why) = self.row.after(ended, self.life).await {
                return why;
            }
        }
    }

    /// A socket at the address that Slack gives for this once.
    async fn opened(&self) -> Result<Socket, Ended> {
        let said = self.calls.ask(&slack::open_socket(), Duration::ZERO).await;
        let url = said.and_then(|said| slack::socket_url(&said.answer()).map(Secret::new));
        let url = url.map_err(|outcome| match outcome {
            Outcome::Unauthorized { .. } => {
                Ended::Fatal(format!("Slack does not take the app-level token: {TOKEN}"))
            }
            Outcome::Refused { .. } => Ended::Fatal(outcome.to_string()),
            Outcome::Wait { after_ms } => {
                Ended::Again { wait: Duration::from_millis(after_ms), why: outcome.to_string() }
            }
            outcome => Ended::soon(&outcome.to_string()),
        })?;
        self.calls.socket(&url).await.map_err(|error| Ended::soon(&error))
    }

    /// Takes what comes until the connection ends.
    async fn listen(&mut self, socket: &mut Socket) -> Ended {
        let (mut pings, mut heard, mut is_alive) = (pings(), Instant::now(), false);
        loop {
            let came = tokio::select! {
                came = socket.next() => came,
                _ = pings.tick() => {
                    if std::mem::take(&mut is_alive) {
                        self.beat();
                    }
                    match socket.ping().await {
                        Ok(()) => continue,
                        Err(error) => return Ended::soon(&error),
                    }
                }
                () = tokio::time::sleep_until(heard + SILENCE) => return Ended::soon("Slack said nothing any more"),
            };
            (heard, is_alive) = (Instant::now(), true);
            let after = match came {
                Ok(Came::Text(frame)) => self.on(&frame, socket).await,
                Ok(Came::Alive) => Ok(()),
                Ok(Came::Closed(_)) => Err(Ended::soon("Slack ended the connection")),
                Err(error) => Err(Ended::soon(&error)),
            };
            if let Err(ended) = after {
                return ended;
            }
        }
    }

    async fn on(&mut self, frame: &str, socket: &mut Socket) -> Result<(), Ended> {
        match slack::envelope(frame, &self.life.us) {
            Envelope::Hello => {
                self.row.live();
                self.enter_live();
            }
            Envelope::Delivery { envelope_id, incoming } => {
                if let Some(incoming) = incoming {
                    self.life.keep(self.epoch, *incoming).await?;
                }
                let frame = slack::acknowledgement(&envelope_id);
                socket.send_text(&frame).await.map_err(|error| Ended::soon(&error))?;
            }
            Envelope::Disconnect { for_good: true } => return Err(Ended::Fatal(SWITCHED_OFF.to_owned())),
            Envelope::Disconnect { for_good: false } => {
                return Err(Ended::soon("Slack wants another connection"));
            }
            Envelope::Unknown => {}
        }
        Ok(())
    }

    /// Something came since the last look. Signs of life before the hello say nothing of it.
    fn beat(&mut self) {
        if self.row.is_live() {
            self.row.good();
            self.enter_live();
        }
    }

    fn enter_live(&self) {
        self.life.parts.channels.enter(self.life.channel.id, ChannelState::Live);
    }
}

fn pings() -> Interval {
    let mut pings = tokio::time::interval_at(Instant::now() + PING, PING);
    pings.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    pings
}
