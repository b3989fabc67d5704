import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync, zstdDecompressSync } from 'node:zlib';

/** Values that must not be found, by what they are. */
export type Canaries = Readonly<Record<string, string>>;

const spellings = (value: string): readonly Buffer[] => [
  Buffer.from(value),
  Buffer.from(JSON.stringify(value).slice(1, -1)),
  Buffer.from(encodeURIComponent(value)),
  // At each of the three alignments that base64 has, without the characters that the neighbours change.
  ...[0, 1, 2].flatMap((pad) => {
    const text = Buffer.concat([Buffer.alloc(pad), Buffer.from(value)]).toString('base64');
    const core = text.slice(pad === 0 ? 0 : 4, -4);
    return [core, core.replaceAll('+', '-').replaceAll('/', '_')].map((one) => Buffer.from(one));
  }),
];

/** What of `canaries` stands in these bytes, also as base64, or inside a compressed file. */
export function canariesIn(bytes: Buffer, canaries: Canaries): string[] {
  const views = [bytes, ...unpacked(bytes)];
  return Object.entries(canaries)
    .filter(([, value]) => spellings(value).some((spelling) => views.some((view) => view.includes(spelling))))
    .map(([name]) => name);
}

function unpacked(bytes: Buffer): Buffer[] {
  try {
    if (bytes.readUInt16BE(0) === 0x1f8b) return [gunzipSync(bytes)];
    if (bytes.readUInt32LE(0) === 0xfd2fb528) return [zstdDecompressSync(bytes)];
  } catch {
    // Shorter than a magic number, or not what it looked like.
  }
  return [];
}

/** `<path below folder>: <canary>` for every file. What goes away meanwhile held nothing that stays. */
export function canariesBelow(folder: string, canaries: Canaries): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .flatMap((entry) => {
      const path = join(entry.parentPath, entry.name);
      let bytes: Buffer;
      try {
        bytes = readFileSync(path);
      } catch {
        return [];
      }
      return canariesIn(bytes, canaries).map((name) => `${path.slice(folder.length + 1)}: ${name}`);
    })
    .sort();
}

/** Command line and environment of a process that lives. */
export function canariesOf(pid: number, canaries: Canaries): string[] {
  return ['cmdline', 'environ'].flatMap((file) =>
    canariesIn(readFileSync(`/proc/${pid}/${file}`), canaries).map((name) => `${file}: ${name}`),
  );
}
