//! Who wrote, by what is known of them and where they wrote.

use super::*;
use crate::channels::{ChannelSettings, Platform, Sender};
use crate::protocol::ids::WorkspaceId;

fn channel(groups: Groups, allowed: &[&str]) -> Channel {
    Channel {
        id: ChannelId::new(),
        workspace_id: WorkspaceId::new(),
        name: "chat".to_owned(),
        platform: Platform::Telegram,
        enabled: true,
        settings: ChannelSettings {
            groups,
            allowed: allowed.iter().map(|&one| one.to_owned()).collect(),
            ..ChannelSettings::default()
        },
        version: 1,
        created_ms: 0,
        updated_ms: 0,
    }
}

fn wrote(direct: bool, mentions_us: bool, authenticated: bool) -> Incoming {
    Incoming {
        id: "1".to_owned(),
        conversation: "7".to_owned(),
        message: None,
        sender: Sender { id: "ada".to_owned(), name: "Ada".to_owned(), authenticated },
        direct,
        sent_ms: None,
        said: Said::Text { text: "hi".to_owned(), mentions_us, with: None },
    }
}

#[test]
fn nobody_talks_unasked_and_groups_are_answered_when_they_mention_us() {
    let approved = |decides| Some((Standing::Approved, decides));
    let mention = channel(Groups::Mention, &[]);
    let known = |decides| Writer::Known { decides };
    let table = [
        (wrote(true, true, true), &mention, None, Writer::Stranger),
        (wrote(true, true, true), &mention, Some((Standing::Pending, false)), Writer::Stranger),
        (wrote(true, true, true), &mention, Some((Standing::Blocked, true)), Writer::Blocked),
        (wrote(true, true, true), &mention, approved(false), known(false)),
        (wrote(true, true, true), &mention, approved(true), known(true)),
        (wrote(true, true, false), &mention, approved(true), Writer::Unproven { known: true }),
        (wrote(true, true, false), &mention, None, Writer::Unproven { known: false }),
        (wrote(true, true, false), &mention, Some((Standing::Blocked, false)), Writer::Blocked),
        (wrote(false, false, true), &mention, approved(true), Writer::NotForUs),
        (wrote(false, true, true), &mention, approved(true), known(true)),
        (wrote(false, true, true), &mention, None, Writer::Stranger),
        (wrote(false, false, true), &channel(Groups::Always, &[]), approved(false), known(false)),
        (wrote(false, true, true), &channel(Groups::Never, &[]), approved(false), Writer::NotForUs),
        (wrote(true, true, true), &channel(Groups::Never, &[]), approved(false), known(false)),
        (wrote(true, true, true), &channel(Groups::Mention, &["ada"]), None, known(false)),
        (
            wrote(true, true, false),
            &channel(Groups::Mention, &["ada"]),
            None,
            Writer::Unproven { known: true },
        ),
        (
            wrote(true, true, true),
            &channel(Groups::Mention, &["ada"]),
            Some((Standing::Blocked, false)),
            Writer::Blocked,
        ),
    ];
    for (at, (incoming, channel, standing, expected)) in table.into_iter().enumerate() {
        assert_eq!(judged(&incoming, channel, standing), expected, "row {at}");
    }
}

#[test]
fn addresses_are_listed_as_people_write_them() {
    let listed = |platform, allowed| {
        let channel = Channel { platform, ..channel(Groups::Mention, &[allowed]) };
        judged(&wrote(true, true, true), &channel, None)
    };
    assert_eq!(listed(Platform::Email, "ADA"), Writer::Known { decides: false });
    assert_eq!(listed(Platform::Slack, "ADA"), Writer::Stranger);
}
