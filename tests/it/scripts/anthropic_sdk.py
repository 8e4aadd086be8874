"""The official `anthropic` package against a daemon: BASE_URL and TOKEN in the environment, `demo` and `mock` behind it.

Prints one line per check and ends with 0, or with the traceback of the first that failed.
"""

import os

import anthropic

BASE_URL, TOKEN = os.environ["BASE_URL"], os.environ["TOKEN"]
client = anthropic.Anthropic(base_url=BASE_URL, api_key=TOKEN, max_retries=0)
WEATHER = {
    "name": "weather",
    "description": "The weather of a city.",
    "input_schema": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
    "cache_control": {"type": "ephemeral"},
}


def ask(text, model="demo", **further):
    messages = [{"role": "user", "content": text}]
    return client.messages.create(model=model, max_tokens=2000, messages=messages, **further)


def fails(kind, **call):
    try:
        list(ask(**call)) if call.get("stream") else ask(**call)
    except kind as error:
        return error
    raise AssertionError(f"{call} did not fail with {kind.__name__}")


def check_models():
    ids = [model.id for model in client.models.list(limit=1)]
    assert {"demo/demo", "mock/m-1"} <= set(ids), ids
    assert client.models.retrieve("demo/demo").display_name


def check_whole_answer():
    answer = ask("/long 5", system=[{"type": "text", "text": "be kind", "cache_control": {"type": "ephemeral"}}])
    assert (answer.type, answer.role, answer.model, answer.stop_reason) == ("message", "assistant", "demo", "end_turn")
    assert answer.content[0].text == "A capuchin keeps its tools"
    assert answer.usage.input_tokens > 0 and answer.usage.output_tokens > 0
    assert answer._request_id


def check_stream():
    kinds = [event.type for event in ask("/long 300", stream=True)]
    assert (kinds[0], kinds[-2:]) == ("message_start", ["message_delta", "message_stop"]), kinds
    messages = [{"role": "user", "content": "/tour"}]
    with client.messages.stream(model="demo", max_tokens=2000, messages=messages) as stream:
        text = "".join(stream.text_stream)
        final = stream.get_final_message()
    assert [block.type for block in final.content[:2]] == ["thinking", "text"], final
    assert "| part | kept in |" in text and final.content[1].text == text


def check_tools():
    messages = [{"role": "user", "content": "/tool Rome"}]
    with client.messages.stream(model="demo", max_tokens=99, messages=messages, tools=[WEATHER]) as stream:
        streamed = stream.get_final_message()
    answer = ask("/tool Rome", tools=[WEATHER], tool_choice={"type": "auto"})
    for one in (streamed, answer):
        call = one.content[-1]
        assert (one.stop_reason, call.type, call.name, call.input) == ("tool_use", "tool_use", "weather", {"city": "Rome"})
    result = {"type": "tool_result", "tool_use_id": call.id, "content": [{"type": "text", "text": "sunny"}]}
    messages += [{"role": "assistant", "content": answer.content}, {"role": "user", "content": [result]}]
    after = client.messages.create(model="demo", max_tokens=99, messages=messages, tools=[WEATHER])
    assert "sunny" in after.content[0].text


def check_thinking():
    thinking = {"type": "enabled", "budget_tokens": 1024}
    messages = [{"role": "user", "content": "hi"}]
    with client.messages.stream(model="mock/m-1", max_tokens=2000, messages=messages, thinking=thinking) as stream:
        final = stream.get_final_message()
    sealed, said = final.content
    assert (sealed.thinking, sealed.signature, said.text) == ("hm", "c2VhbA==", "sealed"), final
    assert (final.usage.input_tokens, final.usage.cache_read_input_tokens) == (7, 3), final.usage
    messages += [{"role": "assistant", "content": final.content}, {"role": "user", "content": "go on"}]
    again = client.messages.create(model="mock", max_tokens=2000, messages=messages, thinking=thinking)
    assert again.content[0].text == "whole"


def check_count():
    counted = client.messages.count_tokens(model="demo", messages=[{"role": "user", "content": "hi " * 500}])
    assert counted.input_tokens > 200


def check_sessions():
    extra = {"session_id": "anthropic"}
    ask("my name is Ada", extra_body=extra)
    answer = ask("what is my name?", extra_body=extra)
    assert "Ada" in answer.content[0].text, answer


def check_errors():
    limited = fails(anthropic.RateLimitError, text="/error rate_limited")
    assert limited.response.headers["retry-after"] == "5" and limited.body["error"]["type"] == "rate_limit_error"
    assert limited.request_id == limited.body["request_id"]
    assert fails(anthropic.APIStatusError, text="/error overloaded").status_code == 529
    fails(anthropic.NotFoundError, text="hi", model="nobody")
    fails(anthropic.BadRequestError, text="hi", temperature=7)
    fails(anthropic.APIError, text="/error truncated", stream=True)
    for stranger in (
        anthropic.Anthropic(base_url=BASE_URL, api_key="cap_wrong", max_retries=0),
        anthropic.Anthropic(base_url=BASE_URL, auth_token="cap_wrong", api_key=None, max_retries=0),
    ):
        try:
            stranger.models.list()
        except anthropic.AuthenticationError as error:
            assert error.body["error"]["type"] == "authentication_error"
        else:
            raise AssertionError("a wrong token opened the daemon")
    bearer = anthropic.Anthropic(base_url=BASE_URL, auth_token=TOKEN, api_key=None, max_retries=0)
    assert bearer.models.retrieve("demo/demo").id == "demo/demo"


for check in [value for name, value in list(globals().items()) if name.startswith("check_")]:
    check()
    print("ok", check.__name__.removeprefix("check_"))
