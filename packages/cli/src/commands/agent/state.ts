import { resolve } from 'node:path';
import { text } from '../../frame/define.ts';

export const stateOption = { state: text('<folder>', "the host's state folder (default: .xylem/host)") };

export const hostFolder = (state: string | undefined): string => resolve(state ?? '.xylem/host');
