//! What Slack's answers mean: nearly all are 200, and say in `ok` and `error` what happened.

use super::super::json::{flag, text};
use super::super::outgoing::{Answer, Outcome, said};

const TOKEN: &str = "install the app again and store its token in the vault";

/// Errors, and what a person can do.
const FIXES: &[(&str, &str)] = &[
    ("not_in_channel", "invite the app into the channel: /invite @name"),
    ("channel_not_found", "check the channel's id, and invite the app if the channel is private"),
    ("is_archived", "the channel is archived: take another one"),
    ("missing_scope", "add the scope that is named to the app, and install it again"),
    ("no_permission", "the app may not do this here: look at its scopes and the workspace's settings"),
    ("restricted_action", "a setting of the workspace forbids it: ask its administrators"),
    (
        "restricted_action_read_only_channel",
        "only some people may write there: ask the workspace's administrators",
    ),
    ("restricted_action_thread_only_channel", "the channel takes only replies in threads"),
    ("restricted_action_non_threadable_channel", "the channel takes no replies in threads"),
    ("access_denied", "a setting of the workspace forbids it: ask its administrators"),
    ("messages_tab_disabled", "switch on the messages tab in the app's settings (App Home)"),
    ("cannot_dm_bot", "remove the sender from the channel: it is a bot"),
    ("user_not_found", "the person is not in this workspace"),
    ("user_disabled", "the account is gone: remove the sender from the channel"),
    ("msg_too_long", "the text is longer than Slack takes"),
    ("message_not_found", "the message is gone"),
    ("cant_update_message", "the message is not ours or is gone"),
    ("edit_window_closed", "a setting of the workspace forbids late edits"),
    ("thread_not_found", "the thread is gone: write in another one"),
    ("team_access_not_granted", "approve the app for this workspace"),
    ("ekm_access_denied", "the organisation's administrators have suspended writing"),
];

/// Credentials that do not work (any more).
const CREDENTIALS: &[&str] = &[
    "invalid_auth",
    "not_authed",
    "account_inactive",
    "token_revoked",
    "token_expired",
    "not_allowed_token_type",
    "app_uninstalled",
];
/// Nothing was done, and another try may help.
const AGAIN: &[&str] = &["service_unavailable", "team_added_to_org", "request_timeout", "accesslimited"];
/// Slack says itself that something may have been done.
const UNKNOWN: &[&str] = &["fatal_error", "internal_error"];

/// What an answer of the Web API means.
#[must_use]
pub fn outcome(answer: &Answer<'_>) -> Outcome {
    if answer.status == 429 {
        return answer.wait();
    }
    let Some(body) = answer.json().filter(|body| body.get("ok").is_some()) else {
        return answer.by_status(TOKEN);
    };
    if flag(&body, "/ok") {
        return match text(&body, "/ts") {
            Some(message) => Outcome::Sent { message: message.to_owned() },
            None => Outcome::Done,
        };
    }
    let error = text(&body, "/error").unwrap_or("an error without a name");
    if matches!(error, "ratelimited" | "rate_limited" | "message_limit_exceeded") {
        return answer.wait();
    }
    if CREDENTIALS.contains(&error) {
        return Outcome::Unauthorized { fix: TOKEN };
    }
    let why = match text(&body, "/needed") {
        Some(needed) => said(&format!("{error} (needs {needed})")),
        None => said(error),
    };
    if AGAIN.contains(&error) {
        return Outcome::Again { why };
    }
    if UNKNOWN.contains(&error) {
        return Outcome::Unknown { why };
    }
    let fix = FIXES.iter().find(|(name, _)| *name == error).map(|(_, fix)| *fix);
    Outcome::Refused { why, fix: fix.unwrap_or("see what Slack says of this error") }
}
