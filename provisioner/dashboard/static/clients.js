/* Filters the rows while somebody types; without this script the form does the same by a request. */
const field = document.getElementById("q");
// A page that does not show all there are leaves the search to the form.
const rows = [...document.querySelectorAll("#clients[data-whole] tbody tr")];
const shown = document.getElementById("shown");

function folded(text) {
  return text.normalize("NFKD").replace(/\p{Mn}/gu, "").toLowerCase();
}

const texts = rows.map((row) => folded(row.dataset.text));

field.addEventListener("input", () => {
  if (rows.length === 0) return;
  const words = folded(field.value).split(/\s+/).filter(Boolean);
  let count = 0;
  rows.forEach((row, index) => {
    row.hidden = !words.every((word) => texts[index].includes(word));
    count += row.hidden ? 0 : 1;
  });
  shown.textContent = count === 1 ? shown.dataset.one : shown.dataset.many.replace("{}", String(count));
});
