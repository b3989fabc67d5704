import { lifetimes } from '@xylem/core';
import { comparisonTiming } from '@xylem/store';
import type { AgentTiming } from '../options.ts';

export const defaultTiming: AgentTiming = {
  pollMs: lifetimes.pollingMs,
  // The parent answers after `heldNewsMs`; silence beyond that is a dead connection.
  newsHoldMs: lifetimes.heldNewsMs + 10_000,
  newsAfterWorkMs: lifetimes.newsAfterWorkMs,
  retryMinMs: lifetimes.retryFirstMs,
  retryMaxMs: lifetimes.retryMaxMs,
  returnToFirstMs: 300_000,
  timestampMs: 60_000,
  staleParentMs: lifetimes.parentStaleMs,
  secondLookMs: lifetimes.secondLookMs,
  parentBehindMs: lifetimes.parentBehindMs,
  comparison: comparisonTiming,
  reportCoalesceMs: lifetimes.reportAtMostEveryMs,
  reportRetryMinMs: lifetimes.reportRetryFirstMs,
  reportLookMs: lifetimes.reportLookFirstMs,
  reportWorkMs: lifetimes.reportWorkMs,
  reportRetryMaxMs: lifetimes.reportRetryMaxMs,
  slotRetryMs: 10_000,
  observeMs: 60_000,
  driftMs: 3_600_000,
  driftShare: 1 / 100,
};
