import { type Command, defineCommand } from './define.ts';
import { only } from './words.ts';

/** A command that does one thing to what an id names, for which there is nothing to say but that it is done. */
export const byId = (definition: {
  readonly about?: string;
  readonly example: string;
  readonly operation: 'apiTokenDelete' | 'ciDistrust' | 'sessionRevoke' | 'tokenDelete';
  /** Stands beside the id in the answer of `--json`. */
  readonly done: Readonly<Record<string, true>>;
  readonly said: (id: string) => string;
}): Command => {
  const { about, example, operation, done, said } = definition;
  return defineCommand({
    arguments: '<id>',
    ...(about === undefined ? {} : { about }),
    example,
    async run({ args, api }) {
      const id = only(args);
      await (await api()).call(operation, { params: { id } });
      return { data: { id, ...done }, text: said(id) };
    },
  });
};
