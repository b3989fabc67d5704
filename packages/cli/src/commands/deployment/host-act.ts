import { XylemError } from '@xylem/core';
import { type Command, defineCommand, requiredText } from '../../frame/define.ts';
import { deploymentTable } from './shared.ts';

/** A command that says something of one host of a deployment, and shows the deployment as it is then. */
export const hostAct = (
  verb: 'skip' | 'unskip' | 'retry',
  operation: 'deploymentSkipHost' | 'deploymentUnskipHost' | 'deploymentRetryHost',
  about: string,
): Command =>
  defineCommand({
    arguments: '<id> <host>',
    about,
    options: { reason: requiredText('<text>', 'why; it stands in the audit log') },
    example: `xylem deployment ${verb} d-567073cb9f4b web-3 --reason 'its disk is being replaced'`,
    async run({ args, options, api }) {
      const [id, host, ...more] = args;
      if (id === undefined || host === undefined || more.length > 0)
        throw new XylemError(
          'E_INPUT',
          `Say which deployment and which host: xylem deployment ${verb} ID HOST.`,
        );
      const body = { host, reason: options.reason };
      const deployment = await (await api()).call(operation, { params: { id }, body });
      return { data: deployment, text: () => deploymentTable([deployment]) };
    },
  });
