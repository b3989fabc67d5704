import { closedObject, string } from '../../schema/build.ts';
import type { PackagePart } from './part.ts';

/** docs/spec/agent-update.md. */
export const agentSchema = closedObject({
  executable: string({
    title: "the executable's path in the tree, without ..",
    pattern: '^(?!/)(?!(.*/)?\\.\\.?(/|$))[^\\0\\n]+$',
    maxLength: 1024,
  }),
});

/** The only component by which an agent is updated, and the only product that it may come from. */
export const agentComponent = 'xylem-agent';
export const agentProduct = 'xylem';

export const agentPart: PackagePart = {
  fault: ({ kind, agent }) =>
    (kind === 'agent') === (agent !== undefined)
      ? undefined
      : { path: ['agent'], sentence: 'expected for the kind "agent" and for no other' },
};
