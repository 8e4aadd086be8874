//! What the tool wants to do, and what it refuses. That it does it is shown with the built program, in `tests/it`.

use serde_json::{Value, json};

use super::*;
use crate::sandbox::SandboxOptions;

fn tool() -> BashTool {
    let mut options = SandboxOptions::new("/nonexistent/cages".into());
    options.launcher = "/nonexistent/capuchin".into();
    BashTool::new(Sandbox::new(options), Network::Off)
}

fn place() -> Place {
    Place::somewhere("/nonexistent/work")
}

fn arguments(value: &Value) -> Arguments {
    value.as_object().unwrap().clone()
}

#[test]
fn it_says_what_it_is_going_to_run() {
    let plan = tool().plan(&arguments(&json!({ "command": "ls -l" })), &place()).unwrap();
    assert_eq!(plan.class, ToolClass::Effectful);
    assert_eq!(plan.payload, "ls -l");
    let [Action::RunCommand { program, args }] = &plan.actions[..] else { panic!("{:?}", plan.actions) };
    assert!(program.ends_with("sh"), "{program}");
    assert_eq!(args, &["-c", "ls -l"]);
}

#[test]
fn what_is_no_command_is_refused_in_words() {
    let long = "x".repeat(COMMAND_BYTES_MAX + 1);
    for (arguments, says) in [
        (json!({}), "`command` is missing"),
        (json!({ "command": " \n" }), "`command` is empty"),
        (json!({ "command": 7 }), "`command` must be a text"),
        (json!({ "command": "a\u{0}b" }), "`command` holds a zero character"),
        (json!({ "command": "ls", "timeout_s": 0 }), "`timeout_s` must be a whole number from 1"),
        (json!({ "command": long }), "`command` has at most 131071 bytes"),
    ] {
        let refused = tool().plan(&self::arguments(&arguments), &place()).unwrap_err();
        assert!(refused.to_string().starts_with(says), "{refused}");
    }
    let most = arguments(&json!({ "command": "x".repeat(COMMAND_BYTES_MAX) }));
    assert!(tool().plan(&most, &place()).is_ok());
}

#[test]
fn its_time_is_bounded() {
    for (asked, given) in
        [(json!({}), 120), (json!({ "timeout_s": 5 }), 5), (json!({ "timeout_s": 90_000 }), 3_600)]
    {
        let mut arguments = arguments(&asked);
        arguments.insert("command".into(), "ls".into());
        assert_eq!(read(&arguments).unwrap().1.as_secs(), given);
    }
}

#[tokio::test]
async fn without_a_sandbox_nothing_is_run() {
    let call = ToolCallRun { arguments: arguments(&json!({ "command": "true" })), place: place() };
    let refused = tool().run(call).await.unwrap_err();
    assert!(matches!(&refused, ToolError::Refused(text) if text.contains("sandbox")), "{refused}");
}
