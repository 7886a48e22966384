/* Requests to this site's own API: the session cookie, the CSRF token, and refusals as one kind of error. */

export class Refusal extends Error {
  /** What the server refused, in the words it chose for the person reading. */
  constructor(status, title, detail) {
    super(title);
    this.status = status;
    this.title = title;
    this.detail = detail;
  }
}

export const texts = document.getElementById("texts")?.dataset ?? {};

export function csrfToken() {
  return document.querySelector('meta[name="csrf-token"]').content;
}

export async function refusalOf(response) {
  const problem = await response.json().catch(() => ({}));
  return new Refusal(response.status, problem.title ?? texts.networkTitle, problem.detail ?? texts.networkDetail);
}

export async function ask(url, options = {}) {
  const response = await fetch(url, {
    ...options,
    credentials: "same-origin",
    headers: { "X-CSRF-Token": csrfToken(), ...options.headers },
  });
  // A page piece asked for without a sign-in is answered by the sign-in page.
  if (response.status === 401 || response.redirected) {
    location.assign(`/login?next=${encodeURIComponent(location.pathname + location.search)}`);
  }
  if (!response.ok) throw await refusalOf(response);
  return response;
}

/** Fetch a piece of page rendered by the server; nothing in it can run (it is parsed apart, and CSP forbids it). */
export async function fetchPiece(url) {
  const response = await ask(url, { headers: { Accept: "text/html" } });
  return new DOMParser().parseFromString(await response.text(), "text/html");
}

export function showTrouble(error) {
  const piece = document.getElementById("failed").content.cloneNode(true);
  const known = error instanceof Refusal;
  piece.querySelector("strong").textContent = known ? error.title : texts.networkTitle;
  piece.querySelector("p").textContent = known ? error.detail : texts.networkDetail;
  document.getElementById("trouble").replaceChildren(piece);
}

export function clearTrouble() {
  document.getElementById("trouble").replaceChildren();
}

export function announce(text) {
  document.getElementById("announcer").textContent = text;
}
