import { isVersion } from '@xylem/core';
import { type SourceOrigin, versionIn } from '@xylem/core/yaml';
import type { Offered, Origin } from './origin.ts';
import { runTool } from './run-tool.ts';

const askMs = 60_000;
const fetchMs = 30 * 60_000;
/** Nobody is there to type a password. */
const environment = { GIT_TERMINAL_PROMPT: '0', GIT_ASKPASS: 'true' };

/** Tags of a git repository. */
export function gitOrigin(
  { repository, tags }: Extract<SourceOrigin, { kind: 'git' }>,
  signal: AbortSignal,
): Origin {
  return {
    about: `tags ${tags} of ${repository}`,
    async offered() {
      const args = ['ls-remote', '--tags', '--refs', '--', repository] as const;
      const listed = await runTool(['git', ...args], { environment, timeoutMs: askMs, signal });
      return listed.split('\n').flatMap((line): Offered[] => {
        const name = line.split('\t')[1]?.slice('refs/tags/'.length) ?? '';
        const version = versionIn(name, tags, isVersion);
        return version === undefined ? [] : [{ version, name }];
      });
    },
    async fetch({ name }, into) {
      const args = ['clone', '--quiet', '--depth', '1', '--branch', name, '--', repository, into] as const;
      await runTool(['git', ...args], { environment, timeoutMs: fetchMs, signal });
    },
  };
}
