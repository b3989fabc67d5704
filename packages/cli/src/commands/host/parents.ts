import { XylemError } from '@xylem/core';

/** @throws XylemError E_INPUT for what is no address of a parent */
export function refuseNoParent(parents: readonly string[]): void {
  const bad = parents.find((url) => !/^https?:\/\/[^/]+/.test(url));
  if (bad !== undefined)
    throw new XylemError('E_INPUT', `--parent ${bad} is no address. Write https://host:port.`);
}
