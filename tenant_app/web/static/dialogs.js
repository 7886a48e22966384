/* A question before what cannot be undone, and a secret at the only moment it is known. */
import { announce, texts } from "./request.js";

/** Ask in `dialog`; resolves to whether the person went ahead. */
export function confirmed(dialog) {
  dialog.returnValue = "keep";
  dialog.showModal();
  return new Promise((resolve) => {
    dialog.addEventListener("close", () => resolve(dialog.returnValue === "do"), { once: true });
  });
}

/** Show a secret until it is noted; nothing of it stays in the page. */
export function showSecret(title, detail, value) {
  const dialog = document.getElementById("secret");
  const shown = document.getElementById("secret-value");
  document.getElementById("secret-title").textContent = title;
  document.getElementById("secret-detail").textContent = detail;
  shown.textContent = value;
  dialog.showModal();
  return new Promise((resolve) => {
    dialog.addEventListener("close", () => {
      shown.textContent = "";
      resolve();
    }, { once: true });
  });
}

const copy = document.getElementById("copy-secret");
copy.hidden = !navigator.clipboard;
copy.addEventListener("click", async () => {
  await navigator.clipboard.writeText(document.getElementById("secret-value").textContent);
  const label = copy.querySelector("span");
  const before = label.textContent;
  label.textContent = texts.copied;
  announce(texts.copied);
  setTimeout(() => { label.textContent = before; }, 2000);
});
