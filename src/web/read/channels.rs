//! Channels as cards, and one channel with everything about it.

pub(in crate::web) mod form;
mod guide;
pub(in crate::web) mod outbox;

use std::collections::HashMap;

use super::rfc3339;
use crate::channels::{
    Beat, Channel, ChannelState, ChannelView, KnownConversation, Mode, OFFERED, Person, Platform, Standing,
    Undelivered,
};
use crate::http::{AppState, Problem};
use crate::identity::Principal;
use crate::protocol::ids::ChannelId;
use crate::web::view::Frame;
use crate::web::view::channels::{
    AddressView, ChannelCard, ChannelForm, ChannelLive, ChannelPage, ChannelsPage, CredentialsPage,
    NewChannelPage, PersonRow, PlatformRow,
};
use form::Draft;

/// Looks that a heartbeat shows.
const BEATS: usize = 40;

/// Every channel as it is now.
pub(in crate::web) async fn cards(state: &AppState, by: &Principal) -> Result<Vec<ChannelCard>, Problem> {
    let undelivered = state.channels.undelivered(&by.tenant).await?;
    let found = state.channels.list(&by.tenant).await?;
    let of = |view: &ChannelView| undelivered.get(&view.channel.id).copied().unwrap_or_default();
    Ok(found.iter().map(|view| card(view, of(view))).collect())
}

/// The list.
pub(in crate::web) async fn list(
    state: &AppState,
    by: &Principal,
    frame: Frame,
) -> Result<ChannelsPage, Problem> {
    Ok(ChannelsPage { frame, cards: cards(state, by).await?, notice: None })
}

/// The platforms, or the form of the one that a draft is for.
pub(in crate::web) async fn new(
    state: &AppState,
    by: &Principal,
    frame: Frame,
    draft: Option<&Draft>,
) -> Result<NewChannelPage, Problem> {
    let form = match draft {
        Some(draft) => Some(form::form(state, by, draft).await?),
        None => None,
    };
    let platform =
        |one: Platform| PlatformRow { word: one.word(), name: one.label(), what: guide::what(one) };
    Ok(NewChannelPage {
        frame,
        platforms: OFFERED.iter().copied().map(platform).collect(),
        form,
        error: None,
    })
}

/// One channel.
pub(in crate::web) async fn page(
    state: &AppState,
    by: &Principal,
    id: ChannelId,
    frame: impl FnOnce(&str) -> Frame,
) -> Result<ChannelPage, Problem> {
    let view = state.channels.get(&by.tenant, id).await?;
    let form: ChannelForm = form::form(state, by, &Draft::of(&view.channel)).await?;
    let address = view.channel.is_sent_to().then(|| AddressView {
        url: format!("{}{}", state.webhooks.address(), view.channel.path()),
        enter: guide::enter(view.channel.platform),
        is_public: state.config.ingress.public_url.is_some(),
    });
    Ok(ChannelPage {
        frame: frame(&view.channel.name),
        address,
        form,
        version: view.channel.version,
        live: whole(state, by, &view).await?,
        notice: None,
        error: None,
    })
}

/// The form that replaces credentials.
pub(in crate::web) async fn credentials(
    state: &AppState,
    by: &Principal,
    frame: Frame,
    (channel, draft): (&Channel, &Draft),
) -> Result<CredentialsPage, Problem> {
    Ok(CredentialsPage {
        frame,
        id: channel.id.to_string(),
        name: channel.name.clone(),
        form: form::form(state, by, draft).await?,
        version: channel.version,
        error: None,
    })
}

/// What changes by itself on the page of a channel.
pub(in crate::web) async fn live(
    state: &AppState,
    by: &Principal,
    id: ChannelId,
) -> Result<ChannelLive, Problem> {
    let view = state.channels.get(&by.tenant, id).await?;
    whole(state, by, &view).await
}

