// What a supervisor's process needs and no more: it stays small beside the services that it looks after.
export { runSupervisor } from './run.ts';
export { stopServices } from './stop-services.ts';
