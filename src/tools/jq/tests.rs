//! What filters answer, and what they say is wrong.

use super::filter;

fn filtered(code: &str, input: &str, raw: bool) -> Result<String, String> {
    let mut output = Vec::new();
    filter(code, input.as_bytes(), raw, &mut output).map(|()| String::from_utf8(output).unwrap())
}

#[test]
fn filters_answer_as_jq_does() {
    for (code, input, raw, wanted) in [
        (".a", "{\"a\": 1}", false, "1\n"),
        (".[] | select(.n > 1) | .name", "[{\"n\":1,\"name\":\"x\"},{\"n\":2,\"name\":\"y\"}]", true, "y\n"),
        ("map(. * 2)", "[1, 2]", false, "[\n  2,\n  4\n]\n"),
        (".", "1 2", false, "1\n2\n"),
        ("empty", "{}", false, ""),
        (". | length", "\"ä\"", false, "1\n"),
        ("\"\\(1 + 2) things\"", "null", true, "3 things\n"),
        (
            "group_by(.k) | map({k: .[0].k, n: length})",
            "[{\"k\":\"a\"}]",
            false,
            "[\n  {\n    \"k\": \"a\",\n    \"n\": 1\n  }\n]\n",
        ),
    ] {
        assert_eq!(filtered(code, input, raw).as_deref(), Ok(wanted), "{code}");
    }
}

#[test]
fn what_is_wrong_is_said() {
    for (code, input, wanted) in [
        (".[", "1", "the filter cannot be read: expected closing bracket at the end"),
        ("foo(1)", "1", "the filter uses what is not there: the filter foo"),
        ("$x", "1", "the filter uses what is not there: the variable $x"),
        (".a", "[1", "the input is no JSON"),
        (".a", "[1]", "cannot index"),
        ("error(\"no tea\")", "1", "no tea"),
        ("include \"x\"; .", "1", "the filter cannot be read"),
    ] {
        let error = filtered(code, input, false).unwrap_err();
        assert!(error.contains(wanted), "{code}: {error}");
    }
}
