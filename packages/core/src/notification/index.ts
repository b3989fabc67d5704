export { alertmanagerBody, isAlertTopic } from './alertmanager.ts';
export { type AttemptOutcome, afterAttempt, holdingAttempts } from './attempts.ts';
export { topicPatternSource, wantsNotification } from './topics.ts';
