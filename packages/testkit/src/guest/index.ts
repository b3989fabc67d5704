/**
 * Real Debian hosts with systemd as process 1, on one machine (docs/development: root and Debian only):
 *
 *     const guest = await bootGuest(t, { name: 'web' });
 *     if ('skip' in guest) return t.skip(guest.skip);
 *     await guest.run(['systemctl', 'is-system-running']);
 *     await guest.powerOff();   // SIGKILL of its process 1: a power loss
 *     await guest.boot();       // the same disk again
 *
 * A guest takes 1 to 4 s to boot and about 10 MB; the Debian below all of them is made once per machine. It has the
 * checkout read-only at /opt/xylem, the Node that runs the test at /usr/local/bin/node and, by both, the built program
 * at /usr/local/bin/xylem. What it writes lies on its own overlay and goes with the test. It has no network but a
 * loopback of its own unless asked otherwise. `MemoryMax=`, `TasksMax=` and `CPUQuota=` of its units are enforced.
 */
export { bootGuest, type Guest, type GuestExec, type GuestOptions } from './guest.ts';
