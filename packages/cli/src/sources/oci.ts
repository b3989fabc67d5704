import { join } from 'node:path';
import { isVersion } from '@xylem/core';
import { type SourceOrigin, versionIn } from '@xylem/core/yaml';
import type { Offered, Origin } from './origin.ts';
import { runTool } from './run-tool.ts';

const askMs = 60_000;
const fetchMs = 30 * 60_000;

/** Tags of an image in a registry, asked and copied by skopeo with the log-in that it has on this machine. */
export function ociOrigin(
  { image, tags, plainHttp }: Extract<SourceOrigin, { kind: 'oci' }>,
  signal: AbortSignal,
): Origin {
  return {
    about: `tags ${tags} of ${image}`,
    async offered() {
      const args = ['list-tags', ...(plainHttp ? ['--tls-verify=false'] : []), `docker://${image}`];
      const said = JSON.parse(await runTool(['skopeo', ...args], { timeoutMs: askMs, signal })) as {
        readonly Tags?: readonly string[];
      };
      return (said.Tags ?? []).flatMap((name): Offered[] => {
        const version = versionIn(name, tags, isVersion);
        return version === undefined ? [] : [{ version, name }];
      });
    },
    /** As the OCI image layout `image`, with all its platforms. */
    async fetch({ name }, into) {
      const from = plainHttp ? ['--src-tls-verify=false'] : [];
      const args = [
        'copy',
        '--quiet',
        '--all',
        ...from,
        `docker://${image}:${name}`,
        `oci:${join(into, 'image')}`,
      ];
      await runTool(['skopeo', ...args], { timeoutMs: fetchMs, signal });
    },
  };
}
