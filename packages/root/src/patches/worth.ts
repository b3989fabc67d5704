/** Below it, a request more costs what a patch saves. */
const leastTravelBytes = 4 * 1024;
/** For all hosts together: what the time to make one is worth. */
const leastSumBytes = 16 * 1024;
const leastSavedBytes = 1024;
const mostOfChunks = 0.95;

/** Whether it is worth trying, by the bytes that go to each host without a patch. Pure. */
export function isWorthMaking(hosts: number, chunkBytes: number): boolean {
  return chunkBytes >= leastTravelBytes && hosts * chunkBytes >= leastSumBytes;
}

/** Whether what was made is worth having: what is hardly smaller costs relays room, and hosts time. Pure. */
export function isWorthHaving(sizeBytes: number, chunkBytes: number): boolean {
  return sizeBytes <= mostOfChunks * chunkBytes && chunkBytes - sizeBytes >= leastSavedBytes;
}
