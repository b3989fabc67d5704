import { readdirSync, readFileSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { listing } from '@xylem/testkit';

/** Files and folders that somebody was still at: at rest there must be none. */
export async function temporaryNames(folder: string): Promise<string[]> {
  const unfinished = /(^|\/)\.(tmp-|incoming-|retired-|current-next|xylem-)|\.part(\/|$)|\.damaged$/;
  const names = await readdir(folder, { recursive: true }).catch(() => []);
  return names.filter((name) => unfinished.test(name)).sort();
}

/** Every file below a folder with what it holds, a line each; empty where there is no folder. */
export async function contentsOf(folder: string): Promise<string[]> {
  const found = await listing(folder).catch(() => new Map<string, string>());
  return [...found].map(([path, what]) => `${path}: ${what}`).sort();
}

/** What is mounted below a folder, as this machine sees it. */
export function mountsBelow(folder: string): string[] {
  const lines = readFileSync('/proc/self/mountinfo', 'utf8').split('\n');
  return lines.map((line) => line.split(' ')[4] ?? '').filter((at) => at.startsWith(`${folder}/`));
}

/** How many processes name a folder, by what they are. */
export function processesBelow(
  folder: string,
): Record<'agent' | 'supervisor' | 'forwarder' | 'service', number> {
  const found = { agent: 0, supervisor: 0, forwarder: 0, service: 0 };
  for (const name of readdirSync('/proc')) {
    const words = /^\d+$/.test(name) ? wordsOf(name) : [];
    if (!words.some((word) => word === folder || word.includes(`${folder}/`))) continue;
    const is = (program: string): boolean =>
      words.some((word) => new RegExp(`(^|/)${program}(-main\\.ts)?$`).test(word));
    if (words.some((word) => word.includes(`${folder}/components/`))) found.service += 1;
    else if (is('supervisor')) found.supervisor += 1;
    else if (is('forwarder')) found.forwarder += 1;
    else found.agent += 1;
  }
  return found;
}

function wordsOf(pid: string): string[] {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
  } catch {
    return [];
  }
}
