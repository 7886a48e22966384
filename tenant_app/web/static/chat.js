/* Asking: one question at a time, its answer streamed, then replaced by the server's own rendering of it. */
import { announce, ask, clearTrouble, fetchPiece, Refusal, showTrouble, texts } from "./request.js";
// Whatever a turn offers is shown here, so what rates and renames it has to be there first.
import "./conversation.js";
import { eventsOf } from "./events.js";
import { followPassages, openPassage } from "./reader.js";

const desk = document.getElementById("desk");
const turns = document.getElementById("turns");
const form = document.getElementById("ask");
const field = document.getElementById("question");
const send = document.getElementById("send");
const stop = document.getElementById("stop");
const count = document.getElementById("count");
const limit = Number(field.dataset.limit);
let running = null;

function measure() {
  const length = [...field.value].length;
  const over = length > limit;
  count.hidden = length < limit * 0.8;
  count.textContent = `${length} / ${limit}${over ? ` – ${texts.tooLong}` : ""}`;
  count.classList.toggle("over", over);
  field.setAttribute("aria-invalid", String(over));
  send.disabled = over || field.disabled;
}

function setRunning(controller) {
  running = controller;
  send.hidden = controller !== null;
  stop.hidden = controller === null;
  turns.setAttribute("aria-busy", String(controller !== null));
}

function startTurn(question) {
  const turn = document.getElementById("live-turn").content.firstElementChild.cloneNode(true);
  turn.querySelector(".question").textContent = question;
  document.getElementById("welcome")?.setAttribute("hidden", "");
  turns.append(turn);
  turn.scrollIntoView({ block: "start" });
  return turn;
}

function addText(turn, text, supported) {
  turn.querySelector(".working").hidden = true;
  const answer = turn.querySelector(".answer");
  answer.hidden = false;
  answer.append(text);
  if (supported === false) answer.append(document.getElementById("doubt").content.cloneNode(true));
}

async function stream(address, body, turn, signal) {
  const response = await ask(address, {
    method: "POST",
    signal,
    headers: { "Content-Type": "application/json", Accept: "text/event-stream" },
    body: JSON.stringify({ ...body, stream: true }),
  });
  for await (const { name, data } of eventsOf(response)) {
    if (name === "token") addText(turn, data.text, data.supported);
    else if (name === "restart") turn.querySelector(".answer").replaceChildren();
    else if (name === "error") throw new Refusal(data.status ?? 500, data.title ?? texts.cutTitle, data.detail ?? texts.cutDetail);
    else if (name === "done") return data;
  }
  throw new Refusal(0, texts.cutTitle, texts.cutDetail);
}

function conversationId() {
  const id = desk.dataset.conversation;
  return /^\d+$/.test(id) ? Number(id) : id;
}

/** Put the stored turn, rendered by the server, in the place of the streamed text. */
async function settleTurn(turn, done) {
  const page = await fetchPiece(`/conversations/${done.conversation_id}/latest`);
  const stored = page.querySelector(".turn");
  const row = page.querySelector("li");
  turn.replaceWith(stored);
  prepare(stored);
  desk.dataset.conversation = done.conversation_id;
  history.replaceState(null, "", `/conversations/${done.conversation_id}`);
  document.getElementById("no-conversation")?.remove();
  document.getElementById(row.id)?.remove();
  for (const current of document.querySelectorAll("#conversation-list [aria-current]")) current.removeAttribute("aria-current");
  document.getElementById("conversation-list").prepend(row);
  announce(`${texts.answered} ${stored.querySelector(".answer").textContent}`);
  const first = stored.querySelector("a[data-passage]");
  // The next question may be asked while the passage is on its way.
  if (first) openPassage(first, { quietly: true });
}

function abandon(turn, question, error, stopped) {
  turn.querySelector(".working")?.remove();
  const begun = turn.querySelector(".answer.live")?.hidden === false;
  if (begun) turn.append(document.getElementById("stopped").content.cloneNode(true));
  else turn.remove();
  if (!turns.querySelector(".turn")) document.getElementById("welcome")?.removeAttribute("hidden");
  if (!field.value) field.value = question;
  measure();
  if (stopped) announce(texts.stopped);
  else showTrouble(error);
}

async function pose(question) {
  if (running || !question || [...question].length > limit) return;
  const controller = new AbortController();
  clearTrouble();
  setRunning(controller);
  field.value = "";
  measure();
  const turn = startTurn(question);
  try {
    const body = {
      question,
      ...(desk.dataset.conversation && { conversation_id: conversationId() }),
      ...(desk.dataset.case && { case_id: Number(desk.dataset.case) }),
    };
    const done = await stream(desk.dataset.chat, body, turn, controller.signal);
    await settleTurn(turn, done);
  } catch (error) {
    abandon(turn, question, error, controller.signal.aborted);
  } finally {
    setRunning(null);
    field.focus({ preventScroll: true });
  }
}

/** Answer the last question once more; the old answer stays until the new one is whole. */
async function regenerate(button) {
  if (running) return;
  const old = button.closest(".turn");
  const controller = new AbortController();
  clearTrouble();
  setRunning(controller);
  const turn = startTurn(old.querySelector(".question").textContent);
  old.hidden = true;
  try {
    const done = await stream(button.dataset.regenerate, {}, turn, controller.signal);
    old.remove();
    await settleTurn(turn, done);
  } catch (error) {
    turn.remove();
    old.hidden = false;
    if (controller.signal.aborted) announce(texts.stopped);
    else showTrouble(error);
  } finally {
    setRunning(null);
    field.focus({ preventScroll: true });
  }
}

async function copyAnswer(button) {
  await navigator.clipboard.writeText(plainAnswer(button.closest(".turn")));
  const label = button.querySelector("span");
  const before = label.textContent;
  label.textContent = texts.copied;
  announce(texts.copied);
  setTimeout(() => { label.textContent = before; }, 2000);
}

/** The answer and its sources as text that can be pasted in a letter. */
function plainAnswer(turn) {
  const sources = [...turn.querySelectorAll(".sources a")].map((source) => {
    const number = source.querySelector(".cite").textContent;
    const place = source.querySelector(".place").cloneNode(true);
    place.querySelector(".unseen").remove();
    return `[${number}] ${place.textContent.trim()}`;
  });
  return [turn.querySelector(".answer").innerText.trim(), sources.join("\n")].filter(Boolean).join("\n\n");
}

function prepare(root) {
  for (const control of root.querySelectorAll("[data-regenerate], [data-feedback], .next")) control.hidden = false;
  if (!navigator.clipboard) return;
  for (const button of root.querySelectorAll("[data-copy-answer]")) button.hidden = false;
}

form.addEventListener("submit", (event) => {
  event.preventDefault();
  pose(field.value.trim());
});
field.addEventListener("keydown", (event) => {
  if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
  event.preventDefault();
  form.requestSubmit();
});
field.addEventListener("input", measure);
stop.addEventListener("click", () => running?.abort());
turns.addEventListener("click", (event) => {
  const suggestion = event.target.closest("[data-ask]");
  if (suggestion) pose(suggestion.dataset.ask);
  const copying = event.target.closest("[data-copy-answer]");
  if (copying) copyAnswer(copying);
  const again = event.target.closest("[data-regenerate]");
  if (again) regenerate(again);
});

followPassages(turns);
prepare(document);
measure();
const last = turns.querySelector(".turn:last-of-type");
if (last) {
  last.scrollIntoView({ block: "start" });
  const first = last.querySelector("a[data-passage]");
  if (first) openPassage(first, { quietly: true });
}
