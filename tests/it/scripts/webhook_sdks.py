"""Webhooks of all sources against a daemon: signed, and verified, by the sources' own Python libraries where they
have some, and by hand after their published algorithms where they have none.

INGRESS, CONSOLE and TOKEN (read, admin) in the environment; PUBLIC_URL if senders know another address of the ingress.
Prints one line per check and ends with 0, or with the traceback of the first that failed.
"""

import base64
import contextlib
import dataclasses
import hashlib
import hmac
import http.client
import io
import itertools
import json
import os
import time
import urllib.parse
from datetime import datetime, timezone

import discord_interactions
import jwt
import nacl.signing
import slack_sdk.signature
import standardwebhooks
import stripe
import twilio.request_validator

INGRESS, CONSOLE, TOKEN = os.environ["INGRESS"], os.environ["CONSOLE"], os.environ["TOKEN"]
PUBLIC_URL = os.environ.get("PUBLIC_URL") or INGRESS
JSON, FORM = "application/json", "application/x-www-form-urlencoded"
ENDPOINTS = "/api/v1/webhook-endpoints"
# What every body says: more than ASCII, and what JSON and forms have to escape.
TEXT = 'hello "Grüße" & 100 % + 🐒'

# Three secrets of every endpoint: its first, its next, and one that it never has.
TEXTS = [
    "the first of three secrets, long",
    "the second one, no shorter than it",
    "nobody's, as long as the others are",
]
SIGNING = ["whsec_" + base64.b64encode(text.encode()[:24]).decode() for text in TEXTS]
SEEDS = [hashlib.sha256(text.encode()).hexdigest() for text in TEXTS]


# --- the daemon


def call(base, method, path, body=None, headers=()):
    """Status, headers and body of the answer."""
    parts = urllib.parse.urlsplit(base)
    with contextlib.closing(http.client.HTTPConnection(parts.hostname, parts.port, timeout=30)) as connection:
        connection.request(method, path, body, dict(headers))
        answer = connection.getresponse()
        return answer.status, answer.headers, answer.read().decode()


def api(method, path, body=None):
    headers = {"Authorization": f"Bearer {TOKEN}", "Content-Type": JSON}
    status, _, text = call(CONSOLE, method, path, None if body is None else json.dumps(body), headers)
    assert status in (200, 201), (method, path, status, text)
    return json.loads(text)


@dataclasses.dataclass
class Request:
    """What a source sends: the body is text, and sent as UTF-8."""

    body: str
    headers: dict
    media: str = JSON
    query: str = ""


class Endpoint:
    numbers = itertools.count(1)
    sources = set()

    def __init__(self, source, secret, **more):
        name = f"{source} {os.getpid()} {next(self.numbers)}"
        body = {"name": name, "source": source, "secret": secret, "rate_per_minute": 1000, **more}
        made = api("POST", ENDPOINTS, body)
        self.id, self.path, self.url = made["id"], made["path"], PUBLIC_URL + made["path"]
        self.sources.add(made["source"])
        assert made["url"] == self.url, f"its address is {made['url']}, not {self.url}"

    def send(self, request):
        headers = {"Content-Type": request.media, **request.headers}
        return call(INGRESS, "POST", self.path + request.query, request.body.encode(), headers)

    def expect(self, what, request, status, note=None, why=None):
        """Sends, and fails if the answer, or what the daemon notes about a refusal, is something else."""
        got, _, text = self.send(request)
        refusals = api("GET", f"{ENDPOINTS}/{self.id}")["refusals"]
        reason = refusals[0]["why"] if refusals else None
        # Some sources want another 2xx than the usual one, or words of their own.
        is_taken = status == 202 and got in (200, 202, 204)
        assert is_taken or got == status, f"{what}: expected {status}, got {got} {text}; last refused because {reason}; {request}"
        if status == 202 and text.startswith("{\"") and "status" in text:
            said = json.loads(text)
            is_as_said = said["status"] == "accepted" and said.get("note") == note
            assert is_as_said, f"{what}: expected note {note}, got {text}"
        if why:
            assert why in reason, f"{what}: expected a refusal because {why}, got {reason}"

    def rotate(self, secret, overlap_s):
        api("POST", f"{ENDPOINTS}/{self.id}/rotate", {"secret": secret, "overlap_s": overlap_s})

    def log(self):
        """(the sender's id, event) of every delivery, oldest first."""
        found = api("GET", f"{ENDPOINTS}/{self.id}/deliveries?limit=200")["items"]
        return [(one["source_id"], one["event"]) for one in reversed(found)]


