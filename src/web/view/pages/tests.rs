//! Every page with sample data: what all of them must have, and a gallery to look at.
//!
//! With `CAPUCHIN_GALLERY` set to a folder the pages are written there.

use super::*;
use crate::web::markdown;
use crate::web::view::doors::{EntrancePage, LoginPage, SETUP};
use crate::web::view::{BlockView, FailureView, RailThread, RailWorkspace, Theme, ToolView, UserView};

const ANSWER: &str = "The **attic** node has the most space: `412 GiB` free of 2 TiB.\n\n1. Stop the old backup job\n2. Move the archive\n   - check the sums first\n\n```rust\nfn free(node: &Node) -> u64 {\n    node.disks.iter().map(|disk| disk.free_bytes).sum::<u64>() // a rather long line that has to scroll by itself\n}\n```\n\n| node | free | of |\n|---|---:|---:|\n| attic | 412 GiB | 2 TiB |\n| cellar | 96 GiB | 512 GiB |\n\n> [!NOTE]\n> Numbers are from the last check, see [the report](https://status.example/disks).\n";

fn turn(id: &str, state: &str, ask: &str, answer: &str) -> TurnView {
    TurnView {
        id: id.to_owned(),
        thread: "t1".to_owned(),
        state: state.to_owned(),
        user: Some(UserView {
            content: ask.to_owned(),
            author: "You",
            created: "2026-11-21T10:00:00Z".to_owned(),
        }),
        blocks: markdown::blocks(answer)
            .into_iter()
            .enumerate()
            .map(|(index, html)| BlockView { index, pending: false, html })
            .collect(),
        model: if state == "done" { "demo/demo".to_owned() } else { String::new() },
        input_tokens: 1204,
        output_tokens: if state == "done" { 318 } else { 0 },
        took: (state == "done").then(|| "4.2 s".to_owned()),
        ..TurnView::default()
    }
}

fn rail() -> Rail {
    let thread =
        |n: usize, title: &str| RailThread { id: format!("t{n}"), title: title.to_owned(), running: n == 2 };
    Rail {
        workspaces: vec![
            RailWorkspace {
                id: "w1".to_owned(),
                name: "Home".to_owned(),
                threads: vec![
                    thread(1, "Which of my machines has the most free disk?"),
                    thread(2, "Plan the weekend"),
                    thread(3, "Taxes"),
                ],
            },
            RailWorkspace { id: "w2".to_owned(), name: "Work".to_owned(), threads: Vec::new() },
        ],
        current: Some("t1".to_owned()),
        more: false,
    }
}

fn chat(theme: Theme, turns: Vec<TurnView>) -> ChatPage {
    let thread = (!turns.is_empty()).then(|| ThreadView {
        id: "t1".to_owned(),
        cursor: 7,
        turns,
        earlier: true,
        first: "a".to_owned(),
    });
    ChatPage {
        frame: Frame::private(
            if thread.is_some() { "Which of my machines has the most free disk?" } else { "New chat" },
            "chat",
            theme,
        ),
        rail: rail(),
        thread,
        workspace: None,
        greeting: "Capuchin answers with the demo backend for now: offline, no key needed.".to_owned(),
        starters: &[("Show me around", "/tour"), ("Count slowly", "/slow 20")],
        models: vec![ModelChoice {
            value: String::new(),
            label: "demo/demo (assistant)".to_owned(),
            selected: true,
        }],
        key: "k".to_owned(),
        draft: String::new(),
        content_max: 100_000,
        problem: None,
    }
}

fn conversation() -> Vec<TurnView> {
    let mut first = turn("a", "done", "Which of my machines has the most free disk?", ANSWER);
    first.thinking = "Two nodes answer. I compare what is free on each.".to_owned();
    first.tools = vec![ToolView::new("c1", "disk_free", "{\"node\":\"attic\"}", "done")];
    let mut second = turn("b", "failed", "And next month?", "");
    second.failure = Some(FailureView::new(
        "rate_limited",
        "The provider asked to wait 20 s. Try again then, or choose another model.",
    ));
    let mut third = turn("c", "running", "Then write me a plan.\nShort, please.", "First I look at what");
    if let Some(block) = third.blocks.last_mut() {
        block.pending = true;
    }
    vec![first, second, third, turn("d", "queued", "And one for the cellar", "")]
}

