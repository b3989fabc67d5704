interface Freeze {
  readonly reason: string;
  readonly by: string;
  readonly since: string;
  readonly until: string | null;
}

/** One line about a freeze that holds. */
export const freezeLine = ({ reason, by, since, until }: Freeze): string =>
  `Frozen since ${since} by ${by}${until === null ? '' : `, until ${until}`}: ${reason}`;
