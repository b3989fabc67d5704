import { agentDriver } from './agent/index.ts';
import { commandDriver } from './command/index.ts';
import { containerDriver } from './container/index.ts';
import { debDriver } from './deb/index.ts';
import type { Drivers } from './driver.ts';
import { filesDriver } from './files/index.ts';
import { rpmDriver } from './rpm/index.ts';
import { serviceDriver } from './service/index.ts';

/** Every kind of component that a host can install has its driver here, or this does not compile. */
export const drivers: Drivers = {
  files: filesDriver,
  service: serviceDriver,
  command: commandDriver,
  agent: agentDriver,
  container: containerDriver,
  deb: debDriver,
  rpm: rpmDriver,
};
