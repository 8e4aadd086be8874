//! What can happen: a closed list, each with its stable word, its category and how bad it is.
//!
//! Some things had a word in an earlier system. Rules may name them by that one too.

use super::notice::{Category, Severity};

macro_rules! patterns {
    ($($name:ident: $word:literal $(also [$($seed:literal),+])?, $category:ident, $severity:ident, $text:literal;)+) => {
        /// See the module.
        #[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
        pub enum Pattern {
            $(#[doc = $text] $name,)+
        }

        impl Pattern {
            /// All of them, in the order in which they are shown.
            pub const ALL: &'static [Self] = &[$(Self::$name),+];

            /// Its word, which never changes.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$name => $word,)+
                }
            }

            /// Words of an earlier system for the same thing.
            #[must_use]
            pub const fn also(self) -> &'static [&'static str] {
                match self {
                    $(Self::$name => &[$($($seed),+)?],)+
                }
            }

            /// What it is about.
            #[must_use]
            pub const fn category(self) -> Category {
                match self {
                    $(Self::$name => Category::$category,)+
                }
            }

            /// How bad it is unless whoever tells it knows better.
            #[must_use]
            pub const fn severity(self) -> Severity {
                match self {
                    $(Self::$name => Severity::$severity,)+
                }
            }

            /// What happened, for people.
            #[must_use]
            pub const fn text(self) -> &'static str {
                match self {
                    $(Self::$name => $text,)+
                }
            }
        }
    };
}

