//! The judgement: every circumstance against an independent oracle, and its properties.

use proptest::prelude::*;

use super::*;
use crate::policy::mode::{ApprovalMode, Autonomy, PermissionMode};
use crate::policy::rule::NewRule;
use crate::policy::subject::SourceKind;
use crate::policy::{ActionPattern, ToolClass};

const ROOT: &str = "/home/me/project";

fn person() -> Subject {
    Subject { assistant: None, workspace: None, thread: None, source: SourceKind::Owner }
}

fn ask(action: Action) -> Ask {
    Ask { workspace_root: Some(ROOT.to_owned()), ..Ask::plain(action, person()) }
}

fn rule(effect: Effect, pattern: &str) -> Rule {
    let pattern: ActionPattern = serde_json::from_str(pattern).unwrap();
    NewRule::of_person(effect, pattern).into_rule(RuleId::new(), "owner", 0).unwrap()
}

fn with(rules: Vec<Rule>) -> Policy {
    Policy { rules, ..Policy::default() }
}

/// What an action is, said a second time and without the code that is tested.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Class {
    ReadInside,
    ReadOutside,
    WriteInside,
    WriteOutside,
    ReadTool,
    OtherTool,
    Spawn,
    Command,
    Host,
    Send,
    Secret,
    Model,
    Unknown,
    Malformed,
}

fn actions() -> Vec<(Class, Action)> {
    let tool = |class| Action::CallTool { server: Some("mail".into()), tool: "t".into(), class };
    vec![
        (Class::ReadInside, Action::ReadPath { path: "notes/today.md".into() }),
        (Class::ReadInside, Action::ReadPath { path: "/home/me/project/x/../y".into() }),
        (Class::ReadOutside, Action::ReadPath { path: "../other/file".into() }),
        (Class::ReadOutside, Action::ReadPath { path: "/home/me/project-evil/file".into() }),
        (Class::ReadOutside, Action::ReadPath { path: "/home/me/project/../../you/.ssh/id".into() }),
        (Class::WriteInside, Action::WritePath { path: "./a//b".into() }),
        (Class::WriteOutside, Action::WritePath { path: "/etc/passwd".into() }),
        (Class::ReadTool, tool(ToolClass::ReadOnly)),
        (Class::OtherTool, tool(ToolClass::Idempotent)),
        (Class::OtherTool, tool(ToolClass::Effectful)),
        (Class::Spawn, Action::SpawnAgent { assistant: "helper".into() }),
        (Class::Command, Action::RunCommand { program: "/usr/bin/git".into(), args: vec!["push".into()] }),
        (Class::Host, Action::ReachHost { host: "API.example.com.".into(), port: 443 }),
        (Class::Send, Action::SendTo { channel: "telegram".into(), target: "42".into() }),
        (Class::Secret, Action::UseSecret { name: "key".into(), host: "api.example.com".into() }),
        (Class::Model, Action::UseModel { backend: "b".into(), model: "m".into(), local: false }),
        (Class::Model, Action::UseModel { backend: "b".into(), model: "m".into(), local: true }),
        (Class::Unknown, Action::Unknown { word: "teleport".into() }),
        (Class::Malformed, Action::ReadPath { path: String::new() }),
        (Class::Malformed, Action::WritePath { path: "a\0b".into() }),
        (Class::Malformed, Action::ReadPath { path: "~/x".into() }),
        (Class::Malformed, Action::ReachHost { host: "0x7f.1".into(), port: 80 }),
        (Class::Malformed, Action::RunCommand { program: String::new(), args: vec![] }),
    ]
}

fn is_effect(class: Class) -> bool {
    !matches!(class, Class::ReadInside | Class::ReadTool | Class::Model)
}

/// The documented meaning of each setting, class by class.
fn mode_says(mode: PermissionMode, class: Class) -> Effect {
    match (mode, class) {
        (_, Class::Model | Class::ReadInside | Class::ReadTool) => Effect::Allow,
        (PermissionMode::BypassPermissions, _) => Effect::Allow,
        (PermissionMode::AcceptEdits, Class::WriteInside) => Effect::Allow,
        (PermissionMode::Plan, Class::ReadOutside) => Effect::Ask,
        (PermissionMode::Plan, _) => Effect::Deny,
        _ => Effect::Ask,
    }
}

