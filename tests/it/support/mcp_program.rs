//! An MCP server as a program of a few lines, which `bash` runs in its cage.

use std::path::Path;

use serde_json::{Value, json};

/// Writes a server with one tool `read`, which takes a number `n`, notes it in `calls`, and answers `notes`; where the
/// script is.
pub fn write(folder: &Path, description: &str) -> String {
    let number = json!({ "type": "object", "properties": { "n": { "type": "integer" } } });
    let tools = json!({ "tools": [{ "name": "read", "description": description, "inputSchema": number }] });
    let hello = json!({
        "protocolVersion": "2025-11-25", "capabilities": { "tools": {} },
        "serverInfo": { "name": "notes", "version": "1" },
    });
    let said = json!({ "content": [{ "type": "text", "text": "the notes say: tea" }] });
    for (name, value) in [("hello", &hello), ("tools", &tools), ("said", &said)] {
        std::fs::write(folder.join(name), value.to_string()).unwrap();
    }
    let unknown: Value = json!({ "code": -32601, "message": "there is no such method" });
    let script = format!(
        r#"cd {folder}
say() {{ echo "{{\"jsonrpc\":\"2.0\",\"id\":$id,\"$1\":$2}}"; }}
while read -r line; do
  id=$(sed -E 's/.*"id":("[^"]*"|[0-9]+).*/\1/' <<< "$line")
  case "$line" in
    *notifications/*) ;;
    *'"initialize"'*) say result "$(cat hello)" ;;
    *tools/list*) say result "$(cat tools)" ;;
    *tools/call*) sed -nE 's/.*"n":([0-9]+).*/\1/p' <<< "$line" >> calls; say result "$(cat said)" ;;
    *) say error '{unknown}' ;;
  esac
done
"#,
        folder = folder.display()
    );
    std::fs::write(folder.join("server.sh"), script).unwrap();
    folder.join("server.sh").display().to_string()
}

/// The numbers that it was called with.
pub fn calls(folder: &Path) -> Vec<usize> {
    let noted = std::fs::read_to_string(folder.join("calls")).unwrap_or_default();
    noted.lines().map(|line| line.parse().unwrap()).collect()
}
