/** The two ceremonies of passkeys, with the browser's own reading and writing of their JSON. */

/** Whether this browser can do them on this page: a name and not an address, and a recent browser. */
export const hasPasskeys =
  isSecureContext && typeof PublicKeyCredential === "function" && "parseCreationOptionsFromJSON" in PublicKeyCredential && !/^[\d.]+$|^\[/.test(location.hostname);

/** What went wrong, in words for people. */
export class Refused extends Error {
  /** @param {{ code?: string, detail?: string, title?: string }} problem */
  constructor(problem) {
    super(sentence(problem.detail ?? problem.title ?? "Something went wrong. Try again."));
    this.code = problem.code ?? "";
  }
}

/** @param {string} text */
const sentence = (text) => text.charAt(0).toUpperCase() + text.slice(1).replace(/\.?$/, ".");

/** @param {string} path @param {unknown} [body] */
export async function call(path, body = {}) {
  let answer;
  try {
    answer = await fetch(path, { method: "POST", body: JSON.stringify(body), headers: { "content-type": "application/json", accept: "application/json" } });
  } catch {
    throw new Refused({ detail: "The daemon cannot be reached. Try again" });
  }
  const value = answer.status === 204 ? null : await answer.json().catch(() => ({}));
  if (!answer.ok) throw new Refused(value ?? {});
  return value;
}

/** Makes a passkey. @param {string} path that begins it @param {unknown} [body] */
export async function make(path, body) {
  const begun = await call(path, body);
  const publicKey = PublicKeyCredential.parseCreationOptionsFromJSON(begun.options);
  const credential = await asked(navigator.credentials.create({ publicKey }));
  return { ceremony: begun.ceremony, credential: credential.toJSON() };
}

/** Proves who somebody is. @param {{ signal?: AbortSignal, mediation?: string }} [how] */
export async function prove(how = {}) {
  const begun = await call("/api/v1/session/passkey");
  const publicKey = PublicKeyCredential.parseRequestOptionsFromJSON(begun.options);
  const credential = await asked(navigator.credentials.get({ publicKey, ...how }));
  return { ceremony: begun.ceremony, credential: credential.toJSON() };
}

/** @param {Promise<any>} ceremony */
async function asked(ceremony) {
  try {
    return await ceremony;
  } catch (error) {
    if (error.name === "AbortError") throw error;
    if (error.name === "InvalidStateError") throw new Refused({ detail: "This device has a passkey for you already" });
    throw new Refused({ detail: "No passkey was used. Try again, or use a password" });
  }
}
