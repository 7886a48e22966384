/* Says that a search is under way; the page that answers replaces this one. */
const form = document.getElementById("search");
const working = document.getElementById("working");
const results = document.getElementById("results");

form.addEventListener("submit", () => {
  working.textContent = working.dataset.said;
  results.setAttribute("aria-busy", "true");
});

// A page taken back from the browser's memory is not waiting for anything.
addEventListener("pageshow", () => {
  working.textContent = "";
  results.removeAttribute("aria-busy");
});
