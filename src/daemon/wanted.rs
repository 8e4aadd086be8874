//! What the settings say, in the shapes that parts want.

use std::time::Duration;

use anyhow::Context as _;
use capuchin_actors::session::SessionLimits;

use crate::approvals::ApprovalTimes;
use crate::assistants::NewAssistant;
use crate::config::{ApprovalsConfig, Config, SessionsConfig};
use crate::models::{Link, Routing};

pub(super) fn times(config: &ApprovalsConfig) -> ApprovalTimes {
    ApprovalTimes {
        attended: Duration::from_secs(config.expire_after_s),
        unattended: Duration::from_secs(config.unattended_expire_after_s),
    }
}

pub(super) fn limits(config: &SessionsConfig) -> SessionLimits {
    SessionLimits {
        queue_per_thread: config.queue_per_thread,
        queue_per_tenant: config.queue_per_tenant,
        turn_deadline: Duration::from_secs(config.turn_deadline_s),
        idle_after: Duration::from_secs(config.idle_after_s),
        ..SessionLimits::default()
    }
}

pub(super) fn first_assistant(config: &Config) -> anyhow::Result<NewAssistant> {
    let first = &config.assistant;
    let fallbacks: Result<Vec<Link>, _> = first.fallbacks.iter().map(|line| line.parse()).collect();
    Ok(NewAssistant {
        name: first.name.clone(),
        backend: first.backend.clone(),
        model: first.model.clone(),
        routing: Routing {
            local_only: first.local_only,
            fallbacks: fallbacks.context("assistant.fallbacks")?,
            ..Routing::default()
        },
        system_prompt: first.system_prompt.clone(),
    })
}
