/** A duration of the manifest in milliseconds; one that is out of bounds is refused at `path`. */
export type Milliseconds = (given: number | string, ...path: (string | number)[]) => number;
