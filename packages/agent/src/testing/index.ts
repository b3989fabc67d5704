export { blueGreenService } from './blue-green.ts';
export { convergeOnce } from './converge-once.ts';
export { agentFuzzTargets } from './fuzz-targets.ts';
export { type TestPackage, writeTree } from './packages.ts';
export { randomKills } from './random-kills/sweep.ts';
export { type RouterKind, testRouter } from './routers.ts';
