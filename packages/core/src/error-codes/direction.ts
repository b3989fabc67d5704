import { code, type ErrorCodes } from './entry.ts';

/** What hosts should run, and how it gets there. */
export const directionCodes = {
  E_APPROVAL_MISSING: code(
    'The environment demands approvals that are not there.',
    'Do what the message names: prepare a plan, have it approved by those whom it names, then `xylem deploy --plan ID`.',
    'never',
    'conflict',
  ),
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
  E_DEAD_END: code(
    "The product's publisher says that no update leads on from the release that runs here.",
    'Do what the message says; a person has to act on this host. `xylem product graph` shows what the publisher says.',
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
  E_DOWNGRADE: code(
    "The product's publisher does not allow this step back to an older release.",
    'Deploy a newer release that mends what is wrong, or have the publisher allow the way back with `xylem product downgrade`.',
    'never',
    'conflict',
  ),
  E_LABEL_INVALID: code(
    "A label's key or value is not allowed.",
    'Keys are lower-case names; values have at most 255 bytes and no control characters.',
    'never',
    'input',
  ),
  E_LIFT_INVALID: code(
    'The lift of a quarantine is not signed by enough of the operators that the environment has, or names something else.',
    "Lift it again where the operators' keys are: `xylem release lift`. If nobody of you made it, suspect the root server.",
    'never',
    'integrity',
  ),
  E_MIGRATION_NEEDED: code(
    'The step would take away a shape of the database that hosts still need.',
    'Bring those hosts to a version that does without it; leave one that is long unseen out of the count: `xylem migrate exclude`.',
    'never',
    'conflict',
  ),
  E_MIGRATION_ORDER: code(
    'The step is not the one that follows on what the database has, or another is under way.',
    'Look at `xylem migrate status` and order the step that it names.',
    'never',
    'conflict',
  ),
  E_NO_OPERATORS: code(
    'The environment has no operator keys, so that nobody could lift a quarantine.',
    'Make them on a machine that is not the root server: `xylem operators create TENANT/ENVIRONMENT`.',
    'never',
    'conflict',
  ),
  E_OPERATORS_INVALID: code(
    "A document of an environment's operators is not signed by those before it, or is not the one that follows.",
    'Compare `xylem operators list` with what you signed; if it is not yours, suspect the root server. Hosts keep the operators that they have.',
    'never',
    'integrity',
  ),
  E_PLAN_CHANGED: code(
    'What was true when the plan was made is not true any more.',
    'Look at what the message names, then `xylem plan refresh ID`: it makes a new version, which is approved anew.',
    'never',
    'conflict',
  ),
  E_PLAN_EXPIRED: code(
    'The plan is older than plans may be.',
    '`xylem plan refresh ID` looks anew and asks again.',
    'never',
    'conflict',
  ),
  E_PLAN_STATE: code(
    "The plan is in a state in which this can't be done.",
    'Look at `xylem plan show ID`; one that was started stays as it is: prepare another.',
    'never',
    'conflict',
  ),
  E_QUARANTINED: code(
    'An operator has quarantined the release in the environment: no host takes it there.',
    'Deploy another release; or lift it with an operator key: `xylem release lift`.',
    'never',
    'conflict',
  ),
  E_SELECTOR: code(
    "A selector can't be read.",
    'Correct it at the column that the message names; for example `role = web and site in (muc, fra)`.',
    'never',
    'input',
  ),
  E_STAGE_ORDER: code(
    'The release has not behind it what must come first: the stage before, and the time that it stands there.',
    'Do what the message names, then deploy it again; where it follows a channel it comes by itself. `policy.after` says what must come first.',
    'later',
    'conflict',
  ),
  E_WAYPOINT: code(
    "A release of the product must be passed through first, by its publisher's word, and it can't be had here.",
    'Publish or restore the release that the message names; hosts go on by themselves. `xylem product graph` shows the waypoints.',
    'later',
    'conflict',
  ),
} satisfies ErrorCodes;
