//! The table of the README: what becomes of each kind of request at each source, as it is judged here.

use super::super::Refusal;
use super::schemes::{SCHEMES, Scheme, Signs};
use super::{NOW, Request};

const README: &str = include_str!("../../README.md");
const HEAD: &str = "| source | good | body changed | proof changed | too old | the same again | again under other unsigned headers | \
                    proof missing | another secret | both secrets of a change | a header twice | 1 MiB |";

/// What a sender sees of a verdict.
fn seen(scheme: &Scheme, request: &Request) -> &'static str {
    match scheme.judge(request) {
        Ok(_) => "taken",
        Err(Refusal::NoKey) => panic!("{} has a key", scheme.name),
        Err(_) => "401",
    }
}

/// A repeat is known by what was signed, whatever stands around it.
fn again(scheme: &Scheme, request: &Request) -> &'static str {
    let first = scheme.judge(&scheme.request(0)).unwrap();
    match scheme.judge(request) {
        Ok(second) if second.content == first.content => "repeat",
        Ok(_) => "taken",
        Err(_) => "401",
    }
}

fn row(scheme: &Scheme) -> String {
    let good = scheme.request(0);
    let proof = good.headers[scheme.proof()].to_str().unwrap().to_owned();
    let off: String = proof.chars().rev().enumerate().map(|(at, c)| if at == 3 { '!' } else { c }).collect();
    let off: String = off.chars().rev().collect();
    let body = [good.body.as_slice(), b" "].concat();
    let mut others = good.clone();
    for name in good.headers.keys().filter(|name| *name != http::header::CONTENT_TYPE) {
        if !scheme.needed.iter().any(|needed| needed.eq_ignore_ascii_case(name.as_str())) {
            others.set(name.as_str(), b"another");
        }
    }
    let mut twice = good.clone();
    twice.add(scheme.proof(), proof.as_bytes());
    let old = match scheme.window_s {
        0 => "no time",
        window_s => seen(scheme, &good.clone().at(NOW + window_s + 1)),
    };
    let whole = scheme.padded((1 << 20) - scheme.padded(0).len());
    assert_eq!(whole.len(), 1 << 20);
    let both = [scheme.key(0), scheme.key(1)];
    let is_rotated = [0, 1].iter().all(|&at| (scheme.verify)(&scheme.request(at).received(), &both).is_ok());
    let cells = [
        seen(scheme, &good),
        if scheme.signs == Signs::Nothing {
            "nothing signed"
        } else {
            seen(scheme, &good.clone().body(body))
        },
        seen(scheme, &good.clone().with(scheme.proof(), &off)),
        old,
        again(scheme, &good),
        again(scheme, &others),
        seen(scheme, &good.clone().without(scheme.proof())),
        seen(scheme, &scheme.request(1)),
        if is_rotated { "taken" } else { "401" },
        seen(scheme, &twice),
        seen(scheme, &scheme.request_of(0, whole.as_bytes())),
    ];
    format!("| {} | {} |", scheme.name, cells.join(" | "))
}

#[test]
fn the_readme_shows_what_becomes_of_every_kind_of_request() {
    let rows: Vec<_> = SCHEMES.iter().map(row).collect();
    let table = format!("{HEAD}\n|{}\n{}\n", "---|".repeat(12), rows.join("\n"));
    assert!(README.contains(&table), "the README has to hold:\n{table}");
}
