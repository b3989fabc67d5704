import { code, type ErrorCodes } from './entry.ts';

/** What a host meets while it converges. */
export const hostsCodes = {
  E_AFTER: code(
    'The component is installed after another one, and that one is not where it should be.',
    'Correct what holds the other component back; this one follows by itself.',
    'later',
    'outcome',
  ),
  E_AGENT_TRIAL: code(
    'Another version of the agent runs on trial, or waits for its next.',
    'Nothing: it is confirmed when a parent has taken its report, or the former version comes back and says why.',
    'later',
    'outcome',
  ),
  E_AGENT_UPDATE: code(
    'Another version of the agent was not taken, or not yet; the former one runs.',
    'The message says what became of it, with the end of its output. Publish a corrected version.',
    'later',
    'outcome',
  ),
  E_DRIFT: code(
    'Something on a host that Xylem installed was changed by something else. It is put back.',
    'Find out who changed it; what must differ on a host belongs into its configuration or its data folder.',
    'later',
    'outcome',
  ),
  E_DRIVER_UNSUPPORTED: code(
    "This host can't install components of this kind.",
    'Give the component to other hosts by its selector, or update the agent.',
    'never',
    'outcome',
  ),
  E_FACTS_UNSUPPORTED: code(
    'No variant of the package fits the operating system or architecture of this host.',
    "Publish a variant for it, or exclude the host by the component's selector.",
    'never',
    'outcome',
  ),
  E_FILE_DENIED: code(
    'A file of a package may not or can not take its place on this host.',
    "Do what the message names: the host's policy, what stands there, an owner that the host does not know. It is tried again.",
    'later',
    'outcome',
  ),
  E_HEALTH_FAILED: code(
    'The new version did not become healthy in time; the former version runs again where there is one.',
    "See the component's log on the host and its health check; publish a corrected version.",
    'never',
    'outcome',
  ),
  E_HOOK_FAILED: code(
    'A command of the package ended with an error.',
    "See its output in the host's log; publish a corrected version.",
    'never',
    'outcome',
  ),
  E_HOST_RETIRED: code(
    'The host was retired and takes no changes.',
    'Join it again with a new token if it should come back.',
    'never',
    'conflict',
  ),
  E_HOST_REVOKED: code(
    'The host was revoked: no node speaks with it any more.',
    'Install the machine anew, or remove the `identity` folder of its state folder, and join with a new token.',
    'never',
    'auth',
  ),
  E_NOT_JOINED: code(
    'This machine has not joined an environment.',
    'Run `xylem join URL --token …` with the same state folder.',
    'never',
    'conflict',
  ),
  E_PREFLIGHT: code(
    'The host does not have what the new version needs; nothing was touched, and the former version stays.',
    'Give the host what the message names (disk, memory, a newer kernel, a program); it is tried again by itself.',
    'later',
    'outcome',
  ),
  E_REVERTED: code(
    'A person on the host took the product back to what it ran before; it stays there, whatever direction says.',
    'Mend what they met; then undo it on the host: `xylem agent revert PRODUCT --undo`.',
    'never',
    'outcome',
  ),
  E_ROUTER: code(
    'The router in front of a service can not be asked or told where traffic goes. What runs goes on.',
    'See what the message names: whether the router runs, its socket or file, and who may use it; the agent tries again by itself.',
    'later',
    'machine',
  ),
  E_SECRET_INVALID: code(
    'A sealed value or a wrapped key is damaged, or is not for the place where it stands.',
    'Set the value anew with `xylem secret set`; if it comes back, find out who changes what the root server keeps.',
    'later',
    'integrity',
  ),
  E_SECRET_WAITS: code(
    'The component needs a sealed value, and the key that opens it was not wrapped for this host yet.',
    'On the machine of the holder that the message names: `xylem secret wrap ENVIRONMENT`.',
    'later',
    'outcome',
  ),
  E_SERVICE_ENDED: code(
    'A service that was well ended by itself. It is started again, after growing pauses of up to a minute.',
    'Read its log on the host; roll back if it began with an update.',
    'later',
    'outcome',
  ),
  E_SERVICE_START: code(
    'The service could not be started or ended at once.',
    "See the component's log on the host; check the command in `xylem.yaml`.",
    'later',
    'outcome',
  ),
  E_SUPERVISOR: code(
    "The supervisor of this host's services can't be started or does not answer. Services that run are left alone.",
    "See logs/supervisor.log in the host's state folder; the agent tries again by itself.",
    'later',
    'machine',
  ),
  E_TEMPLATE: code(
    "A template of a package can't be filled: a value is missing, or the template is wrong.",
    'Give the value that the message names in the configuration, or publish a corrected template.',
    'never',
    'outcome',
  ),
} satisfies ErrorCodes;
