import { XylemError } from '@xylem/core';
import { forbidCoreDumps } from '@xylem/platform';
import { defineCommand, flag } from '../../frame/define.ts';
import { only } from '../../frame/words.ts';
import { readSecrets, rotate, wrapPending } from '../../secrets/change.ts';
import { listed } from '../../secrets/listed.ts';

const lookEveryMs = 15_000;

/**
 * A root server that is away, also behind a proxy that answers for it, and a change by somebody else are met again. A key
 * that is not here never comes, nor a right: who went on trying to rotate would make a key each time.
 */
const passes = ({ code, retry }: XylemError): boolean =>
  retry !== 'never' || code === 'E_CONFLICT' || code === 'E_UNSUPPORTED';

export const command = defineCommand({
  arguments: '<environment>',
  about:
    'Wraps the key for hosts that joined since. With --watch it stays, serves every host that the root server lets in, and rotates when one that had the key is retired or revoked: run it as a service where the key lies, with XYLEM_PASSPHRASE_FILE.',
  options: {
    watch: flag('stay and wrap for whoever joins, until Ctrl-C'),
    yes: flag('do not ask whether the hosts are yours; needed with --watch where nobody can be asked'),
  },
  example: 'xylem secret wrap acme/production',
  async run(invocation) {
    const { options, terminal, clock, signal } = invocation;
    const word = only(invocation.args);
    if (!options.watch) {
      const opened = await readSecrets(invocation, word);
      const wrapped = await wrapPending(invocation, opened, options.yes);
      return listed(wrapped?.secrets ?? opened.secrets);
    }
    if (!options.yes) {
      throw new XylemError(
        'E_CONFIRMATION',
        '--watch gives the key to every host that joins: say --yes to that.',
      );
    }
    await forbidCoreDumps({ warn: (event) => terminal.note(event) });
    terminal.ready({ watching: word }, `Watches ${word}.`);
    let before = '';
    while (!signal.aborted) {
      try {
        let opened = await readSecrets(invocation, word);
        if (opened.secrets.removed.length > 0) {
          const gone = opened.secrets.removed.join(', ');
          opened = { ...opened, secrets: await rotate(invocation, opened, true) };
          terminal.line(`Rotated: ${gone} had the key and is gone.`);
        }
        const wrapped = await wrapPending(invocation, opened, true);
        if (wrapped !== null) terminal.line(`Wrapped for ${wrapped.names.join(', ')}.`);
        before = '';
      } catch (error) {
        if (!(error instanceof XylemError) || !passes(error)) throw error;
        if (error.message !== before) terminal.note(error.message);
        before = error.message;
      }
      await clock.sleep(lookEveryMs, signal).catch(() => undefined);
    }
    return undefined;
  },
});
