/* The first API key, seen with a link: its secret is taken out of the address at once. */
import { showSecret } from "./dialogs.js";
import { clearTrouble, csrfToken, refusalOf, showTrouble, texts } from "./request.js";

const KEPT = "key-link";
const form = document.getElementById("reveal");

// Kept for this tab, so that the page can be loaded again, in another language for one.
if (location.hash) sessionStorage.setItem(KEPT, location.hash.slice(1));
history.replaceState(null, "", location.pathname);

async function reveal() {
  const response = await fetch("/api/auth/key", {
    method: "POST",
    credentials: "same-origin",
    headers: { "Content-Type": "application/json", "X-CSRF-Token": csrfToken() },
    body: JSON.stringify({ token: sessionStorage.getItem(KEPT) || "-" }),
  });
  if (!response.ok) throw await refusalOf(response);
  sessionStorage.removeItem(KEPT);
  const { key } = await response.json();
  await showSecret(texts.createdTitle, texts.secretDetail, key);
  document.getElementById("done").hidden = false;
  form.hidden = true;
}

form.addEventListener("submit", (event) => {
  event.preventDefault();
  clearTrouble();
  reveal().catch(showTrouble);
});
