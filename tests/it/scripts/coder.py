#!/usr/bin/python3
# A program that speaks Claude Code's protocol as version 2.1.330 does, and does what it is told by words.
import json, os, signal, socket, subprocess, sys, time, urllib.request

arguments = sys.argv[1:]
if arguments == ["--version"]:
    print("2.1.330 (Claude Code)")
    sys.exit(0)

home = os.environ["HOME"]
sessions = os.path.join(home, "said")
os.makedirs(sessions, exist_ok=True)
with open(os.path.join(home, "starts.jsonl"), "a") as log:
    log.write(json.dumps({"args": arguments, "env": dict(os.environ), "cwd": os.getcwd()}) + "\n")


def after(name):
    return arguments[arguments.index(name) + 1] if name in arguments else None


def put(line):
    sys.stdout.write(json.dumps(line) + "\n")
    sys.stdout.flush()


def result(**more):
    put({"type": "result", "subtype": "success", "is_error": False, "stop_reason": "end_turn",
         "usage": {"input_tokens": 20, "output_tokens": 7}, **more})


session = after("--session-id") or after("--resume")
memory = os.path.join(sessions, session)
if after("--resume") and not os.path.exists(memory):
    result(subtype="error_during_execution", is_error=True, errors=["No conversation found with session ID: " + session])
    sys.exit(1)


def stream(event):
    put({"type": "stream_event", "event": event, "parent_tool_use_id": None})


def say(text):
    stream({"type": "message_start", "message": {"usage": {"input_tokens": 10, "output_tokens": 1}}})
    for word in text.split(" "):
        stream({"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": word + " "}})
    stream({"type": "message_delta", "delta": {}, "usage": {"output_tokens": 5}})
    stream({"type": "message_stop"})


def hear():
    line = sys.stdin.readline()
    if not line:
        sys.exit(0)
    return json.loads(line)


interrupted = False


def answer_of(request):
    global interrupted
    while True:
        line = hear()
        if line["type"] == "control_request" and line["request"]["subtype"] == "interrupt":
            interrupted = True
            put({"type": "control_response", "response": {"subtype": "success", "request_id": line["request_id"]}})
        if line["type"] == "control_response" and line["response"]["request_id"] == request:
            return line["response"]["response"]["hookSpecificOutput"]


uses = 0


def use(name, arguments, asks=True, then=None):
    global uses
    uses += 1
    tool = "toolu_%s_%d" % (session[:8], uses)
    put({"type": "assistant", "message": {"content": [{"type": "tool_use", "id": tool, "name": name, "input": arguments}]}})
    if asks:
        put({"type": "control_request", "request_id": "ask-" + tool, "request": {
            "subtype": "hook_callback", "callback_id": "gate",
            "input": {"hook_event_name": "PreToolUse", "tool_name": name, "tool_input": arguments, "tool_use_id": tool}}})
        decided = answer_of("ask-" + tool)
        if decided["permissionDecision"] != "allow":
            said = "PreToolUse hook error: " + decided["permissionDecisionReason"]
            put({"type": "user", "message": {"content": [{"type": "tool_result", "tool_use_id": tool, "content": said, "is_error": True}]},
                 "tool_result_meta": [{"id": tool, "non_execution_kind": "permission-rule"}]})
            return said
    said = then() if then else "(done)"
    put({"type": "user", "message": {"content": [{"type": "tool_result", "tool_use_id": tool, "content": said, "is_error": False}]}})
    return said


def shell(command):
    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True)
    return (done.stdout + done.stderr) or "(no output)"


def wait_for_interrupt():
    while True:
        line = hear()
        if line["type"] == "control_request" and line["request"]["subtype"] == "interrupt":
            put({"type": "control_response", "response": {"subtype": "success", "request_id": line["request_id"]}})
            result(subtype="error_during_execution", is_error=True, terminal_reason="aborted_streaming", usage={})
            return


def work(text):
    order = text.split("The message that you answer now:")[-1].split("The message was:")[-1].strip()
    word, _, rest = order.partition(" ")
    if word == "say":
        say(rest)
    elif word == "recall":
        say("heard: " + " | ".join(json.loads(line) for line in open(memory)).replace("\n", "/"))
    elif word == "run":
        say("It said: " + use("Bash", {"command": rest}, then=lambda: shell(rest)))
    elif word == "read":
        say("It says: " + use("Read", {"file_path": rest}, then=lambda: open(rest).read()))
    elif word == "sneak":
        use("Bash", {"command": rest}, asks=False, then=lambda: shell(rest))
        time.sleep(60)
    elif word == "wait":
        say("waiting")
        return wait_for_interrupt()
    elif word == "hang":
        time.sleep(1000)
    elif word == "stubborn":
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        subprocess.Popen(["setsid", "bash", "-c", "trap '' TERM; sleep " + rest + " & wait"])
        say("here I stay")
        while True:
            time.sleep(1)
    elif word == "die":
        say("about to")
        sys.stderr.write("the last word\n")
        sys.stderr.flush()
        os._exit(3)
    elif word == "garbage":
        sys.stdout.write("\x00\xff not json\n{\"type\": 7}\n[]\n\n{\"type\":\"user\"}\n{\"type\":\"control_request\"}\n")
        say("clean again")
    elif word == "flood":
        while True:
            sys.stdout.write("x" * 65536)
    elif word == "model":
        body = json.dumps({"model": "m", "max_tokens": 9, "messages": [{"role": "user", "content": "hi"}]}).encode()
        headers = {"x-api-key": os.environ["ANTHROPIC_API_KEY"], "content-type": "application/json"}
        request = urllib.request.Request(os.environ["ANTHROPIC_BASE_URL"] + "/v1/messages", body, headers)
        say(json.load(urllib.request.urlopen(request))["content"][0]["text"])
    elif word == "reach":
        try:
            socket.create_connection((rest.split(" ")[0], int(rest.split(" ")[1])), 5)
            say("reached")
        except OSError as error:
            say("out of reach: " + type(error).__name__)
    elif word == "fail":
        return result(is_error=True, terminal_reason="api_error", api_error_status=int(rest), result="API Error: " + rest)
    result()


while True:
    line = hear()
    if line["type"] == "control_request" and line["request"]["subtype"] == "initialize":
        put({"type": "control_response", "response": {"subtype": "success", "request_id": line["request_id"], "response": {"commands": []}}})
    elif line["type"] == "control_request":
        put({"type": "control_response", "response": {"subtype": "success", "request_id": line["request_id"], "response": {}}})
    elif line["type"] == "user":
        with open(memory, "a") as log:
            log.write(json.dumps(line["message"]["content"]) + "\n")
        put({"type": "system", "subtype": "init", "session_id": session})
        work(line["message"]["content"])
