/* API keys: made and shown once, revoked after a confirmation. */
import { confirmed, showSecret } from "./dialogs.js";
import { announce, ask, clearTrouble, fetchPiece, showTrouble, texts } from "./request.js";

const list = document.getElementById("key-list");
const form = document.getElementById("new-key");
const dialog = document.getElementById("confirm");

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

async function create() {
  const answer = await ask("/api/keys", {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(wanted()),
  });
  const { key } = await answer.json();
  form.reset();
  await showSecret(texts.createdTitle, texts.secretDetail, key);
  await refresh();
}

async function revoke(button) {
  document.getElementById("confirm-name").textContent = button.dataset.name;
  if (!(await confirmed(dialog))) return;
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
  const button = event.target.closest("[data-revoke]");
  if (button) attempt(revoke(button));
});
