//! What configurations mean and what is wrong with them.

use std::fs;
use std::path::PathBuf;

use super::{Config, ConfigProblems, LogFormat, Sources, TEMPLATE};

/// A folder with a settings file in it.
struct File {
    _folder: tempfile::TempDir,
    path: PathBuf,
}

fn file(text: &str) -> File {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("config.toml");
    fs::write(&path, text).unwrap();
    File { path, _folder: folder }
}

fn variable(name: &str, value: &str) -> (String, String) {
    (name.to_owned(), value.to_owned())
}

/// `place: text` of each problem, with the folder of the file cut off.
fn lines(problems: &ConfigProblems) -> Vec<String> {
    problems
        .as_slice()
        .iter()
        .map(|p| format!("{}: {}", p.place.rsplit('/').next().unwrap_or(&p.place), p.text))
        .collect()
}

#[test]
fn without_any_source_the_defaults_are_a_valid_configuration() {
    let config = Config::load(&Sources::none()).unwrap();
    assert_eq!(config.console.listen.to_string(), "127.0.0.1:7717");
    assert_eq!(config.ingress.listen.to_string(), "127.0.0.1:7718");
    assert_eq!(config.sessions.queue_per_thread, 16);
    assert_eq!(config.sessions.message_bytes_max, 262_144);
    assert_eq!(format!("{config:?}"), format!("{:?}", Config::default()));
}

#[test]
fn each_layer_wins_over_the_one_below() {
    let file =
        file("[console]\nlisten = \"127.0.0.1:1\"\n[sessions]\nqueue_per_thread = 2\nidle_after_s = 3\n");
    let config = Config::load(
        &Sources::none()
            .file(&file.path)
            .variables([
                variable("CAPUCHIN_CONSOLE__LISTEN", "localhost:10"),
                variable("CAPUCHIN_SESSIONS__QUEUE_PER_THREAD", "1_0"),
            ])
            .flag("--listen", "console.listen", Some("[::1]:100"))
            .flag("--ingress", "ingress.listen", None::<String>),
    )
    .unwrap();
    assert_eq!(config.console.listen.to_string(), "[::1]:100", "a flag wins over a variable");
    assert_eq!(config.sessions.queue_per_thread, 10, "a variable wins over the file");
    assert_eq!(config.sessions.idle_after_s, 3, "the file wins over the default");
    assert_eq!(config.sessions.turn_deadline_s, 600, "what nobody set has its default");
}

#[test]
fn all_problems_come_at_once_each_with_its_place() {
    let file = file(
        "[console]\nlisten = 7717\nconections_max = 5\n\n[sesions]\n\n[sessions]\nqueue_per_thread = \"many\"\n  \
         running_turns_max = 0\n",
    );
    let problems = Config::load(
        &Sources::none()
            .file(&file.path)
            .variables([
                variable("CAPUCHIN_STORE__READERS", "x"),
                variable("CAPUCHIN_TELEMETRY__LOG_FORMAT", "xml"),
            ])
            .flag("--ingress", "ingress.listen", Some("everywhere")),
    )
    .unwrap_err();
    assert_eq!(
        lines(&problems),
        [
            "config.toml:2:10: console.listen: invalid type: integer `7717`, expected a string",
            "config.toml:3:1: unknown key `conections_max`, did you mean `connections_max`? in [console]",
            "config.toml:5:2: unknown key `sesions`, did you mean `sessions`?",
            "config.toml:8:20: sessions.queue_per_thread: invalid type: string \"many\", expected usize",
            "config.toml:9:23: sessions.running_turns_max is 0, must be 1 to 100000",
            "CAPUCHIN_STORE__READERS: store.readers: expected a whole number",
            "CAPUCHIN_TELEMETRY__LOG_FORMAT: telemetry.log_format: `xml` is not one of auto, human, json",
            "--ingress: ingress.listen: `everywhere` is not HOST:PORT with a numeric host, like 127.0.0.1:7717",
        ]
    );
}

#[test]
fn every_syntax_error_of_a_file_is_named_with_its_line() {
    let file = file("[console]\nlisten = \n[store]\nreaders = 2 2\n");
    let problems = Config::load(&Sources::none().file(&file.path)).unwrap_err();
    let places: Vec<_> = lines(&problems).iter().map(|l| l.split(": ").next().unwrap().to_owned()).collect();
    assert!(places.iter().any(|p| p.starts_with("config.toml:2:")), "{places:?}");
    assert!(places.iter().any(|p| p.starts_with("config.toml:4:")), "{places:?}");
}

#[test]
fn a_key_that_resembles_nothing_is_answered_with_what_exists() {
    let file = file("[store]\ncolour = 1\n");
    let problems = Config::load(&Sources::none().file(&file.path)).unwrap_err();
    let line = &lines(&problems)[0];
    assert!(line.contains("unknown key `colour`, known here: ") && line.contains("batch_max"), "{line}");
}

#[test]
fn variables_without_a_section_are_no_settings() {
    let variables = [variable("CAPUCHIN_HOME", "/x"), variable("OTHER__KEY", "1")];
    assert!(Config::load(&Sources::none().variables(variables)).is_ok());
}

