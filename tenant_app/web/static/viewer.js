/* The words an address leads to: brought to the middle, given the focus, and told to who cannot see them. */
import { announce } from "./request.js";

const target = document.getElementById(location.hash.slice(1));
if (target?.matches("mark")) {
  target.scrollIntoView({ block: "center" });
  target.focus({ preventScroll: true });
  announce(target.dataset.said);
}

const here = document.querySelector(".outline [aria-current]");
const list = document.getElementById("outline");
if (here && list) list.scrollTop = here.offsetTop - list.clientHeight / 3;
