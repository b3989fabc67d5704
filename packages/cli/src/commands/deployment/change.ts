import { type Command, defineCommand } from '../../frame/define.ts';
import { only } from '../../frame/words.ts';
import { deploymentTable } from './shared.ts';

/** A command that changes the state of one deployment and shows it as it is then. */
export const deploymentChange = (
  verb: 'pause' | 'resume' | 'abort',
  operation: 'deploymentPause' | 'deploymentResume' | 'deploymentAbort',
): Command =>
  defineCommand({
    arguments: '<id>',
    example: `xylem deployment ${verb} d-567073cb9f4b`,
    async run({ args, api }) {
      const deployment = await (await api()).call(operation, { params: { id: only(args) } });
      return { data: deployment, text: () => deploymentTable([deployment]) };
    },
  });
