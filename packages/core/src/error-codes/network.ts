import { code, type ErrorCodes } from './entry.ts';

/** Other nodes, and the way to them. */
export const networkCodes = {
  E_CUT_OFF: code(
    'This part of the tree has heard nothing of the root server for a while, though its relays answer. What runs goes on; nothing new comes, and reports wait on the relays.',
    'Find the topmost relay that says so (`xylem topology` names it on the root server) and look at the network between it and its parents, or give it another: `xylem host move RELAY --parent URL`.',
    'later',
    'network',
  ),
  E_NETWORK: code(
    'A network operation failed.',
    'Check name, port, firewall and proxy; it is tried again by itself where a node does it.',
    'later',
    'network',
  ),
  E_PARENT_BEHIND: code(
    'A parent did not show for long what another has, and was left for that one.',
    'Look at the relay that the message names: whether it reaches its own parent, has room on its disk, and is what you think it is. The host works by another parent.',
    'elsewhere',
    'network',
  ),
  E_PARENT_FULL: code(
    'The disk of a parent is full: what is new it can not take. It serves what it has; the rest comes from others.',
    'Free space on the relay that the message names, or give it a larger disk; its own report says how much is free. It takes its place again by itself.',
    'elsewhere',
    'network',
  ),
  E_PARENT_LOOP: code(
    'Relays go in a circle: one pulls from another that pulls from it, or from itself. Nothing new comes to them that way.',
    'Give the relay that the message names another parent: `xylem host move RELAY --parent URL`.',
    'elsewhere',
    'network',
  ),
  E_PARENT_REFUSED: code(
    'The parent refused this node: certificate, environment or scope do not fit.',
    "See that the parent serves this environment, and that this node's certificate is valid.",
    'elsewhere',
    'network',
  ),
  E_PARENT_SLOW: code(
    'A parent gives so little that another, asked for a part of the same, gave several times as much. Objects come from that one for a while.',
    'Nothing, if it passes. Else look at that relay: its load, its disk, its link, and how many children it has.',
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
  E_PLAIN_HTTP: code(
    'A parent is reached by plain HTTP beyond loopback, and nobody at this host allowed that.',
    'Give the parent an https:// address, or run the agent with `--allow-plain-http` if who listens may know what it fetches.',
    'never',
    'input',
  ),
  E_PROXY: code(
    'The proxy on the way to a parent or to the root server refuses, does not answer, or answers in its place.',
    'Do what the message says of that proxy, or give another: `xylem agent proxy URL` on a host, `HTTPS_PROXY` for a command. Nodes that are reached without it are named by `NO_PROXY` or `--except`.',
    'elsewhere',
    'network',
  ),
  E_RELAY_FULL: code(
    'The relays that hosts should go to have no room for all of them.',
    'Name more of them (`--to`, `--parent`), or say that one takes more: `xylem host serve RELAY --children N`.',
    'never',
    'conflict',
  ),
  E_TIMEOUT: code(
    'Something did not happen within the time given.',
    'Look at the state first, it may still happen; then raise the time or correct the cause.',
    'later',
    'network',
  ),
  E_UNSUPPORTED: code(
    'The other side does not know this request.',
    'Update the older of the two; two minor versions either way work together.',
    'never',
    'network',
  ),
} satisfies ErrorCodes;
