import { connect } from 'node:net';
import { XylemError } from '@xylem/core';

/** @throws XylemError E_PORT_IN_USE naming the first that something on this machine has */
export async function requireFreePorts(component: string, ports: readonly number[]): Promise<void> {
  for (const port of ports) {
    if (!(await isTaken(port))) continue;
    throw new XylemError('E_PORT_IN_USE', `${component} needs port ${port}, and another program has it.`, {
      details: { port },
    });
  }
}

/** Whether anything accepts connections there now. */
function isTaken(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ port, host: '127.0.0.1', timeout: 1_000 });
    const end = (taken: boolean): void => {
      socket.destroy();
      resolve(taken);
    };
    socket.once('connect', () => end(true));
    socket.once('error', () => end(false));
    socket.once('timeout', () => end(false));
  });
}