#[test]
fn a_variable_below_a_plain_setting_is_a_problem() {
    let problems =
        Config::load(&Sources::none().variables([variable("CAPUCHIN_CONSOLE__LISTEN__PORT", "1")]))
            .unwrap_err();
    assert_eq!(problems.as_slice()[0].place, "CAPUCHIN_CONSOLE__LISTEN__PORT");
}

#[test]
fn a_variable_holds_a_list_between_commas() {
    let variables = [variable("CAPUCHIN_CONSOLE__ALLOWED_HOSTS", "a.example, b.example")];
    let config = Config::load(&Sources::none().variables(variables)).unwrap();
    assert_eq!(config.console.allowed_hosts, ["a.example", "b.example"]);
}

#[test]
fn a_missing_file_is_a_problem_only_when_somebody_named_it() {
    let nowhere = tempfile::tempdir().unwrap().path().join("none.toml");
    assert!(Config::load(&Sources::none().file(&nowhere)).is_ok());
    let problems = Config::load(&Sources::none().required_file(&nowhere)).unwrap_err();
    assert!(problems.as_slice()[0].text.starts_with("cannot be read"), "{problems}");
}

#[test]
fn the_console_leaves_loopback_only_with_tls() {
    let open = |text: &str| Config::load(&Sources::none().file(&file(text).path));
    let refused = open("[console]\nlisten = \"0.0.0.0:7717\"\n").unwrap_err();
    assert!(refused.to_string().contains("leaves this machine without TLS"), "{refused}");
    let half = open("[console]\ntls_cert = \"/c\"\n").unwrap_err();
    assert!(half.to_string().contains("needs console.tls_key"), "{half}");
    assert!(open("[console]\nlisten = \"0.0.0.0:7717\"\ntls_cert = \"/c\"\ntls_key = \"/k\"\n").is_ok());
}

#[test]
fn two_listeners_do_not_share_an_address_but_may_both_take_a_free_port() {
    let both = |address: &str| {
        Config::load(&Sources::none().flag("--listen", "console.listen", Some(address)).flag(
            "--ingress",
            "ingress.listen",
            Some(address),
        ))
    };
    assert!(both("127.0.0.1:9").unwrap_err().to_string().contains("each listener needs its own"));
    assert!(both("127.0.0.1:0").is_ok());
}

#[test]
fn bounds_hold_at_and_one_over() {
    for (value, fits) in [("0", false), ("1", true), ("64", true), ("65", false)] {
        let sources = Sources::none().variables([variable("CAPUCHIN_STORE__READERS", value)]);
        assert_eq!(Config::load(&sources).is_ok(), fits, "store.readers = {value}");
    }
}

#[test]
fn words_and_switches_are_read_from_variables() {
    let sources = Sources::none().variables([variable("CAPUCHIN_TELEMETRY__LOG_FORMAT", "json")]);
    assert_eq!(Config::load(&sources).unwrap().telemetry.log_format, LogFormat::Json);
    let sources = Sources::none().variables([variable("CAPUCHIN_TELEMETRY__LOG_FILTER", "info,=x=")]);
    assert!(Config::load(&sources).unwrap_err().to_string().contains("is not a log filter"));
}

#[test]
fn the_template_without_its_comment_marks_is_the_default_configuration() {
    let text: String = TEMPLATE
        .lines()
        .filter(|line| !line.contains("no default") && !line.contains("default: "))
        .map(|line| match line.strip_prefix('#') {
            Some(setting) if !setting.starts_with(' ') => format!("{setting}\n"),
            _ => format!("{line}\n"),
        })
        .collect();
    let config = Config::load(&Sources::none().file(&file(&text).path)).unwrap();
    assert_eq!(format!("{config:?}"), format!("{:?}", Config::default()));
    assert!(text.matches("\nqueue_per_thread = 16").count() == 1, "the template was uncommented");
}

#[test]
fn the_template_as_it_is_printed_is_valid() {
    assert!(Config::load(&Sources::none().file(&file(TEMPLATE).path)).is_ok());
}

#[test]
fn problems_of_backends_have_their_places_too() {
    let file = file(
        "[backends.local]\nkind = \"openai\"\nidle_timeout_ms = 0\napi_key = \"sk-very-secret\"\n\
         [backends.other]\nkind = \"openia\"\n[backends.third]\nkind = \"openai\"\nretrys = 1\n\
         [assistant]\nbackend = \"cloud\"\n",
    );
    let problems = Config::load(&Sources::none().file(&file.path)).unwrap_err();
    let lines = lines(&problems);
    assert_eq!(lines.len(), 5, "{lines:#?}");
    assert!(lines[0].starts_with("config.toml:3:19: backends.local.idle_timeout_ms"), "{}", lines[0]);
    assert!(
        lines[1].starts_with("config.toml:4:11: backends.local.api_key: a key is written as"),
        "{}",
        lines[1]
    );
    assert!(
        lines[2].starts_with("config.toml:6:8: backends.other.kind: `openia` is not one of"),
        "{}",
        lines[2]
    );
    assert!(
        lines[3].starts_with("config.toml:9:1: unknown key `retrys`, did you mean `retries`?"),
        "{}",
        lines[3]
    );
    assert!(lines[4].starts_with("config.toml:11:11: assistant.backend is `cloud`"), "{}", lines[4]);
    assert!(!problems.to_string().contains("sk-very-secret"), "a key that was pasted is not repeated");
}
