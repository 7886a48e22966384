/* Documents: sending, following the reading, stopping it, trying again, replacing, removing. */
import { chosenFiles, droppedFiles, filesOf } from "./chosen.js";
import { announce, ask, clearTrouble, fetchPiece, Refusal, showTrouble, texts } from "./request.js";
import { post, Uploads } from "./uploads.js";

const shelf = document.getElementById("shelf");
const drop = document.getElementById("drop");
const dialog = document.getElementById("confirm-removal");
const REFRESH_MS = 1500;
let timer = null;

/** Take the server's rows, keeping those that did not change so that focus and selection stay. */
async function refresh() {
  clearTimeout(timer);
  const page = await fetchPiece(shelf.dataset.rows + location.search);
  const fresh = page.body.firstElementChild;
  const current = shelf.querySelector("tbody");
  const rows = fresh.querySelector("tbody");
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
    return known?.isEqualNode(row) ? known : row;
  });
  const same = kept.length === current.children.length && kept.every((row, index) => row === current.children[index]);
  if (!same) current.replaceChildren(...kept);
}

function follow() {
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
    document.getElementById("content").querySelector("h1").focus();
  } catch (error) {
    showTrouble(error);
  }
}

/** Stop a reading or begin it again; the row says what came of it. */
async function act(button) {
  clearTrouble();
  const row = button.closest("tr").id;
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
    if (file) replace(button.dataset.replace, file);
  };
  input.click();
}

async function replace(url, file) {
  clearTrouble();
  try {
    if (file.size > Number(drop.dataset.limitBytes)) throw new Refusal(413, texts.notReplaced, texts.tooLarge);
    const body = new FormData();
    body.append("file", file, file.name);
    const { status, problem } = await post(url, body, () => {});
    if (status >= 300) throw new Refusal(status, problem?.title ?? texts.notReplaced, problem?.detail ?? texts.networkDetail);
    announce(status === 200 ? texts.known : texts.sent);
    await refresh();
  } catch (error) {
    showTrouble(error);
  }
}

shelf.addEventListener("click", (event) => {
  const button = event.target.closest("button");
  if (button?.dataset.remove) confirmRemoval(button);
  else if (button?.dataset.act) act(button);
  else if (button?.dataset.replace) chooseVersion(button);
});

if (drop) {
  const uploads = new Uploads({
    list: document.getElementById("uploads"),
    summary: document.getElementById("upload-summary"),
    url: drop.dataset.upload,
    limit: Number(drop.dataset.limitBytes),
    arrived: () => refresh().catch(follow),
  });
  const take = async (found) => {
    clearTrouble();
    try {
      uploads.add(await filesOf(await found));
    } catch (error) {
      showTrouble(error);
    }
  };
  for (const [button, input] of [["choose", "files"], ["choose-folder", "folder"]]) {
    const chooser = document.getElementById(input);
    document.getElementById(button).addEventListener("click", () => chooser.click());
    chooser.addEventListener("change", () => {
      take(chosenFiles(chooser));
      chooser.value = "";
    });
  }
  for (const name of ["dragenter", "dragover"]) {
    document.addEventListener(name, (event) => {
      if (!event.dataTransfer?.types.includes("Files")) return;
      event.preventDefault();
      drop.classList.add("over");
    });
  }
  document.addEventListener("dragleave", (event) => {
    if (!event.relatedTarget) drop.classList.remove("over");
  });
  document.addEventListener("drop", (event) => {
    if (!event.dataTransfer?.files.length) return;
    event.preventDefault();
    drop.classList.remove("over");
    take(droppedFiles(event.dataTransfer));
  });
}

if (shelf.firstElementChild?.dataset.busy === "true") follow();
