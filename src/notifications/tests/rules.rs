//! Patterns, and which rule decides.

use std::collections::BTreeSet;

use super::*;
use crate::notifications::rule::delivery;
use crate::protocol::ids::{NotificationRuleId, WorkspaceId};

/// The words of MonkeyClaw, which its users' rules name.
const SEEDS: [&str; 12] = [
    "monkey_claw.webhook.received",
    "monkey_claw.webhook.rejected",
    "monkey_claw.webhook.dispatched",
    "monkey_claw.experiment.completed",
    "monkey_claw.experiment.rollback",
    "monkey_claw.agent_bridge.session.exception",
    "monkey_claw.agent_bridge.query.exception",
    "monkey_claw.agent_bridge.query.stop",
    "monkey_claw.agent_bridge.stream.stop",
    "monkey_claw.channel.message.inbound",
    "monkey_claw.channel.message.outbound",
    "monkey_claw.channel.delivery.failed",
];

#[test]
fn every_word_names_one_pattern_and_every_word_of_the_seeds_is_among_them() {
    let words: Vec<&str> = Pattern::ALL.iter().flat_map(|pattern| pattern.words()).collect();
    assert_eq!(words.iter().collect::<BTreeSet<_>>().len(), words.len());
    for word in &words {
        assert!(Pattern::parse(word).is_some_and(|pattern| pattern.words().any(|known| known == *word)));
        assert!(word.starts_with("capuchin.") || SEEDS.contains(word), "{word}");
    }
    for seed in SEEDS {
        assert!(words.contains(&seed), "{seed}");
    }
    for pattern in Pattern::ALL {
        assert!(pattern.text().ends_with('.') && pattern.text().chars().count() < 100, "{pattern:?}");
    }
}

fn rule(workspace: Option<WorkspaceId>, pattern: &str, severity: Severity, how: Option<Delivery>) -> Rule {
    Rule {
        id: NotificationRuleId::new(),
        workspace,
        name: "a rule".to_owned(),
        pattern: pattern.to_owned(),
        severity,
        delivery: how.unwrap_or(Delivery::InApp),
        enabled: how.is_some(),
        version: 1,
        created_ms: 0,
        updated_ms: 0,
    }
}

#[test]
fn the_rule_of_the_workspace_that_names_it_most_exactly_decides() {
    use Delivery::{All, Channel, Email, InApp, Push};
    use Severity::{Error, Info};
    let (here, there) = (WorkspaceId::new(), WorkspaceId::new());
    let down = || Happening::new(Pattern::McpDown, "down");
    let failed = || Happening::new(Pattern::TurnFailed, "failed");
    let cases: Vec<(&str, Vec<Rule>, Happening, Option<Delivery>)> = vec![
        ("nothing says anything of a warning", vec![], down(), Some(InApp)),
        ("nothing says anything of an info", vec![], down().being(Info), None),
        ("nothing says anything of an error", vec![], down().being(Error), Some(InApp)),
        (
            "it is named",
            vec![rule(None, "capuchin.mcp.down", Info, Some(Email))],
            down().being(Info),
            Some(Email),
        ),
        ("its beginning is named", vec![rule(None, "capuchin.mcp.*", Info, Some(Push))], down(), Some(Push)),
        (
            "another beginning is named",
            vec![rule(None, "capuchin.mc.*", Info, Some(Push))],
            down(),
            Some(InApp),
        ),
        ("everything is named", vec![rule(None, "*", Info, Some(All))], down().being(Info), Some(All)),
        ("it is not bad enough", vec![rule(None, "*", Error, Some(All))], down(), None),
        ("it is muted", vec![rule(None, "capuchin.mcp.down", Info, None)], down().being(Error), None),
        ("its word of before is named", vec![rule(None, SEEDS[6], Info, Some(Email))], failed(), Some(Email)),
        (
            "its family of before is named",
            vec![rule(None, "monkey_claw.agent_bridge.*", Info, Some(Email))],
            failed(),
            Some(Email),
        ),
        (
            "the exact one wins over its family, whatever the order",
            vec![
                rule(None, "capuchin.mcp.down", Info, Some(Channel)),
                rule(None, "capuchin.*", Info, Some(Email)),
                rule(None, "capuchin.mcp.*", Info, Some(Push)),
            ],
            down(),
            Some(Channel),
        ),
        (
            "the narrower family wins",
            vec![rule(None, "capuchin.mcp.*", Info, Some(Push)), rule(None, "capuchin.*", Info, Some(Email))],
            down(),
            Some(Push),
        ),
        (
            "the workspace wins over what is exact for everything",
            vec![rule(Some(here), "*", Info, Some(Push)), rule(None, "capuchin.mcp.down", Info, Some(Email))],
            down().within(here),
            Some(Push),
        ),
        (
            "another workspace says nothing here",
            vec![rule(Some(there), "capuchin.mcp.down", Info, None)],
            down().within(here),
            Some(InApp),
        ),
        (
            "a workspace says nothing of what has none",
            vec![rule(Some(here), "capuchin.mcp.down", Info, None)],
            down(),
            Some(InApp),
        ),
    ];
    for (name, rules, happening, expected) in cases {
        assert_eq!(delivery(&rules, &happening), expected, "{name}");
    }
}

#[tokio::test]
async fn a_rule_that_could_never_fit_is_refused_and_one_pattern_has_one_rule() {
    let world = World::new();
    let new = |pattern: &str, name: &str| NewRule {
        workspace: None,
        name: name.to_owned(),
        pattern: pattern.to_owned(),
        severity: Severity::Info,
        delivery: Delivery::InApp,
        enabled: true,
    };
    let bad = [
        "",
        "capuchin",
        "capuchin.mcp",
        "capuchin.mcp*",
        "capuchin.nothing.*",
        "monkey_claw.webhook.lost",
        "**",
        ".*",
    ];
    for pattern in bad {
        let refused = world.notices.create_rule(&owner(), new(pattern, "x"), None).await;
        assert!(
            matches!(refused, Err(NotificationError::Field { field: "pattern" | "name", .. })),
            "{pattern}"
        );
    }
    let long = world.notices.create_rule(&owner(), new("*", &"x".repeat(101)), None).await;
    assert!(matches!(long, Err(NotificationError::Field { field: "name", .. })));
    world.notices.create_rule(&owner(), new("*", &"x".repeat(100)), None).await.unwrap();
    let twice = world.notices.create_rule(&owner(), new("*", "again"), None).await;
    assert!(matches!(twice, Err(NotificationError::Taken)));
}
