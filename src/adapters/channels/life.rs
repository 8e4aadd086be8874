//! One life of a channel: who we are, what comes, what goes.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use capuchin_actors::courier::carry_on;
use parking_lot::Mutex;
use tokio_util::sync::CancellationToken;

use super::ChannelParts;
use super::line::{Line, SHOWN};
use super::mailbox::Mailbox;
use super::payer::Payer;
use crate::channels::codec;
use crate::channels::{
    CannotSay, Channel, ChannelError, ChannelState, Credentials, Outcome, Outgoing, Platform, Us, slack,
    telegram, whatsapp,
};
use crate::protocol::ids::{ChannelId, TenantId, ThreadId};

/// How often a platform that sends by itself is asked whether it still knows us.
const BEAT: Duration = Duration::from_secs(300);
/// How often the sign for "is writing" is renewed: it fades after some seconds.
const TYPING: Duration = Duration::from_secs(4);

/// What a life has in common.
pub(super) struct Life {
    pub(super) parts: Arc<ChannelParts>,
    pub(super) tenant: TenantId,
    pub(super) channel: Channel,
    pub(super) us: Us,
    pub(super) line: Line,
    /// Conversations in which a turn may run, with their thread and the message that it answers.
    pub(super) answering: Mutex<HashMap<String, (ThreadId, Option<String>)>>,
}

/// Runs until `stop`, or until the channel cannot go on; then why.
pub(super) async fn run(
    parts: &Arc<ChannelParts>,
    tenant: &TenantId,
    id: ChannelId,
    stop: CancellationToken,
) -> Result<(), String> {
    let channels = &parts.channels;
    let text = |error: ChannelError| error.to_string();
    let channel = channels.get(tenant, id).await.map_err(text)?.channel;
    let credentials = channels.credentials(tenant, &channel).await.map_err(text)?;
    let line =
        Line::new(&parts.egress, (tenant, &channel), &credentials).map_err(|error| error.to_string())?;
    channels.enter(id, ChannelState::Connecting);
    let us = tokio::select! {
        us = introduced(&line, &channel) => us?,
        () = stop.cancelled() => return Ok(()),
    };
    channels.known_as(id, us.clone());
    let life = Arc::new(Life {
        parts: Arc::clone(parts),
        tenant: tenant.clone(),
        channel,
        us,
        line,
        answering: Mutex::default(),
    });
    life.prepare(&credentials).await?;
    // A mailbox is live once it was looked into.
    if !matches!(life.line, Line::Letters(_)) {
        channels.enter(id, ChannelState::Live);
    }
    let (mailbox, payer) = (Mailbox(Arc::clone(&life)), Payer::new(Arc::clone(&life)));
    tokio::select! {
        () = stop.cancelled() => Ok(()),
        why = life.receive() => Err(why),
        () = carry_on(&mailbox) => Ok(()),
        () = carry_on(&payer) => Ok(()),
        () = life.show_writing() => Ok(()),
    }
}

/// Asks the platform who we are, which also tells whether the credential is good.
async fn introduced(line: &Line, channel: &Channel) -> Result<Us, String> {
    if let Line::Letters(letters) = line {
        return letters.introduced().await;
    }
    let number = channel.settings.phone_number_id.as_deref().unwrap_or_default();
    let call = match channel.platform {
        Platform::Telegram => telegram::get_me(),
        Platform::Slack => slack::auth_test(),
        Platform::Whatsapp => whatsapp::get_number(number).map_err(|error| error.to_string())?,
        Platform::Discord | Platform::Email => {
            return Err("this platform has no line of this kind".to_owned());
        }
    };
    let said = line.ask(&call, Duration::ZERO).await.map_err(|outcome| words(&outcome))?;
    let us = match channel.platform {
        Platform::Telegram => telegram::us(&said.answer()),
        Platform::Slack => slack::us(&said.answer()),
        _ => whatsapp::us(&said.answer()),
    };
    us.map_err(|outcome| words(&outcome))
}

