/* Sending files: two at once, with progress, resumable (what is there already is not kept twice). */
import { announce, csrfToken, Refusal, texts } from "./request.js";

const SENT_AT_ONCE = 2;
const SHOWN_REFUSALS = 50;
const LONGEST_WAIT_SECONDS = 60;

let underWay = 0;

/** Leaving the page would end `work` half done: until it is done, the browser asks first. */
export function untilDone(work) {
  underWay += 1;
  return work.finally(() => { underWay -= 1; });
}

addEventListener("beforeunload", (event) => {
  if (underWay) event.preventDefault();
});

export class Uploads {
  /** `list` shows them, `summary` counts them; `arrived` is called after each file the server took. */
  constructor({ list, summary, url, limit, arrived }) {
    Object.assign(this, { list, summary, url, limit, arrived });
    this.waiting = [];
    this.sending = 0;
    this.total = 0;
    this.done = 0;
    this.refused = 0;
    this.stopped = false;
    summary.querySelector("button").addEventListener("click", () => this.stop());
  }

  add(files) {
    if (!this.waiting.length && !this.sending) this.total = this.done = this.refused = 0;
    this.stopped = false;
    this.total += files.length;
    this.waiting.push(...files);
    this.next();
  }

  stop() {
    this.stopped = true;
    this.total -= this.waiting.length;
    this.waiting = [];
    this.show();
  }

  next() {
    while (this.sending < SENT_AT_ONCE && this.waiting.length) {
      this.sending += 1;
      untilDone(this.deliver(this.waiting.shift())).finally(() => {
        this.sending -= 1;
        this.done += 1;
        this.next();
      });
    }
    this.show();
  }

  show() {
    const working = this.waiting.length + this.sending;
    this.list.hidden = this.list.children.length === 0;
    this.summary.hidden = this.total < 2 || (!working && !this.refused);
    const told = working ? texts.sendingMany : texts.sentMany;
    this.summary.querySelector("span").textContent = told
      .replace("{done}", this.done).replace("{total}", this.total).replace("{refused}", this.refused);
    this.summary.querySelector("button").hidden = !this.waiting.length;
  }

  async deliver(file) {
    const row = this.row(file);
    try {
      if (file.problem) throw new Refusal(0, "", texts[`zip${file.problem[0].toUpperCase()}${file.problem.slice(1)}`]);
      if (file.size > this.limit) throw new Refusal(413, "", texts.tooLarge);
      const known = await this.send(await file.open(), file, row);
      row.remove();
      announce(known ? texts.known : texts.sent);
      this.arrived();
    } catch (error) {
      this.refuse(row, error instanceof Refusal ? error.detail : texts[zipText(error)] ?? texts.networkDetail);
    }
  }

  row(file) {
    const row = document.getElementById("upload-row").content.firstElementChild.cloneNode(true);
    row.querySelector(".name").textContent = [file.folder, file.name].filter(Boolean).join("/");
    row.querySelector("progress").setAttribute("aria-label", `${texts.progress} : ${file.name}`);
    this.list.append(row);
    this.list.hidden = false;
    return row;
  }

  refuse(row, reason) {
    this.refused += 1;
    announce(`${row.querySelector(".name").textContent} : ${reason}`);
    if (this.refused > SHOWN_REFUSALS) {
      row.remove();
      return;
    }
    row.querySelector("progress").remove();
    row.querySelector(".share").textContent = "";
    const why = document.createElement("span");
    why.className = "why";
    why.textContent = reason;
    row.append(why);
  }

  /** Send one file; when the server says "later", wait as long as it asks. Resolves to whether it was known. */
  async send(content, { name, folder }, row) {
    const body = new FormData();
    body.append("file", content, name);
    if (folder) body.append("folder", folder);
    for (;;) {
      const { status, later, problem } = await post(this.url, body, (share) => showShare(row, share));
      if (status < 300) return status === 200;
      if (!later || this.stopped) throw new Refusal(status, problem?.title ?? "", problem?.detail ?? texts.networkDetail);
      row.querySelector(".share").textContent = texts.later;
      await new Promise((resolve) => { setTimeout(resolve, Math.min(later, LONGEST_WAIT_SECONDS) * 1000); });
    }
  }
}

function zipText(error) {
  return `zip${error.message.charAt(0).toUpperCase()}${error.message.slice(1)}`;
}

function showShare(row, share) {
  row.querySelector("progress").value = share;
  row.querySelector(".share").textContent = `${share} %`;
}

/** fetch() cannot report how much was sent; XMLHttpRequest can. */
export function post(url, body, progress) {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open("POST", url);
    request.setRequestHeader("X-CSRF-Token", csrfToken());
    request.responseType = "json";
    request.upload.addEventListener("progress", ({ loaded, total }) => {
      progress(total ? Math.round((loaded / total) * 100) : 0);
    });
    request.addEventListener("load", () => {
      const busy = request.status === 429 || request.status === 503;
      const later = busy ? Number(request.getResponseHeader("Retry-After")) || 1 : 0;
      resolve({ status: request.status, later, problem: request.response });
    });
    request.addEventListener("error", () => reject(new TypeError("network")));
    request.send(body);
  });
}
