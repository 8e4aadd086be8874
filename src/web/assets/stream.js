/**
 * One event stream for any number of topics. Used by the shared worker, and by a
 * page itself where shared workers are missing.
 *
 * A topic is `thread:<id>`, `home`, `rail` or `runtime`. Threads carry a cursor into
 * the durable log; the server answers with whole turns that changed since, so that
 * reconnecting neither loses nor doubles anything.
 */
const FIRST_DELAY = 500;
const GROWTH = 1.7;
const LONGEST_DELAY = 15_000;

export class LiveStream {
  /** @type {Map<string, number>} topic → cursor */ #topics = new Map();
  /** @type {EventSource | null} */ #source = null;
  #delay = FIRST_DELAY;
  #timer = 0;
  #opening = 0;

  /** @param {(message: object) => void} report gets `{kind: "state", …}` and `{kind: "event", topic, data}` */
  constructor(report) {
    this.report = report;
    this.state = { kind: "state", state: "connecting" };
  }

  /** @param {string} topic @param {number} after */
  subscribe(topic, after) {
    const known = this.#topics.get(topic);
    // A page that was rendered earlier needs what happened since, even if others had it.
    this.#topics.set(topic, known === undefined ? after : Math.min(known, after));
    this.#reopenSoon();
  }

  /** @param {string} topic */
  unsubscribe(topic) {
    if (this.#topics.delete(topic)) this.#reopenSoon();
  }

  /** Tries again at once: the machine is online again, or somebody looks. */
  hurry() {
    if (this.#timer || this.state.state === "signed-out") this.#open();
  }

  /** Ends the stream; a later subscribe begins it again. */
  close() {
    clearTimeout(this.#timer);
    this.#timer = 0;
    this.#source?.close();
    this.#source = null;
  }

  /** Several subscriptions of one moment make one request. */
  #reopenSoon() {
    clearTimeout(this.#opening);
    this.#opening = setTimeout(() => this.#open(), 30);
  }

  #open() {
    this.close();
    if (this.#topics.size === 0) return;
    const topics = [...this.#topics].map(([topic, after]) => (after > 0 ? `${topic}@${after}` : topic));
    const source = new EventSource(`/live?topics=${encodeURIComponent(topics.join(","))}`);
    this.#source = source;
    source.onopen = () => { this.#delay = FIRST_DELAY; };
    source.addEventListener("hello", (event) => {
      this.#tell({ state: "live", build: JSON.parse(event.data).build });
    });
    source.onmessage = (event) => {
      const data = JSON.parse(event.data);
      if (data.cursor && this.#topics.has(data.topic)) this.#topics.set(data.topic, data.cursor);
      this.report({ kind: "event", topic: data.topic, data });
    };
    source.onerror = () => {
      if (this.#source === source) this.#lost(source.readyState === EventSource.CLOSED);
    };
  }

  /** @param {boolean} refused whether the server answered something else than a stream */
  async #lost(refused) {
    this.close();
    const wait = this.#delay * (0.8 + Math.random() * 0.4);
    this.#delay = Math.min(this.#delay * GROWTH, LONGEST_DELAY);
    this.#timer = setTimeout(() => this.#open(), wait);
    this.#tell({ state: "waiting", until: Date.now() + wait });
    if (!refused) return;
    const status = await fetch("/live?topics=", { headers: { accept: "text/event-stream" } }).then((r) => r.status, () => 0);
    if (status === 401) {
      this.close();
      this.#tell({ state: "signed-out" });
    } else if (status === 0 && !this.#source) {
      this.#tell({ state: "offline", until: Date.now() + wait });
    }
  }

  /** @param {object} state */
  #tell(state) {
    this.state = { kind: "state", ...state };
    this.report(this.state);
  }
}
