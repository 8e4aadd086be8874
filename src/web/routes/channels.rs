//! Channels: chosen, made, shown, changed and removed.

pub(super) mod acts;

use std::collections::BTreeMap;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Redirect, Response};
use serde::Deserialize;

use super::super::answer::{Fields, Reader};
use super::super::framed::sentence;
use super::super::headers::page;
use super::super::read;
use super::super::read::channels::form::{CREDENTIAL, Draft, SETTING};
use super::super::view::channels::{ChannelPage, CredentialsPage};
use crate::channels::{Channel, ChannelChange, ChannelSettings, Mode, NewChannel, NewCredentials, Platform};
use crate::http::auth::Admin;
use crate::http::extract::{Named, Params};
use crate::http::{AppState, May, Problem};
use crate::identity::Principal;
use crate::protocol::ids::ChannelId;

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct ChannelQuery {
    done: String,
    platform: String,
    mode: String,
}

/// What a form said: the fields of a platform are not known before it is.
struct Entered(Vec<(String, String)>);

/// `GET /channels`.
pub(super) async fn list(
    by: May<Admin>,
    State(state): State<AppState>,
    reader: Reader,
    Params(query): Params<ChannelQuery>,
) -> Result<Response, Problem> {
    super::unrestricted(&by)?;
    let mut shown = read::channels::list(&state, &by, reader.frame("Channels", "channels")).await?;
    shown.notice = (query.done == "removed")
        .then_some("Removed with what came and what was owed. Its conversations are still in the chats.");
    Ok(page(StatusCode::OK, &shown))
}

/// `GET /channels/new`: the platforms, or the form of one.
pub(super) async fn new(
    by: May<Admin>,
    State(state): State<AppState>,
    reader: Reader,
    Params(query): Params<ChannelQuery>,
) -> Result<Response, Problem> {
    super::unrestricted(&by)?;
    let draft = match query.platform.as_str() {
        "" => None,
        word => {
            let platform = Platform::parse(word).ok_or_else(Problem::not_found)?;
            let mode = match query.mode.as_str() {
                "" => ChannelSettings::default().mode_on(platform),
                word => Mode::parse(platform, word).ok_or_else(Problem::not_found)?,
            };
            Some(Draft::blank(platform, mode))
        }
    };
    let frame = reader.frame("New channel", "channels");
    Ok(page(StatusCode::OK, &read::channels::new(&state, &by, frame, draft.as_ref()).await?))
}

/// `POST /channels`.
pub(super) async fn create(
    by: May<Admin>,
    State(state): State<AppState>,
    reader: Reader,
    Fields(fields): Fields<Vec<(String, String)>>,
) -> Result<Response, Problem> {
    super::unrestricted(&by)?;
    let entered = Entered(fields);
    let platform = Platform::parse(entered.get("platform"));
    let platform = platform.ok_or_else(|| Problem::invalid_field("platform", "is not known"))?;
    let draft = entered.draft(platform, entered.mode(platform)?);
    let made = async {
        let new = NewChannel {
            name: draft.name.clone(),
            platform,
            workspace_id: super::workspace_of(&draft.workspace)?,
            settings: draft.settings(ChannelSettings::default())?,
        };
        let credentials = NewCredentials::entered((platform, draft.mode), entered.credentials())?;
        Ok::<_, Problem>(state.channels.create(&by, new, credentials, None).await?.thing.id)
    };
    match made.await {
        Ok(id) => Ok(Redirect::to(&format!("/channels/{id}?done=made")).into_response()),
        Err(problem) if reader.json || problem.status.is_server_error() => Err(problem),
        Err(problem) => {
            let frame = reader.frame("New channel", "channels");
            let mut again = read::channels::new(&state, &by, frame, Some(&draft)).await?;
            again.error = Some(sentence(&problem.detail));
            Ok(page(problem.status, &again))
        }
    }
}

/// `GET /channels/{id}`.
pub(super) async fn show(
    by: May<Admin>,
    State(state): State<AppState>,
    Named(id): Named<ChannelId>,
    reader: Reader,
    Params(query): Params<ChannelQuery>,
) -> Result<Response, Problem> {
    super::unrestricted(&by)?;
    let mut shown = shown(&state, &by, &reader, id).await?;
    shown.notice = match query.done.as_str() {
        "made" => Some("Made. It is being connected."),
        "changed" => Some("Saved. It is being connected anew."),
        "restarted" => Some("It is being connected anew."),
        "enabled" => Some("Switched on. It is being connected."),
        "disabled" => Some("Switched off. Nothing comes and nothing goes until you switch it on."),
        "tested" => Some("The words are on their way. The outbox below says when the platform has them."),
        "person" => Some("Done."),
        "retried" => Some("It is tried again."),
        _ => None,
    };
    Ok(page(StatusCode::OK, &shown))
}