# --- what is proved of every source


@dataclasses.dataclass
class Case:
    """A kind of request of a source."""

    source: str
    # (keys, id, time, the endpoint's address) to a Request, signed with the keys.
    build: object
    event: str
    # The sender's id as the log has it; `None` where there is none.
    own_id: object = lambda id: id
    keys: list = dataclasses.field(default_factory=lambda: TEXTS)
    # What is entered in the daemon for a key.
    entered: object = lambda key: key
    # Seconds that a signed time may be away.
    window: int = 0
    # Whether the body is signed.
    signs: bool = True
    # Whether the source signs with both secrets while one replaces the other.
    several: bool = False
    # (key, request, the endpoint's address) to whether the source's own library takes it.
    accepts: object = None
    # Whether that library takes times of the past, and of the future.
    accepts_old: bool = False
    accepts_future: bool = False


def prove(case):
    first, second, nobodys = case.keys
    endpoint = Endpoint(case.source, case.entered(first))
    now = int(time.time())

    def build(id, *keys, at=now):
        return case.build(list(keys) or [first], id, at, endpoint.url)

    def expect(what, request, status, verdict=None, **more):
        endpoint.expect(f"{case.source}: {what}", request, status, **more)
        if case.accepts:
            wanted = status == 202 if verdict is None else verdict
            theirs = case.accepts(first, request, endpoint.url)
            assert theirs == wanted, f"{case.source}: {what}: the source's own library says {theirs}; {request}"

    request = build("d1")
    expect("signed", request, 202)
    expect("the same again", request, 202, note="already processed")
    expect("another attempt", build("d1", at=now - 7), 202, note="already processed")
    mismatch = "no secret of the endpoint fits"
    expect("another secret", build("d2", nobodys), 401, why=mismatch)
    bare = dataclasses.replace(build("d2", nobodys), headers={})
    endpoint.expect(f"{case.source}: no signature", bare, 401)
    if case.signs:
        request = build("d2")
        for changed in (request.body.replace("hello", "hullo"), request.body + "\n"):
            assert changed != request.body
            expect("another body", dataclasses.replace(request, body=changed), 401, why=mismatch)
    if case.window:
        stale = "too far from this machine's time"
        expect("too old", build("d3", at=now - case.window - 10), 401, why=stale, verdict=case.accepts_old)
        expect("in the future", build("d3", at=now + case.window + 10), 401, why=stale, verdict=case.accepts_future)
        expect("nearly too old", build("d3", at=now - case.window + 20), 202)

    def told(what, request, status, **more):
        endpoint.expect(f"{case.source}: {what}", request, status, **more)

    endpoint.rotate(case.entered(second), 3600)
    told("the old secret, while both are good", build("d4", first), 202)
    told("the new secret, while both are good", build("d5", second), 202)
    told("another secret, while two are good", build("d6", nobodys), 401, why=mismatch)
    if case.several:
        told("signed twice, one of them known", build("d6", nobodys, second), 202)
    endpoint.rotate(case.entered(first), 0)
    told("a secret whose time is over", build("d7", second), 401, why=mismatch)
    told("the secret after it", build("d7", first), 202)

    noted, ids = endpoint.log(), ["d1", *["d3"] * bool(case.window), "d4", "d5", *["d6"] * case.several, "d7"]
    wanted = [(case.own_id(id), case.event) for id in ids]
    assert noted == wanted, f"{case.source}: the log is {noted}, not {wanted}"