fn autonomy_says(autonomy: Autonomy, class: Class) -> Effect {
    match (autonomy, class) {
        (_, Class::Model | Class::ReadInside | Class::ReadTool) | (Autonomy::Full, _) => Effect::Allow,
        (Autonomy::Supervised, Class::WriteInside | Class::Spawn) => Effect::Allow,
        (Autonomy::Supervised, _) | (Autonomy::ReadOnly, Class::ReadOutside) => Effect::Ask,
        (Autonomy::ReadOnly, _) => Effect::Deny,
    }
}

/// Words for the whole judgement, in another order than the code has.
fn oracle(policy: &Policy, ask: &Ask, class: Class, own: Option<Effect>, even_untrusted: bool) -> Effect {
    if matches!(class, Class::Unknown | Class::Malformed) {
        return Effect::Deny;
    }
    let miss = [
        mode_says(ask.mode, class),
        autonomy_says(ask.autonomy, class),
        autonomy_says(policy.autonomy_max, class),
    ];
    let miss = *miss.iter().max().unwrap();
    let mut effect = match own {
        Some(Effect::Deny) => Effect::Deny,
        _ if miss == Effect::Deny => Effect::Deny,
        Some(own) => own,
        None => miss,
    };
    let lets_out = !matches!(
        class,
        Class::ReadInside | Class::WriteInside | Class::ReadTool | Class::Spawn | Class::Model
    );
    let gates = [
        policy.approvals == ApprovalMode::Always && class != Class::Model,
        own.is_none() && ask.subject.source.is_unattended() && is_effect(class),
        ask.tainted && lets_out && !even_untrusted,
    ];
    if effect == Effect::Allow && gates.contains(&true) {
        effect = Effect::Ask;
    }
    let nobody = ask.mode == PermissionMode::DontAsk || policy.approvals == ApprovalMode::Off;
    if effect == Effect::Ask && nobody { Effect::Deny } else { effect }
}

