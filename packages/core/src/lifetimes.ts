/** The durations of docs/spec/lifetimes.md, in milliseconds. */
const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const YEAR = 365 * DAY;

export const lifetimes = {
  timestampMs: 7 * DAY,
  timestampRenewMs: DAY,
  /** Who holds an older timestamp fetches a newer one. */
  timestampOldMs: 20 * HOUR,
  snapshotMs: 30 * DAY,
  directorMs: 30 * DAY,
  productRoleMs: 365 * DAY,
  rootRoleMs: 10 * YEAR,
  nodeCertificateMs: 30 * DAY,
  nodeCertificateRenewMs: 20 * DAY,
  /** A node whose certificate has ended is still known to others, so that it can come back. */
  nodeGraceMs: 7 * DAY,
  /** How long after its end a certificate may still be renewed by the host's key. */
  renewalGraceMs: 180 * DAY,
  caCertificateMs: 10 * YEAR,
  joinTokenMs: DAY,
  planMs: 7 * DAY,
  heldNewsMs: 50 * SECOND,
  newsAfterWorkMs: 5 * SECOND,
  /** Somewhat longer than that. */
  wokenBackMs: 6 * SECOND,
  pollingMs: 30 * SECOND,
  /** Fraction of the polling interval that is random, to both sides. */
  pollingJitter: 0.2,
  retryFirstMs: SECOND,
  retryMaxMs: MINUTE,
  parentStaleMs: 26 * HOUR,
  /** Between two looks at what another parent shows, half more or less. */
  secondLookMs: 10 * MINUTE,
  /** A parent may show less than another for so long. */
  parentBehindMs: 10 * MINUTE,
  /** A relay that has heard nothing of the root server for longer says that it is cut off. */
  cutOffMs: 10 * MINUTE,
  /** A relay looks so often what is free on its disk. */
  roomLookMs: 15 * SECOND,
  /** The word of a parent that its disk is full counts for so long. */
  fullForgottenMs: 10 * MINUTE,
  /** A parent that was left for being behind is taken as it is after so long, if it still is. */
  behindForgottenMs: HOUR,
  /** A local lock holds up a change for so long, unless direction says otherwise. */
  lockMs: 4 * HOUR,
  /** How far a clock may lag behind signed times before it is called wrong. */
  clockSkewMs: 10 * MINUTE,
  /** A clock that is further ahead of the newest direction is not believed when it comes to windows. */
  directionTellsTimeMs: 400 * DAY,
  relayFollowsMs: 30 * DAY,
  periodicReportMs: HOUR,
  reportAtMostEveryMs: 2 * SECOND,
  /** By so much of the period, at most, a report that is due by time alone comes sooner. */
  reportSoonerBy: 0.1,
  reportRetryFirstMs: 5 * SECOND,
  /** After a parent took a report: until the host looks whether the root server has it. */
  reportLookFirstMs: 30 * SECOND,
  /** For so long a host may be at work on what it was given before it reports that it knows. */
  reportWorkMs: 30 * SECOND,
  reportRetryMaxMs: 10 * MINUTE,
  stalledTransferMs: 20 * SECOND,
} as const;