def signed(key, *parts, digest="sha256"):
    return hmac.new(key.encode(), "".join(parts).encode(), digest).hexdigest()


def body_of(**members):
    return json.dumps({"text": TEXT, **members}, ensure_ascii=False)


def form_of(**fields):
    return urllib.parse.urlencode({"text": TEXT, **fields})


def takes(check, *errors):
    """Whether a library that raises takes it."""
    try:
        check()
    except errors:
        return False
    return True


# --- sources with a library


def slack(make, media=JSON):
    def build(keys, id, at, _):
        body = make(id)
        signature = slack_sdk.signature.SignatureVerifier(keys[0]).generate_signature(timestamp=str(at), body=body)
        return Request(body, {"X-Slack-Request-Timestamp": str(at), "X-Slack-Signature": signature}, media)

    def accepts(key, request, _):
        return slack_sdk.signature.SignatureVerifier(key).is_valid_request(request.body, request.headers)

    return {"source": "slack", "build": build, "accepts": accepts, "window": 300}


def stripes(keys, header, body, at):
    """`t=…,v1=…` by Stripe's library, and further signatures after it."""
    made = [stripe.WebhookSignature.generate_signature_header(body, key, at) for key in keys]
    further = ["v1=" + one.partition("v1=")[2] for one in made[1:]]
    return {header: ",".join([made[0], *further])}


def stripe_build(keys, id, at, _):
    body = body_of(id=id, object="event", type="invoice.paid", data={"object": {"object": "invoice"}})
    return Request(body, stripes(keys, "Stripe-Signature", body, at))


def stripe_accepts(key, request, _):
    header = request.headers.get("Stripe-Signature")
    check = lambda: stripe.Webhook.construct_event(request.body, header, key)
    return takes(check, stripe.SignatureVerificationError)


def generic_build(keys, id, at, _):
    body = body_of()[:-1] + f', "n": "{id}"}}'
    more = {"X-Capuchin-Event": "door.opened", "X-Capuchin-Idempotency-Key": id}
    return Request(body, {**stripes(keys, "X-Capuchin-Signature", body, at), **more})


def twilio_form(keys, id, _, url):
    message = {"MessageSid": id, "MessageStatus": "delivered", "Body": TEXT}
    fields = {**message, "From": "+15551234567", "Empty": "", "a": ""}
    query = "?to=Ada%20L&x=1"
    signature = twilio.request_validator.RequestValidator(keys[0]).compute_signature(url + query, fields)
    headers = {"X-Twilio-Signature": signature, "I-Twilio-Idempotency-Token": id}
    return Request(urllib.parse.urlencode(fields), headers, FORM, query)


def twilio_json(keys, id, _, url):
    validator = twilio.request_validator.RequestValidator(keys[0])
    body = body_of(type="com.twilio.messaging.message.sent", id=id)
    query = "?bodySHA256=" + validator.compute_hash(body)
    headers = {"X-Twilio-Signature": validator.compute_signature(url + query, {}), "I-Twilio-Idempotency-Token": id}
    return Request(body, headers, JSON, query)


def twilio_accepts(key, request, url):
    is_form = request.media == FORM
    parameters = dict(urllib.parse.parse_qsl(request.body, keep_blank_values=True)) if is_form else request.body
    validator = twilio.request_validator.RequestValidator(key)
    return validator.validate(url + request.query, parameters, request.headers["X-Twilio-Signature"])


def discord(**members):
    def build(keys, id, at, _):
        body = body_of(**{name: id if value == "ID" else value for name, value in members.items()})
        signature = nacl.signing.SigningKey(bytes.fromhex(keys[0])).sign(str(at).encode() + body.encode()).signature
        return Request(body, {"X-Signature-Ed25519": signature.hex(), "X-Signature-Timestamp": str(at)})

    return build