/// The own rules of a case: what they say about everything.
fn own_rules() -> Vec<(Option<Effect>, bool, Vec<Rule>)> {
    let any = |effect| rule(effect, r#"{"kind":"any"}"#);
    let mut trusted = any(Effect::Allow);
    trusted.even_untrusted = true;
    vec![
        (None, false, vec![]),
        (Some(Effect::Allow), false, vec![any(Effect::Allow)]),
        (Some(Effect::Allow), true, vec![trusted.clone(), any(Effect::Allow)]),
        (Some(Effect::Ask), true, vec![any(Effect::Ask), trusted]),
        (Some(Effect::Deny), false, vec![any(Effect::Allow), any(Effect::Deny), any(Effect::Ask)]),
    ]
}

#[test]
fn every_circumstance_is_judged_as_it_is_documented() {
    let mut cases = 0;
    for (own, even_untrusted, rules) in own_rules() {
        for &approvals in ApprovalMode::ALL {
            for &autonomy_max in Autonomy::ALL {
                let policy = Policy { approvals, autonomy_max, ..with(rules.clone()) };
                for &mode in PermissionMode::ALL {
                    for &autonomy in Autonomy::ALL {
                        for source in SourceKind::ALL {
                            for tainted in [false, true] {
                                for (class, action) in actions() {
                                    let subject = Subject { source, ..person() };
                                    let asked = Ask { mode, autonomy, subject, tainted, ..ask(action) };
                                    let verdict = judge(&policy, &asked, 0);
                                    let wanted = oracle(&policy, &asked, class, own, even_untrusted);
                                    assert_eq!(
                                        verdict.effect, wanted,
                                        "{asked:?} {approvals} {autonomy_max} {own:?}: {}",
                                        verdict.reason
                                    );
                                    assert!(!verdict.reason.is_empty());
                                    cases += 1;
                                }
                            }
                        }
                    }
                }
            }
        }
    }
    assert!(cases > 200_000, "{cases}");
}

#[test]
fn the_usual_settings_let_a_person_work() {
    let effect = |action| judge(&Policy::default(), &ask(action), 0).effect;
    assert_eq!(effect(Action::ReadPath { path: "a".into() }), Effect::Allow);
    assert_eq!(
        effect(Action::UseModel { backend: "b".into(), model: "m".into(), local: false }),
        Effect::Allow
    );
    assert_eq!(effect(Action::WritePath { path: "a".into() }), Effect::Ask);
    assert_eq!(effect(Action::Unknown { word: "x".into() }), Effect::Deny);
}

#[test]
fn the_verdict_names_the_rule_and_says_why() {
    let mut never = rule(Effect::Deny, r#"{"kind":"call_tool","tool":"*delete*"}"#);
    never.standing = Some("never delete mail".to_owned());
    let policy = with(vec![rule(Effect::Allow, r#"{"kind":"any"}"#), never.clone()]);
    let delete = Action::CallTool {
        server: Some("mail".into()),
        tool: "Delete_Message".into(),
        class: ToolClass::Effectful,
    };
    let verdict = judge(&policy, &Ask { mode: PermissionMode::BypassPermissions, ..ask(delete) }, 0);
    assert_eq!((verdict.effect, verdict.rule), (Effect::Deny, Some(never.id)));
    assert!(verdict.reason.contains("never delete mail"), "{}", verdict.reason);
    assert_eq!(policy.standing(&person(), 0), ["never delete mail"]);
}

#[test]
fn a_rule_ends_with_its_time_and_holds_for_its_subject_only() {
    let assistant = crate::protocol::ids::AssistantId::new();
    let mut allow = rule(Effect::Allow, r#"{"kind":"run_command","program":"git"}"#);
    allow.expires_ms = Some(100);
    allow.subject.assistant = Some(assistant);
    let policy = with(vec![allow]);
    let git = Action::RunCommand { program: "git".into(), args: vec![] };
    let own = Ask { subject: Subject { assistant: Some(assistant), ..person() }, ..ask(git.clone()) };
    assert_eq!(judge(&policy, &own, 99).effect, Effect::Allow);
    assert_eq!(judge(&policy, &own, 100).effect, Effect::Ask);
    assert_eq!(judge(&policy, &ask(git), 99).effect, Effect::Ask);
}

#[test]
fn a_tainted_turn_may_answer_where_it_came_from_and_reach_hosts_that_a_person_named() {
    let policy = with(vec![rule(Effect::Allow, r#"{"kind":"any"}"#)]);
    let tainted = |action| Ask { tainted: true, ..ask(action) };
    let send = |target: &str| tainted(Action::SendTo { channel: "telegram".into(), target: target.into() });
    let home = Some(("telegram".to_owned(), "42".to_owned()));
    assert_eq!(judge(&policy, &Ask { answers_to: home.clone(), ..send("42") }, 0).effect, Effect::Allow);
    let other = judge(&policy, &Ask { answers_to: home, ..send("43") }, 0);
    assert_eq!(other.effect, Effect::Ask);
    assert!(other.reason.contains("untrusted"), "{}", other.reason);
    let reach = tainted(Action::ReachHost { host: "api.example.com".into(), port: 443 });
    let known = vec!["API.example.com".to_owned()];
    assert_eq!(judge(&policy, &Ask { known_hosts: known, ..reach.clone() }, 0).effect, Effect::Allow);
    assert_eq!(judge(&policy, &reach, 0).effect, Effect::Ask);
}

// === properties ===

const PATTERNS: &[&str] = &[
    r#"{"kind":"any"}"#,
    r#"{"kind":"read_path"}"#,
    r#"{"kind":"read_path","path":"**/*.md"}"#,
    r#"{"kind":"write_path","path":"/etc/**"}"#,
    r#"{"kind":"write_path","whereabouts":"inside"}"#,
    r#"{"kind":"run_command"}"#,
    r#"{"kind":"run_command","program":"git","args":["push"]}"#,
    r#"{"kind":"reach_host","host":"*.example.com"}"#,
    r#"{"kind":"call_tool","server":"mail"}"#,
    r#"{"kind":"call_tool","class":"effectful"}"#,
    r#"{"kind":"send_to","channel":"tele*"}"#,
    r#"{"kind":"use_secret","host":"api.example.com"}"#,
    r#"{"kind":"spawn_agent"}"#,
    r#"{"kind":"use_model","local":false}"#,
];

fn effects() -> impl Strategy<Value = Effect> {
    prop_oneof![Just(Effect::Allow), Just(Effect::Ask), Just(Effect::Deny)]
}

fn some_rule() -> impl Strategy<Value = Rule> {
    let source = proptest::option::of(proptest::sample::select(&SourceKind::ALL[..]));
    (effects(), proptest::sample::select(PATTERNS), source, any::<bool>()).prop_map(
        |(effect, text, source, even)| {
            let mut rule = rule(effect, text);
            rule.subject.source = source;
            rule.even_untrusted = even && effect == Effect::Allow;
            rule
        },
    )
}

fn some_policy() -> impl Strategy<Value = Policy> {
    let approvals = proptest::sample::select(ApprovalMode::ALL);
    let autonomy = proptest::sample::select(Autonomy::ALL);
    (proptest::collection::vec(some_rule(), 0..8), approvals, autonomy)
        .prop_map(|(rules, approvals, autonomy_max)| Policy { approvals, autonomy_max, ..with(rules) })
}

fn some_ask() -> impl Strategy<Value = Ask> {
    let action = proptest::sample::select(actions()).prop_map(|(_, action)| action);
    let mode = proptest::sample::select(PermissionMode::ALL);
    let autonomy = proptest::sample::select(Autonomy::ALL);
    let source = proptest::sample::select(&SourceKind::ALL[..]);
    (action, mode, autonomy, source, any::<bool>()).prop_map(|(action, mode, autonomy, source, tainted)| {
        Ask { mode, autonomy, tainted, subject: Subject { source, ..person() }, ..ask(action) }
    })
}

fn wild_text() -> impl Strategy<Value = String> {
    prop_oneof![any::<String>(), "[~/.*?a\\\\\u{0}\u{202e}é]{0,20}", "([.]{0,2}/){0,9}[a-z]{0,3}"]
}

fn wild_action() -> impl Strategy<Value = Action> {
    let text = wild_text;
    prop_oneof![
        text().prop_map(|path| Action::ReadPath { path }),
        text().prop_map(|path| Action::WritePath { path }),
        (text(), proptest::collection::vec(text(), 0..5))
            .prop_map(|(program, args)| Action::RunCommand { program, args }),
        (text(), any::<u16>()).prop_map(|(host, port)| Action::ReachHost { host, port }),
        (text(), text()).prop_map(|(channel, target)| Action::SendTo { channel, target }),
        (text(), text()).prop_map(|(name, host)| Action::UseSecret { name, host }),
        text().prop_map(|word| Action::Unknown { word }),
    ]
}

proptest! {
    #[test]
    fn adding_a_deny_never_allows(policy in some_policy(), asked in some_ask(), mut deny in some_rule(), at in any::<prop::sample::Index>()) {
        deny.effect = Effect::Deny;
        deny.even_untrusted = false;
        let before = judge(&policy, &asked, 0).effect;
        let mut more = policy;
        let at = at.index(more.rules.len() + 1);
        more.rules.insert(at, deny);
        prop_assert!(judge(&more, &asked, 0).effect >= before);
    }

    #[test]
    fn a_rule_that_is_met_is_never_answered_more_mildly(policy in some_policy(), asked in some_ask(), effect in effects()) {
        let mut more = policy;
        more.rules.push(rule(effect, r#"{"kind":"any"}"#));
        prop_assert!(judge(&more, &asked, 0).effect >= effect);
    }

    #[test]
    fn the_order_of_rules_is_irrelevant(policy in some_policy(), asked in some_ask()) {
        let mut turned = policy.clone();
        turned.rules.reverse();
        prop_assert_eq!(judge(&policy, &asked, 0), judge(&turned, &asked, 0));
        turned.rules.sort_by_key(|rule| (rule.effect, rule.id));
        prop_assert_eq!(judge(&policy, &asked, 0), judge(&turned, &asked, 0));
    }

    #[test]
    fn narrowing_a_mode_or_a_level_never_widens(policy in some_policy(), asked in some_ask()) {
        use PermissionMode::{AcceptEdits, BypassPermissions, Default, DontAsk, Plan};
        let with_mode = |mode| judge(&policy, &Ask { mode, ..asked.clone() }, 0).effect;
        for (narrow, wide) in [(Plan, Default), (DontAsk, Default), (Default, AcceptEdits), (AcceptEdits, BypassPermissions)] {
            prop_assert!(with_mode(narrow) >= with_mode(wide), "{} {}", narrow, wide);
        }
        for pair in Autonomy::ALL.windows(2) {
            let own = |autonomy| judge(&policy, &Ask { autonomy, ..asked.clone() }, 0).effect;
            let limit = |autonomy_max| judge(&Policy { autonomy_max, ..policy.clone() }, &asked, 0).effect;
            prop_assert!(own(pair[0]) >= own(pair[1]) && limit(pair[0]) >= limit(pair[1]));
        }
        let approvals = |approvals| judge(&Policy { approvals, ..policy.clone() }, &asked, 0).effect;
        prop_assert!(approvals(ApprovalMode::Always) >= approvals(ApprovalMode::OnMiss));
        prop_assert!(approvals(ApprovalMode::Off) >= approvals(ApprovalMode::OnMiss));
    }

    #[test]
    fn taint_and_absence_never_widen(policy in some_policy(), asked in some_ask()) {
        let clean = judge(&policy, &Ask { tainted: false, ..asked.clone() }, 0).effect;
        let tainted = judge(&policy, &Ask { tainted: true, ..asked }, 0).effect;
        prop_assert!(tainted >= clean);
    }

    #[test]
    fn what_is_unknown_is_denied_whatever_the_rules_say(policy in some_policy(), asked in some_ask(), word in any::<String>()) {
        let unknown = Ask { action: Action::Unknown { word }, ..asked };
        prop_assert_eq!(judge(&policy, &unknown, 0).effect, Effect::Deny);
    }

    #[test]
    fn everything_is_judged_and_nothing_panics(policy in some_policy(), asked in some_ask(), action in wild_action(), root in proptest::option::of(wild_text())) {
        let wild = Ask { action: action.clone(), workspace_root: root, ..asked };
        let verdict = judge(&policy, &wild, 0);
        let json = serde_json::to_string(&action).unwrap();
        prop_assert_eq!(serde_json::from_str::<Action>(&json).unwrap(), action);
        prop_assert!(!verdict.reason.is_empty());
    }

    /// What allows is read as written, what restricts is read widely: whatever an allow matches, the same
    /// pattern in a deny matches too.
    #[test]
    fn a_deny_covers_whatever_the_same_allow_covers(action in wild_action(), known in proptest::sample::select(actions()), text in proptest::sample::select(PATTERNS), pick in any::<bool>()) {
        let asked = Ask { mode: PermissionMode::Default, ..ask(if pick { action } else { known.1 }) };
        let allowed = judge(&with(vec![rule(Effect::Allow, text)]), &asked, 0);
        if allowed.rule.is_some() {
            prop_assert!(judge(&with(vec![rule(Effect::Deny, text)]), &asked, 0).rule.is_some());
        }
    }
}

#[test]
fn where_nobody_attends_only_what_is_kept_back_is_written_without_a_question() {
    let policy = Policy::default();
    let subject = Subject { source: SourceKind::Schedule, ..person() };
    let ask = |action, private| Ask {
        mode: PermissionMode::AcceptEdits,
        workspace_root: Some(ROOT.to_owned()),
        private,
        ..Ask::plain(action, subject)
    };
    let inside = || Action::WritePath { path: "src/a.rs".to_owned() };
    let outside = || Action::WritePath { path: "/etc/a".to_owned() };
    let run = || Action::RunCommand { program: "ls".to_owned(), args: Vec::new() };
    for (action, private, expected) in [
        (inside(), true, Effect::Allow),
        (inside(), false, Effect::Ask),
        (outside(), true, Effect::Ask),
        (run(), true, Effect::Ask),
    ] {
        assert_eq!(judge(&policy, &ask(action.clone(), private), 0).effect, expected, "{action} {private}");
    }
}
