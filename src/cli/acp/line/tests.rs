//! Lines of an editor, and questions to it.

use super::*;

fn read(line: &str) -> Result<Line, i32> {
    Line::read(line.as_bytes()).map_err(|wrong| wrong.code)
}

#[test]
fn requests_notices_and_answers_are_told_apart() {
    let request = Line::Request { id: json!("a"), method: "m".to_owned(), params: json!({ "x": 1 }) };
    assert_eq!(read(r#"{"jsonrpc":"2.0","id":"a","method":"m","params":{"x":1}}"#), Ok(request));
    let notice = Line::Notice { method: "m".to_owned(), params: Value::Null };
    assert_eq!(read(r#"{"method":"m"}"#), Ok(notice));
    assert_eq!(read(r#"{"id":3,"result":{}}"#), Ok(Line::Answer { id: 3, outcome: Some(json!({})) }));
    assert_eq!(read(r#"{"id":3,"error":{"code":1}}"#), Ok(Line::Answer { id: 3, outcome: None }));
    for (line, code) in [
        ("{", NOT_JSON),
        ("[]", INVALID_REQUEST),
        ("{}", INVALID_REQUEST),
        (r#"{"id":"x"}"#, INVALID_REQUEST),
    ] {
        assert_eq!(read(line), Err(code), "{line}");
    }
}

#[tokio::test]
async fn a_question_gets_its_own_answer() {
    let (editor, mut written) = Editor::new();
    let both = async { tokio::join!(editor.ask("m", json!(1)), editor.ask("m", json!(2))) };
    let answering = async {
        let mut ids = Vec::new();
        for _ in 0..2 {
            let line: Value = serde_json::from_str(&written.recv().await.unwrap()).unwrap();
            ids.push((line["id"].as_u64().unwrap(), line["params"].clone()));
        }
        editor.answered(77, None);
        for (id, params) in ids.into_iter().rev() {
            editor.answered(id, (params == 1).then_some(params));
        }
    };
    let ((first, second), ()) = tokio::join!(both, answering);
    assert_eq!((first, second), (Some(json!(1)), None));
}
