/* The documents' page: choosing and dropping what is sent. */
import { chosenFiles, droppedFiles, filesOf } from "./chosen.js";
import { clearTrouble, showTrouble } from "./request.js";
import { follow, refresh } from "./shelf.js";
import { Uploads } from "./uploads.js";

const drop = document.getElementById("drop");

if (drop) {
  const uploads = new Uploads({
    list: document.getElementById("uploads"),
    summary: document.getElementById("upload-summary"),
    url: drop.dataset.upload,
    limit: Number(document.getElementById("shelf").dataset.limitBytes),
    arrived: () => refresh().catch(follow),
  });
  const take = async (found) => {
    clearTrouble();
    try {
      uploads.add(await filesOf(await found));
    } catch (error) {
      showTrouble(error);
    }
  };
  for (const [button, input] of [["choose", "files"], ["choose-folder", "folder"]]) {
    const chooser = document.getElementById(input);
    document.getElementById(button).addEventListener("click", () => chooser.click());
    chooser.addEventListener("change", () => {
      take(chosenFiles(chooser));
      chooser.value = "";
    });
  }
  for (const name of ["dragenter", "dragover"]) {
    document.addEventListener(name, (event) => {
      if (!event.dataTransfer?.types.includes("Files")) return;
      event.preventDefault();
      drop.classList.add("over");
    });
  }
  document.addEventListener("dragleave", (event) => {
    if (!event.relatedTarget) drop.classList.remove("over");
  });
  document.addEventListener("drop", (event) => {
    if (!event.dataTransfer?.files.length) return;
    event.preventDefault();
    drop.classList.remove("over");
    take(droppedFiles(event.dataTransfer));
  });
}
