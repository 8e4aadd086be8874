/** A page's end of the live stream: through the shared worker, or by itself where there is none. */
import { script } from "./trusted.js";
import { LiveStream } from "./stream.js";

/** `state` events carry `{state, until?, build?}` in `detail`. */
export const connection = new EventTarget();

/** @type {Map<string, {after: () => number, on: (data: any) => void}>} */
const wanted = new Map();

/** @param {any} message */
function receive(message) {
  if (message.kind === "event") wanted.get(message.topic)?.on(message.data);
  else connection.dispatchEvent(new CustomEvent("state", { detail: message }));
}

/** @type {(message: object) => void} */
let send;
let closeWhenHidden = false;

function connect() {
  if ("SharedWorker" in globalThis) {
    const worker = new SharedWorker(script("live-worker.js"), { type: "module", name: `capuchin ${document.body.dataset.build}` });
    worker.port.onmessage = ({ data }) => receive(data);
    send = (message) => worker.port.postMessage(message);
    setInterval(() => send({ do: "here" }), 45_000);
  } else {
    const stream = new LiveStream(receive);
    closeWhenHidden = true;
    send = (message) => {
      if (message.do === "subscribe") stream.subscribe(message.topic, message.after);
      else if (message.do === "hurry") stream.hurry();
      else if (message.do === "leave") stream.close();
    };
  }
}

/**
 * @param {string} topic
 * @param {(data: any) => void} on called for each event, in order
 * @param {() => number} after the cursor that this page has reached
 */
export function subscribe(topic, on, after = () => 0) {
  if (!send) connect();
  wanted.set(topic, { on, after });
  send({ do: "subscribe", topic, after: after() });
}

function resubscribe() {
  for (const [topic, { after }] of wanted) send({ do: "subscribe", topic, after: after() });
}

let hiddenTimer = 0;
let left = false;
document.addEventListener("visibilitychange", () => {
  if (!send) return;
  clearTimeout(hiddenTimer);
  if (document.visibilityState === "visible") {
    if (left) { left = false; resubscribe(); } else send({ do: "hurry" });
  } else if (closeWhenHidden) {
    hiddenTimer = setTimeout(() => { left = true; send({ do: "leave" }); }, 30_000);
  }
});
addEventListener("online", () => send?.({ do: "hurry" }));
addEventListener("pagehide", () => send?.({ do: "leave" }));
addEventListener("pageshow", (event) => { if (event.persisted && send) resubscribe(); });
