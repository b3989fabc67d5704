import { serviceCrashSweep } from '../../testing/service-crash-sweep.ts';

serviceCrashSweep('built-in', 'all');
