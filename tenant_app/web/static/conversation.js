/* What one does with a conversation beside asking: rate an answer, rename, delete. */
import { announce, ask, clearTrouble, showTrouble, texts } from "./request.js";

const desk = document.getElementById("desk");
const turns = document.getElementById("turns");
const removal = document.getElementById("removal");

async function send(url, method, body) {
  clearTrouble();
  try {
    return await ask(url, {
      method,
      headers: { "Content-Type": "application/json" },
      ...(body && { body: JSON.stringify(body) }),
    });
  } catch (error) {
    showTrouble(error);
    return null;
  }
}

async function rate(thumbs, rating, comment) {
  if (!(await send(thumbs.dataset.feedback, "PUT", { rating, comment }))) return false;
  for (const thumb of thumbs.querySelectorAll("[data-rate]")) {
    thumb.setAttribute("aria-pressed", String(thumb.dataset.rate === rating));
  }
  const form = thumbs.parentElement.querySelector("[data-comment]");
  form.hidden = rating === null;
  form.querySelector("output").textContent = "";
  announce(texts.thanks);
  return true;
}

turns.addEventListener("click", (event) => {
  const thumb = event.target.closest("[data-rate]");
  if (!thumb) return;
  const rating = thumb.getAttribute("aria-pressed") === "true" ? null : thumb.dataset.rate;
  const comment = thumb.closest("footer").querySelector("[name=comment]").value;
  rate(thumb.closest("[data-feedback]"), rating, rating ? comment : "");
});

turns.addEventListener("submit", async (event) => {
  if (!event.target.matches("[data-comment]")) return;
  event.preventDefault();
  const form = event.target;
  const footer = form.closest("footer");
  const rating = footer.querySelector('[data-rate][aria-pressed="true"]').dataset.rate;
  const kept = await rate(footer.querySelector("[data-feedback]"), rating, form.elements.comment.value);
  if (kept) form.querySelector("output").textContent = texts.commented;
});

document.getElementById("rename")?.addEventListener("submit", async (event) => {
  event.preventDefault();
  const id = desk.dataset.conversation;
  const title = event.target.elements.title.value;
  if (!(await send(`/api/conversations/${id}`, "PATCH", { title }))) return;
  document.getElementById("title").textContent = title;
  const row = document.querySelector(`#conversation-${id} a span`);
  if (row) row.textContent = title;
  document.getElementById("manage").open = false;
  announce(texts.renamed);
});

document.getElementById("remove-conversation")?.addEventListener("click", () => removal.showModal());
removal.addEventListener("close", async () => {
  if (removal.returnValue !== "remove") return;
  if (await send(`/api/conversations/${desk.dataset.conversation}`, "DELETE")) location.assign("/");
});
