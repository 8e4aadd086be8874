/** Settings of notifications: pushes to this browser. */
import { announce, problemText } from "./app.js";
import { pushWorker } from "./trusted.js";

const button = /** @type {HTMLButtonElement} */ (document.getElementById("push-on"));
const state = document.getElementById("push-state");

/** @param {string} text */
function say(text) {
  state.textContent = text;
}

/** @param {string} text base64url */
function bytes(text) {
  const plain = atob(text.replaceAll("-", "+").replaceAll("_", "/"));
  return Uint8Array.from(plain, (letter) => letter.charCodeAt(0));
}

/** What people call this browser. */
function label() {
  const brand = navigator.userAgentData?.brands?.find((one) => !/not.?a.?brand|chromium/i.test(one.brand))?.brand;
  const name = brand ?? /(Firefox|Edg|Chrome|Safari)\//.exec(navigator.userAgent)?.[1] ?? "A browser";
  return `${name} on ${navigator.userAgentData?.platform || navigator.platform || "a device"}`;
}

async function subscribe() {
  const asked = await fetch("/api/v1/push-key", { headers: { accept: "application/json" } });
  if (!asked.ok) throw new Error(await problemText(asked));
  const { application_server_key: key } = await asked.json();
  const worker = await navigator.serviceWorker.register(pushWorker());
  const known = await worker.pushManager.getSubscription();
  // One that another key has made is of no use.
  if (known && !sameKey(known, bytes(key))) await known.unsubscribe();
  const subscription = await worker.pushManager.subscribe({ userVisibleOnly: true, applicationServerKey: bytes(key) });
  const { endpoint, keys } = subscription.toJSON();
  const body = JSON.stringify({ endpoint, keys, label: label() });
  const answer = await fetch("/api/v1/push-subscriptions", { method: "POST", body, headers: { "content-type": "application/json", accept: "application/json" } });
  if (!answer.ok) throw new Error(await problemText(answer));
  location.reload();
}

/** @param {PushSubscription} subscription @param {Uint8Array} key */
function sameKey(subscription, key) {
  const own = subscription.options.applicationServerKey;
  return Boolean(own) && String(new Uint8Array(own)) === String(key);
}

if (!isSecureContext) say("Pushes need HTTPS, or this machine's own browser at localhost.");
else if (!("serviceWorker" in navigator) || !("PushManager" in window)) say("This browser takes no pushes.");
else if (Notification.permission === "denied") say("This browser does not show notifications of this page. Its settings allow them again.");
else button.hidden = false;

button.addEventListener("click", async () => {
  button.disabled = true;
  try {
    await subscribe();
  } catch (error) {
    say(error instanceof DOMException && error.name === "NotAllowedError" ? "The browser was not allowed to show notifications." : `It did not work: ${error.message}`);
    announce(state.textContent);
  } finally {
    button.disabled = false;
  }
});
