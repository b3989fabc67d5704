import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { type Standing, standingOf } from '../../supervisor/family.ts';

/** As process 1 they start their children again; any other process that lives is taken for one that may. */
const supervisors = new Set(['supervisord', 'circusd', 'runsvdir', 's6-svscan', 'monit']);
/** They wait for what they started, and leave it at that. */
const waiters = new Set(['cron', 'crond', 'anacron', 'atd']);

/**
 * Who would start a process again when it ends: beside what Xylem starts then. Null: nobody that can be told.
 * @param program by which an inittab would name it
 */
export function keeperOf({ pid, parent }: Standing, program: string): string | null {
  const above = standingOf(parent);
  if (above === null) return null;
  // That of a session takes what lost its parent there, as process 1 does elsewhere.
  if (above.name === 'systemd') return unitIn(textOf(`/proc/${pid}/cgroup`));
  if (above.pid !== 1) return waiters.has(above.name) ? null : `${above.name} (process ${above.pid})`;
  if (supervisors.has(above.name)) return `${above.name} (process 1)`;
  return isRespawned(textOf('/etc/inittab'), program) ? '/etc/inittab (respawn)' : null;
}

/** The unit of systemd that a process is in, by its control groups; null for sessions and what cron started. Pure. */
export function unitIn(groups: string): string | null {
  const own = /^(?:0:|\d+:name=systemd):(.*)$/m.exec(groups)?.[1] ?? '';
  const unit = basename(own);
  return unit.endsWith('.service') && !/^(cron|crond|atd)\.service$/.test(unit)
    ? `systemd, as ${unit}`
    : null;
}

/** Pure. */
export function isRespawned(inittab: string, program: string): boolean {
  return inittab.split('\n').some((line) => {
    const [, , action = '', ...command] = line.trim().split(':');
    return !line.startsWith('#') && action.startsWith('respawn') && command.join(':').includes(program);
  });
}

function textOf(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
