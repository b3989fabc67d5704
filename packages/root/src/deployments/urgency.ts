import { type Passing, XylemError } from '@xylem/core';

/** What somebody says of something that can't wait. */
interface Said {
  readonly kind: 'deploy' | 'rollback' | 'undeploy';
  readonly urgent?: boolean | undefined;
  readonly reason?: string | undefined;
  readonly passes?: readonly Passing[] | undefined;
}

/** What passes what others rely on is urgent, and says why. @throws XylemError E_INPUT */
export function requireUrgency({ kind, urgent, reason, passes }: Said): void {
  if (passes === undefined) return;
  if (kind !== 'deploy' || urgent !== true || reason === undefined)
    throw new XylemError(
      'E_INPUT',
      'Only an urgent deployment passes what hosts hold by themselves, and it says why: --urgent --reason.',
    );
}
