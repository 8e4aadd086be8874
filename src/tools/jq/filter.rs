//! A jq filter over JSON. Runs in a process of its own, which is ended when it takes too long or too much.

use std::io::{self, Write};

use jaq_core::load::{self, Arena, File, Loader};
use jaq_core::{Compiler, Ctx, Vars, compile, data, unwrap_valr};
use jaq_json::write::{Pp, write};
use jaq_json::{Val, read};

/// Filters every JSON value of `input` into `output`, one result on each line; with `raw`, texts as they are.
///
/// # Errors
/// Why the filter is none, where the input is no JSON, what the filter says is wrong with it, or that nobody reads.
pub fn filter(code: &str, input: &[u8], raw: bool, output: &mut dyn Write) -> Result<(), String> {
    let loader = Loader::new(jaq_core::defs().chain(jaq_std::defs()).chain(jaq_json::defs()));
    let arena = Arena::default();
    let modules = loader.load(&arena, File { code, path: () }).map_err(|errors| unreadable(&errors))?;
    let funs = jaq_core::funs().chain(jaq_std::funs()).chain(jaq_json::funs());
    let program =
        Compiler::default().with_funs(funs).compile(modules).map_err(|errors| undefined(&errors))?;
    for value in read::parse_many(input) {
        let value = value.map_err(|error| format!("the input is no JSON: {error}"))?;
        let context = Ctx::<data::JustLut<Val>>::new(&program.lut, Vars::new([]));
        for result in program.id.run((context, value)).map(unwrap_valr) {
            let result = result.map_err(|error| error.to_string())?;
            put(output, &result, raw).map_err(|error| error.to_string())?;
        }
    }
    Ok(())
}

fn put(output: &mut dyn Write, value: &Val, raw: bool) -> io::Result<()> {
    let pretty = Pp { indent: Some("  ".to_owned()), sep_space: true, ..Pp::default() };
    match value {
        Val::TStr(text) if raw => output.write_all(text)?,
        value => write(output, &pretty, 0, value)?,
    }
    output.write_all(b"\n")
}

/// What a filter lacks that cannot be read.
fn unreadable(errors: &load::Errors<&str, ()>) -> String {
    let first = errors.iter().find_map(|(_, error)| match error {
        load::Error::Io(missing) => missing.first().map(|(name, why)| format!("the module {name}: {why}")),
        load::Error::Lex(wanted) => {
            wanted.first().map(|(wanted, at)| format!("expected {} {}", wanted.as_str(), near(at)))
        }
        load::Error::Parse(wanted) => {
            wanted.first().map(|(wanted, at)| format!("expected {} {}", wanted.as_str(), near(at)))
        }
    });
    format!("the filter cannot be read: {}", first.unwrap_or_else(|| "it is empty".to_owned()))
}

fn undefined(errors: &compile::Errors<&str, ()>) -> String {
    let names = errors.iter().flat_map(|(_, unknown)| unknown);
    let names: Vec<String> = names.map(|(name, kind)| format!("the {} {name}", kind.as_str())).collect();
    format!("the filter uses what is not there: {}", names.join(", "))
}

fn near(rest: &str) -> String {
    let rest: String = rest.chars().take(30).collect();
    if rest.is_empty() { "at the end".to_owned() } else { format!("before `{rest}`") }
}
