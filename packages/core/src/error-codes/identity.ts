import { code, type ErrorCodes } from './entry.ts';

/** Who someone is, which keys they hold, and what they may. */
export const identityCodes = {
  E_AUDIT_BROKEN: code(
    'The audit log was changed, shortened or put in another order, or its key is not the known one.',
    'Keep the log and its newest export as evidence and find out who could write to the database; after a restore, `xylem audit verify --anew`.',
    'never',
    'integrity',
  ),
  E_CERTIFICATE: code(
    'A certificate or certificate request is not valid for this installation.',
    'Check both clocks and that the node joined this root server; join it again if its certificate was revoked.',
    'elsewhere',
    'integrity',
  ),
  E_CI_TOKEN: code(
    "A CI system's token was not taken in exchange.",
    'Do what the message says; an administrator sees by `xylem ci list` which tokens are taken.',
    'never',
    'auth',
  ),
  E_FORBIDDEN: code(
    'Your role or this certificate does not allow this.',
    'Ask an administrator of the tenant for the role that the message names.',
    'never',
    'auth',
  ),
  E_FOUR_EYES: code(
    'The four-eyes rule is on, and this needs another person than who asked or confirmed before.',
    'Let somebody else do it, by an account of their own or an API token that they made.',
    'never',
    'auth',
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
  E_NOT_LOGGED_IN: code(
    'The CLI does not know a root server or has no token for it.',
    "Run `xylem login URL --token …` with an operator's token.",
    'never',
    'auth',
  ),
  E_OIDC: code(
    'Nobody was signed in by the issuer (OpenID Connect).',
    'Do what the message says; an administrator sees by `xylem oidc show` and `xylem group list` how people sign in.',
    'never',
    'auth',
  ),
  E_SIGNER: code(
    'A command that holds a key did not sign.',
    'Try the command of the signer file by hand; what it said on standard error stands in the message.',
    'never',
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
  E_UNAUTHORISED: code(
    'The token is missing, unknown or expired.',
    'Log in again with `xylem login`.',
    'never',
    'auth',
  ),
} satisfies ErrorCodes;
