import { XylemError } from '@xylem/core';
import { count, defineCommand, text } from '../../frame/define.ts';
import { listenForHooks } from '../../sources/hook.ts';
import { readSource } from '../../sources/read-source.ts';
import { watchSources } from '../../sources/watch.ts';

const secretName = 'XYLEM_HOOK_SECRET';

export const command = defineCommand({
  arguments: '<file> [more...]',
  about: `Each FILE describes a source (docs/continuous.md). Looks at all of them every so often, and at once when a webhook
comes: a POST with the secret in ${secretName}, as GitHub (X-Hub-Signature-256) or GitLab (X-Gitlab-Token) send it, or as
a bearer token. Runs until it is ended.`,
  options: {
    every: count('<seconds>', 'how long to wait between two looks; default 60', 5, 86_400),
    listen: text('<address:port>', `listen for webhooks there; needs ${secretName}`),
  },
  example: 'xylem source watch shop.yaml --listen 127.0.0.1:9100',
  async run(invocation) {
    const { args, options, api, signal, terminal, environment } = invocation;
    const sources = [];
    for (const word of args) sources.push(await readSource(word, signal));
    const server = await api();
    const hook =
      options.listen === undefined ? null : await listening(options.listen, environment[secretName]);
    terminal.ready(
      { watching: sources.map(({ file }) => file), listening: hook?.address ?? null },
      `Watching ${sources.map(({ origin }) => origin.about).join(', ')}.${hook === null ? '' : ` Webhooks: ${hook.address}`}`,
    );
    try {
      await watchSources(invocation, server, sources, {
        everyMs: (options.every ?? 60) * 1000,
        woken: hook?.next ?? (() => new Promise<void>(() => undefined)),
      });
    } finally {
      await hook?.close();
    }
    return undefined;
  },
});

async function listening(address: string, secret: string | undefined) {
  if (secret !== undefined && secret.length >= 16) return await listenForHooks(address, secret);
  throw new XylemError('E_INPUT', `--listen needs a secret of at least 16 characters in ${secretName}.`);
}
