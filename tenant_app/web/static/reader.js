/* The passage beside the thread: a column on a wide screen, a sheet over the page on a narrow one. */
import { announce, fetchPiece, texts } from "./request.js";

const reader = document.getElementById("reader");
const body = document.getElementById("reader-body");
const wide = matchMedia("(min-width: 74.01rem)");
let opener = null;
let asked = 0;

function settle() {
  // The property, not show(): that would take the focus from the question.
  if (!reader.matches(":modal")) reader.open = wide.matches;
}

function markOpen(link) {
  for (const marked of document.querySelectorAll("[data-passage][aria-current]")) marked.removeAttribute("aria-current");
  for (const same of document.querySelectorAll(`[data-passage="${CSS.escape(link.dataset.passage)}"]`)) {
    same.setAttribute("aria-current", "true");
  }
}

/** Show the passage a link points at. `quietly` leaves the focus where it is and never covers the page. */
export async function openPassage(link, { quietly = false } = {}) {
  if (quietly && !wide.matches) return;
  asked += 1;
  const own = asked;
  let piece;
  try {
    piece = (await fetchPiece(link.dataset.passage)).querySelector(".passage");
  } catch {
    piece = document.getElementById("failed").content.firstElementChild.cloneNode(true);
    piece.querySelector("strong").textContent = texts.passageTitle;
    piece.querySelector("p").textContent = texts.passageDetail;
  }
  // Another passage has been asked for in the meantime: the last one asked for is shown.
  if (own !== asked) return;
  body.replaceChildren(piece);
  markOpen(link);
  if (!wide.matches && !reader.open) reader.showModal();
  const mark = body.querySelector("mark");
  reader.scrollTop = mark ? mark.offsetTop - reader.clientHeight / 3 : 0;
  if (quietly) return;
  opener = link;
  const heading = body.querySelector("h2");
  heading?.focus({ preventScroll: true });
  announce(piece.querySelector("mark")?.textContent ?? texts.passageTitle);
}

export function followPassages(root) {
  root.addEventListener("click", (event) => {
    const link = event.target.closest("a[data-passage]");
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    openPassage(link);
  });
}

document.getElementById("close-reader").addEventListener("click", () => reader.close());
reader.addEventListener("close", () => {
  opener?.focus();
  opener = null;
  settle();
});
body.addEventListener("keydown", (event) => {
  if (event.key === "Escape" && !reader.matches(":modal")) opener?.focus();
});
wide.addEventListener("change", settle);
settle();
