import { code, type ErrorCodes } from './entry.ts';

/** What is asked for, whatever it is about. */
export const requestsCodes = {
  E_BUSY: code(
    'Another change of the same thing is under way.',
    'Wait until it has ended and try again.',
    'later',
    'conflict',
  ),
  E_CONFIRMATION: code(
    'The command acts on more than the threshold without having been confirmed.',
    'Check the count, then repeat the command with `--yes`.',
    'never',
    'input',
  ),
  E_CONFLICT: code(
    'What should be changed has been changed by someone else meanwhile, or already exists.',
    'Read it again and repeat the change on what is there now.',
    'never',
    'conflict',
  ),
  E_INPUT: code(
    'Something you wrote (a file, a flag or a request) is not valid.',
    'Correct what the message names; nothing has been changed.',
    'never',
    'input',
  ),
  E_METRIC: code(
    'Figures could not be had from where an environment takes them.',
    'See the address, the query or the program that the message names; `xylem metric show` tries it.',
    'later',
    'network',
  ),
  E_NOT_FOUND: code(
    'What you named does not exist, or you may not see it.',
    'Check the name; the matching `list` command shows what there is.',
    'never',
    'notFound',
  ),
  E_TOO_LARGE: code(
    'Input is larger than its limit. It was not read.',
    'See the limits in `docs/spec/lifetimes.md`; split or shrink it.',
    'never',
    'input',
  ),
} satisfies ErrorCodes;