fn home(theme: Theme) -> HomePage {
    let card = |name, value: &str, note: &str, warn| Card {
        name,
        value: value.to_owned(),
        since: None,
        note: note.to_owned(),
        warn,
    };
    HomePage {
        frame: Frame::private("Home", "home", theme),
        facts: HomeFacts {
            cards: vec![
                card("Live sessions", "3", "1 answering", false),
                card("Restarts, last hour", "2", "1 actor in quarantine", true),
                card("Messages", "1 204", "in 38 chats", false),
                card("Up for", "3 d 4 h", "version 0.1.0", false),
            ],
            steps: vec![
                NextStep { done: true, title: "Ask something", how: String::new(), href: Some("/chat") },
                NextStep { done: false, title: "Connect a model", how: "Add a backend to config.toml and restart, for example an Ollama address or an API key.".to_owned(), href: None },
                NextStep { done: false, title: "See what runs", how: "Runtime shows every actor and who restarts it.".to_owned(), href: Some("/runtime") },
            ],
            running: vec![RunningTurn { thread: "t2".to_owned(), title: "Plan the weekend".to_owned(), state: "running".to_owned() }],
            ahead: vec![AheadSlot { id: "s1".to_owned(), name: "standup".to_owned(), at: "2026-11-22T09:00:00Z".to_owned() }],
            recent: vec![RecentThread { id: "t1".to_owned(), title: "Which of my machines has the most free disk?".to_owned(), updated: "2026-11-21T10:00:00Z".to_owned() }],
            backends: vec![
                BackendView { name: "demo".to_owned(), note: "built in, offline".to_owned(), state: "ready" },
                BackendView { name: "openai".to_owned(), note: "api.openai.com".to_owned(), state: "needs_key" },
            ],
        },
    }
}

fn wall(name: &str, state: &'static str, evidence: &str) -> WallView {
    WallView { name: name.into(), what: "What it is.".into(), state, evidence: evidence.into() }
}

fn runtime(theme: Theme) -> RuntimePage {
    let row = |path: &str, kind: &str, state: &str, children: usize, open: bool, reason: &str| {
        let supervisor = kind.contains("for");
        TreeRow {
            path: path.to_owned(),
            name: path.rsplit('/').next().unwrap_or(path).to_owned(),
            kind: kind.to_owned(),
            state: state.to_owned(),
            level: path.matches('/').count() + 1,
            position: 1,
            siblings: 3,
            children,
            open,
            recent: usize::from(state != "running"),
            limit: if supervisor { 3 } else { 0 },
            total: if state == "running" { 0 } else { 4 },
            since: None,
            uptime: "3 h".to_owned(),
            reason: reason.to_owned(),
            actions: match (supervisor, state) {
                (_, "quarantined") => vec![RowAction { word: "release", label: "Release", confirm: false }],
                _ => vec![
                    RowAction { word: "restart", label: "Restart", confirm: supervisor },
                    RowAction { word: "stop", label: "Stop", confirm: supervisor },
                ],
            },
        }
    };
    RuntimePage {
        frame: Frame::private("Runtime", "runtime", theme),
        sandbox: vec![
            wall("namespaces", "down", "EPERM: unprivileged user namespaces are off"),
            wall("landlock", "active", "a file that was not given cannot be read"),
            wall("seccomp", "stopped", "it is left out"),
        ],
        tree: TreeView {
            rows: vec![
                row("root", "rest for one", "running", 3, true, ""),
                row("root/substrate", "rest for one", "running", 2, false, ""),
                row("root/substrate/store-writer", "permanent", "running", 0, false, ""),
                row("root/tenants", "dynamic, one for one", "running", 2, true, ""),
                row("root/tenants/home", "one for all", "running", 1, true, ""),
                row(
                    "root/tenants/home/session-019a7c3e",
                    "rest for one",
                    "quarantined",
                    0,
                    false,
                    "panicked at the demo model: scripted crash (4 restarts in 30 s)",
                ),
                row(
                    "root/tenants/home/session-019a7c3f",
                    "transient",
                    "backoff",
                    0,
                    false,
                    "the store did not answer",
                ),
                row("root/edge", "one for one", "running", 0, false, ""),
            ],
            reports: vec![CrashView {
                path: "root/tenants/home/session-019a7c3e".to_owned(),
                at: "2026-11-21T10:00:00Z".to_owned(),
                reason: "panicked at the demo model: scripted crash".to_owned(),
                outcome: "quarantined".to_owned(),
            }],
        },
        notice: None,
    }
}

