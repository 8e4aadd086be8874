// Webhooks against a daemon, signed and verified by the sources' own packages for Node.
//
// INGRESS, CONSOLE and TOKEN (read, admin) in the environment; PUBLIC_URL if senders know another address of the
// ingress. The packages are looked for in the current folder: `cd target/tools`, then `node --input-type=module` with
// this file as its standard input.
// Prints one line per check and ends with 0, or with the first that failed.

import assert from "node:assert/strict";
import { createHash, createHmac, createPrivateKey, createPublicKey, sign as signBytes } from "node:crypto";

import { LinearWebhookClient } from "@linear/sdk/webhooks";
import * as octokit from "@octokit/webhooks-methods";
import * as discord from "discord-interactions";
import jwt from "jsonwebtoken";
import * as standardwebhooks from "standardwebhooks";
import Stripe from "stripe";
import * as svix from "svix";
import twilio from "twilio";

const { INGRESS, CONSOLE, TOKEN } = process.env;
const PUBLIC_URL = process.env.PUBLIC_URL || INGRESS;
const [JSON_TYPE, FORM_TYPE] = ["application/json", "application/x-www-form-urlencoded"];
const ENDPOINTS = "/api/v1/webhook-endpoints";
// What every body says: more than ASCII, and what JSON and forms have to escape.
const TEXT = 'hello "Grüße" & 100 % + 🐒';

// Three secrets of every endpoint: its first, its next, and one that it never has.
const TEXTS = [
  "the first of three secrets, long",
  "the second one, no shorter than it",
  "nobody's, as long as the others are",
];
const SIGNING = TEXTS.map((text) => `whsec_${Buffer.from(text.slice(0, 24)).toString("base64")}`);

const stripe = new Stripe("sk_test_nothing");
let made = 0;

async function api(method, path, body) {
  const headers = { authorization: `Bearer ${TOKEN}`, "content-type": JSON_TYPE };
  const answer = await fetch(CONSOLE + path, { method, headers, body: body && JSON.stringify(body) });
  const text = await answer.text();
  assert.ok(answer.ok, `${method} ${path}: ${answer.status} ${text}`);
  return JSON.parse(text);
}

class Endpoint {
  static async make(source, secret) {
    const name = `${source} ${process.pid} ${++made}`;
    const endpoint = new Endpoint();
    Object.assign(endpoint, await api("POST", ENDPOINTS, { name, source, secret, rate_per_minute: 1000 }));
    const url = PUBLIC_URL + endpoint.path;
    assert.ok(endpoint.url === url, `its address is ${endpoint.url}, not ${url}`);
    endpoint.url = url;
    return endpoint;
  }

  async send({ body, headers, media = JSON_TYPE, query = "" }) {
    const all = { "content-type": media, ...headers };
    const answer = await fetch(INGRESS + this.path + query, { method: "POST", headers: all, body });
    return { status: answer.status, type: answer.headers.get("content-type"), text: await answer.text() };
  }

  /** Sends, and fails if the answer, or what the daemon notes about a refusal, is something else. */
  async expect(what, request, status, { note, why } = {}) {
    const answer = await this.send(request);
    const refused = (await api("GET", `${ENDPOINTS}/${this.id}`)).refusals[0]?.why;
    const seen = `${answer.status} ${answer.text}; last refused because ${refused}; ${JSON.stringify(request)}`;
    // Some sources want another 2xx than the usual one, or words of their own.
    const taken = status === 202 && [200, 202, 204].includes(answer.status);
    assert.ok(taken || answer.status === status, `${what}: expected ${status}, got ${seen}`);
    if (status === 202 && answer.text.includes('"status"')) assert.equal(JSON.parse(answer.text).note, note, `${what}: expected note ${note}, got ${seen}`);
    if (why) assert.ok(refused.includes(why), `${what}: expected a refusal because ${why}, got ${seen}`);
  }

  rotate(secret, overlap_s) {
    return api("POST", `${ENDPOINTS}/${this.id}/rotate`, { secret, overlap_s });
  }

  /** [the sender's id, event] of every delivery, oldest first. */
  async log() {
    const { items } = await api("GET", `${ENDPOINTS}/${this.id}/deliveries?limit=200`);
    return items.map((one) => [one.source_id, one.event]).reverse();
  }
}

