export { alertmanagerBody, isAlertTopic } from './alertmanager.ts';
export { type AttemptOutcome, afterAttempt, holdingAttempts } from './attempts.ts';
export { topicFits, topicPatternSource, wantsNotification } from './topics.ts';