fn gallery(theme: Theme) -> Vec<(&'static str, String)> {
    let render = |page: &dyn askama::DynTemplate| page.dyn_render().unwrap();
    vec![
        (
            "setup",
            render(&EntrancePage {
                frame: Frame::public("Set up", theme),
                door: SETUP,
                error: Some("This is not the code of the link.".to_owned()),
                tries_left: Some(4),
                recovery_key: None,
            }),
        ),
        (
            "login",
            render(&LoginPage {
                frame: Frame::public("Sign in", theme),
                error: None,
                next: "/".to_owned(),
                pending: None,
            }),
        ),
        ("home", render(&home(theme))),
        ("chat", render(&chat(theme, conversation()))),
        ("new", render(&chat(theme, Vec::new()))),
        ("runtime", render(&runtime(theme))),
        (
            "confirm",
            render(&ConfirmPage {
                frame: Frame::private("Restart substrate", "runtime", theme),
                action: "restart",
                label: "Restart",
                effect: "is restarted with it",
                path: "root/substrate".to_owned(),
                name: "substrate".to_owned(),
                error: None,
            }),
        ),
        (
            "about",
            render(&AboutPage {
                frame: Frame::private("About", "settings", theme),
                version: "0.1.0",
                parts: crate::web::about::PARTS,
            }),
        ),
        (
            "problem",
            render(&ProblemPage {
                frame: Frame::private("There is nothing here", "", theme),
                status: 404,
                text: "The address is wrong, or what was here is gone.".to_owned(),
                request_id: "019a".to_owned(),
            }),
        ),
    ]
}

#[test]
fn every_page_has_one_title_one_main_and_nothing_inline() {
    for (name, html) in gallery(Theme::System) {
        assert_eq!(html.matches("<h1").count(), 1, "{name}");
        assert_eq!(html.matches("<main").count(), 1, "{name}");
        assert!(html.contains("class=\"skip\" href=\"#main\""), "{name}");
        for inline in [" style=\"", "<style", " onclick=", " onsubmit=", "javascript:"] {
            assert!(!html.contains(inline), "{name} has {inline}");
        }
        assert_eq!(
            html.matches("<script").count(),
            html.matches("<script type=\"module\" src=\"/assets/").count(),
            "{name}"
        );
    }
}

#[test]
fn every_id_of_a_page_is_unique_and_every_label_names_one() {
    for (name, html) in gallery(Theme::System) {
        let mut ids: Vec<&str> =
            html.split(" id=\"").skip(1).filter_map(|rest| rest.split('"').next()).collect();
        ids.sort_unstable();
        let all = ids.len();
        ids.dedup();
        assert_eq!(ids.len(), all, "{name} has an id twice");
        for wanted in html.split("<label for=\"").skip(1).filter_map(|rest| rest.split('"').next()) {
            assert!(ids.contains(&wanted), "{name}: a label names {wanted}");
        }
    }
}

#[test]
fn the_gallery_is_written_where_somebody_wants_to_look() {
    let Some(folder) = std::env::var_os("CAPUCHIN_GALLERY") else { return };
    for theme in [Theme::Light, Theme::Dark] {
        for (name, html) in gallery(theme) {
            std::fs::write(std::path::Path::new(&folder).join(format!("{name}-{theme}.html")), html).unwrap();
        }
    }
}
