//! What is found, without running or reading anything.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use super::{Ollama, clis, key_names, ollama, ollama_address};

#[test]
fn the_address_of_ollama_is_read_as_people_write_it() {
    for (setting, host, port) in [
        ("", "127.0.0.1", 11434),
        ("0.0.0.0", "127.0.0.1", 11434),
        ("0.0.0.0:99", "127.0.0.1", 99),
        ("http://localhost:1234/", "localhost", 1234),
        ("https://models.example/api", "models.example", 11434),
        ("[::1]:5", "[::1]", 5),
    ] {
        assert_eq!(ollama_address(setting), (host.to_owned(), port), "{setting}");
    }
}

#[tokio::test]
async fn a_server_elsewhere_is_named_but_not_asked() {
    assert_eq!(ollama(Some("models.example")).await, Ollama::Elsewhere("models.example:11434".to_owned()));
}

#[tokio::test]
async fn a_server_here_is_counted_and_a_silent_one_is_not_waited_for() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let _server = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut request = [0; 1024];
        let read = stream.read(&mut request).await.unwrap();
        assert!(request[..read].starts_with(b"GET /api/tags HTTP/1.1\r\n"));
        let body = r#"{"models":[{"name":"a"},{"name":"b"}]}"#;
        let head = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n", body.len());
        stream.write_all((head + body).as_bytes()).await.unwrap();
        // The second caller is accepted and never answered.
        listener.accept().await.unwrap()
    });
    assert_eq!(ollama(Some(&address)).await, Ollama::Here { address: address.clone(), models: 2 });
    assert_eq!(ollama(Some(&address)).await, Ollama::Absent);
}

#[test]
fn only_programs_on_the_path_are_found() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("claude"), "").unwrap();
    fs::set_permissions(folder.path().join("claude"), fs::Permissions::from_mode(0o755)).unwrap();
    fs::write(folder.path().join("codex"), "").unwrap();
    fs::set_permissions(folder.path().join("codex"), fs::Permissions::from_mode(0o644)).unwrap();
    fs::create_dir(folder.path().join("gemini")).unwrap();
    assert_eq!(clis(folder.path().as_os_str()), ["claude"]);
}

#[test]
fn names_of_keys_are_recognised_by_their_ends() {
    let names = ["PATH", "OPENAI_API_KEY", "KEYBOARD", "ANTHROPIC_API_KEY", "HF_ACCESS_TOKEN"];
    let found = key_names(names.into_iter().map(str::to_owned));
    assert_eq!(found, ["ANTHROPIC_API_KEY", "HF_ACCESS_TOKEN", "OPENAI_API_KEY"]);
}
