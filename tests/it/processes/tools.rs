//! Processes as models use them: started, listed, typed into, read and ended by tools.

use super::*;

/// Lets the demo call a tool; what it answered.
async fn call(client: &Client, thread: &str, name: &str, arguments: Value) -> String {
    let turn = client.say(thread, &format!("use {name} {arguments}")).await;
    let last = client.turn_events(thread, &turn).await.pop().unwrap();
    assert_eq!(last.kind, "done", "{name}: {last:?}");
    let messages = client.messages(thread).await;
    let answer = messages.iter().rev().find(|message| message["role"] == "tool").unwrap();
    answer["content"].as_str().unwrap().to_owned()
}

/// The second word of an answer.
fn id_in(answer: &str) -> String {
    let id = answer.split_whitespace().nth(1).unwrap_or_default();
    assert_eq!(id.len(), 8, "{answer}");
    id.to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_model_starts_lists_types_reads_and_ends_what_its_conversation_started() {
    let Some((daemon, reader, _)) = ready("[backends.demo]\nkind = \"demo\"\npace_ms = 0\n").await else {
        return;
    };
    let client = daemon.client();
    for kind in ["run_command", "call_tool"] {
        let rule = json!({ "effect": "allow", "action": { "kind": kind }, "even_untrusted": true });
        assert_eq!(client.post("/api/v1/policy/rules", &rule).await.0, StatusCode::CREATED);
    }
    let (mine, other) = (client.thread("mine").await, client.thread("other").await);
    let command = "while read line; do echo got $line; done; exit 4";
    let id = id_in(&call(&client, &mine, "process_start", json!({ "command": command })).await);
    let listed = call(&client, &mine, "process_list", json!({})).await;
    assert!(listed.starts_with(&format!("{id} running")), "{listed}");
    let input = json!({ "id": id, "input": "word\n", "end": true });
    assert_eq!(call(&client, &mine, "process_input", input).await, "sent");
    assert_eq!(ended(&reader, &id).await["exitCode"], 4);
    let tail = call(&client, &mine, "process_tail", json!({ "id": id })).await;
    assert!(tail.contains("exit code 4") && tail.contains("got word"), "{tail}");
    let foreign = call(&client, &other, "process_tail", json!({ "id": id })).await;
    assert!(foreign.contains("no process of this conversation"), "{foreign}");

    let command = "read word; echo typed-$word; sleep 86400";
    let terminal = id_in(&call(&client, &mine, "terminal", json!({ "command": command, "wait_s": 1 })).await);
    let screen = call(&client, &mine, "terminal", json!({ "id": terminal, "input": "hello\r" })).await;
    assert!(screen.contains("typed-hello"), "{screen}");
    let killed = call(&client, &mine, "process_kill", json!({ "id": terminal })).await;
    assert!(killed.contains("is ended"), "{killed}");
    assert_eq!(ended(&reader, &terminal).await["status"], "killed");
    let listed = call(&client, &mine, "process_list", json!({})).await;
    assert!(listed.contains(&format!("{terminal} killed in a terminal")), "{listed}");
    assert_eq!(
        call(&client, &other, "process_list", json!({})).await,
        "no process was started in this conversation"
    );
}
