/** Preloaded into a real process (`node --import`): its wall clock shows the same time of the day before. */
const dayMs = 24 * 3600_000;
const present = Date.now.bind(Date);
Date.now = () => present() - dayMs;
