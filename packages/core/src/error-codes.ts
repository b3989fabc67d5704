/** What a caller may do about a fault: give up, try the same again later, or turn to another parent. */
export type Retry = 'never' | 'later' | 'elsewhere';

/** The exit codes of the CLI, by kind of fault. `docs/errors.md` shows them. */
export const exitCodes = {
  ok: 0,
  internal: 1,
  input: 2,
  auth: 3,
  notFound: 4,
  conflict: 5,
  network: 6,
  integrity: 7,
  machine: 8,
  outcome: 9,
  interrupted: 130,
} as const;

export interface ErrorCodeEntry {
  /** One sentence: what is the case. */
  readonly meaning: string;
  /** What a person can do. */
  readonly advice: string;
  readonly retry: Retry;
  readonly exitCode: number;
}

function code(meaning: string, advice: string, retry: Retry, exit: keyof typeof exitCodes): ErrorCodeEntry {
  return { meaning, advice, retry, exitCode: exitCodes[exit] };
}

/** Every error code there is, sorted. `docs/errors.md` holds the same table; a test compares the two. */
export const errorCodes = {
  E_AFTER: code(
    'The component is installed after another one, and that one is not where it should be.',
    'Correct what holds the other component back; this one follows by itself.',
    'later',
    'outcome',
  ),
  E_AUDIT_BROKEN: code(
    'The audit log was changed, shortened or put in another order, or its key is not the known one.',
    'Keep the log and its newest export as evidence and find out who could write to the database; after a restore, `xylem audit verify --anew`.',
    'never',
    'integrity',
  ),
  E_BELOW_FLOOR: code(
    'The release is older than the lowest version that its publisher still allows.',
    'Choose a release at or above the floor; `xylem release list` shows it.',
    'never',
    'conflict',
  ),
  E_BUSY: code(
    'Another change of the same thing is under way.',
    'Wait until it has ended and try again.',
    'later',
    'conflict',
  ),
  E_CERTIFICATE: code(
    'A certificate or certificate request is not valid for this installation.',
    'Check both clocks and that the node joined this root server; join it again if its certificate was revoked.',
    'elsewhere',
    'integrity',
  ),
  E_CHANNEL_INVALID: code(
    'A channel document does not follow the format.',
    'Set the channel again with this version of `xylem channel set`.',
    'elsewhere',
    'integrity',
  ),
  E_CI_TOKEN: code(
    "A CI system's token was not taken in exchange.",
    'Do what the message says; an administrator sees by `xylem ci list` which tokens are taken.',
    'never',
    'auth',
  ),
  E_CLOCK: code(
    'The clock of this machine contradicts signed times.',
    'Set the clock (NTP), then try again; nothing was changed.',
    'later',
    'machine',
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
  E_CONFIRMATION: code(
    'The command acts on more than the threshold without having been confirmed.',
    'Check the count, then repeat the command with `--yes`.',
    'never',
    'input',
  ),
  E_CONFIRM_RESTORE: code(
    'The root server was restored from a backup, and a person has not yet confirmed the difference.',
    'Look at `xylem root difference`, then run `xylem root confirm`.',
    'never',
    'conflict',
  ),
  E_CONFLICT: code(
    'What should be changed has been changed by someone else meanwhile, or already exists.',
    'Read it again and repeat the change on what is there now.',
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
  E_DISK_FULL: code(
    'There is not enough room on the disk. The old version keeps running.',
    'Free the space that the message names; the next attempt starts by itself.',
    'later',
    'machine',
  ),
  E_DOCUMENT_INVALID: code(
    'A document does not follow its format.',
    'Fetch it from another parent; if all give the same, ask who made it to write it again with a current version.',
    'elsewhere',
    'integrity',
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
  E_ENVELOPE_INVALID: code(
    'A signed envelope is malformed or its signature does not verify.',
    'Send it again; if it comes back, see which node signs with an unknown key.',
    'elsewhere',
    'integrity',
  ),
  E_EVIDENCE: code(
    "The environment's policy demands statements about the release that are not there, or not by the keys that it names.",
    'Attach what the message names with `xylem release attest`, or change `policy.provenance` of the environment.',
    'never',
    'conflict',
  ),
  E_FACTS_UNSUPPORTED: code(
    'No variant of the package fits the operating system or architecture of this host.',
    "Publish a variant for it, or exclude the host by the component's selector.",
    'never',
    'outcome',
  ),
  E_FILE_CHANGED: code(
    'A file changed while it was being read.',
    'Publish from a folder that nobody writes to, then try again.',
    'later',
    'input',
  ),
  E_FORBIDDEN: code(
    'Your role or this certificate does not allow this.',
    'Ask an administrator of the tenant for the role that the message names.',
    'never',
    'auth',
  ),
  E_FORMAT_UNSUPPORTED: code(
    'A document has a format or major version that this program does not know.',
    'Update this program; formats of two minor versions back are always read.',
    'never',
    'integrity',
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
  E_INPUT: code(
    'Something you wrote (a file, a flag or a request) is not valid.',
    'Correct what the message names; nothing has been changed.',
    'never',
    'input',
  ),
  E_INTERNAL: code(
    'Something happened that this program does not expect.',
    'Report it with the output under `XYLEM_DEBUG=1`; trying again may help.',
    'later',
    'internal',
  ),
  E_INTERRUPTED: code(
    'The command was interrupted.',
    'Run it again; what was done is kept and found again.',
    'later',
    'interrupted',
  ),
  E_ISSUER: code(
    'The issuer of sign-in tokens does not answer the root server as it should.',
    'See whether the root server reaches the address that the message names (proxy, firewall, certificate).',
    'later',
    'network',
  ),
  E_JOIN_MAC: code(
    'A join request or its answer was not made with the secret of the token: it was changed on the way, or the token is wrong.',
    'Copy the whole token again; if it persists, someone between the host and the root server changes messages.',
    'never',
    'integrity',
  ),
  E_JOIN_TOKEN: code(
    'The join token is unknown, used up, expired or malformed.',
    'Create a new one with `xylem token create`.',
    'never',
    'auth',
  ),
  E_KEY_INVALID: code(
    "A key can't be read, has the wrong kind, or its passphrase is wrong.",
    'Check the file and passphrase; restore the key from its backup.',
    'never',
    'auth',
  ),
  E_LABEL_INVALID: code(
    "A label's key or value is not allowed.",
    'Keys are lower-case names; values have at most 255 bytes and no control characters.',
    'never',
    'input',
  ),
  E_METADATA_EXPIRED: code(
    'Signed metadata has expired. What runs is kept, nothing new is taken.',
    "See that the root server runs and that this node's parents renew their copy; check the clock.",
    'later',
    'integrity',
  ),
  E_METADATA_INVALID: code(
    'Signed metadata does not follow the format or does not fit what names it.',
    "Fetched again from another parent by itself; if all give the same, see the root server's log.",
    'elsewhere',
    'integrity',
  ),
  E_METADATA_MISSING: code(
    'Signed metadata that must exist is not there.',
    "Fetched again from another parent by itself; if it stays, see whether that parent's copy is whole.",
    'elsewhere',
    'integrity',
  ),
  E_METADATA_ROLLBACK: code(
    'Signed metadata is older than what this node has already accepted.',
    'Another parent is tried by itself; if all agree, restore the root server from a newer backup.',
    'elsewhere',
    'integrity',
  ),
  E_METADATA_SIGNATURE: code(
    'Signed metadata lacks enough valid signatures.',
    'Another parent is tried by itself; if all agree, the key was changed without a new root: see `docs/spec/metadata.md`.',
    'elsewhere',
    'integrity',
  ),
  E_NETWORK: code(
    'A network operation failed.',
    'Check name, port, firewall and proxy; it is tried again by itself where a node does it.',
    'later',
    'network',
  ),
  E_NOT_FOUND: code(
    'What you named does not exist, or you may not see it.',
    'Check the name; the matching `list` command shows what there is.',
    'never',
    'notFound',
  ),
  E_NOT_JOINED: code(
    'This machine has not joined an environment.',
    'Run `xylem join URL --token …` with the same state folder.',
    'never',
    'conflict',
  ),
  E_NOT_LOGGED_IN: code(
    'The CLI does not know a root server or has no token for it.',
    "Run `xylem login URL --token …` with an operator's token.",
    'never',
    'auth',
  ),
  E_NOT_VOUCHED: code(
    "The director asks for a package that the product's publisher has not vouched for. It is not installed.",
    'See that the release was published under this product; otherwise suspect the root server.',
    'later',
    'integrity',
  ),
  E_OBJECT_DIGEST: code(
    'Bytes do not have the digest by which they were asked for. They were thrown away.',
    'They are fetched from another parent by themselves; if it persists, check the disk of the parent that the message names.',
    'elsewhere',
    'integrity',
  ),
  E_OBJECT_MISSING: code(
    'An object that something refers to is not there.',
    'Another parent is tried by itself; if it stays, publish it again.',
    'elsewhere',
    'notFound',
  ),
  E_OFFER_INVALID: code(
    'An offer is malformed or leads to bytes that do not fit.',
    'Another parent is tried by itself.',
    'elsewhere',
    'integrity',
  ),
  E_PACKAGE_CONFLICT: code(
    'This version of the component is already published with other bytes.',
    'Raise the version in `xylem.yaml` and publish again; a published version never changes.',
    'never',
    'conflict',
  ),
  E_PACKAGE_INVALID: code(
    'A package document does not follow the format.',
    'Publish the package again with this version of `xylem package publish`.',
    'elsewhere',
    'integrity',
  ),
  E_PACK_INVALID: code(
    'A pack is damaged or lies about its contents.',
    'Another parent is tried by itself; check the disk of the one that the message names.',
    'elsewhere',
    'integrity',
  ),
  E_PARENT_REFUSED: code(
    'The parent refused this node: certificate, environment or scope do not fit.',
    "See that the parent serves this environment, and that this node's certificate is valid.",
    'elsewhere',
    'network',
  ),
  E_PARENT_STALE: code(
    'The parent has had no news for too long, or stopped sending in the middle. Others are tried.',
    'See whether that relay reaches its own parent.',
    'elsewhere',
    'network',
  ),
  E_PARENT_UNREACHABLE: code(
    'The parent, or the root server, does not answer.',
    'Check that it runs, its address and the network between; nodes turn to another parent by themselves.',
    'elsewhere',
    'network',
  ),
  E_PERMISSION: code(
    'The operating system denies access to a file, folder or port.',
    'Run as the user that owns the state folder, or correct the rights that the message names.',
    'later',
    'machine',
  ),
  E_PLACEHOLDER: code(
    'A command, environment value or port holds a placeholder that is unknown or has no value.',
    // biome-ignore lint/suspicious/noTemplateCurlyInString: the placeholders of packages look like this
    'Use `${config.KEY}`, `${tree}`, `${data}` or `${node}`, and `$${` for a literal `${`; give KEY a value or a default.',
    'never',
    'input',
  ),
  E_PLAIN_HTTP: code(
    'A parent is reached by plain HTTP beyond loopback, and nobody at this host allowed that.',
    'Give the parent an https:// address, or run the agent with `--allow-plain-http` if who listens may know what it fetches.',
    'never',
    'input',
  ),
  E_PORT_IN_USE: code(
    'The port is taken by another program.',
    'End that program or choose another port.',
    'later',
    'machine',
  ),
  E_RELEASE_CONFLICT: code(
    'This version of the product is already released with other packages.',
    'Choose another version; a release never changes.',
    'never',
    'conflict',
  ),
  E_RELEASE_INVALID: code(
    'A release document does not follow the format.',
    'Create the release again with this version of `xylem release create`.',
    'elsewhere',
    'integrity',
  ),
  E_RELEASE_RETIRED: code(
    'The publisher has retired the release: it stands in the record, and no host takes it any more.',
    'Choose another release; `xylem release restore` by its publisher brings this one back.',
    'never',
    'conflict',
  ),
  E_REPORT_INVALID: code(
    'A report or watermark does not follow the format.',
    'Update the node that sent it.',
    'never',
    'integrity',
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
  E_SELECTOR: code(
    "A selector can't be read.",
    'Correct it at the column that the message names; for example `role = web and site in (muc, fra)`.',
    'never',
    'input',
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
  E_SIGNER: code(
    'A command that holds a key did not sign.',
    'Try the command of the signer file by hand; what it said on standard error stands in the message.',
    'never',
    'machine',
  ),
  E_STATE_DAMAGED: code(
    'A file of the state folder is damaged.',
    'Keep a copy, then follow the message: most state is fetched again by itself after removing the file.',
    'never',
    'machine',
  ),
  E_STATE_LOCKED: code(
    'Another process already runs on this state folder.',
    'Stop it first, or choose another folder with `--state`.',
    'later',
    'machine',
  ),
  E_STATE_VERSION: code(
    'The state folder was written by a newer version of this program.',
    'Start the newer version, or restore the backup made before the upgrade.',
    'never',
    'machine',
  ),
  E_STORAGE: code(
    'The disk or database failed to read or write.',
    'Check the disk and its file system; the operation is repeated where that is safe.',
    'later',
    'machine',
  ),
  E_SUPERVISOR: code(
    "The supervisor of this host's services can't be started or does not answer. Services that run are left alone.",
    "See logs/supervisor.log in the host's state folder; the agent tries again by itself.",
    'later',
    'machine',
  ),
  E_THRESHOLD: code(
    'Fewer keys are here than must sign.',
    'Write the change to a file with `--out FILE` and have it signed where the other keys are: `xylem ceremony sign FILE`.',
    'never',
    'auth',
  ),
  E_THROTTLED: code(
    'Too many attempts to sign in failed, for this account or from this address.',
    'Wait as long as the message says. If you did not try: somebody else does; the address stands in the log.',
    'later',
    'auth',
  ),
  E_TIMEOUT: code(
    'Something did not happen within the time given.',
    'Look at the state first, it may still happen; then raise the time or correct the cause.',
    'later',
    'network',
  ),
  E_TOO_LARGE: code(
    'Input is larger than its limit. It was not read.',
    'See the limits in `docs/spec/lifetimes.md`; split or shrink it.',
    'never',
    'input',
  ),
  E_TREE_EMPTY: code(
    'The folder holds nothing to publish.',
    'Check the folder and the include and exclude patterns in `xylem.yaml`.',
    'never',
    'input',
  ),
  E_TREE_ENTRY: code(
    "A folder holds something that a tree can't carry: a device, socket, pipe, or a file with set-user-id bits.",
    'Remove or exclude what the message names.',
    'never',
    'input',
  ),
  E_TREE_INVALID: code(
    'A tree does not follow the format or its rules.',
    'Publish the package again; if a parent gave it, another is tried by itself.',
    'elsewhere',
    'integrity',
  ),
  E_TREE_LINK: code(
    'A symbolic link is absolute or leaves the tree.',
    'Make the link relative and let it end inside the folder, or exclude it.',
    'never',
    'input',
  ),
  E_TREE_NAME_CLASH: code(
    'Two names differ only in case or Unicode form, or a file is also used as a folder.',
    'Rename one: on some file systems both would be the same file.',
    'never',
    'input',
  ),
  E_TREE_PATH: code(
    'A path in a tree is not allowed: absolute, with `..`, too long, not UTF-8 or with control characters.',
    'Rename or exclude the file that the message names.',
    'never',
    'input',
  ),
  E_TRUST: code(
    'The trust map of this host does not allow this repository for this product, or its root is not the pinned one.',
    'See `xylem host why`; a host learns other trust roots only by joining again.',
    'later',
    'integrity',
  ),
  E_UNAUTHORISED: code(
    'The token is missing, unknown or expired.',
    'Log in again with `xylem login`.',
    'never',
    'auth',
  ),
  E_UNSUPPORTED: code(
    'The other side does not know this request.',
    'Update the older of the two; two minor versions either way work together.',
    'never',
    'network',
  ),
  E_WITHDRAWN: code(
    'The publisher has withdrawn the release.',
    "Choose another release; the publisher's notes say why.",
    'never',
    'conflict',
  ),
} satisfies Record<`E_${string}`, ErrorCodeEntry>;

export type ErrorCode = keyof typeof errorCodes;
