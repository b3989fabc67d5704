import { isPassing, passingParts, XylemError } from '@xylem/core';
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
    'with --urgent: freezes or locks too, all or one (freezes:christmas, locks:shop-web), which another person approves; windows or quotas: of these two that alone. May be repeated',
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
    throw new XylemError(
      'E_INPUT',
      'Only what is urgent passes what hosts hold by themselves: --urgent --reason.',
    );
  const passes = [...new Set(pass)].sort().map((word) => {
    if (isPassing(word)) return word;
    throw new XylemError('E_INPUT', `--pass ${word} is none of ${passingParts.title}.`);
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