/** Whether a library that throws takes it. */
async function takes(check) {
  try {
    return (await check()) !== false;
  } catch {
    return false;
  }
}

/**
 * What is proved of every source. `build(keys, id, at, url)` makes a request that is signed with the keys;
 * `accepts(key, request, url)` is the package's own verdict, and `acceptsOld` and `acceptsFuture` say where it is
 * milder; `window` are the seconds that a time may be away; `several` says that the source signs with both secrets
 * while one replaces the other.
 */
async function prove({ source, build, accepts, event, ...more }) {
  const { ownId = (id) => id, keys = TEXTS, entered = (key) => key } = more;
  const { window = 0, several = false, acceptsOld = false, acceptsFuture = false } = more;
  const [first, second, nobodys] = keys;
  const endpoint = await Endpoint.make(source, entered(first));
  const now = Math.floor(Date.now() / 1000);
  const make = (id, signers = [first], at = now) => build(signers, id, at, endpoint.url);
  const told = (what, request, status, how) => endpoint.expect(`${source}: ${what}`, request, status, how);
  const both = async (what, request, status, { verdict = status === 202, ...how } = {}) => {
    await told(what, request, status, how);
    const theirs = await takes(() => accepts(first, request, endpoint.url));
    const said = `the source's own package says ${theirs}; ${JSON.stringify(request)}`;
    assert.equal(theirs, verdict, `${source}: ${what}: ${said}`);
  };
  const why = "no secret of the endpoint fits";

  const request = await make("d1");
  await both("signed", request, 202);
  await both("the same again", request, 202, { note: "already processed" });
  await both("another attempt", await make("d1", [first], now - 7), 202, { note: "already processed" });
  await both("another secret", await make("d2", [nobodys]), 401, { why });
  await told("no signature", { ...(await make("d2")), headers: {} }, 401);
  const good = await make("d2");
  for (const body of [good.body.replace("hello", "hullo"), `${good.body}\n`]) {
    assert.notEqual(body, good.body);
    await both("another body", { ...good, body }, 401, { why });
  }
  if (window) {
    const stale = { why: "too far from this machine's time" };
    await both("too old", await make("d3", [first], now - window - 10), 401, { ...stale, verdict: acceptsOld });
    const future = await make("d3", [first], now + window + 10);
    await both("in the future", future, 401, { ...stale, verdict: acceptsFuture });
    await both("nearly too old", await make("d3", [first], now - window + 20), 202);
  }

  await endpoint.rotate(entered(second), 3600);
  await told("the old secret, while both are good", await make("d4", [first]), 202);
  await told("the new secret, while both are good", await make("d5", [second]), 202);
  await told("another secret, while two are good", await make("d6", [nobodys]), 401, { why });
  if (several) await told("signed twice, one of them known", await make("d6", [nobodys, second]), 202);
  await endpoint.rotate(entered(first), 0);
  await told("a secret whose time is over", await make("d7", [second]), 401, { why });
  await told("the secret after it", await make("d7", [first]), 202);

  const ids = ["d1", ...(window ? ["d3"] : []), "d4", "d5", ...(several ? ["d6"] : []), "d7"];
  assert.deepEqual(await endpoint.log(), ids.map((id) => [ownId(id), event]), `${source}: the log`);
}

const bodyOf = (members) => JSON.stringify({ text: TEXT, ...members });
const digestOf = (body) => createHash("sha256").update(body).digest("hex");

/** `t=…,v1=…` by Stripe's package, and further signatures after it. */
function stripes(keys, payload, timestamp) {
  const all = keys.map((secret) => stripe.webhooks.generateTestHeaderString({ payload, secret, timestamp }));
  return [all[0], ...all.slice(1).map((one) => one.split(",")[1])].join(",");
}

/** A key of Ed25519 from 32 bytes. */
function seeded(text) {
  const head = Buffer.from("302e020100300506032b657004220420", "hex");
  const der = Buffer.concat([head, createHash("sha256").update(text).digest()]);
  return createPrivateKey({ key: der, format: "der", type: "pkcs8" });
}

function publicOf(text) {
  return createPublicKey(seeded(text)).export({ format: "der", type: "spki" }).subarray(-32).toString("hex");
}

