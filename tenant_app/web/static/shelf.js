/* Documents where they are listed: following the reading, stopping it, trying again, replacing, removing. */
import { announce, ask, clearTrouble, fetchPiece, Refusal, showTrouble, texts } from "./request.js";
import { post, untilDone } from "./uploads.js";

const shelf = document.querySelector("[data-rows]");
const dialog = document.getElementById("confirm-removal");
const REFRESH_MS = 1500;
let timer = null;
let asked = 0;

/** Take the server's rows, keeping those that did not change so that focus and selection stay. */
export async function refresh() {
  clearTimeout(timer);
  asked += 1;
  const own = asked;
  const page = await fetchPiece(shelf.dataset.rows + location.search);
  // What was asked for before an action is not shown after it.
  if (own !== asked) return;
  const fresh = page.body.firstElementChild;
  const current = shelf.querySelector("[data-entries]");
  const rows = fresh.querySelector("[data-entries]");
  if (current && rows) {
    mergeRows(current, rows);
    shelf.firstElementChild.dataset.busy = fresh.dataset.busy;
    shelf.querySelector(".pages")?.replaceWith(...fresh.querySelectorAll(".pages"));
  } else shelf.replaceChildren(fresh);
  if (fresh.dataset.busy === "true") follow();
}

function mergeRows(current, fresh) {
  const kept = [...fresh.children].map((row) => {
    const known = document.getElementById(row.id);
    if (known && known.dataset.state !== "indexed" && row.dataset.state === "indexed") announce(texts.ready);
    // An open menu is not shut under somebody's hand.
    if (known?.querySelector("details[open]")) row.querySelector("details").open = true;
    return known?.isEqualNode(row) ? known : row;
  });
  const same = kept.length === current.children.length && kept.every((row, index) => row === current.children[index]);
  if (!same) current.replaceChildren(...kept);
}

export function follow() {
  clearTimeout(timer);
  timer = setTimeout(() => refresh().catch(follow), REFRESH_MS);
}

function confirmRemoval(button) {
  document.getElementById("removal-name").textContent = button.dataset.name;
  dialog.returnValue = "keep";
  dialog.addEventListener("close", () => {
    if (dialog.returnValue === "remove") remove(button);
    else button.focus();
  }, { once: true });
  dialog.showModal();
}

async function remove(button) {
  clearTrouble();
  try {
    await ask(button.dataset.remove, { method: "DELETE" });
    await refresh();
    announce(texts.removed);
    shelf.closest("section, main").querySelector("h1, h2").focus();
  } catch (error) {
    showTrouble(error);
  }
}

/** Stop a reading or begin it again; the row says what came of it. */
async function act(button) {
  clearTrouble();
  const row = button.closest("[data-state]").id;
  try {
    await ask(button.dataset.act, { method: "POST" });
    await refresh();
    announce(button.dataset.done);
    document.getElementById(row)?.querySelector("button")?.focus();
  } catch (error) {
    showTrouble(error);
  }
}

function chooseVersion(button) {
  const input = document.getElementById("version-file");
  input.onchange = () => {
    const [file] = input.files;
    input.value = "";
    if (file) untilDone(replace(button, file));
  };
  input.click();
}

/** Send a new version, with its progress in the row of the old one. */
async function replace(button, file) {
  clearTrouble();
  const bar = document.createElement("progress");
  Object.assign(bar, { max: 100, value: 0, ariaLabel: `${texts.progress} : ${file.name}` });
  try {
    if (file.size > Number(shelf.dataset.limitBytes)) throw new Refusal(413, texts.notReplaced, texts.tooLarge);
    const body = new FormData();
    body.append("file", file, file.name);
    button.closest("[data-state]").querySelector(".state").append(bar);
    const { status, problem } = await post(button.dataset.replace, body, (share) => { bar.value = share; });
    if (status >= 300) throw new Refusal(status, problem?.title ?? texts.notReplaced, problem?.detail ?? texts.networkDetail);
    announce(status === 200 ? texts.known : texts.sent);
    await refresh();
  } catch (error) {
    showTrouble(error);
  } finally {
    bar.remove();
  }
}

shelf.addEventListener("click", (event) => {
  const button = event.target.closest("button");
  if (button?.dataset.remove) confirmRemoval(button);
  else if (button?.dataset.act) act(button);
  else if (button?.dataset.replace) chooseVersion(button);
});

if (shelf.firstElementChild?.dataset.busy === "true") follow();
