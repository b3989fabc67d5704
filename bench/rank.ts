/**
 * How likely a value of `a` is above one of `b` (0.5: nothing tells them apart), and how many standard errors that is
 * from one half: the Mann-Whitney statistic, which minds no outliers. Equal values count half. Pure.
 */
export function likelihoodSlower(
  a: readonly number[],
  b: readonly number[],
): { readonly likelihood: number; readonly errors: number } {
  const all = [...a.map((value) => ({ value, isA: true })), ...b.map((value) => ({ value, isA: false }))];
  all.sort((one, other) => one.value - other.value);
  let ranks = 0;
  for (let from = 0; from < all.length; ) {
    let to = from;
    while (to < all.length && all[to]?.value === all[from]?.value) to += 1;
    // Equal values share the mean of their ranks, which begin with 1.
    const rank = (from + 1 + to) / 2;
    for (const { isA } of all.slice(from, to)) if (isA) ranks += rank;
    from = to;
  }
  const [n, m] = [a.length, b.length];
  const likelihood = (ranks - (n * (n + 1)) / 2) / (n * m);
  const error = Math.sqrt((n + m + 1) / (12 * n * m));
  return { likelihood, errors: (likelihood - 0.5) / error };
}
