import { lifetimes } from '@xylem/core';
import type { RelayTiming } from './options.ts';

export const relayTiming: RelayTiming = {
  holdMs: lifetimes.heldNewsMs,
  // The parent answers after `heldNewsMs`; silence beyond that is a dead connection.
  newsHoldMs: lifetimes.heldNewsMs + 15_000,
  timestampMs: 60_000,
  pollMs: lifetimes.pollingMs,
  retryFirstMs: lifetimes.retryFirstMs,
  retryMaxMs: lifetimes.retryMaxMs,
  timestampOldMs: lifetimes.timestampOldMs,
  parentStaleMs: lifetimes.parentStaleMs,
  secondLookMs: lifetimes.secondLookMs,
  parentBehindMs: lifetimes.parentBehindMs,
  cutOffMs: lifetimes.cutOffMs,
  roomLookMs: lifetimes.roomLookMs,
  followMs: lifetimes.relayFollowsMs,
  diskLookMs: 3_600_000,
  pruneGraceMs: 10 * 60_000,
  waitForFlightMs: 15_000,
  siblingHoldMs: 15_000,
  siblingIdleMs: 5_000,
  siblingWaitMs: 60_000,
  siblingMostMs: 600_000,
  siblingLeftMs: 60_000,
  reportBatchMs: 100,
  reportPaceMs: 1_000,
  reportRetryFirstMs: lifetimes.reportRetryFirstMs,
  reportRetryMaxMs: lifetimes.reportRetryMaxMs,
  forwardTimeoutMs: 30_000,
  certificateGraceMs: lifetimes.nodeGraceMs,
};
