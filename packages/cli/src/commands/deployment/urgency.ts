import { XylemError } from '@xylem/core';
import { flag, list, text } from '../../frame/define.ts';
import { readDuration } from '../../frame/duration.ts';

/** For what can't wait. */
export const urgencyOptions = {
  urgent: flag(
    'begin outside of windows and beyond quotas, and bake nowhere; say why: --reason. Freezes and locks hold it all the same',
  ),
  reason: text('<text>', 'why, for the audit log; with --urgent it goes on after `xylem freeze` too'),
  pass: list(
    '<hold>',
    'with --urgent: freezes (of policy) or locks (of applications) too; may be repeated. Another person approves it',
  ),
  deadline: text('<time>', 'tell then who has not come to it (4h, 2d)'),
} as const;

interface Said {
  readonly urgent: boolean;
  readonly reason: string | undefined;
  readonly pass: readonly string[];
  readonly deadline: string | undefined;
}

/** @throws XylemError E_INPUT */
export function urgencyOf({ urgent, reason, pass, deadline }: Said) {
  if (urgent && reason === undefined)
    throw new XylemError('E_INPUT', 'Say why it is urgent: --reason. It stands in the audit log.');
  if (pass.length > 0 && !urgent)
    throw new XylemError('E_INPUT', 'Only what is urgent passes freezes or locks: --urgent --reason.');
  const passes = [...new Set(pass)].sort().map((one) => {
    if (one === 'freezes' || one === 'locks') return one;
    throw new XylemError('E_INPUT', `--pass ${one} is none of freezes and locks.`);
  });
  return {
    ...(urgent ? { urgent: true } : {}),
    ...(reason === undefined ? {} : { reason }),
    ...(passes.length === 0 ? {} : { passes }),
    ...(deadline === undefined
      ? {}
      : { deadlineSeconds: readDuration(deadline, '--deadline', ['m', 'h', 'd']) }),
  };
}
