import type { Root } from '../../root.ts';
import { changeSource, removeChangeSource, setChangeSource, shownSource } from '../../tickets/source.ts';
import type { Handlers } from '../handlers.ts';
import type { ticketRoutes } from '../routes/tickets.ts';

export function ticketHandlers({ db, clock, randomness }: Root): Pick<Handlers, keyof typeof ticketRoutes> {
  return {
    changeSourceSet: async ({ body: { url }, who }) => {
      const row = await setChangeSource(db, randomness, { url, who: who.name, nowMs: clock.now() });
      return { ...shownSource(row), secret: row.secret };
    },
    changeSourceShow: async () => {
      const row = await changeSource(db);
      return { source: row === undefined ? null : shownSource(row) };
    },
    changeSourceRemove: async ({ who }) => {
      await removeChangeSource(db, who.name, clock.now());
      return {};
    },
  };
}