/// `POST /channels/{id}`.
pub(super) async fn change(
    by: May<Admin>,
    State(state): State<AppState>,
    Named(id): Named<ChannelId>,
    reader: Reader,
    Fields(fields): Fields<Vec<(String, String)>>,
) -> Result<Response, Problem> {
    super::unrestricted(&by)?;
    let entered = Entered(fields);
    let found = state.channels.get(&by.tenant, id).await?.channel;
    // How messages come is changed with the credentials for it.
    let draft = entered.draft(found.platform, found.mode());
    let changed = async {
        let change = ChannelChange {
            name: Some(draft.name.clone()),
            workspace_id: super::workspace_of(&draft.workspace)?,
            settings: Some(draft.settings(found.settings.clone())?),
            enabled: None,
        };
        state.channels.update(&by, (id, entered.version()), change, None).await?;
        Ok("changed")
    };
    let outcome = changed.await;
    let refused_form = match &outcome {
        Ok(_) => None,
        Err(_) => Some(read::channels::form::form(&state, &by, &draft).await?),
    };
    let refused = |page: &mut ChannelPage, why| {
        page.error = Some(why);
        if let Some(form) = refused_form {
            page.form = form;
        }
    };
    reader.after(&format!("/channels/{id}"), outcome, shown(&state, &by, &reader, id), refused).await
}

/// `GET /channels/{id}/credentials`: the form, for the way of now or one that is chosen.
pub(super) async fn credentials_form(
    by: May<Admin>,
    State(state): State<AppState>,
    Named(id): Named<ChannelId>,
    reader: Reader,
    Params(query): Params<ChannelQuery>,
) -> Result<Response, Problem> {
    super::unrestricted(&by)?;
    let channel = state.channels.get(&by.tenant, id).await?.channel;
    let mode = match query.mode.as_str() {
        "" => channel.mode(),
        word => Mode::parse(channel.platform, word).ok_or_else(Problem::not_found)?,
    };
    Ok(page(StatusCode::OK, &credentials_page(&state, &by, &reader, (&channel, mode)).await?))
}

/// `POST /channels/{id}/credentials`: all of them anew, for the way of now or another one.
pub(super) async fn credentials(
    by: May<Admin>,
    State(state): State<AppState>,
    Named(id): Named<ChannelId>,
    reader: Reader,
    Fields(fields): Fields<Vec<(String, String)>>,
) -> Result<Response, Problem> {
    super::unrestricted(&by)?;
    let entered = Entered(fields);
    let channel = state.channels.get(&by.tenant, id).await?.channel;
    let mode = entered.mode(channel.platform)?;
    let changed = async {
        let credentials = NewCredentials::entered((channel.platform, mode), entered.credentials())?;
        let settings = ChannelSettings { mode: Some(mode), ..channel.settings.clone() };
        let change = ChannelChange { settings: Some(settings), ..ChannelChange::default() };
        state.channels.update(&by, (id, entered.version()), change, Some(credentials)).await?;
        Ok("changed")
    };
    let outcome = changed.await;
    let again = credentials_page(&state, &by, &reader, (&channel, mode));
    let refused = |page: &mut CredentialsPage, why| page.error = Some(why);
    reader.after(&format!("/channels/{id}"), outcome, again, refused).await
}

/// `POST /channels/{id}/remove`.
pub(super) async fn remove(
    by: May<Admin>,
    State(state): State<AppState>,
    Named(id): Named<ChannelId>,
    Fields(fields): Fields<Vec<(String, String)>>,
) -> Result<Response, Problem> {
    super::unrestricted(&by)?;
    if Entered(fields).get("sure") != "yes" {
        return Err(Problem::bad_request("tick the box to remove a channel"));
    }
    state.channels.delete(&by, id, None).await?;
    Ok(Redirect::to("/channels?done=removed").into_response())
}

// === impl Entered ===

impl Entered {
    fn get(&self, name: &str) -> &str {
        self.0.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str()).unwrap_or_default()
    }

    fn version(&self) -> Option<i64> {
        // silent-ok: a form without a version changes whatever there is.
        self.get("version").parse().ok()
    }

    fn mode(&self, platform: Platform) -> Result<Mode, Problem> {
        match self.get("mode") {
            "" => Ok(ChannelSettings::default().mode_on(platform)),
            word => Mode::parse(platform, word)
                .ok_or_else(|| Problem::invalid_field("mode", "is none of this platform's")),
        }
    }

    /// The fields whose names begin so, without that beginning.
    fn named(&self, beginning: &str) -> BTreeMap<String, String> {
        let of = |(key, value): &(String, String)| {
            Some((key.strip_prefix(beginning)?.to_owned(), value.trim().to_owned()))
        };
        self.0.iter().filter_map(of).collect()
    }

    fn credentials(&self) -> BTreeMap<String, String> {
        self.named(CREDENTIAL)
    }

    fn draft(&self, platform: Platform, mode: Mode) -> Draft {
        Draft {
            platform,
            mode,
            name: self.get("name").trim().to_owned(),
            workspace: self.get("workspace").trim().to_owned(),
            groups: self.get("groups").to_owned(),
            allowed: self.get("allowed").replace("\r\n", "\n"),
            ceiling: self.get("ceiling").to_owned(),
            settings: self.named(SETTING),
        }
    }
}

async fn credentials_page(
    state: &AppState,
    by: &Principal,
    reader: &Reader,
    (channel, mode): (&Channel, Mode),
) -> Result<CredentialsPage, Problem> {
    let draft = Draft { mode, ..Draft::of(channel) };
    let frame = reader.frame(format!("Credentials of {}", channel.name), "channels");
    read::channels::credentials(state, by, frame, (channel, &draft)).await
}

async fn shown(
    state: &AppState,
    by: &Principal,
    reader: &Reader,
    id: ChannelId,
) -> Result<ChannelPage, Problem> {
    read::channels::page(state, by, id, |name| reader.frame(name, "channels")).await
}
