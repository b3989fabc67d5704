export { type CommandOperation, commandDefaults, commandOperations } from './command.ts';
export * from './document.ts';
export { healthDefaults } from './health.ts';
export { serviceDefaults, stopTimeoutDefaultMs } from './service.ts';
