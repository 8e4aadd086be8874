//! What a person does at each platform: before a channel is made, at its address, and until the first message came.

use crate::channels::{Mode, Platform, Us};

/// What it takes to connect a platform.
pub(super) const fn what(platform: Platform) -> &'static str {
    match platform {
        Platform::Telegram => "A bot that you make in Telegram itself, in a minute",
        Platform::Slack => "An app in your workspace; with Socket Mode nothing has to be reachable",
        Platform::Discord => "A bot on your server; nothing has to be reachable",
        Platform::Whatsapp => "A business number at Meta, which has to reach your ingress",
        Platform::Email => "A mailbox of its own",
    }
}

/// What to do at the platform before the form can be filled in.
pub(super) const fn prepare(platform: Platform, mode: Mode) -> &'static [&'static str] {
    match (platform, mode) {
        (Platform::Telegram, _) => &[
            "Write /newbot to @BotFather in Telegram, and choose a name. It answers with the token.",
            "Shall it read everything in groups? Write /setprivacy to @BotFather and switch privacy off.",
        ],
        (Platform::Slack, Mode::Webhook) => &[
            "Make an app at api.slack.com/apps, from scratch, in your workspace.",
            "OAuth & Permissions: add the bot scopes chat:write, im:history and app_mentions:read, then install the app.",
            "App Home: allow messages in the Messages Tab.",
            "The address for events and buttons is shown once the channel is made.",
        ],
        (Platform::Slack, _) => &[
            "Make an app at api.slack.com/apps, from scratch, in your workspace.",
            "Socket Mode: switch it on; it makes the app-level token. Interactivity: switch it on, for buttons.",
            "Event Subscriptions: switch it on, and subscribe to the bot events message.im and app_mention.",
            "OAuth & Permissions: add the bot scopes chat:write, im:history and app_mentions:read, then install the app.",
            "App Home: allow messages in the Messages Tab.",
        ],
        (Platform::Discord, _) => &[
            "Make an application at discord.com/developers/applications, and open its page Bot.",
            "Reset Token shows the token once. Switch Message Content Intent on.",
            "OAuth2, URL Generator: scope bot, permissions Send Messages and Read Message History. Its address adds the bot to \
             your server.",
        ],
        (Platform::Whatsapp, _) => &[
            "Make a Business app at developers.facebook.com, and add WhatsApp to it.",
            "API Setup shows the ID of the phone number. A system user of your business makes a token that does not end.",
            "The address for messages is shown once the channel is made.",
        ],
        (Platform::Email, _) => &["Take a mailbox that nobody else reads: what comes there is answered."],
    }
}

/// Where the address of a channel is entered.
pub(super) const fn enter(platform: Platform) -> &'static str {
    match platform {
        Platform::Telegram => "Capuchin enters it at Telegram by itself.",
        Platform::Slack => {
            "Enter it in your app at Slack: as Request URL of Event Subscriptions, with the bot events message.im and \
             app_mention, and as Request URL of Interactivity & Shortcuts."
        }
        Platform::Whatsapp => {
            "Enter it in your app at Meta: WhatsApp, Configuration, Callback URL, with the verify token that you chose. Then \
             subscribe to the field messages."
        }
        Platform::Discord | Platform::Email => "Enter it at the platform.",
    }
}

/// How people find us there.
pub(super) fn called(platform: Platform, us: &Us) -> String {
    match platform {
        Platform::Telegram | Platform::Slack => format!("@{}", us.name.trim_start_matches('@')),
        Platform::Discord | Platform::Whatsapp | Platform::Email => us.name.clone(),
    }
}

/// What to do until the first message came.
pub(super) fn first(platform: Platform, mode: Mode, us: Option<&Us>) -> Vec<String> {
    let mut steps = Vec::new();
    if mode == Mode::Webhook && platform != Platform::Telegram {
        steps.push("Enter the address above at the platform.".to_owned());
    }
    let name = us.map_or_else(|| "it".to_owned(), |us| called(platform, us));
    steps.push(match platform {
        Platform::Telegram if us.is_some() => {
            format!("Search for {name} in Telegram, press Start, and write it any words.")
        }
        Platform::Telegram => "Write to the bot in Telegram, as soon as it is connected.".to_owned(),
        Platform::Slack => {
            format!("Write to {name} in Slack: a direct message, or a mention in a channel that you invited it to.")
        }
        Platform::Discord => format!("Write to {name} on Discord: a direct message, or a mention on your server."),
        Platform::Whatsapp => format!("Write to {name} on WhatsApp."),
        Platform::Email => format!("Write a mail to {name}."),
    });
    steps.push(
        "It does not know you yet and answers with a code. You find the same code here: approve it, and write again.".to_owned(),
    );
    steps
}
