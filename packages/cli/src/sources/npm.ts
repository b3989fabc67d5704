import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isVersion, XylemError } from '@xylem/core';
import type { SourceOrigin } from '@xylem/core/yaml';
import { extract } from 'tar';
import type { Origin } from './origin.ts';
import { runTool } from './run-tool.ts';

const askMs = 60_000;
const fetchMs = 30 * 60_000;
/** Whoever watches looks again; npm's own pauses between tries are minutes. */
const environment = { npm_config_fetch_retries: '0', npm_config_update_notifier: 'false' };

/** A tag of an npm package: what `npm` on this machine is set up for is asked, unless a registry is named. */
export function npmOrigin(
  { package: name, tag, registry }: Extract<SourceOrigin, { kind: 'npm' }>,
  signal: AbortSignal,
): Origin {
  const where = registry === undefined ? [] : ['--registry', registry];
  return {
    about: `${name}@${tag} of npm`,
    async offered() {
      const args = ['view', `${name}@${tag}`, 'version', '--json', ...where];
      const said = await runTool(['npm', ...args], { environment, timeoutMs: askMs, signal });
      const version: unknown = JSON.parse(said === '' ? 'null' : said);
      if (typeof version === 'string' && isVersion(version)) return [{ version, name: version }];
      throw new XylemError('E_SOURCE', `npm names no version of ${name}@${tag}: ${said.slice(0, 200)}`);
    },
    async fetch({ version }, into) {
      const folder = await mkdtemp(join(tmpdir(), 'xylem-npm-'));
      try {
        // npm compares the archive with the digest that the registry names.
        const args = [
          'pack',
          `${name}@${version}`,
          '--ignore-scripts',
          '--pack-destination',
          folder,
          ...where,
        ];
        await runTool(['npm', ...args], { folder, environment, timeoutMs: fetchMs, signal });
        const [archive = ''] = await readdir(folder);
        await extract({ file: join(folder, archive), cwd: into, strip: 1, preserveOwner: false });
      } finally {
        await rm(folder, { recursive: true, force: true });
      }
    },
  };
}
