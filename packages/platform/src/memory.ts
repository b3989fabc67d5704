type Collect = (options: { type: 'major'; execution: 'sync'; flavor: 'last-resort' }) => void;

let collect: Collect | undefined;
let isPlanned = false;

/** So long after the work, so that what it used is no longer in use. */
const afterMs = 1000;

/**
 * Soon gives back to the system what a large piece of work left behind. JavaScript's engine collects when it needs
 * room and never because it is idle: an agent that has installed 100 MB would keep 25 MB more for weeks. Takes
 * about 30 ms of the main thread; several calls at once are one.
 */
export function releaseMemorySoon(): void {
  if (isPlanned) return;
  isPlanned = true;
  const timer = setTimeout(() => {
    isPlanned = false;
    collect ??= exposedCollect();
    collect({ type: 'major', execution: 'sync', flavor: 'last-resort' });
  }, afterMs);
  timer.unref();
}

export const heapGrowthFlag = '--heap-growing-percent=50';

/**
 * Has JavaScript's engine collect once what it holds has grown by half of what was in use. It lets it grow by up to
 * three times of that while there is memory, which on a large machine is a hundred megabytes of garbage for a server
 * that holds forty; measured, collecting sooner costs no more time (`bench/run reports`).
 */
export function boundHeapGrowth(): void {
  process.getBuiltinModule('node:v8').setFlagsFromString(heapGrowthFlag);
}

/** As `node --expose-gc` has it, without asking every way of starting the program for the flag. */
function exposedCollect(): Collect {
  const v8 = process.getBuiltinModule('node:v8');
  const vm = process.getBuiltinModule('node:vm');
  v8.setFlagsFromString('--expose-gc');
  const exposed = vm.runInNewContext('gc') as Collect;
  v8.setFlagsFromString('--no-expose-gc');
  return exposed;
}
