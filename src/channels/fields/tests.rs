//! Tables of fields, and what is typed into them.

use super::*;
use crate::channels::credentials::fields;

const TLS: SettingKind = SettingKind::Choice(&[("tls", "TLS"), ("starttls", "STARTTLS")]);

fn typed(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
    pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

#[test]
fn what_is_typed_is_what_is_shown_again() {
    let given = typed(&[("phone_number_id", " 123456 "), ("base_url", "")]);
    let made = ChannelSettings::default().with_typed(Platform::Whatsapp, &given).unwrap();
    assert_eq!((made.phone_number_id.as_deref(), made.base_url.as_deref()), (Some("123456"), None));
    let shown: Vec<_> = settings(Platform::Whatsapp).iter().map(|field| made.typed(field)).collect();
    assert_eq!(shown, ["123456", ""]);
    let moved = made.with_typed(
        Platform::Whatsapp,
        &typed(&[("phone_number_id", "123456"), ("base_url", "http://127.0.0.1:1")]),
    );
    let moved = moved.unwrap();
    assert_eq!(moved.base_url.as_deref(), Some("http://127.0.0.1:1"));
    let back = moved.with_typed(Platform::Whatsapp, &given).unwrap();
    assert_eq!(back.base_url, None, "an empty field takes back what was set");
}

#[test]
fn what_is_needed_is_asked_for() {
    for given in [&[][..], &[("phone_number_id", "  ")][..]] {
        let refused = ChannelSettings::default().with_typed(Platform::Whatsapp, &typed(given)).unwrap_err();
        assert!(refused.to_string().contains("`Phone number ID` is needed"), "{refused}");
    }
    let table = [
        (Platform::Telegram, Mode::Poll, vec![("bot_token", true)]),
        (Platform::Telegram, Mode::Webhook, vec![("bot_token", true), ("secret_token", false)]),
        (Platform::Slack, Mode::Socket, vec![("bot_token", true), ("app_token", true)]),
        (Platform::Slack, Mode::Webhook, vec![("bot_token", true), ("signing_secret", true)]),
    ];
    for (platform, mode, expected) in table {
        let asked: Vec<_> = fields(platform)
            .iter()
            .filter(|field| field.is_for(mode))
            .map(|field| (field.name, field.is_needed(mode)))
            .collect();
        assert_eq!(asked, expected, "{platform:?} {mode:?}");
    }
}

#[test]
fn kinds_take_what_they_are() {
    let table = [
        (SettingKind::Text, "993", Ok(Some(Value::from("993")))),
        (SettingKind::Number, "993", Ok(Some(Value::from(993)))),
        (SettingKind::Number, "-1", Err("is a whole number")),
        (SettingKind::Number, "", Ok(None)),
        (SettingKind::Switch, "yes", Ok(Some(Value::from(true)))),
        (SettingKind::Switch, "false", Ok(Some(Value::from(false)))),
        (SettingKind::Switch, "perhaps", Err("is yes or no")),
        (TLS, "starttls", Ok(Some(Value::from("starttls")))),
        (TLS, "ssl", Err("is none of the choices")),
        (SettingKind::Lines, "a\r\n\n b", Ok(Some(serde_json::json!(["a", "b"])))),
    ];
    for (kind, text, expected) in table {
        assert_eq!(kind.read(text), expected, "{kind:?} {text}");
    }
}

#[test]
fn a_place_within_a_place_is_made_and_goes_with_its_last_value() {
    let mut all = Map::new();
    put(&mut all, "imap/host", Some("mail.example.com".into()));
    put(&mut all, "imap/port", Some(993.into()));
    assert_eq!(
        Value::Object(all.clone()),
        serde_json::json!({ "imap": { "host": "mail.example.com", "port": 993 } })
    );
    put(&mut all, "imap/host", None);
    put(&mut all, "imap/port", None);
    assert!(all.is_empty());
}
