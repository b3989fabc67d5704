import { runPatchMaker } from '../patches/maker/run.ts';

/** The process that `xylem patch-maker` is. */
await runPatchMaker(process.argv.slice(2));
