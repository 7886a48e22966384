/* Choosing a password with a link: its secret is taken out of the address at once, and sent only with the password. */
import { clearTrouble, csrfToken, refusalOf, showTrouble, texts } from "./request.js";

const KEPT = "welcome-link";
const form = document.getElementById("choose");
const { new: chosen, again } = form.elements;

// Kept for this tab, so that the page can be loaded again, in another language for one.
if (location.hash) sessionStorage.setItem(KEPT, location.hash.slice(1));
history.replaceState(null, "", location.pathname);

async function choose() {
  const response = await fetch("/api/auth/password", {
    method: "POST",
    credentials: "same-origin",
    headers: { "Content-Type": "application/json", "X-CSRF-Token": csrfToken() },
    body: JSON.stringify({ token: sessionStorage.getItem(KEPT) || "-", new_password: chosen.value }),
  });
  if (!response.ok) throw await refusalOf(response);
  sessionStorage.removeItem(KEPT);
  location.assign(form.dataset.done);
}

function judge() {
  again.setCustomValidity(again.value && again.value !== chosen.value ? texts.differ : "");
}

chosen.addEventListener("input", judge);
again.addEventListener("input", judge);
form.addEventListener("submit", (event) => {
  event.preventDefault();
  clearTrouble();
  choose().catch(showTrouble);
});
