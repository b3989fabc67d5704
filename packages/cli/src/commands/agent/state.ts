import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { XylemError } from '@xylem/core';
import { text } from '../../frame/define.ts';

export const stateOption = { state: text('<folder>', "the host's state folder (default: .xylem/host)") };

export const hostFolder = (state: string | undefined): string => resolve(state ?? '.xylem/host');

/** The state folder of a host that has joined: a mistyped one must not become a new one. @throws XylemError E_NOT_JOINED */
export function joinedFolder(state: string | undefined): string {
  const folder = hostFolder(state);
  if (existsSync(folder)) return folder;
  throw new XylemError('E_NOT_JOINED', `${folder} is not there: no host has joined with this state folder.`);
}
