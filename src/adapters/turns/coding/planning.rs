//! What a program's tools do, as typed actions.

use std::path::PathBuf;

use crate::coders::{ToolKind, ToolUse};
use crate::policy::{Action, ToolClass};
use crate::tools::{Plan, shell};

use super::Coding;

// === impl Coding ===

impl Coding {
    /// What this call of a tool does; `Err`: nobody knows of it any more, in words for the model.
    pub(in crate::adapters::turns) fn asked(&self, call: &str) -> Result<ToolUse, String> {
        let asks = self.asks.lock();
        let ask = asks.get(call).map(|ask| ask.tool.clone());
        ask.ok_or_else(|| "the program that asked for this is gone, so it was not done".to_owned())
    }

    /// The name under which the policy knows the tools of a program that say nothing more of what they do.
    pub(in crate::adapters::turns) fn server(&self, tool: &ToolUse) -> Option<String> {
        match &tool.kind {
            ToolKind::Mcp(server, _) => Some(server.clone()),
            ToolKind::Other => Some(self.key.backend.clone()),
            _ => None,
        }
    }
}

/// Everything that this use does.
pub(in crate::adapters::turns) fn plan(tool: &ToolUse) -> Plan {
    let paths = |paths: &[PathBuf], action: fn(String) -> Action| -> Vec<Action> {
        paths.iter().map(|path| action(path.display().to_string())).collect()
    };
    let all = tool.arguments.to_string();
    let (class, actions, payload) = match &tool.kind {
        ToolKind::Read(places) => {
            (ToolClass::ReadOnly, paths(places, |path| Action::ReadPath { path }), String::new())
        }
        ToolKind::Write(places) => {
            (ToolClass::Effectful, paths(places, |path| Action::WritePath { path }), all)
        }
        ToolKind::Run(line) => {
            let args = vec!["-c".to_owned(), line.clone()];
            let action = Action::RunCommand { program: shell().to_owned(), args };
            (ToolClass::Effectful, vec![action], line.clone())
        }
        ToolKind::Fetch(url) => (ToolClass::ReadOnly, reached(url), format!("GET {url}")),
        ToolKind::Internal => (ToolClass::ReadOnly, Vec::new(), String::new()),
        ToolKind::Mcp(..) | ToolKind::Other => (ToolClass::Effectful, Vec::new(), all),
    };
    Plan { class, actions, payload }
}

/// The host of an address. What is none is an action that the policy does not know, and denies.
fn reached(url: &str) -> Vec<Action> {
    let unknown = || vec![Action::Unknown { word: "an address without a host".to_owned() }];
    let Some((scheme, rest)) = url.split_once("://") else { return unknown() };
    let authority = rest.split(['/', '?', '#', '\\']).next().unwrap_or_default();
    let authority = authority.rsplit('@').next().unwrap_or_default();
    let (host, port) = match authority.rsplit_once(':').filter(|(host, _)| !host.ends_with(':')) {
        Some((host, port)) if !port.ends_with(']') => (host, port.parse().ok()),
        _ => (authority, Some(if scheme.eq_ignore_ascii_case("http") { 80 } else { 443 })),
    };
    match port {
        Some(port) if !host.is_empty() => vec![Action::ReachHost { host: host.to_owned(), port }],
        _ => unknown(),
    }
}

#[cfg(test)]
mod tests {
    //! What tools do.

    use serde_json::json;

    use super::*;

    fn planned(kind: ToolKind) -> Plan {
        plan(&ToolUse { id: "1".into(), name: "T".into(), kind, arguments: json!({ "x": 1 }) })
    }

    #[test]
    fn every_kind_is_judged_by_what_it_does() {
        let read = planned(ToolKind::Read(vec!["/w/a".into()]));
        assert_eq!(
            (read.class, read.actions),
            (ToolClass::ReadOnly, vec![Action::ReadPath { path: "/w/a".into() }])
        );
        let write = planned(ToolKind::Write(vec!["/w/a".into(), "/w/b".into()]));
        assert_eq!(
            (write.class, write.actions.len(), write.payload.as_str()),
            (ToolClass::Effectful, 2, "{\"x\":1}")
        );
        let run = planned(ToolKind::Run("rm -r x".into()));
        let Action::RunCommand { args, .. } = &run.actions[0] else { panic!("{:?}", run.actions) };
        assert_eq!((args.join(" ").as_str(), run.class), ("-c rm -r x", ToolClass::Effectful));
        for kind in [ToolKind::Other, ToolKind::Mcp("a".into(), "b".into())] {
            assert_eq!(planned(kind).class, ToolClass::Effectful);
        }
        assert_eq!(planned(ToolKind::Internal).class, ToolClass::ReadOnly);
    }

    #[test]
    fn an_address_is_judged_by_its_host() {
        let host = |host: &str, port| vec![Action::ReachHost { host: host.to_owned(), port }];
        for (url, actions) in [
            ("https://a.example/x", host("a.example", 443)),
            ("http://a.example", host("a.example", 80)),
            ("https://user@b.example:8443/?q", host("b.example", 8_443)),
            ("https://[::1]:8080/", host("[::1]", 8_080)),
            ("https://[::1]/", host("[::1]", 443)),
        ] {
            assert_eq!(reached(url), actions, "{url}");
        }
        for url in ["a.example", "https://", "https://a.example:x/"] {
            assert!(matches!(reached(url)[..], [Action::Unknown { .. }]), "{url}");
        }
    }
}
