// The crash sweep of services over systemd, run inside of a host of its own:
// [XYLEM_SYSTEMD_POINTS=all] node --test systemd-sweep-main.ts
import { serviceCrashSweep } from './service-crash-sweep.ts';

serviceCrashSweep('systemd', process.env.XYLEM_SYSTEMD_POINTS === 'all' ? 'all' : 'part');
