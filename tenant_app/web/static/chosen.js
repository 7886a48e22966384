/* What a person chose or dropped, as one flat list of files: folders walked through, archives unpacked. */
import { ArchiveProblem, entriesOf, isArchive } from "./archive.js";

const MOST_FILES = 5000;

/** One file to send: {name, folder, size, open}; or one that is not sent: {name, folder, problem}. */
export async function filesOf(found) {
  const listed = [];
  for (const { file, folder } of found) {
    if (isArchive(file)) listed.push(...(await unpacked(file, folder)));
    else if (!isHidden(file.name)) listed.push({ name: file.name, folder, size: file.size, open: async () => file });
  }
  return listed;
}

/** The files of an input element; a chosen folder's say where they lay. */
export function chosenFiles(input) {
  return [...input.files].slice(0, MOST_FILES)
    .map((file) => ({ file, folder: folderOf(file.webkitRelativePath) }))
    .filter(({ folder }) => !folder.split("/").some(isHidden));
}

/** The files of a drop. Its entries must be asked for at once: they are gone after the event. */
export async function droppedFiles(transfer) {
  const entries = [...transfer.items].map((item) => item.webkitGetAsEntry?.());
  if (!entries.every(Boolean)) return [...transfer.files].map((file) => ({ file, folder: "" }));
  const found = [];
  for (const entry of entries) await walk(entry, "", found);
  return found;
}

async function walk(entry, folder, found) {
  if (found.length >= MOST_FILES || isHidden(entry.name)) return;
  if (entry.isFile) {
    const file = await new Promise((resolve, reject) => { entry.file(resolve, reject); });
    found.push({ file, folder });
    return;
  }
  const reader = entry.createReader();
  const inside = joined(folder, entry.name);
  // A folder is handed out a hundred entries at a time.
  for (let some = await read(reader); some.length; some = await read(reader)) {
    for (const child of some) await walk(child, inside, found);
  }
}

function read(reader) {
  return new Promise((resolve, reject) => { reader.readEntries(resolve, reject); });
}

async function unpacked(file, folder) {
  try {
    const inside = joined(folder, file.name.slice(0, -4));
    const entries = await entriesOf(file);
    return entries.filter(({ path }) => !path.split("/").some(isHidden)).map((entry) => placed(entry, inside));
  } catch (error) {
    if (!(error instanceof ArchiveProblem)) throw error;
    return [{ name: file.name, folder, problem: error.message }];
  }
}

function placed(entry, folder) {
  const name = entry.path.slice(entry.path.lastIndexOf("/") + 1);
  if (!entry.problem && isArchive({ name })) return { name, folder, problem: "nested" };
  const place = entry.problem === "path" ? folder : joined(folder, folderOf(entry.path));
  return { ...entry, name: entry.problem === "path" ? entry.path : name, folder: place };
}

function folderOf(path) {
  return path.slice(0, Math.max(0, path.lastIndexOf("/")));
}

function joined(folder, name) {
  return [folder, name].filter(Boolean).join("/");
}

/** What systems leave in folders for themselves; ".." is no such thing. */
function isHidden(name) {
  return /^\.[^.]/.test(name) || name === "__MACOSX" || name === "Thumbs.db" || name === "desktop.ini";
}
