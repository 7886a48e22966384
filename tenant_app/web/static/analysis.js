/* An analysis: waiting for it, then showing it; printing it. */
import { fetchPiece } from "./request.js";

const progress = document.getElementById("progress");
const print = document.getElementById("print");
const ASK_MS = 1000;

async function look() {
  const page = await fetchPiece(progress.dataset.progress);
  const fresh = page.body.firstElementChild;
  if (fresh.dataset.status !== "running") {
    location.reload();
    return;
  }
  const said = progress.querySelector("[role=status]");
  const says = fresh.querySelector("[role=status]").textContent;
  if (said.textContent !== says) said.textContent = says;
  wait();
}

function wait() {
  setTimeout(() => look().catch(wait), ASK_MS);
}

if (progress) wait();
if (print) {
  print.hidden = false;
  print.addEventListener("click", () => window.print());
}
