/** `ref=refs/heads/main, repository=acme/shop`. */
export const claimsText = (match: Readonly<Record<string, string>>): string =>
  Object.entries(match)
    .map(([name, value]) => `${name}=${value}`)
    .sort()
    .join(', ');
