//! Prices: who knows them, and what a call costs.

use super::*;
use crate::config::{Config, Sources};

fn prices(toml: &str) -> Prices {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("config.toml");
    std::fs::write(&path, toml).unwrap();
    Prices::new(&Config::load(&Sources::none().file(&path)).unwrap().backends)
}

#[test]
fn the_settings_win_then_what_is_near_is_free_then_the_list_knows() {
    let prices = prices(
        r#"
        [backends.openai]
        kind = "openai"
        api_key = "env:KEY"
        [backends.openai.prices."gpt-4o"]
        input = 1.0
        output = 2.0
        [backends.openai.prices."ft:*:mine"]
        input = 7.0
        output = 8.0
        cached = 0.5
        [backends.claude]
        kind = "anthropic"
        [backends.router]
        kind = "openai"
        base_url = "https://openrouter.ai/api/v1"
        [backends.local]
        kind = "openai"
        base_url = "http://127.0.0.1:11434/v1"
        [backends.box]
        kind = "openai"
        base_url = "http://192.168.1.7:8000/v1"
        [backends.six]
        kind = "openai"
        base_url = "http://[::1]:8000/v1"
        [backends.named]
        kind = "openai"
        base_url = "https://models.example.org/v1"
        allow_private = true
        "#,
    );
    let price =
        |input, output, cached| Some(Price { input_nano: input, output_nano: output, cached_nano: cached });
    let free = Some(Price::default());
    for (backend, model, expected) in [
        ("openai", "gpt-4o", price(1_000, 2_000, 1_000)),
        ("openai", "gpt-4o-2024-08-06", price(2_500, 10_000, 1_250)),
        ("openai", "gpt-4o-mini", price(150, 600, 75)),
        ("openai", "ft:gpt-4o:mine", price(7_000, 8_000, 500)),
        ("openai", "ft:gpt-4o:other", None),
        ("openai", "gpt-4o-audio-preview", None),
        ("openai", "gpt-6", None),
        ("claude", "claude-sonnet-4-20250514", price(3_000, 15_000, 300)),
        ("claude", "claude-sonnet-4-5", price(3_000, 15_000, 300)),
        ("claude", "claude-3-5-haiku-latest", price(800, 4_000, 80)),
        ("claude", "claude-sonnet-9", None),
        ("router", "gpt-4o", None),
        ("local", "anything", free),
        ("box", "anything", free),
        ("six", "anything", free),
        ("named", "anything", None),
        ("demo", "demo", free),
        ("nobody", "demo", None),
    ] {
        assert_eq!(prices.of(backend, model), expected, "{backend}/{model}");
    }
}

#[test]
fn tokens_from_the_cache_have_their_own_price_and_sums_are_exact() {
    let price = Price { input_nano: 3_000, output_nano: 15_000, cached_nano: 300 };
    let usage = Usage { input_tokens: 1_000, output_tokens: 10, cached_tokens: 900, reasoning_tokens: 5 };
    assert_eq!(price.cost_nano(usage), 100 * 3_000 + 900 * 300 + 10 * 15_000);
    let odd = Usage { input_tokens: 1, cached_tokens: 9, ..Usage::default() };
    assert_eq!(price.cost_nano(odd), 300, "no more can come from the cache than there is");
    let huge = Usage { input_tokens: u64::MAX, output_tokens: u64::MAX, ..Usage::default() };
    assert_eq!(price.cost_nano(huge), u64::MAX);
}
