export { run } from './frame/run.ts';
export { version } from './version.ts';
