//! What is told becomes notices: once for what is the same, bounded, without secrets.

use super::*;
use crate::notifications::pending::PENDING_MAX;
use crate::protocol::ids::WorkspaceId;

#[tokio::test]
async fn with_nothing_set_up_warnings_and_errors_are_in_the_inbox_and_infos_are_not() {
    let world = World::new();
    for severity in Severity::ALL {
        world.raise(down(severity.as_str()).being(*severity));
    }
    let shown: Vec<Severity> = world.all().await.iter().map(|notice| notice.severity).collect();
    assert_eq!(shown.len(), 2);
    assert!(!shown.contains(&Severity::Info));
}

#[tokio::test]
async fn ten_thousand_failures_of_one_kind_are_one_notice_with_a_count() {
    let world = World::new();
    for number in 0..10_000 {
        world.raise(down("weather").saying(format!("attempt {number}")));
        assert_eq!(world.notices.pending(), 1);
    }
    let all = world.all().await;
    assert_eq!(all.len(), 1);
    assert_eq!((all[0].count, all[0].body.as_str()), (10_000, "attempt 9999"));
    assert_eq!(world.notices.unread(&home(), None).await.unwrap(), 1);
}

#[tokio::test]
async fn what_happens_again_is_the_same_notice_and_unread_again_after_it_was_read() {
    let world = World::new();
    let mark = async |notice: &Notice, status| {
        world.notices.mark(&home(), (notice.id, None), status, None).await.unwrap();
    };
    world.raise(down("weather"));
    let first = world.all().await.remove(0);
    mark(&first, NoticeStatus::Read).await;
    assert_eq!(world.notices.unread(&home(), None).await.unwrap(), 0);
    world.later(1_000);
    world.raise(down("weather").being(Severity::Error));
    world.raise(down("weather"));
    let again = world.all().await;
    assert_eq!(again.len(), 1);
    assert_eq!((again[0].id, again[0].count, again[0].status), (first.id, 3, NoticeStatus::Unread));
    assert_eq!(
        (again[0].severity, again[0].last_ms),
        (Severity::Error, NOON_MS + 1_000),
        "the worst, and the last"
    );
    // Another source, another key and another workspace are other things.
    world.raise(down("mail"));
    world.raise(down("weather").told_apart_by("slow"));
    world.raise(down("weather").within(WorkspaceId::new()));
    assert_eq!(world.all().await.len(), 4);
    // What somebody wants to see no more comes back as a new one.
    mark(&first, NoticeStatus::Dismissed).await;
    assert_eq!(world.all().await.len(), 3);
    world.raise(down("weather"));
    let anew = world.all().await;
    assert!(
        anew.iter()
            .any(|notice| notice.title == "weather is down" && notice.count == 1 && notice.id != first.id)
    );
    // So does what has not happened for a day.
    world.later(24 * 3_600 * 1_000 + 1);
    world.raise(down("mail"));
    assert_eq!(world.all().await.iter().filter(|notice| notice.title == "mail is down").count(), 2);
}

#[tokio::test]
async fn what_does_not_fit_into_memory_is_counted_and_told() {
    let world = World::new();
    for number in 0..PENDING_MAX + 7 {
        world.raise(down(&number.to_string()));
    }
    assert_eq!(world.notices.pending(), PENDING_MAX);
    world.notices.flush().await.unwrap();
    let filter = NoticeFilter::default();
    let told = world.notices.list(&home(), filter, None, PENDING_MAX + 1).await.unwrap();
    assert_eq!(told.len(), PENDING_MAX + 1);
    let beyond: Vec<_> = told.iter().filter(|notice| notice.pattern == Pattern::Overflow.as_str()).collect();
    assert_eq!(beyond.len(), 1);
    assert_eq!(beyond[0].title, "7 more things happened at once");
}

#[tokio::test]
async fn titles_and_bodies_are_short_and_without_secrets() {
    let world = World::new();
    let key = "sk-ant-api03-bm90LWEta2V5LWJ1dC1sb25nLWVub3VnaA";
    world.raise(
        Happening::new(Pattern::McpDown, format!("{key} {}", "é".repeat(300)))
            .saying(format!("two\nlines {key} {}", "ü".repeat(6_000))),
    );
    let notice = world.all().await.remove(0);
    assert_eq!(notice.title.chars().count(), TITLE_CHARS_MAX);
    assert_eq!(notice.body.chars().count(), BODY_CHARS_MAX);
    assert!(!notice.title.contains(key) && !notice.body.contains(key), "{}", notice.title);
    assert!(notice.body.starts_with("two\nlines [REDACTED"), "{}", notice.body);
    // A megabyte is cut before it waits.
    world.raise(down("big").saying("x".repeat(1 << 20)));
    assert_eq!(world.all().await[0].body.chars().count(), BODY_CHARS_MAX);
}

