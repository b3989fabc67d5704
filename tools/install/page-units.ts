import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

/** The units of docs/install.md. */
export interface PageUnits {
  readonly root: string;
  /** Of a host. */
  readonly agent: string;
  /** Of a relay: the same with another line. */
  readonly relay: string;
}

export async function unitsOfPage(): Promise<PageUnits> {
  const page = await readFile(join(import.meta.dirname, '..', '..', 'docs/install.md'), 'utf8');
  const blocks = [...page.matchAll(/```ini\n(.*?)```/gs)].map(([, text = '']) => text);
  const of = (start: string): string => blocks.find((text) => text.includes(start)) ?? assert.fail(start);
  const agent = of('Description=Xylem agent');
  const line = of('--listen 0.0.0.0:8442').trim();
  return { root: of('Description=Xylem root server'), agent, relay: agent.replace(/^ExecStart=.*$/m, line) };
}