const discordly = (members) => (keys, id, at) => {
  const body = bodyOf(JSON.parse(JSON.stringify(members).replace("ID", id)));
  const signature = signBytes(null, Buffer.from(`${at}${body}`), seeded(keys[0])).toString("hex");
  return { body, headers: { "x-signature-ed25519": signature, "x-signature-timestamp": `${at}` } };
};

const byDiscord = (key, { body, headers }) =>
  discord.verifyKey(body, headers["x-signature-ed25519"], headers["x-signature-timestamp"], publicOf(key));

/** Standard Webhooks by a package, under a prefix of the three headers. */
const listed = (Webhook, prefix, more) => (keys, id, at) => {
  const body = bodyOf({ type: "contact.created", n: id });
  const signature = keys.map((key) => new Webhook(key).sign(id, new Date(at * 1000), body)).join(" ");
  const headers = { [`${prefix}-id`]: id, [`${prefix}-timestamp`]: `${at}`, [`${prefix}-signature`]: signature };
  return { body, headers: { ...headers, ...more } };
};

const byStandard = (Webhook) => (key, { body, headers }) => {
  new Webhook(key).verify(body, headers);
};

const FIELDS = (id) => {
  const message = { MessageSid: id, MessageStatus: "delivered", Body: TEXT };
  return { ...message, From: "+15551234567", Empty: "", a: "" };
};
const QUERY = "?to=Ada%20L&x=1";

const byOctokit = {
  event: "push",
  build: async ([key], id) => {
    const body = bodyOf({ n: id });
    const signature = await octokit.sign(key, body);
    return { body, headers: { "x-hub-signature-256": signature, "x-github-event": "push", "x-github-delivery": id } };
  },
  accepts: (key, { body, headers }) => octokit.verify(key, body, headers["x-hub-signature-256"]),
};
const ofDiscord = {
  source: "discord",
  entered: publicOf,
  window: 300,
  accepts: byDiscord,
  acceptsOld: true,
  acceptsFuture: true,
};
const ofList = { keys: SIGNING, window: 300, several: true };

