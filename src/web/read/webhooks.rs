//! Webhook endpoints and deliveries as rows.

use super::{problem, rfc3339};
use crate::http::{AppState, Problem};
use crate::identity::Principal;
use crate::protocol::ids::{WebhookDeliveryId, WebhookId};
use crate::web::view::Frame;
use crate::web::view::webhooks::{
    DeliveryBody, DeliveryRow, EndpointDraft, EndpointRow, SourceRow, WebhookPage, WebhooksPage,
};
use crate::webhooks::{
    Delivery, DeliveryState, EndpointState, EndpointView, RATE_PER_MINUTE_DEFAULT, Source,
};

/// Workspaces that an endpoint can be for, here.
const WORKSPACES_MAX: usize = 200;
/// Deliveries that are shown.
const DELIVERIES_MAX: usize = 50;

/// The list as it is before a form says anything.
pub(in crate::web) async fn list(
    state: &AppState,
    by: &Principal,
    frame: Frame,
) -> Result<WebhooksPage, Problem> {
    let found = state.webhooks.list(&by.tenant).await?;
    Ok(WebhooksPage {
        frame,
        endpoints: found.into_iter().map(|view| row(view, state)).collect(),
        sources: Source::ALL.into_iter().map(source).collect(),
        workspaces: workspaces(state, by).await?,
        draft: EndpointDraft {
            source: Source::Github.as_str().to_owned(),
            rate: RATE_PER_MINUTE_DEFAULT.to_string(),
            ceiling: "read_only".to_owned(),
            ..EndpointDraft::default()
        },
        is_public: state.config.ingress.public_url.is_some(),
        notice: None,
        error: None,
    })
}

/// One endpoint with its log, and with one delivery open where one is named.
pub(in crate::web) async fn page(
    state: &AppState,
    by: &Principal,
    (id, open): (WebhookId, Option<WebhookDeliveryId>),
    frame: impl FnOnce(&str) -> Frame,
) -> Result<WebhookPage, Problem> {
    let view = state.webhooks.get(&by.tenant, id).await?;
    let mut found = state.webhooks.deliveries(&by.tenant, id, None, DELIVERIES_MAX + 1).await?;
    let more = found.len() > DELIVERIES_MAX;
    found.truncate(DELIVERIES_MAX);
    let open = match open {
        Some(delivery) => Some(body(state.webhooks.delivery(&by.tenant, id, delivery).await?)),
        None => None,
    };
    let endpoint = &view.endpoint;
    let starts = match endpoint.schedule_id {
        Some(id) => Some((id.to_string(), state.schedules.get(&by.tenant, id).await?.name)),
        None => None,
    };
    let draft = EndpointDraft {
        name: endpoint.name.clone(),
        source: endpoint.source.as_str().to_owned(),
        workspace: endpoint.workspace_id.to_string(),
        events: endpoint.allowed_events.join("\n"),
        rate: endpoint.rate_per_minute.to_string(),
        ceiling: endpoint.ceiling.as_str().to_owned(),
        instructions: endpoint.instructions.clone(),
        template: endpoint.template.clone(),
    };
    Ok(WebhookPage {
        frame: frame(&endpoint.name),
        draft,
        starts,
        row: row(view, state),
        workspaces: workspaces(state, by).await?,
        deliveries: found.into_iter().map(delivery).collect(),
        more,
        open,
        secret: None,
        notice: None,
        error: None,
    })
}

async fn workspaces(state: &AppState, by: &Principal) -> Result<Vec<(String, String)>, Problem> {
    let found = state.workspaces.list(by, None, WORKSPACES_MAX).await.map_err(problem)?;
    Ok(found.into_iter().map(|workspace| (workspace.id.to_string(), workspace.name)).collect())
}

fn source(source: Source) -> SourceRow {
    SourceRow {
        word: source.as_str(),
        name: source.name(),
        help: source.secret_help(),
        makes: source.takes_any_secret(),
    }
}

fn row(view: EndpointView, state: &AppState) -> EndpointRow {
    let EndpointView { endpoint, last_delivery_ms, refused, refusals } = view;
    let base = state.webhooks.address();
    let (chip, word) = match endpoint.state {
        EndpointState::Active => ("done", "Active"),
        EndpointState::Paused => ("stopped", "Paused"),
        EndpointState::Revoked => ("failed", "Revoked"),
    };
    EndpointRow {
        id: endpoint.id.to_string(),
        source: source(endpoint.source),
        headers: endpoint.source.headers().join(", "),
        url: format!("{base}{}", endpoint.path()),
        name: endpoint.name,
        state: chip,
        state_word: word,
        state_value: endpoint.state.as_str(),
        last: last_delivery_ms.map(rfc3339).unwrap_or_default(),
        old_until: endpoint.old_until_ms.filter(|until| *until > now_ms()).map(rfc3339).unwrap_or_default(),
        refused,
        refusals: refusals.into_iter().map(|one| (rfc3339(one.at_ms), one.status, one.why)).collect(),
        version: endpoint.version,
    }
}

fn delivery(delivery: Delivery) -> DeliveryRow {
    let (state, state_word) = match delivery.state {
        DeliveryState::Accepted => ("waiting", "Waiting"),
        DeliveryState::Processed => ("done", "Done"),
        DeliveryState::Failed => ("failed", "Failed"),
    };
    let run = delivery.turn.zip(delivery.thread).map(|(turn, thread)| format!("/c/{thread}#turn-{turn}"));
    DeliveryRow {
        id: delivery.id.to_string(),
        event: delivery.event,
        state,
        state_word,
        reason: delivery.reason,
        run: run.unwrap_or_default(),
        size: size(delivery.bytes),
        at: rfc3339(delivery.received_ms),
        again: delivery.again_of.is_some(),
    }
}

fn body(delivery: Delivery) -> DeliveryBody {
    let is_kept = !delivery.body.is_empty() || delivery.bytes == 0;
    DeliveryBody {
        id: delivery.id.to_string(),
        event: delivery.event,
        source_id: delivery.source_id.unwrap_or_default(),
        body: is_kept.then_some(delivery.body),
    }
}

fn size(bytes: u64) -> String {
    match bytes {
        0..=1_023 => format!("{bytes} B"),
        _ => format!("{} KiB", bytes.div_ceil(1_024)),
    }
}

fn now_ms() -> i64 {
    jiff::Timestamp::now().as_millisecond()
}
