/* ZIP archives, unpacked here entry by entry: each is then sent, judged and bounded like any other file. */
const END_MARK = 0x06054b50;
const ENTRY_MARK = 0x02014b50;
const LOCAL_MARK = 0x04034b50;
const LONGEST_COMMENT = 65535;
const MOST_ENTRIES = 5000;
const MOST_DIRECTORY_BYTES = 16 * 1024 * 1024;
const LINK = 0o120000;
const KIND = 0o170000;

/** Why an archive or an entry is not taken: "archive", "entries", "encrypted", "link", "path", "method", "size". */
export class ArchiveProblem extends Error {}

export function isArchive(file) {
  return file.name.toLowerCase().endsWith(".zip");
}

/** List an archive's files: {path, size, open} each, or {path, problem}; raises ArchiveProblem for the whole. */
export async function entriesOf(file) {
  const end = await endOf(file);
  const count = end.getUint16(10, true);
  const [size, offset] = [end.getUint32(12, true), end.getUint32(16, true)];
  // The markers of ZIP64: more, or larger, than is taken anyway.
  if (count > MOST_ENTRIES || size > MOST_DIRECTORY_BYTES || offset === 0xffffffff) throw new ArchiveProblem("entries");
  const directory = new DataView(await file.slice(offset, offset + size).arrayBuffer());
  const entries = [];
  for (let at = 0; at + 46 <= directory.byteLength && directory.getUint32(at, true) === ENTRY_MARK;) {
    const entry = entryAt(directory, at);
    if (entries.length >= MOST_ENTRIES) throw new ArchiveProblem("entries");
    if (!entry.path.endsWith("/")) entries.push(judged(file, entry));
    at += entry.length;
  }
  return entries;
}

async function endOf(file) {
  const tail = new DataView(await file.slice(Math.max(0, file.size - 22 - LONGEST_COMMENT)).arrayBuffer());
  for (let at = tail.byteLength - 22; at >= 0; at -= 1) {
    if (tail.getUint32(at, true) === END_MARK) return new DataView(tail.buffer, at);
  }
  throw new ArchiveProblem("archive");
}

function entryAt(directory, at) {
  const flags = directory.getUint16(at + 8, true);
  const [name, extra, comment] = [28, 30, 32].map((place) => directory.getUint16(at + place, true));
  return {
    path: decoded(new Uint8Array(directory.buffer, at + 46, Math.min(name, directory.byteLength - at - 46)), flags),
    encrypted: (flags & 1) === 1,
    method: directory.getUint16(at + 10, true),
    packed: directory.getUint32(at + 20, true),
    size: directory.getUint32(at + 24, true),
    mode: directory.getUint32(at + 38, true) >>> 16,
    offset: directory.getUint32(at + 42, true),
    length: 46 + name + extra + comment,
  };
}

function decoded(bytes, flags) {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (error) {
    if (flags & 0x800) throw new ArchiveProblem("archive", { cause: error });
    return new TextDecoder("windows-1252").decode(bytes);
  }
}

function judged(file, entry) {
  const { path, size } = entry;
  if ((entry.mode & KIND) === LINK) return { path, problem: "link" };
  if (path.includes("\\") || path.split("/").some((part) => ["", ".", ".."].includes(part.trim()))) return { path, problem: "path" };
  if (entry.encrypted) return { path, problem: "encrypted" };
  if (entry.method !== 0 && entry.method !== 8) return { path, problem: "method" };
  return { path, size, open: () => opened(file, entry) };
}

async function opened(file, entry) {
  const head = new DataView(await file.slice(entry.offset, entry.offset + 30).arrayBuffer());
  if (head.byteLength < 30 || head.getUint32(0, true) !== LOCAL_MARK) throw new ArchiveProblem("archive");
  const start = entry.offset + 30 + head.getUint16(26, true) + head.getUint16(28, true);
  const packed = file.slice(start, start + entry.packed);
  return entry.method === 0 ? packed : inflated(packed, entry.size);
}

/** Inflate to exactly the size that was announced, and never to a byte more. */
async function inflated(packed, size) {
  const parts = [];
  let length = 0;
  const reader = packed.stream().pipeThrough(new DecompressionStream("deflate-raw")).getReader();
  try {
    for (let piece = await reader.read(); !piece.done; piece = await reader.read()) {
      length += piece.value.length;
      if (length > size) throw new ArchiveProblem("size");
      parts.push(piece.value);
    }
  } catch (error) {
    reader.cancel().catch(() => {});
    throw error instanceof ArchiveProblem ? error : new ArchiveProblem("archive", { cause: error });
  }
  if (length !== size) throw new ArchiveProblem("size");
  return new Blob(parts);
}