def discord_public(seed):
    return nacl.signing.SigningKey(bytes.fromhex(seed)).verify_key.encode().hex()


def discord_accepts(seed, request, _):
    signature, at = request.headers["X-Signature-Ed25519"], request.headers["X-Signature-Timestamp"]
    # It prints why not.
    with contextlib.redirect_stdout(io.StringIO()):
        return discord_interactions.verify_key(request.body.encode(), signature, at, discord_public(seed))


def standard(prefix="webhook", **more):
    def build(keys, id, at, _):
        body, moment = body_of(type="contact.created", n=id), datetime.fromtimestamp(at, timezone.utc)
        signatures = " ".join(standardwebhooks.Webhook(key).sign(id, moment, body) for key in keys)
        headers = {f"{prefix}-id": id, f"{prefix}-timestamp": str(at), f"{prefix}-signature": signatures}
        return Request(body, {**headers, **more})

    return build


def standard_accepts(key, request, _):
    check = lambda: standardwebhooks.Webhook(key).verify(request.body, request.headers)
    return takes(check, standardwebhooks.WebhookVerificationError)


def netlify(**claims):
    def build(keys, id, _, __):
        body = body_of(id=id, state="ready")
        content = {"iss": "netlify", "sha256": hashlib.sha256(body.encode()).hexdigest(), **claims}
        token = jwt.encode(content, keys[0], "HS256")
        return Request(body, {"X-Webhook-Signature": token, "X-Netlify-Event": "deploy_created"})

    return build


def netlify_accepts(key, request, _):
    try:
        claims = jwt.decode(request.headers["X-Webhook-Signature"], key, ["HS256"], issuer="netlify")
    except jwt.InvalidTokenError:
        return False
    return claims["sha256"] == hashlib.sha256(request.body.encode()).hexdigest()


# --- sources without one


def of_body(make, header, prefix="", digest="sha256", several=False, **more):
    """An HMAC of the body in a header. `ID` in further headers stands for the id."""

    def build(keys, id, at, _):
        body = make(id, at) if make.__code__.co_argcount == 2 else make(id)
        signatures = [prefix + signed(key, body, digest=digest) for key in keys[: None if several else 1]]
        further = {name: id if value == "ID" else value for name, value in more.items()}
        return Request(body, {header: ",".join(signatures), **further})

    return build


def hub(header, **more):
    return of_body(n_of, header, "sha256=", **more)


def n_of(id):
    return body_of(n=id)


def forgejo(keys, id, _, __):
    body, names = n_of(id), ("Forgejo", "Gitea", "Gogs")
    signature = signed(keys[0], body)
    headers = {f"X-{name}-{what}": value for name in names for what, value in
               (("Signature", signature), ("Event", "push"), ("Delivery", id))}
    github = {"X-Hub-Signature-256": "sha256=" + signature, "X-GitHub-Event": "push", "X-GitHub-Delivery": id}
    return Request(body, {**headers, **github})


def gitea(keys, id, _, __):
    body = n_of(id)
    return Request(body, {"X-Gitea-Signature": signed(keys[0], body), "X-Gitea-Event": "push", "X-Gitea-Delivery": id})


def gitlab_token(keys, id, _, __):
    return Request(n_of(id), {"X-Gitlab-Token": keys[0], "X-Gitlab-Event": "Push Hook", "Idempotency-Key": id})


def mattermost_form(keys, id, _, __):
    return Request(form_of(token=keys[0], trigger_word="deploy", post_id=id), {}, FORM)


def mattermost_json(keys, id, _, __):
    return Request(body_of(token=keys[0], trigger_word="deploy", post_id=id), {})


def mattermost_command(keys, id, _, __):
    form = form_of(token=keys[0], command="/deploy", trigger_id=id)
    return Request(form, {"Authorization": f"Token {keys[0]}"}, FORM)


def linear_body(id, at):
    return body_of(type="Issue", action="create", webhookTimestamp=at * 1000, n=id)


def pagerduty_body(id):
    return body_of(event={"id": id, "event_type": "incident.triggered"})


