//! `t=…,v1=…` of Stripe and of the generic source.

use super::super::stripe::TimedSignature;
use super::super::{Refusal, Source};
use super::schemes::{sha256, timed};
use super::{NOW, Request, key};

const BODY: &str = r#"{"id":"evt_1","type":"x"}"#;

fn judge(header: &str) -> Result<usize, Refusal> {
    let request = Request::new(&[("Stripe-Signature", header)], BODY);
    request.judge(Source::Stripe, &[key(Source::Stripe, "s")]).map(|verified| verified.key)
}

fn v1() -> String {
    sha256("s", &[format!("{NOW}.{BODY}").as_bytes()])
}

#[test]
fn several_signatures_unknown_schemes_and_any_order_are_taken() {
    let (good, other) = (v1(), sha256("old", &[b"x"]));
    for header in [
        timed("s", BODY.as_bytes()),
        format!("t={NOW},v1={other},v1={good}"),
        format!("t={NOW},v1={good},v1={other}"),
        format!("v1={good},t={NOW}"),
        format!("t={NOW},v0={other},v1={good},v2=zzz"),
        format!("t={NOW},v1=short,v1={good}"),
        format!("nonsense,t={NOW},v1={good}"),
    ] {
        assert_eq!(judge(&header), Ok(0), "{header}");
    }
}

#[test]
fn what_could_be_read_in_two_ways_is_refused() {
    let good = v1();
    let malformed = Err(Refusal::Malformed { part: "Stripe-Signature" });
    let repeated = Err(Refusal::Repeated { part: "Stripe-Signature" });
    for (header, refusal) in [
        (format!("t={NOW},t={NOW},v1={good}"), repeated),
        (format!("t=1,v1={good},t={NOW}"), repeated),
        (format!("t={NOW},v0={good}"), malformed),
        (format!("v1={good}"), malformed),
        (format!("t=,v1={good}"), malformed),
        (format!("t=+{NOW},v1={good}"), malformed),
        (format!("t=-{NOW},v1={good}"), malformed),
        (format!("t={NOW}.0,v1={good}"), malformed),
        (format!("t={NOW}abc,v1={good}"), malformed),
        (format!("t= {NOW},v1={good}"), malformed),
        (format!("t={NOW}000,v1={good}"), malformed),
        (format!("t={NOW};v1={good}"), malformed),
        (format!("t={NOW}, v1={good}"), malformed),
        (format!("t={NOW},v1=sha256={good}"), malformed),
        (format!("t={NOW},v1={}", good.to_uppercase()), malformed),
        (format!("t={},v1={good}", NOW + 1), Err(Refusal::Mismatch)),
        (format!("t=0{NOW},v1={good}"), Err(Refusal::Mismatch)),
    ] {
        assert_eq!(judge(&header), refusal, "{header}");
    }
}

#[test]
fn the_time_is_kept_as_it_was_signed() {
    let digits = "0".repeat(64);
    let text = format!("t=007,v1={digits}");
    let read = TimedSignature::read(&text, "x").unwrap();
    assert_eq!((read.time, read.time_s, read.signatures), ("007", 7, vec![[0; 32]]));
}
