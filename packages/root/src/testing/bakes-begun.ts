import { waitUntil } from '@xylem/testkit';
import type { RootFixture } from './root-fixture.ts';

interface Said {
  readonly said: {
    readonly decisions: readonly { readonly kind: string; readonly hosts?: readonly string[] }[];
  };
}

/**
 * Waits until a deployment has marked these hosts as done. A bake begins with the look that marks its host, not with the
 * report before it, from which on the host is shown as baking: a clock that is let pass in between ends no bake.
 */
export async function bakesBegun(
  { api }: Pick<RootFixture, 'api'>,
  id: string,
  hosts: readonly { readonly id: string }[],
): Promise<void> {
  await waitUntil(
    async () => {
      const { records } = await api('deploymentEvidence', { params: { id }, query: {} });
      const decisions = records.flatMap(({ document }) => (JSON.parse(document) as Said).said.decisions);
      const marked = new Set(decisions.flatMap(({ kind, hosts: of = [] }) => (kind === 'healthy' ? of : [])));
      return hosts.every((host) => marked.has(host.id));
    },
    60_000,
    `the bakes in ${id} begin`,
  );
}
