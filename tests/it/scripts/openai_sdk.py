"""The official `openai` package against a daemon: BASE_URL and TOKEN in the environment, `demo` and `mock` behind it.

Prints one line per check and ends with 0, or with the traceback of the first that failed.
"""

import os

import httpx
import openai

BASE_URL, TOKEN = os.environ["BASE_URL"], os.environ["TOKEN"]
client = openai.OpenAI(base_url=BASE_URL, api_key=TOKEN, max_retries=0)
WEATHER = {
    "type": "function",
    "function": {
        "name": "weather",
        "description": "The weather of a city.",
        "parameters": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
    },
}


def ask(text, model="demo", **further):
    messages = [{"role": "user", "content": text}]
    return client.chat.completions.create(model=model, messages=messages, **further)


def fails(kind, **call):
    try:
        list(ask(**call)) if call.get("stream") else ask(**call)
    except kind as error:
        return error
    raise AssertionError(f"{call} did not fail with {kind.__name__}")


def check_models():
    ids = [model.id for model in client.models.list()]
    assert {"demo/demo", "mock/m-1"} <= set(ids), ids
    assert client.models.retrieve("demo/demo").object == "model"


def check_whole_answer():
    answer = ask("/long 5")
    assert answer.object == "chat.completion" and answer.id and answer.created and answer.model == "demo"
    choice = answer.choices[0]
    assert (choice.index, choice.finish_reason, choice.message.role) == (0, "stop", "assistant")
    assert choice.message.content == "A capuchin keeps its tools"
    assert answer.usage.total_tokens == answer.usage.prompt_tokens + answer.usage.completion_tokens > 0


def check_stream():
    chunks = list(ask("/long 300", stream=True, stream_options={"include_usage": True}))
    assert chunks[0].choices[0].delta.role == "assistant"
    assert chunks[-1].choices == [] and chunks[-1].usage.completion_tokens > 0
    assert chunks[-2].choices[0].finish_reason == "stop"
    text = "".join(chunk.choices[0].delta.content or "" for chunk in chunks[:-1])
    assert text == ask("/long 300").choices[0].message.content


def check_stream_helper():
    messages = [{"role": "user", "content": "/tour"}]
    with client.chat.completions.stream(model="demo/demo", messages=messages) as stream:
        kinds = {event.type for event in stream}
        final = stream.get_final_completion()
    assert "content.delta" in kinds, kinds
    assert "| part | kept in |" in final.choices[0].message.content


def check_tools():
    messages = [{"role": "user", "content": "/tool Rome"}]
    for stream in (False, True):
        if stream:
            with client.chat.completions.stream(model="demo", messages=messages, tools=[WEATHER]) as events:
                answer = events.get_final_completion()
        else:
            answer = ask("/tool Rome", tools=[WEATHER])
        choice = answer.choices[0]
        call = choice.message.tool_calls[0]
        assert choice.finish_reason == "tool_calls"
        assert (call.function.name, call.function.arguments) == ("weather", '{"city":"Rome"}')
    reply = {"role": "tool", "tool_call_id": call.id, "content": "sunny"}
    asked = choice.message.model_dump(exclude_none=True, include={"role", "tool_calls"})
    after = client.chat.completions.create(model="demo", messages=[*messages, asked, reply], tools=[WEATHER])
    assert "sunny" in after.choices[0].message.content


FLAT = {"type": "function", **WEATHER["function"], "strict": False}


def check_responses():
    answer = client.responses.create(model="demo", input="/long 5", instructions="be kind", store=False)
    assert (answer.object, answer.status, answer.model) == ("response", "completed", "demo")
    assert answer.output_text == "A capuchin keeps its tools"
    assert answer.usage.total_tokens == answer.usage.input_tokens + answer.usage.output_tokens > 0
    with client.responses.stream(model="demo", input=[{"role": "user", "content": "/tour"}]) as stream:
        numbers = [event.sequence_number for event in stream]
        final = stream.get_final_response()
    assert numbers == list(range(len(numbers))), numbers
    assert [item.type for item in final.output[:2]] == ["reasoning", "message"], final
    assert "| part | kept in |" in final.output_text and final.output[0].summary[0].text


