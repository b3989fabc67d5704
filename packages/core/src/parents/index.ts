export { parentLoop, type RelayPlace } from './loops.ts';
