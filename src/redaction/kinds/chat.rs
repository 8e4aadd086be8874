//! How people and programs are reached.

use crate::redaction::check::Check;
use crate::redaction::kind::{Kind, token};

pub(super) static KINDS: [Kind; 33] = [
    token(
        "slack_token",
        "SLACK_TOKEN",
        &["xoxb-", "xoxp-", "xoxa-", "xoxs-", "xoxr-", "xoxo-", "xoxc-", "xoxd-"],
        r"xox[bpasrocd]-[A-Za-z0-9%+/=-]{10,}",
    )
    .glued(),
    token("slack_config_token", "SLACK_TOKEN", &["xoxe-", "xoxe."], r"xoxe(?:\.xox[bp])?-[A-Za-z0-9-]{20,}")
        .glued(),
    token("slack_app_token", "SLACK_TOKEN", &["xapp-"], r"xapp-\d-[A-Z0-9]+-\d+-[A-Za-z0-9]{20,}").glued(),
    token("slack_workflow_token", "SLACK_TOKEN", &["xwfp-"], r"xwfp-[A-Za-z0-9-]{20,}"),
    token(
        "slack_webhook",
        "SLACK_WEBHOOK",
        &["hooks.slack.com/", "hooks.slack-gov.com/"],
        r"hooks\.slack(?:-gov)?\.com/(?:services|workflows|triggers)/(?P<s>[A-Za-z0-9+/_-]{20,})",
    )
    .glued(),
    token(
        "discord_webhook",
        "DISCORD_WEBHOOK",
        &["/api/webhooks/"],
        r"/api/webhooks/(?P<s>\d{15,22}/[A-Za-z0-9_-]{50,})",
    )
    .glued(),
    token(
        "discord_bot_token",
        "DISCORD_TOKEN",
        &[],
        r"(?P<s>[MNO][A-Za-z\d_-]{22,28}\.[\w-]{6,7}\.[\w-]{27,40})(?:$|[^A-Za-z0-9_-])",
    ),
    token("discord_mfa_token", "DISCORD_TOKEN", &["mfa."], r"mfa\.[A-Za-z0-9_-]{60,}"),
    token(
        "telegram_bot_token",
        "TELEGRAM_TOKEN",
        &[":AA", "%3AAA"],
        r"(?P<s>\d{6,12}(?::|%3A)AA[A-Za-z0-9_-]{30,})",
    ),
    token(
        "telegram_bot_url",
        "TELEGRAM_TOKEN",
        &["api.telegram.org/bot", "api.telegram.org/file/bot"],
        r"telegram\.org/(?:file/)?bot(?P<s>\d{6,12}:[A-Za-z0-9_-]{30,})",
    )
    .glued(),
    token("meta_access_token", "META_TOKEN", &["EAA"], r"EAA[A-Za-z0-9]{40,}"),
    token("instagram_token", "META_TOKEN", &["IGQV", "IGAA"], r"IG(?:QV|AA)[A-Za-z0-9_-]{60,}"),
    token("twilio_key", "TWILIO_KEY", &[], r"(?P<s>SK[0-9a-f]{32})(?:$|[^A-Za-z0-9])"),
    token("twilio_account", "TWILIO_KEY", &[], r"(?P<s>AC[0-9a-f]{32})(?:$|[^A-Za-z0-9])"),
    token("sendgrid_key", "SENDGRID_KEY", &["SG."], r"SG\.[A-Za-z0-9_-]{16,32}\.[A-Za-z0-9_-]{30,}"),
    token("mailgun_key", "MAILGUN_KEY", &["key-"], r"key-[0-9a-f]{32}"),
    token("mailgun_public_key", "MAILGUN_KEY", &["pubkey-"], r"pubkey-[0-9a-f]{32}"),
    token("mailchimp_key", "MAILCHIMP_KEY", &["-us"], r"(?P<s>[0-9a-f]{32}-us\d{1,2})(?:$|[^A-Za-z0-9])"),
    token("mandrill_key", "MANDRILL_KEY", &["md-"], r"md-[A-Za-z0-9_-]{22}").if_(Check::Random),
    token("resend_key", "RESEND_KEY", &["re_"], r"re_[A-Za-z0-9]{8,9}_[A-Za-z0-9]{20,26}").if_(Check::Random),
    token(
        "brevo_key",
        "BREVO_KEY",
        &["xkeysib-", "xsmtpsib-"],
        r"x(?:key|smtp)sib-[0-9a-f]{64}-[A-Za-z0-9]{16}",
    ),
    token("mailersend_token", "MAILERSEND_TOKEN", &["mlsn."], r"mlsn\.[0-9a-f]{60,}"),
    token("loops_sparkpost_key", "MAIL_KEY", &["lmlp_"], r"lmlp_[A-Za-z0-9]{20,}"),
    token(
        "matrix_token",
        "MATRIX_TOKEN",
        &["syt_", "mct_", "mat_"],
        r"(?:syt_[A-Za-z0-9+/=]+_[A-Za-z]{20}_[A-Za-z0-9]{6}|m[ac]t_[A-Za-z0-9]{30}_[A-Za-z0-9]{6})",
    ),
    token(
        "teams_webhook",
        "TEAMS_WEBHOOK",
        &["webhook.office.com/"],
        r"webhook\.office\.com/webhookb2/(?P<s>[A-Za-z0-9@/-]{60,})",
    )
    .glued(),
    token(
        "teams_workflow",
        "TEAMS_WEBHOOK",
        &["logic.azure.com"],
        r"logic\.azure\.com(?::443)?/workflows/[^?]*\?[^ ]*sig=(?P<s>[A-Za-z0-9_%-]{30,})",
    )
    .glued(),
    token(
        "google_chat_webhook",
        "GOOGLE_CHAT_WEBHOOK",
        &["chat.googleapis.com/"],
        r"chat\.googleapis\.com/v1/spaces/[A-Za-z0-9_-]+/messages\?(?P<s>key=[A-Za-z0-9_&=%.-]{40,})",
    )
    .glued(),
    token(
        "zapier_webhook",
        "ZAPIER_WEBHOOK",
        &["hooks.zapier.com/"],
        r"hooks\.zapier\.com/hooks/catch/(?P<s>\d+/[a-z0-9]{6,})",
    )
    .glued(),
    token("ntfy_token", "NTFY_TOKEN", &["tk_"], r"tk_[a-z0-9]{29}"),
    token("pushbullet_token", "PUSHBULLET_TOKEN", &["o."], r"(?P<s>o\.[A-Za-z0-9]{32})(?:$|[^A-Za-z0-9])")
        .if_(Check::Random),
    token("intercom_token", "INTERCOM_TOKEN", &["dG9rOj"], r"dG9rOj[A-Za-z0-9+/=]{40,}"),
    token(
        "twitter_bearer",
        "TWITTER_TOKEN",
        &["AAAAAAAAAAAAAAAAAAAA"],
        r"AAAAAAAAAAAAAAAAAAAA[A-Za-z0-9%]{40,}",
    ),
    token(
        "firebase_server_key",
        "FIREBASE_KEY",
        &[":APA91"],
        r"[A-Za-z0-9_-]{7,30}:APA91[A-Za-z0-9_-]{100,}",
    ),
];
