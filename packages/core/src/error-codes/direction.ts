import { code, type ErrorCodes } from './entry.ts';

/** What hosts should run, and how it gets there. */
export const directionCodes = {
  E_COMPONENT_CONFLICT: code(
    'Two products or components claim the same component, port or path on hosts that both could be given to.',
    "Change the selectors in the environment's YAML so that they exclude each other, or remove one of the two.",
    'never',
    'conflict',
  ),
  E_CONFIG_INVALID: code(
    'The configuration does not fit the schema of the package.',
    "Correct the configuration that the message names, in the environment's YAML or the host's.",
    'never',
    'input',
  ),
  E_CONFIRM_RESTORE: code(
    'The root server was restored from a backup, and a person has not yet confirmed the difference.',
    'Look at `xylem root difference`, then run `xylem root confirm`.',
    'never',
    'conflict',
  ),
  E_DEPENDENCY: code(
    'A component requires another that is absent or has the wrong version.',
    'Put the required component into the release, in a version that fits.',
    'never',
    'conflict',
  ),
  E_DEPLOYMENT_FAILED: code(
    'The deployment ended without reaching all its hosts.',
    '`xylem deployment show` names the hosts; correct the cause and deploy again, or `xylem rollback`.',
    'never',
    'outcome',
  ),
  E_DEPLOYMENT_STATE: code(
    "The deployment is in a state in which this can't be done.",
    'Look at `xylem deployment show`; a deployment that has ended stays as it is: start a new one.',
    'never',
    'conflict',
  ),
  E_LABEL_INVALID: code(
    "A label's key or value is not allowed.",
    'Keys are lower-case names; values have at most 255 bytes and no control characters.',
    'never',
    'input',
  ),
  E_SELECTOR: code(
    "A selector can't be read.",
    'Correct it at the column that the message names; for example `role = web and site in (muc, fra)`.',
    'never',
    'input',
  ),
} satisfies ErrorCodes;
