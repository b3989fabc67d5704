import { connect } from 'node:net';
import { fillPlaceholders, fillPort, healthDefaults } from '@xylem/core';
import { runProgram } from '../commands/run.ts';
import { lookInContainer } from '../drivers/container/look.ts';
import type { Places } from '../drivers/driver.ts';
import { placesOf } from '../drivers/service/places.ts';
import { commandOf } from '../drivers/service/spec.ts';
import type { Placed } from '../slot/placed.ts';

/** One look at a service: null when it is well, else what is wrong in a few words. Never rejects. */
export type Look = (signal: AbortSignal) => Promise<string | null>;

export interface HealthCheck {
  readonly look: Look;
  readonly intervalMs: number;
  readonly timeoutMs: number;
  readonly startTimeoutMs: number;
  readonly successes: number;
}

/** The package's health check filled for this host; null when it has none. @throws XylemError E_PLACEHOLDER */
export function healthCheckOf(placed: Placed, places: Places): HealthCheck | null {
  const { health } = placed.document;
  if (health === undefined) return null;
  const filled = placesOf(placed, places);
  const timing = { ...healthDefaults, ...health };
  const { intervalMs, timeoutMs, startTimeoutMs, successes } = timing;
  const look = (): Look => {
    if (health.http !== undefined) {
      const { port, path = healthDefaults.httpPath, status = healthDefaults.httpStatus } = health.http;
      return lookHttp(fillPort(port, filled), path, status, timeoutMs);
    }
    if (health.tcp !== undefined) return lookTcp(fillPort(health.tcp.port, filled), timeoutMs);
    if (placed.kind === 'container') {
      const command = (health.command ?? []).map((argument) => fillPlaceholders(argument, filled));
      return lookInContainer(placed.component, command, timeoutMs);
    }
    return lookCommand(commandOf(health.command ?? [], placed, places), filled.tree, timeoutMs);
  };
  return { look: look(), intervalMs, timeoutMs, startTimeoutMs, successes };
}

// An ES import evaluates every export, also those that load undici: 5 MB in an idle agent.
const { get } = process.getBuiltinModule('node:http');

/** A connection for each look: a kept one would still answer while new ones are refused. */
function lookHttp(port: number, path: string, status: number, timeoutMs: number): Look {
  return (signal) =>
    new Promise((resolve) => {
      const request = get(
        { host: '127.0.0.1', port, path, agent: false, signal, timeout: timeoutMs },
        (response) => {
          response.destroy();
          resolve(
            response.statusCode === status ? null : `status ${response.statusCode} at ${path}, not ${status}`,
          );
        },
      );
      request.on('timeout', () => request.destroy(new Error(`no answer in ${timeoutMs} ms`)));
      request.on('error', (error) => resolve(`port ${port}: ${error.message}`));
    });
}

function lookTcp(port: number, timeoutMs: number): Look {
  return (signal) =>
    new Promise((resolve) => {
      const socket = connect({ host: '127.0.0.1', port, signal, timeout: timeoutMs });
      const end = (fault: string | null): void => {
        socket.destroy();
        resolve(fault);
      };
      socket.once('connect', () => end(null));
      socket.once('timeout', () => end(`port ${port}: no answer in ${timeoutMs} ms`));
      socket.on('error', (error) => end(`port ${port}: ${error.message}`));
    });
}

/** How many were begun: no two of this process are marked alike. */
let looks = 0;

function lookCommand(command: readonly string[], workingFolder: string, timeoutMs: number): Look {
  return async (signal) => {
    looks += 1;
    const run = { command, workingFolder, environment: {}, input: '', timeoutMs, signal };
    // It looks while steps are taken. What it prints may hold secrets and is not repeated.
    return await runProgram({ ...run, note: null, mark: `health.${process.pid}.${looks}` }).then(
      ({ fault }) => (fault === null ? null : `the check ${fault}`),
      (error: unknown) => `the check was not run: ${error instanceof Error ? error.message : String(error)}`,
    );
  };
}
