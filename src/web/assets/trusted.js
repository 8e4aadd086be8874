/**
 * The one Trusted Types policy. Only fragments that our own server rendered and
 * sanitised, and scripts of our own build, pass through it.
 */
const assets = new URL(".", import.meta.url).href;

const worker = new URL("/push-worker.js", location.origin).href;

const rules = {
  createHTML: (/** @type {string} */ fragment) => fragment,
  createScriptURL: (/** @type {string} */ url) => {
    if (!url.startsWith(assets) && url !== worker) throw new TypeError(`not a script of this build: ${url}`);
    return url;
  },
};
const policy = globalThis.trustedTypes ? globalThis.trustedTypes.createPolicy("capuchin", rules) : rules;

/** The nodes of a fragment that the server sent. @param {string} html */
export function fragment(html) {
  const template = document.createElement("template");
  template.innerHTML = policy.createHTML(html);
  return template.content;
}

/** The address of a script of this build. @param {string} name */
export function script(name) {
  return policy.createScriptURL(new URL(name, assets).href);
}

/** The address of the service worker, the same in every build. */
export function pushWorker() {
  return policy.createScriptURL(worker);
}
