//! Slack's text as people see it: `<@U1>`, `<#C1|general>`, `<https://e.x|here>`, `&amp;`.

/// `text` as people see it, without mentions of `us`; and whether there was one.
pub(super) fn readable(text: &str, us: &str) -> (String, bool) {
    let mut seen = String::with_capacity(text.len());
    let mut mentioned = false;
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('<') {
        seen.push_str(before);
        let Some((inside, after)) = after.split_once('>') else {
            seen.push('<');
            rest = after;
            continue;
        };
        if !us.is_empty() && inside.strip_prefix('@').is_some_and(|user| name_of(user).0 == us) {
            mentioned = true;
        } else {
            push(&mut seen, inside);
        }
        rest = after;
    }
    seen.push_str(rest);
    let decoded = seen.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&");
    (decoded.trim().to_owned(), mentioned)
}

fn push(seen: &mut String, inside: &str) {
    let (target, label) = name_of(inside);
    match (target.chars().next(), label) {
        // <@U1|ann>, <#C1|general>; without a label only the id is known.
        (Some('@' | '#'), Some(label)) => {
            seen.extend(target.chars().take(1));
            seen.push_str(label.trim_start_matches(['@', '#']));
        }
        (Some('@' | '#'), None) => seen.push_str(target),
        // <!here>, <!subteam^S1|@team>, <!date^…|fallback>
        (Some('!'), Some(label)) => seen.push_str(label),
        (Some('!'), None) => {
            seen.push('@');
            seen.push_str(target.trim_start_matches('!'));
        }
        (_, None) => seen.push_str(target.strip_prefix("mailto:").unwrap_or(target)),
        (_, Some(label)) if target.ends_with(label) => {
            seen.push_str(target.strip_prefix("mailto:").unwrap_or(target));
        }
        (_, Some(label)) => {
            seen.push_str(label);
            seen.push_str(" (");
            seen.push_str(target);
            seen.push(')');
        }
    }
}

fn name_of(inside: &str) -> (&str, Option<&str>) {
    match inside.split_once('|') {
        Some((target, label)) if !label.is_empty() => (target, Some(label)),
        Some((target, _)) => (target, None),
        None => (inside, None),
    }
}
