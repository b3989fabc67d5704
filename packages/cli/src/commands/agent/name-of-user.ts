import { userInfo } from 'node:os';

/** As this system names who types; `sudo` says who that is. */
export function nameOfUser({ SUDO_USER }: NodeJS.ProcessEnv): string {
  const { username, uid } = userInfo();
  return SUDO_USER === undefined ? `${username} (uid ${uid})` : `${SUDO_USER} as ${username}`;
}