const CASES = {
  "github, @octokit/webhooks-methods": { ...byOctokit, source: "github" },
  // Forgejo sends GitHub's headers too.
  "forgejo, @octokit/webhooks-methods": { ...byOctokit, source: "forgejo" },
  "stripe, stripe": {
    source: "stripe",
    event: "invoice.paid",
    window: 300,
    several: true,
    acceptsFuture: true,
    build: (keys, id, at) => {
      const body = bodyOf({ id, object: "event", type: "invoice.paid", data: { object: { object: "invoice" } } });
      return { body, headers: { "stripe-signature": stripes(keys, body, at) } };
    },
    accepts: (key, { body, headers }) => {
      stripe.webhooks.constructEvent(body, headers["stripe-signature"], key);
    },
  },
  "generic, by stripe's scheme": {
    source: "generic",
    event: "door.opened",
    window: 300,
    several: true,
    acceptsFuture: true,
    build: (keys, id, at) => {
      const body = bodyOf({ n: id });
      const more = { "x-capuchin-event": "door.opened", "x-capuchin-idempotency-key": id };
      return { body, headers: { "x-capuchin-signature": stripes(keys, body, at), ...more } };
    },
    accepts: (key, { body, headers }) =>
      stripe.webhooks.signature.verifyHeader(body, headers["x-capuchin-signature"], key, 300),
  },
  "twilio form, twilio": {
    source: "twilio",
    event: "message.delivered",
    build: ([key], id, _, url) => {
      const signature = twilio.getExpectedTwilioSignature(key, url + QUERY, FIELDS(id));
      const headers = { "x-twilio-signature": signature, "i-twilio-idempotency-token": id };
      return { body: new URLSearchParams(FIELDS(id)).toString(), headers, media: FORM_TYPE, query: QUERY };
    },
    accepts: (key, { body, headers, query }, url) => {
      const fields = Object.fromEntries(new URLSearchParams(body));
      return twilio.validateRequest(key, headers["x-twilio-signature"], url + query, fields);
    },
  },
  "twilio json, twilio": {
    source: "twilio",
    event: "com.twilio.messaging.message.sent",
    build: ([key], id, _, url) => {
      const body = bodyOf({ id, type: "com.twilio.messaging.message.sent" });
      const query = `?bodySHA256=${twilio.getExpectedBodyHash(body)}`;
      const signature = twilio.getExpectedTwilioSignature(key, url + query, {});
      return { body, headers: { "x-twilio-signature": signature, "i-twilio-idempotency-token": id }, query };
    },
    accepts: (key, { body, headers, query }, url) =>
      twilio.validateRequestWithBody(key, headers["x-twilio-signature"], url + query, body),
  },
  "netlify, jsonwebtoken": {
    source: "netlify",
    event: "deploy_created",
    ownId: (id) => `${id}.deploy_created`,
    build: ([key], id) => {
      const body = bodyOf({ id, state: "ready" });
      const token = jwt.sign({ sha256: digestOf(body) }, key, { algorithm: "HS256", issuer: "netlify", expiresIn: 60 });
      return { body, headers: { "x-webhook-signature": token, "x-netlify-event": "deploy_created" } };
    },
    accepts: (key, { body, headers }) => {
      const how = { algorithms: ["HS256"], issuer: "netlify" };
      return jwt.verify(headers["x-webhook-signature"], key, how).sha256 === digestOf(body);
    },
  },
  "linear, @linear/sdk": {
    source: "linear",
    event: "Issue.create",
    window: 60,
    build: ([key], id, at) => {
      const body = bodyOf({ type: "Issue", action: "create", webhookTimestamp: at * 1000, n: id });
      // The package only verifies.
      const signature = createHmac("sha256", key).update(body).digest("hex");
      return { body, headers: { "linear-signature": signature, "linear-event": "Issue", "linear-delivery": id } };
    },
    accepts: (key, { body, headers }) =>
      new LinearWebhookClient(key).verify(Buffer.from(body), headers["linear-signature"]),
  },
  "discord interaction, discord-interactions": {
    ...ofDiscord, build: discordly({ type: 2, id: "ID" }), event: "application_command",
  },
  "discord event, discord-interactions": {
    ...ofDiscord,
    build: discordly({ type: 1, n: "ID", event: { type: "ENTITLEMENT_CREATE" } }),
    event: "ENTITLEMENT_CREATE",
    ownId: () => null,
  },
  "standard, standardwebhooks": {
    ...ofList,
    source: "standard",
    event: "contact.created",
    build: listed(standardwebhooks.Webhook, "webhook"),
    accepts: byStandard(standardwebhooks.Webhook),
  },
  "gitlab signing token, standardwebhooks": {
    ...ofList,
    source: "gitlab",
    event: "Push Hook",
    build: listed(standardwebhooks.Webhook, "webhook", { "x-gitlab-event": "Push Hook" }),
    accepts: byStandard(standardwebhooks.Webhook),
  },
  "svix, svix": {
    ...ofList,
    source: "svix",
    event: "contact.created",
    build: listed(svix.Webhook, "svix"),
    accepts: byStandard(svix.Webhook),
  },
  "svix under the standard's names, svix": {
    ...ofList,
    source: "standard",
    event: "contact.created",
    build: listed(svix.Webhook, "webhook"),
    accepts: byStandard(svix.Webhook),
  },
};

async function discordPings() {
  const endpoint = await Endpoint.make("discord", publicOf(TEXTS[0]));
  const now = Math.floor(Date.now() / 1000);
  for (const [type, status, text] of [[discord.InteractionType.PING, 200, '{"type":1}'], [0, 204, ""]]) {
    const request = discordly({ type })([TEXTS[0]], "", now);
    assert.ok(await byDiscord(TEXTS[0], request));
    const answer = await endpoint.send(request);
    assert.deepEqual([answer.status, answer.text], [status, text]);
    if (type) assert.equal(JSON.parse(text).type, discord.InteractionResponseType.PONG);
    await endpoint.expect("a wrong signature", discordly({ type })([TEXTS[2]], "", now), 401);
  }
  assert.deepEqual(await endpoint.log(), []);
}

for (const [name, one] of Object.entries(CASES)) {
  await prove(one);
  console.log("ok", name);
}
await discordPings();
console.log("ok discord pings");
