import { XylemError } from '@xylem/core';
import { flag, type Invocation } from '../frame/define.ts';

export const yesOption = { yes: flag('do not ask, however many it concerns') };

/** More than so many hosts or environments are never changed without a yes. */
const askAbove = 10;

/**
 * Says how many are meant, and above the threshold asks.
 * @throws XylemError E_CONFIRMATION when the answer is no, or nobody can be asked and there is no --yes
 */
export async function confirmCount(
  { terminal, signal }: Pick<Invocation, 'terminal' | 'signal'>,
  count: number,
  sentence: string,
  yes: boolean,
): Promise<void> {
  terminal.note(sentence);
  if (yes || count <= askAbove) return;
  if (!terminal.interactive) {
    throw new XylemError('E_CONFIRMATION', `${sentence} More than ${askAbove} need a confirmation.`);
  }
  if (!(await terminal.confirm('Go on?', signal))) {
    throw new XylemError('E_CONFIRMATION', 'It was not confirmed, and nothing was changed.');
  }
}
