/* Documents: sending with progress, following the reading, removing after a confirmation. */
import { announce, ask, clearTrouble, csrfToken, fetchPiece, Refusal, showTrouble, texts } from "./request.js";

const shelf = document.getElementById("shelf");
const drop = document.getElementById("drop");
const uploads = document.getElementById("uploads");
const dialog = document.getElementById("confirm-removal");
const REFRESH_MS = 1500;
const SENT_AT_ONCE = 2;
const waiting = [];
let sending = 0;
let timer = null;

/** Take the server's rows, keeping those that did not change so that focus and selection stay. */
async function refresh() {
  clearTimeout(timer);
  const page = await fetchPiece(shelf.dataset.rows);
  const fresh = page.body.firstElementChild;
  const current = shelf.querySelector("tbody");
  const rows = fresh.querySelector("tbody");
  if (current && rows) {
    mergeRows(current, rows);
    shelf.firstElementChild.dataset.busy = fresh.dataset.busy;
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
  timer = setTimeout(() => refresh().catch(follow), REFRESH_MS);
}

function queueFiles(files) {
  clearTrouble();
  uploads.hidden = false;
  for (const file of files) {
    const row = document.getElementById("upload-row").content.firstElementChild.cloneNode(true);
    row.querySelector(".name").textContent = file.name;
    row.querySelector("progress").setAttribute("aria-label", `${texts.progress} : ${file.name}`);
    uploads.append(row);
    waiting.push({ file, row });
  }
  sendNext();
}

function sendNext() {
  while (sending < SENT_AT_ONCE && waiting.length) {
    sending += 1;
    deliver(waiting.shift()).finally(() => {
      sending -= 1;
      sendNext();
    });
  }
}

async function deliver({ file, row }) {
  if (file.size > Number(drop.dataset.limitBytes)) {
    refuse(row, texts.tooLarge);
    return;
  }
  try {
    const known = await upload(file, row);
    announce(known ? texts.known : texts.sent);
    row.remove();
    uploads.hidden = uploads.children.length === 0;
    await refresh();
  } catch (error) {
    refuse(row, error instanceof Refusal ? error.detail : texts.networkDetail);
  }
}

function refuse(row, reason) {
  row.querySelector("progress").remove();
  row.querySelector(".share").textContent = "";
  const why = document.createElement("span");
  why.className = "why";
  why.textContent = reason;
  row.append(why);
  announce(`${row.querySelector(".name").textContent} : ${reason}`);
}

/** fetch() cannot report how much was sent; XMLHttpRequest can. Resolves to whether the content was known. */
function upload(file, row) {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open("POST", drop.dataset.upload);
    request.setRequestHeader("X-CSRF-Token", csrfToken());
    request.responseType = "json";
    request.upload.addEventListener("progress", ({ loaded, total }) => {
      const share = total ? Math.round((loaded / total) * 100) : 0;
      row.querySelector("progress").value = share;
      row.querySelector(".share").textContent = `${share} %`;
    });
    request.addEventListener("load", () => {
      if (request.status < 300) resolve(request.status === 200);
      else reject(new Refusal(request.status, request.response?.title ?? "", request.response?.detail ?? texts.networkDetail));
    });
    request.addEventListener("error", () => reject(new TypeError("network")));
    const body = new FormData();
    body.append("file", file);
    request.send(body);
  });
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

shelf.addEventListener("click", (event) => {
  const button = event.target.closest("[data-remove]");
  if (button) confirmRemoval(button);
});

if (drop) {
  const input = document.getElementById("files");
  document.getElementById("choose").addEventListener("click", () => input.click());
  input.addEventListener("change", () => {
    queueFiles([...input.files]);
    input.value = "";
  });
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
    queueFiles([...event.dataTransfer.files]);
  });
}

if (shelf.firstElementChild?.dataset.busy === "true") follow();