async fn whole(state: &AppState, by: &Principal, view: &ChannelView) -> Result<ChannelLive, Problem> {
    let id = view.channel.id;
    let undelivered = state.channels.undelivered(&by.tenant).await?;
    let known = state.channels.conversations(&by.tenant, id).await?;
    let (outbox, more) = outbox::of_channel(state, by, id).await?;
    let now_ms = now_ms();
    let rows = view.people.iter().map(|person| person_row(person, now_ms));
    let (strangers, people) = rows.partition(|row| row.state == Standing::Pending.as_str());
    let first = match view.last_message_ms {
        None => guide::first(view.channel.platform, view.channel.mode(), view.live.us.as_ref()),
        Some(_) => Vec::new(),
    };
    Ok(ChannelLive {
        card: card(view, undelivered.get(&id).copied().unwrap_or_default()),
        first,
        strangers,
        people,
        conversations: labelled(known, &view.people),
        outbox,
        more,
    })
}

/// Places by the names of the people who talk there.
fn labelled(known: Vec<KnownConversation>, people: &[Person]) -> Vec<(String, String)> {
    let names: HashMap<&str, &str> =
        people.iter().map(|person| (person.sender.as_str(), person.name.as_str())).collect();
    let label = |one: KnownConversation| {
        let name = names.get(one.address.as_str()).copied();
        let label = match (one.title.as_str(), name) {
            ("", Some(name)) => name.to_owned(),
            ("", None) => one.address.clone(),
            (title, _) => title.to_owned(),
        };
        (one.address, label)
    };
    known.into_iter().map(label).collect()
}

fn card(view: &ChannelView, undelivered: Undelivered) -> ChannelCard {
    let ChannelView { channel, live, last_message_ms, people } = view;
    let (chip, word) = match (channel.enabled, &live.state) {
        (false, _) => ("stopped", "Switched off"),
        (true, ChannelState::Stopped) => ("stopped", "Not running"),
        (true, ChannelState::Connecting) => ("connecting", "Connecting"),
        (true, ChannelState::Live) => ("live", "Connected"),
        (true, ChannelState::Troubled(_)) => ("warning", "In trouble"),
        (true, ChannelState::Failed(_)) => ("failed", "Not connected"),
    };
    let trouble = match &live.state {
        ChannelState::Troubled(why) | ChannelState::Failed(why) if channel.enabled => why.clone(),
        _ => String::new(),
    };
    let (beats, beats_text) = heartbeat(&live.beats);
    ChannelCard {
        id: channel.id.to_string(),
        name: channel.name.clone(),
        platform: channel.platform.label(),
        enabled: channel.enabled,
        state: chip,
        state_word: word,
        trouble,
        us: live.us.as_ref().map(|us| guide::called(channel.platform, us)).unwrap_or_default(),
        last: last_message_ms.map(rfc3339).unwrap_or_default(),
        beats,
        beats_text,
        strangers: people.iter().filter(|person| person.standing == Standing::Pending).count(),
        waiting: undelivered.waiting,
        dead: undelivered.dead,
    }
}

/// A bar of fixed length, and what it says in words.
fn heartbeat(beats: &[Beat]) -> (Vec<&'static str>, String) {
    let shown = beats.get(beats.len().saturating_sub(BEATS)..).unwrap_or_default();
    let words = shown.iter().map(|beat| if beat.good { "good" } else { "bad" });
    let bar = std::iter::repeat_n("none", BEATS - shown.len()).chain(words).collect();
    let good = shown.iter().filter(|beat| beat.good).count();
    let text = match shown.last() {
        None => "Nobody has looked at the platform yet.".to_owned(),
        Some(last) => {
            let now = if last.good { "good" } else { "bad" };
            format!(
                "Of the last {} looks at the platform {good} were good; the last one was {now}.",
                shown.len()
            )
        }
    };
    (bar, text)
}

fn person_row(person: &Person, now_ms: i64) -> PersonRow {
    PersonRow {
        sender: person.sender.clone(),
        name: person.name.clone(),
        state: person.standing.as_str(),
        decides: person.decides,
        code: person.shown_code(now_ms),
        since: rfc3339(person.created_ms),
    }
}

/// What a mode means for whoever chooses it.
const fn mode_label(mode: Mode) -> &'static str {
    match mode {
        Mode::Poll => "Capuchin asks the platform for them; nothing has to be reachable",
        Mode::Socket => "over a connection that Capuchin opens; nothing has to be reachable",
        Mode::Webhook => "the platform sends them to your ingress, which it has to reach",
    }
}

fn now_ms() -> i64 {
    jiff::Timestamp::now().as_millisecond()
}

#[cfg(test)]
mod tests;