/// What an outcome means for a person.
pub(super) fn words(outcome: &Outcome) -> String {
    match outcome {
        Outcome::Refused { why, fix } => format!("{why}; {fix}"),
        Outcome::Unauthorized { fix } => format!("the platform does not take the credential: {fix}"),
        Outcome::Conflict { webhook: true } => "a webhook is set for this bot".to_owned(),
        Outcome::Conflict { webhook: false } => "another program takes the messages of this bot".to_owned(),
        Outcome::Wait { after_ms } => format!("the platform wants a pause of {} s", after_ms / 1_000),
        Outcome::Again { why } | Outcome::Unknown { why } => why.clone(),
        Outcome::Sent { .. } | Outcome::Done | Outcome::Markup | Outcome::Moved { .. } => {
            "the platform answered something else than was asked".to_owned()
        }
    }
}

// === impl Life ===

impl Life {
    /// Says at the platform how its messages reach us.
    async fn prepare(&self, credentials: &Credentials) -> Result<(), String> {
        if self.channel.platform != Platform::Telegram {
            return Ok(());
        }
        // Menus are a comfort: without them everything works.
        self.line.say(&telegram::set_commands()).await;
        if !self.channel.is_sent_to() {
            return Ok(());
        }
        let url = format!("{}{}", self.parts.webhooks.address(), self.channel.path());
        let Some(shown) = &credentials.shown else {
            return Err("the channel has no secret token".to_owned());
        };
        match self.line.say_showing(&telegram::set_webhook(&url, SHOWN), shown).await {
            Outcome::Done | Outcome::Sent { .. } => Ok(()),
            outcome => Err(format!("the webhook {url} could not be set: {}", words(&outcome))),
        }
    }

    /// Takes what comes, as long as the channel can go on; then why it cannot.
    async fn receive(&self) -> String {
        if let Line::Letters(letters) = &self.line {
            return self.read_mailbox(&letters.settings, &letters.password).await;
        }
        if self.channel.platform == Platform::Telegram && !self.channel.is_sent_to() {
            return self.poll().await;
        }
        // The ingress stores what is sent; here it is only seen whether the platform still knows us.
        loop {
            tokio::time::sleep(BEAT).await;
            match introduced(&self.line, &self.channel).await {
                Ok(_) => self.parts.channels.enter(self.channel.id, ChannelState::Live),
                Err(why) => return why,
            }
        }
    }

    /// Shows that we write wherever a turn runs.
    async fn show_writing(&self) {
        loop {
            tokio::time::sleep(TYPING).await;
            let answering = self.answering.lock().clone();
            for (conversation, (thread, message)) in answering {
                let runs = self.parts.sessions.view(thread).is_some_and(|view| view.waiting > 0);
                if runs {
                    self.write_sign(&conversation, message.as_deref()).await;
                } else {
                    self.answering.lock().remove(&conversation);
                }
            }
        }
    }

    pub(super) async fn write_sign(&self, conversation: &str, message: Option<&str>) {
        self.comfort(conversation, &Outgoing::Typing { message }).await;
    }

    /// Tells a conversation something, and says what the platform's answer means.
    pub(super) async fn tell(&self, conversation: &str, out: &Outgoing<'_>) -> Result<Outcome, CannotSay> {
        if let Line::Letters(letters) = &self.line {
            return self.write_letter(letters, conversation, out).await;
        }
        let call = codec::call(self.channel.platform, &self.us, conversation, out)?;
        Ok(self.line.say(&call).await)
    }

    /// Tells a conversation what is only a comfort: what becomes of it does not matter.
    pub(super) async fn comfort(&self, conversation: &str, out: &Outgoing<'_>) {
        if let Ok(outcome) = self.tell(conversation, out).await {
            tracing::debug!(?outcome, channel = %self.channel.id, "a sign of a channel");
        }
    }
}
