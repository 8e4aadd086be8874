//! Figures for people.

use super::*;

#[test]
fn sizes_are_in_binary_units() {
    for (bytes, text) in [
        (0, "0.0 KiB"),
        (4_096, "4.0 KiB"),
        (20 * 1024, "20 KiB"),
        (3 * 1024 * 1024 / 2, "1.5 MiB"),
        (5 << 40, "5.0 TiB"),
        (5 << 50, "5120 TiB"),
    ] {
        assert_eq!(size(bytes), text);
    }
}

#[test]
fn an_address_is_shown_without_what_could_be_a_secret() {
    for (url, shown) in [
        (None, "api.example"),
        (Some("http://127.0.0.1:11434/v1"), "127.0.0.1:11434"),
        (Some("https://me:secret@llm.example/v1?key=secret"), "llm.example"),
    ] {
        assert_eq!(address(url, "api.example"), shown);
    }
}

#[test]
fn the_demo_is_no_connected_model() {
    let done = |backend| steps(true, backend).iter().map(|step| step.done).collect::<Vec<_>>();
    assert_eq!(done("demo"), [true, false, false]);
    assert_eq!(done("ollama"), [true, true, false]);
}
