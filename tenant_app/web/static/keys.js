/* API keys: made and shown once, replaced with an overlap, revoked after a confirmation. */
import { confirmed, showSecret } from "./dialogs.js";
import { announce, ask, clearTrouble, fetchPiece, showTrouble, texts } from "./request.js";

const list = document.getElementById("key-list");
const form = document.getElementById("new-key");
const revoking = document.getElementById("confirm");
const replacing = document.getElementById("replacing");

async function refresh() {
  list.replaceChildren((await fetchPiece(list.dataset.rows)).body.firstElementChild);
}

function number(field) {
  return field.value ? field.valueAsNumber : null;
}

function wanted() {
  const { name, scope, expires, monthly, pace } = form.elements;
  return {
    name: name.value.trim(),
    scopes: [...scope].filter((box) => box.checked).map((box) => box.value),
    expires_on: expires.value || null,
    requests_monthly: number(monthly),
    requests_per_minute: number(pace),
  };
}

/** Have a key made; returns it whole, as it is never shown again. */
async function made(url, terms) {
  const answer = await ask(url, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(terms),
  });
  return (await answer.json()).key;
}

async function create() {
  const key = await made("/api/keys", wanted());
  form.reset();
  await showSecret(texts.createdTitle, texts.secretDetail, key);
  await refresh();
}

async function replace(button) {
  const overlap = document.getElementById("overlap");
  document.getElementById("replacing-name").textContent = button.dataset.name;
  replacing.querySelector("form").reset();
  if (!(await confirmed(replacing))) return;
  const key = await made(button.dataset.replace, { overlap_hours: Number(overlap.value) });
  await showSecret(texts.replacedTitle, overlap.selectedOptions[0].dataset.detail, key);
  await refresh();
  announce(texts.replaced);
  document.getElementById("keys-title").focus();
}

async function revoke(button) {
  document.getElementById("confirm-name").textContent = button.dataset.name;
  if (!(await confirmed(revoking))) return;
  await ask(button.dataset.revoke, { method: "DELETE" });
  await refresh();
  announce(texts.revoked);
  document.getElementById("keys-title").focus();
}

function attempt(work) {
  clearTrouble();
  work.catch(showTrouble);
}

form.addEventListener("submit", (event) => {
  event.preventDefault();
  attempt(create());
});
list.addEventListener("click", (event) => {
  const button = event.target.closest("[data-revoke], [data-replace]");
  if (button) attempt(button.dataset.revoke ? revoke(button) : replace(button));
});