SLACK_EVENT = lambda id: body_of(type="event_callback", event_id=id, event={"type": "app_mention"})
SLACK_PAYLOAD = lambda id: form_of(payload=body_of(type="block_actions", trigger_id=id))
SLACK_COMMAND = lambda id: form_of(command="/weather", trigger_id=id)
STRIPE = {"window": 300, "several": True, "accepts": stripe_accepts, "accepts_future": True}
# Its library judges no time, and its events have no id.
DISCORD = {"source": "discord", "keys": SEEDS, "entered": discord_public, "window": 300, "accepts": discord_accepts,
           "accepts_old": True, "accepts_future": True}
COMMAND = discord(type=2, id="ID")
EVENT = discord(type=1, n="ID", event={"type": "ENTITLEMENT_CREATE"})
LIST = {"keys": SIGNING, "window": 300, "several": True}
STANDARD = {**LIST, "accepts": standard_accepts}
NETLIFY = {"source": "netlify", "build": netlify(), "event": "deploy_created", "accepts": netlify_accepts}
GITLAB = {"X-Gitlab-Event": "Push Hook"}
GITHUB = hub("X-Hub-Signature-256", **{"X-GitHub-Event": "push", "X-GitHub-Delivery": "ID"})
BITBUCKET = hub("X-Hub-Signature", **{"X-Event-Key": "repo:push", "X-Request-UUID": "ID"})
LINEAR = of_body(linear_body, "Linear-Signature", **{"Linear-Event": "Issue", "Linear-Delivery": "ID"})
SENTRY = of_body(
    lambda id: body_of(action="created", n=id),
    "Sentry-Hook-Signature",
    **{"Sentry-Hook-Resource": "issue", "Request-ID": "ID"},
)
PAGERDUTY = of_body(pagerduty_body, "X-PagerDuty-Signature", "v1=", several=True)
VERCEL = of_body(lambda id: body_of(id=id, type="deployment.created"), "x-vercel-signature", digest="sha1")
CIRCLECI = of_body(lambda id: body_of(id=id, type="job-completed"), "circleci-signature", "v1=")

CASES = {
    "slack event, slack_sdk": Case(**slack(SLACK_EVENT), event="app_mention"),
    "slack interaction, slack_sdk": Case(**slack(SLACK_PAYLOAD, FORM), event="block_actions"),
    "slack command, slack_sdk": Case(**slack(SLACK_COMMAND, FORM), event="/weather"),
    "stripe, stripe": Case("stripe", stripe_build, "invoice.paid", **STRIPE),
    "generic, by stripe's scheme": Case("generic", generic_build, "door.opened", window=300, several=True),
    "twilio form, twilio": Case("twilio", twilio_form, "message.delivered", accepts=twilio_accepts),
    "twilio json, twilio": Case("twilio", twilio_json, "com.twilio.messaging.message.sent", accepts=twilio_accepts),
    "discord interaction, PyNaCl": Case(**DISCORD, build=COMMAND, event="application_command"),
    "discord event, PyNaCl": Case(**DISCORD, build=EVENT, event="ENTITLEMENT_CREATE", own_id=lambda _: None),
    "standard, standardwebhooks": Case("standard", standard(), "contact.created", **STANDARD),
    "svix, standardwebhooks": Case("svix", standard("svix"), "contact.created", **LIST),
    "gitlab signing token, standardwebhooks": Case("gitlab", standard(**GITLAB), "Push Hook", **STANDARD),
    "netlify, PyJWT": Case(**NETLIFY, own_id=lambda id: f"{id}.deploy_created"),
    "github": Case("github", GITHUB, "push"),
    "bitbucket": Case("bitbucket", BITBUCKET, "repo:push"),
    "forgejo": Case("forgejo", forgejo, "push"),
    "gitea": Case("gitea", gitea, "push"),
    "gitlab secret token": Case("gitlab", gitlab_token, "Push Hook", signs=False),
    "linear": Case("linear", LINEAR, "Issue.create", window=60),
    "sentry": Case("sentry", SENTRY, "issue.created"),
    "pagerduty": Case("pagerduty", PAGERDUTY, "incident.triggered", several=True),
    "vercel": Case("vercel", VERCEL, "deployment.created"),
    "circleci": Case("circleci", CIRCLECI, "job-completed"),
    "mattermost form": Case("mattermost", mattermost_form, "deploy", signs=False),
    "mattermost json": Case("mattermost", mattermost_json, "deploy", signs=False),
    "mattermost command": Case("mattermost", mattermost_command, "/deploy", signs=False),
}