def check_responses_with_tools():
    said = [{"role": "user", "content": "/tool Rome"}]
    answer = client.responses.create(model="demo", input=said, tools=[FLAT, {"type": "web_search"}])
    with client.responses.stream(model="demo", input=said, tools=[FLAT]) as stream:
        streamed = stream.get_final_response()
    for one in (answer, streamed):
        call = one.output[-1]
        assert (call.type, call.name, call.arguments) == ("function_call", "weather", '{"city":"Rome"}'), one
    result = {"type": "function_call_output", "call_id": call.call_id, "output": "sunny"}
    said += [item.model_dump(exclude_none=True) for item in answer.output] + [result]
    assert "sunny" in client.responses.create(model="demo", input=said, tools=[FLAT]).output_text


def check_responses_that_fail():
    for kind, call in (
        (openai.BadRequestError, {"input": "x", "previous_response_id": "resp_1"}),
        (openai.RateLimitError, {"input": "/error rate_limited"}),
        (openai.NotFoundError, {"input": "x", "model": "nobody"}),
    ):
        try:
            client.responses.create(**{"model": "demo", **call})
        except kind:
            continue
        raise AssertionError(f"{call} did not fail")
    kinds = []
    try:
        for event in client.responses.create(model="demo", input="/error truncated", stream=True):
            kinds.append(event.type)
    except Exception as error:
        assert isinstance(error, (openai.APIError, httpx.TransportError)), error
    else:
        raise AssertionError("a stream that failed ended cleanly")
    assert kinds[-1] == "response.failed", kinds


def check_embeddings():
    many = client.embeddings.create(model="vectors/classes", input=["moth", "bread"])
    assert [item.index for item in many.data] == [0, 1] and many.object == "list"
    one = client.embeddings.create(model="vectors/classes", input="moth", encoding_format="float")
    assert one.data[0].embedding == many.data[0].embedding and len(one.data[0].embedding) == 64
    try:
        client.embeddings.create(model="demo", input="x")
    except openai.BadRequestError as error:
        assert error.param == "model"
    else:
        raise AssertionError("the demo made an embedding")


def check_upstream():
    assert ask("hi", model="mock").choices[0].message.content == "whole"
    text = "".join(chunk.choices[0].delta.content or "" for chunk in ask("hi", model="mock/m-1", stream=True))
    assert text == "streamed", text
    cut = fails(openai.OpenAIError, text="hi", model="mock", stream=True)
    assert "ended before it was whole" in str(cut), cut


def check_sessions():
    extra = {"session_id": "sdk"}
    ask("my name is Ada", extra_body=extra)
    text = "".join(c.choices[0].delta.content or "" for c in ask("what is my name?", stream=True, extra_body=extra))
    assert "Ada" in text, text
    key = {"Idempotency-Key": "once"}
    first, second = (ask("how many messages?", extra_body=extra, extra_headers=key) for _ in range(2))
    assert first.choices[0].message.content == second.choices[0].message.content


def check_errors():
    limited = fails(openai.RateLimitError, text="/error rate_limited")
    assert limited.response.headers["retry-after"] == "5" and limited.code == "rate_limited"
    assert limited.request_id
    fails(openai.InternalServerError, text="/error overloaded")
    fails(openai.NotFoundError, text="hi", model="nobody")
    assert fails(openai.BadRequestError, text="hi", n=2).param == "n"
    fails(openai.APIError, text="/error truncated", stream=True)
    stranger = openai.OpenAI(base_url=BASE_URL, api_key="cap_wrong", max_retries=0)
    try:
        stranger.models.list()
    except openai.AuthenticationError as error:
        assert error.code == "invalid_api_key"
    else:
        raise AssertionError("a wrong token opened the daemon")


for check in [value for name, value in list(globals().items()) if name.startswith("check_")]:
    check()
    print("ok", check.__name__.removeprefix("check_"))
