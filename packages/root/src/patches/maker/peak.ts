import { readFile } from 'node:fs/promises';

/**
 * The most memory that this process has had, in MiB. What the kernel counts for whoever waits for a process
 * (`resourceUsage().maxRSS`) begins with what the process had that started it: a server of 300 MB.
 */
export async function peakRssMb(): Promise<number> {
  const status = await readFile('/proc/self/status', 'utf8').catch(() => '');
  const kb = /^VmHWM:\s+(\d+) kB/m.exec(status)?.[1];
  return Math.round((kb === undefined ? process.resourceUsage().maxRSS : Number(kb)) / 1024);
}
