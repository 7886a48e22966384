/* Accounts: added with a link shown once, changed, and removed after a confirmation. */
import { confirmed, showSecret } from "./dialogs.js";
import { announce, ask, clearTrouble, fetchPiece, Refusal, showTrouble, texts } from "./request.js";

const roster = document.getElementById("roster");
const adding = document.getElementById("new-user");
const editing = document.getElementById("edit-user");
const asking = document.getElementById("confirm");
let edited = null;

async function refresh() {
  roster.replaceChildren((await fetchPiece(roster.dataset.rows)).body.firstElementChild);
}

async function send(method, url, body) {
  const answer = await ask(url, { method, headers: { "Content-Type": "application/json" }, body: body && JSON.stringify(body) });
  return answer.status === 204 ? null : answer.json();
}

/** Show what an administrator hands over: a link good once, by which the person chooses a password. */
function showLink(title, link) {
  const day = new Intl.DateTimeFormat(document.documentElement.lang, { dateStyle: "long" });
  const detail = link.mailed ? texts.mailedDetail : texts.secretDetail;
  return showSecret(title, detail.replace("{day}", day.format(new Date(link.expires_at))), link.url);
}

function refuse(dialog, error) {
  const place = dialog.querySelector(".refusal");
  place.textContent = error instanceof Refusal ? error.detail : texts.networkDetail;
  place.hidden = false;
}

function open(dialog) {
  clearTrouble();
  dialog.querySelector(".refusal").hidden = true;
  dialog.showModal();
}

async function add(form) {
  try {
    const user = await send("POST", "/api/users", { email: form.elements.email.value.trim(), role: form.elements.role.value, link: true });
    adding.close();
    form.reset();
    await showLink(texts.createdTitle, user.link);
    await refresh();
  } catch (error) {
    if (!adding.open) showTrouble(error);
    else {
      refuse(adding, error);
      form.elements.email.focus();
    }
  }
}

function edit(button) {
  edited = button.dataset;
  document.getElementById("edit-user-title").textContent = edited.email;
  document.getElementById("edit-role").value = edited.role;
  const shown = { reset: true, deactivate: edited.active === "true", activate: edited.active !== "true", remove: true };
  for (const other of editing.querySelectorAll("[data-do]")) other.hidden = !shown[other.dataset.do];
  // One's own password is changed in the settings; one's own account is another administrator's matter.
  editing.querySelector(".others").hidden = edited.own === "true";
  open(editing);
}

async function change(body, said) {
  try {
    await send("PATCH", `/api/users/${edited.edit}`, body);
    editing.close();
    await refresh();
    announce(said);
    focusOn(edited.edit);
  } catch (error) {
    if (editing.open) refuse(editing, error);
    else showTrouble(error);
  }
}

async function reset() {
  await showLink(texts.resetTitle, await send("POST", `/api/users/${edited.edit}/link`));
  await refresh();
  focusOn(edited.edit);
}

async function remove() {
  await send("DELETE", `/api/users/${edited.edit}`);
  await refresh();
  announce(texts.removed);
  document.querySelector("#content h1").focus();
}

function focusOn(id) {
  (roster.querySelector(`[data-edit="${CSS.escape(id)}"]`) ?? document.querySelector("#content h1")).focus();
}

const CONFIRMED = { reset, remove, deactivate: () => change({ active: false }, texts.deactivated) };

async function act(name) {
  editing.close();
  const capital = name[0].toUpperCase() + name.slice(1);
  document.getElementById("confirm-title").textContent = texts[`confirm${capital}Title`];
  document.getElementById("confirm-detail").textContent = texts[`confirm${capital}Detail`];
  document.getElementById("confirm-do").textContent = texts[`confirm${capital}Do`];
  document.getElementById("confirm-name").textContent = edited.email;
  if (!(await confirmed(asking))) {
    focusOn(edited.edit);
    return;
  }
  try {
    await CONFIRMED[name]();
  } catch (error) {
    showTrouble(error);
  }
}

document.getElementById("add-user").addEventListener("click", () => open(adding));
document.getElementById("new-user-form").addEventListener("submit", (event) => {
  event.preventDefault();
  add(event.target);
});
document.getElementById("edit-user-form").addEventListener("submit", (event) => {
  event.preventDefault();
  change({ role: event.target.elements.role.value }, texts.saved);
});
editing.addEventListener("click", (event) => {
  const name = event.target.closest("[data-do]")?.dataset.do;
  if (name === "activate") change({ active: true }, texts.activated);
  else if (name) act(name);
});
for (const button of document.querySelectorAll("[data-close]")) {
  button.addEventListener("click", () => button.closest("dialog").close());
}
roster.addEventListener("click", (event) => {
  const button = event.target.closest("[data-edit]");
  if (button) edit(button);
});