# --- what only some of them have


def check_slack_url_verification():
    endpoint, now, challenge = Endpoint("slack", TEXTS[0]), int(time.time()), "3eZbrw1aB"
    build = slack(lambda id: body_of(type="url_verification", challenge=id))["build"]
    status, headers, text = endpoint.send(build([TEXTS[0]], challenge, now, ""))
    answer = (status, headers["Content-Type"].partition(";")[0], text)
    assert answer == (200, "text/plain", challenge), answer
    endpoint.expect("a challenge of somebody else", build([TEXTS[2]], challenge, now, ""), 401)
    assert endpoint.log() == []


def check_discord_pings():
    endpoint, now = Endpoint("discord", discord_public(SEEDS[0])), int(time.time())
    for kind, answer in ((1, (200, '{"type":1}')), (0, (204, ""))):
        request = discord(type=kind)([SEEDS[0]], "", now, "")
        assert discord_accepts(SEEDS[0], request, "")
        status, _, text = endpoint.send(request)
        assert (status, text) == answer, (kind, status, text)
        # While an address is entered, Discord sends such ones too.
        endpoint.expect("a wrong signature", discord(type=kind)([SEEDS[2]], "", now, ""), 401)
    assert endpoint.log() == []


def check_github_ping_and_events():
    endpoint = Endpoint("github", TEXTS[0], allowed_events=["push"])
    for event, status, note in (("ping", 202, "ping"), ("issues", 422, None), ("push", 202, None)):
        build = hub("X-Hub-Signature-256", **{"X-GitHub-Event": event, "X-GitHub-Delivery": "ID"})
        endpoint.expect(event, build([TEXTS[0]], event, 0, ""), status, note=note)
    assert endpoint.log() == [("push", "push")]


def check_netlify_tokens():
    endpoint, key, now = Endpoint("netlify", TEXTS[0]), TEXTS[0], int(time.time())
    build = lambda id, **claims: netlify(**claims)([key], id, now, "")
    for what, request in {
        "over": build("n1", exp=now - 10),
        "not begun": build("n1", nbf=now + 100),
        "of another issuer": build("n1", iss="somebody"),
        "of another body": build("n1", sha256="0" * 64),
    }.items():
        endpoint.expect(f"a token {what}", request, 401)
        assert not netlify_accepts(key, request, ""), what
    good = build("n1", exp=now + 60, nbf=now - 60)
    claims = jwt.decode(good.headers["X-Webhook-Signature"], options={"verify_signature": False})
    for algorithm in ("none", "HS384", "HS512"):
        token = jwt.encode(claims, "" if algorithm == "none" else key * 2, algorithm)
        changed = dataclasses.replace(good, headers={"X-Webhook-Signature": token})
        endpoint.expect(f"a token with {algorithm}", changed, 401)
    endpoint.expect("a token with times", good, 202)


def check_no_source_is_left_out():
    sources = {one["source"] for one in api("GET", "/api/v1/webhook-sources")["items"]}
    assert len(sources) == 17 and sources == Endpoint.sources, sources ^ Endpoint.sources


for name, case in CASES.items():
    prove(case)
    print("ok", name)
for check in [value for name, value in list(globals().items()) if name.startswith("check_")]:
    check()
    print("ok", check.__name__.removeprefix("check_").replace("_", " "))
