/**
 * Messages that are not stored by the daemon yet. They live in this browser until an
 * acknowledgement came, and are sent again with the same key, so that a repeat is
 * recognised.
 *
 * @typedef {{key: string, thread: string, content: string, model: string}} Waiting
 */
const STORE = "capuchin:outbox";

/** @returns {Waiting[]} */
export function outbox() {
  try {
    return JSON.parse(localStorage.getItem(STORE) ?? "[]");
  } catch {
    return [];
  }
}

/** How many messages wait, over all chats. */
export function outboxCount() {
  return outbox().length;
}

/** @param {Waiting[]} list */
function keep(list) {
  localStorage.setItem(STORE, JSON.stringify(list));
  dispatchEvent(new Event("outbox"));
}

/** @param {Waiting} message */
export function putOut(message) {
  keep([...outbox().filter((m) => m.key !== message.key), message]);
}

/** @param {string} key */
export function takeBack(key) {
  keep(outbox().filter((m) => m.key !== key));
}

/**
 * Sends one message. Answers `{turn}` when it is stored, `{retry}` seconds when it should be
 * tried later, or `{problem}` when the daemon refused it.
 * @param {Waiting} message
 */
export async function deliver(message) {
  let answer;
  try {
    answer = await fetch(`/c/${message.thread}/messages`, {
      method: "POST",
      headers: { accept: "application/json", "idempotency-key": message.key },
      body: new URLSearchParams({ content: message.content, model: message.model, key: message.key }),
    });
  } catch {
    return { retry: 0 };
  }
  if (answer.ok) return { turn: (await answer.json()).turn_id };
  if (answer.status === 429 || answer.status >= 500) return { retry: Number(answer.headers.get("retry-after")) || 2 };
  const problem = await answer.json().catch(() => ({}));
  return { problem: problem.detail ?? problem.title ?? `The daemon answered ${answer.status}.` };
}

/** @param {string} thread */
export function draftOf(thread) {
  return localStorage.getItem(`capuchin:draft:${thread}`) ?? "";
}

/** @param {string} thread @param {string} text */
export function keepDraft(thread, text) {
  const name = `capuchin:draft:${thread}`;
  if (text) localStorage.setItem(name, text);
  else localStorage.removeItem(name);
}
