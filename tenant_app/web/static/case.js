/* A case: its documents as everywhere, and saying that files are on their way. */
import { announce, texts } from "./request.js";
import "./shelf.js";

const form = document.getElementById("send");

form?.addEventListener("submit", () => {
  form.querySelector("button").disabled = true;
  form.querySelector("button span").textContent = texts.sending;
  announce(texts.sending);
});