patterns! {
    ApprovalWaiting: "capuchin.approval.waiting", Session, Warning, "Somebody has to decide a question.";
    TurnFailed: "capuchin.turn.failed" also ["monkey_claw.agent_bridge.query.exception"], Session, Warning,
        "A turn ended without an answer.";
    TurnInterrupted: "capuchin.turn.interrupted", Session, Warning,
        "A turn was cut off, and what it did last is not known.";
    TurnFinished: "capuchin.turn.finished"
        also ["monkey_claw.agent_bridge.query.stop", "monkey_claw.agent_bridge.stream.stop"], Session, Info,
        "A turn has its answer.";
    SessionFailed: "capuchin.session.quarantined" also ["monkey_claw.agent_bridge.session.exception"], Session,
        Error, "A session crashed too often and is out of service.";
    BudgetNear: "capuchin.budget.near", Session, Warning, "A budget is nearly spent.";
    BudgetReached: "capuchin.budget.reached", Session, Error, "A budget is spent, and calls are refused.";
    ScheduleFailed: "capuchin.schedule.failed", Session, Warning, "A run of a schedule did not do what it should.";
    ScheduleDisabled: "capuchin.schedule.disabled", Session, Error, "A schedule failed too often and is disabled.";
    ProcessLost: "capuchin.process.lost", Session, Warning, "A process ended with the daemon.";
    ModelFallback: "capuchin.model.fallback", System, Warning,
        "An assistant's own model has not answered for a while, and a fallback does.";
    ModelBack: "capuchin.model.back", System, Warning, "An assistant's own model answers again.";
    McpDown: "capuchin.mcp.down", System, Warning, "An MCP server does not run.";
    McpToolChanged: "capuchin.mcp.tool_changed", System, Warning, "A tool says something else of itself than before.";
    ActorGaveUp: "capuchin.actor.gave_up", System, Error, "A supervisor gave up on a part of the daemon.";
    ActorQuarantined: "capuchin.actor.quarantined", System, Error,
        "A part of the daemon failed too often and is out of service.";
    ActorRestarted: "capuchin.actor.restarted", System, Warning, "A part of the daemon crashed and was started again.";
    ActorLeaked: "capuchin.actor.leaked", System, Error, "A part of the daemon did not end when it was told to.";
    StoreFailed: "capuchin.store.failed", System, Error, "The store cannot be written.";
    DiskFull: "capuchin.store.disk_full", System, Error, "The disk is full or nearly so.";
    BackupOld: "capuchin.backup.old", System, Warning, "The last backup is old.";
    AuditMisfit: "capuchin.audit.anchor_misfit", System, Error, "The audit trail was cut, written anew or restored.";
    AuditLost: "capuchin.audit.not_written", System, Error, "The audit trail could not be written or anchored.";
    KillSwitch: "capuchin.kill_switch.engaged", System, Warning, "The kill switch is engaged: nothing is started.";
    SandboxLayer: "capuchin.sandbox.layer_missing", System, Warning, "A layer of the sandbox is missing on this system.";
    LeakFound: "capuchin.redaction.leak", System, Warning, "A secret was found in a text and taken out.";
    VaultSealed: "capuchin.vault.sealed", System, Error, "The vault is sealed, and secrets cannot be used.";
    VaultBroken: "capuchin.vault.broken", System, Error, "A value of the vault does not open.";
    OauthFailed: "capuchin.oauth.refresh_failed", System, Warning, "An OAuth token could not be refreshed.";
    CertificateEnds: "capuchin.certificate.expires", System, Warning, "A certificate ends soon and was not renewed.";
    CertificateBad: "capuchin.certificate.unusable", System, Error, "New certificate files do not work.";
    SignInRefused: "capuchin.sign_in.refused", System, Warning, "Somebody was not let in.";
    ExtensionFailing: "capuchin.extension.failing", System, Warning, "A plug fails again and again and is left out.";
    BackgroundFailed: "capuchin.background.failed", System, Warning, "Something in the background failed.";
    DeliveryFailed: "capuchin.notification.delivery_failed", System, Error, "A notification could not be delivered.";
    Overflow: "capuchin.notification.overflow", System, Warning, "More happened than could be told one by one.";
    Test: "capuchin.notification.test", System, Info, "Somebody tries out how they are told.";
    WebhookReceived: "monkey_claw.webhook.received", Webhook, Info, "A webhook came in, and its signature was right.";
    WebhookRejected: "monkey_claw.webhook.rejected", Webhook, Warning, "A webhook was refused.";
    WebhookDispatched: "monkey_claw.webhook.dispatched", Webhook, Info, "A webhook became a turn.";
    WebhookFailed: "capuchin.webhook.failed", Webhook, Error, "A webhook was taken in, and its turn failed.";
    WebhookPaused: "capuchin.webhook.paused", Webhook, Warning, "A webhook's endpoint is paused.";
    ChannelInbound: "monkey_claw.channel.message.inbound", Channel, Info, "A message came in over a channel.";
    ChannelOutbound: "monkey_claw.channel.message.outbound", Channel, Info, "A message went out over a channel.";
    ChannelDead: "capuchin.channel.message_dead" also ["monkey_claw.channel.delivery.failed"], Channel, Error,
        "A message could not be delivered over a channel.";
    ChannelDown: "capuchin.channel.down", Channel, Warning, "A channel has no connection.";
    PairingWanted: "capuchin.channel.pairing", Channel, Warning, "Somebody unknown wants to talk over a channel.";
    ExperimentCompleted: "monkey_claw.experiment.completed", Experiment, Info, "An experiment has ended.";
    ExperimentRollback: "monkey_claw.experiment.rollback", Experiment, Warning, "An experiment took its changes back.";
}

impl Pattern {
    /// The pattern with this word, or with this word of an earlier system.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|pattern| pattern.words().any(|known| known == word))
    }

    /// Every word under which a rule may name it.
    pub fn words(self) -> impl Iterator<Item = &'static str> {
        std::iter::once(self.as_str()).chain(self.also().iter().copied())
    }

    /// Whether it is about notifications themselves: told in the inbox, and never sent anywhere, or a delivery
    /// that fails would make the next one.
    #[must_use]
    pub const fn stays_inside(self) -> bool {
        matches!(self, Self::DeliveryFailed | Self::Overflow)
    }
}
