export { readJunit } from './read.ts';