#[tokio::test]
async fn what_could_not_be_stored_waits_for_the_next_time_and_is_still_one() {
    let mut world = World::new();
    world.without_writer().await;
    world.raise(down("weather"));
    assert!(world.notices.flush().await.is_err());
    world.raise(down("weather"));
    assert_eq!(world.notices.pending(), 1);
    world.with_writer();
    let all = world.all().await;
    assert_eq!((all.len(), all[0].count), (1, 2));
}

#[tokio::test]
async fn a_muted_pattern_costs_nothing_until_it_is_wanted_again() {
    let world = World::new();
    let rule = world.rule("capuchin.mcp.*", Severity::Error, Delivery::InApp).await;
    world.raise(down("weather"));
    assert!(world.all().await.is_empty(), "a warning is not bad enough");
    world.raise(down("weather"));
    assert_eq!(world.notices.pending(), 0, "it is known that nobody wants it");
    let change = RuleChange { severity: Some(Severity::Info), ..RuleChange::default() };
    let changed =
        world.notices.update_rule(&owner(), (rule.id, None), Some(1), change.clone()).await.unwrap();
    assert_eq!(changed.version, 2);
    world.settled().await;
    world.raise(down("weather").being(Severity::Info));
    assert_eq!(world.all().await.len(), 1);
    let stale = world.notices.update_rule(&owner(), (rule.id, None), Some(1), change).await;
    assert!(matches!(stale, Err(NotificationError::Stale)));
    world.notices.delete_rule(&owner(), (rule.id, None), None).await.unwrap();
    world.settled().await;
    world.raise(down("mail").being(Severity::Info));
    assert_eq!(world.all().await.len(), 1);
}

#[tokio::test]
async fn pages_filters_and_workspaces_show_what_they_name() {
    let world = World::new();
    let (here, there) = (WorkspaceId::new(), WorkspaceId::new());
    for number in 0..5 {
        world.later(1);
        world.raise(down(&number.to_string()).within((number % 2 == 0).then_some(here)));
    }
    world.raise(Happening::new(Pattern::ChannelDown, "chat").within(there));
    assert_eq!(world.all().await.len(), 6);
    let list =
        async |filter: NoticeFilter, after| world.notices.list(&home(), filter, after, 2).await.unwrap();
    let (mut seen, mut after) = (Vec::new(), None);
    loop {
        let page = list(NoticeFilter::default(), after).await;
        let Some(last) = page.last() else { break };
        after = Some(Cursor::after(last).to_string().parse().unwrap());
        seen.extend(page.into_iter().map(|notice| notice.id));
    }
    seen.dedup();
    assert_eq!(seen.len(), 6);
    let of_here = NoticeFilter { workspace: Some(here), ..NoticeFilter::default() };
    assert_eq!(world.notices.list(&home(), of_here, None, 50).await.unwrap().len(), 3);
    let channels = NoticeFilter { category: Some(Category::Channel), ..NoticeFilter::default() };
    assert_eq!(list(channels, None).await.len(), 1);
    assert_eq!(world.notices.unread(&home(), Some(here)).await.unwrap(), 3);
    assert_eq!(world.notices.read_all(&home(), Some(here)).await.unwrap(), 3);
    assert_eq!(world.notices.unread(&home(), None).await.unwrap(), 3);
    // One of another workspace is not there, and nothing of another tenant.
    let elsewhere = list(channels, None).await;
    let foreign = world.notices.mark(&home(), (elsewhere[0].id, Some(here)), NoticeStatus::Read, None).await;
    assert!(matches!(foreign, Err(NotificationError::NotFound)));
    let neighbours: TenantId = "neighbours".parse().unwrap();
    assert!(matches!(world.notices.get(&neighbours, seen[0]).await, Err(NotificationError::NotFound)));
}

#[tokio::test]
async fn the_oldest_go_when_there_are_too_many_or_they_are_old() {
    let world = World::new();
    for round in 0..5 {
        for number in 0..PENDING_MAX {
            world.raise(down(&format!("{round} {number}")));
        }
        world.notices.flush().await.unwrap();
        world.later(1_000);
    }
    let left = world.notices.unread(&home(), None).await.unwrap();
    assert_eq!(left, NOTICES_MAX);
    world.later(91 * 24 * 3_600 * 1_000);
    assert_eq!(world.notices.prune().await.unwrap(), NOTICES_MAX);
    assert!(world.all().await.is_empty());
}
