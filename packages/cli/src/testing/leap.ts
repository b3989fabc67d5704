/** Preloaded into a real process (`node --import`): at SIGUSR2 a quarter of an hour has passed by its monotonic clock. */
const quarterMs = 15 * 60_000;
const present = performance.now.bind(performance);
let aheadMs = 0;
performance.now = () => present() + aheadMs;
process.on('SIGUSR2', () => {
  aheadMs += quarterMs;
});
