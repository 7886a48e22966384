/* A case: following the reading of its documents, and saying that files are on their way. */
import { announce, fetchPiece, texts } from "./request.js";

const papers = document.getElementById("papers");
const form = document.getElementById("send");
const REFRESH_MS = 1500;

function busy() {
  return papers.firstElementChild?.dataset.busy === "true";
}

async function refresh() {
  const page = await fetchPiece(papers.dataset.rows);
  const fresh = page.body.firstElementChild;
  const open = papers.querySelector("details[open]") || papers.contains(document.activeElement);
  // Somebody is choosing in a row: it is not taken from under their hand.
  if (!open || fresh.dataset.busy === "false") papers.replaceChildren(fresh);
  if (busy()) follow();
  else announce(texts.ready);
}

function follow() {
  setTimeout(() => refresh().catch(follow), REFRESH_MS);
}

form?.addEventListener("submit", () => {
  form.querySelector("button").disabled = true;
  form.querySelector("button span").textContent = texts.sending;
  announce(texts.sending);
});
if (busy()) follow();
