import { XylemError } from '@xylem/core';
import { defineCommand } from '../../frame/define.ts';
import { shortId } from './shared.ts';

export const command = defineCommand({
  arguments: '<old> <new>',
  about: `For a machine that was installed anew, which has a new key and so a new id: NEW gets the labels, configuration
and parents of OLD, and OLD is retired. Both are given by id (or its first digits) where they have one name.`,
  example: 'xylem host replace 3f9a 81c2',
  async run({ args, api }) {
    const [old, next, ...more] = args;
    if (old === undefined || next === undefined || more.length > 0) {
      throw new XylemError('E_INPUT', 'Name the old host and the new one: xylem host replace OLD NEW');
    }
    const done = await (await api()).call('hostReplace', { body: { old, next } });
    return {
      data: done,
      text: `${done.name} is ${shortId(done.next)} now; ${shortId(done.old)} is retired.`,
    };
  },
});
