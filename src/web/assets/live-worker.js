/** The shared worker: one stream for all tabs, so that many tabs never exhaust the browser's connections. */
import { LiveStream } from "./stream.js";

/** A tab that has said nothing for this long is gone. Hidden tabs speak once a minute at least. */
const SILENCE = 200_000;

/** @type {Map<MessagePort, {topics: Set<string>, seen: number}>} */
const tabs = new Map();

const stream = new LiveStream((message) => {
  for (const [port, tab] of tabs) {
    if (message.kind === "state" || tab.topics.has(message.topic)) port.postMessage(message);
  }
});

/** @param {string} topic */
function dropIfUnused(topic) {
  if (![...tabs.values()].some((tab) => tab.topics.has(topic))) stream.unsubscribe(topic);
}

/** @param {MessagePort} port */
function leave(port) {
  const topics = tabs.get(port)?.topics ?? [];
  tabs.delete(port);
  for (const topic of topics) dropIfUnused(topic);
}

globalThis.onconnect = (event) => {
  const port = event.ports[0];
  const tab = { topics: new Set(), seen: Date.now() };
  tabs.set(port, tab);
  port.onmessage = ({ data }) => {
    tab.seen = Date.now();
    if (data.do === "subscribe") {
      tabs.set(port, tab);
      tab.topics.add(data.topic);
      stream.subscribe(data.topic, data.after);
    } else if (data.do === "hurry") {
      stream.hurry();
    } else if (data.do === "leave") {
      leave(port);
    }
  };
  port.postMessage(stream.state);
};

setInterval(() => {
  for (const [port, tab] of tabs) if (Date.now() - tab.seen > SILENCE) leave(port);
}, 60_000);
