import { timeOf } from '@xylem/core';
import { appendAudit } from '../../audit/audit.ts';
import type { Who } from '../../auth/api-tokens.ts';
import { firstWord, isFourEyes, isSecondWord, setFourEyes } from '../../auth/four-eyes.ts';
import { confirmRestore } from '../../backup/confirm.ts';
import { lockFor } from '../../db/lock.ts';
import type { Root } from '../../root.ts';
import type { BodyOf } from '../contract.ts';
import type { Handlers } from '../handlers.ts';

export function fourEyesHandlers(root: Root): Pick<Handlers, 'fourEyesShow' | 'fourEyesSet'> {
  const { db, clock } = root;
  const shown = async (who: Who) => {
    const off = who.access.everywhere('administer') ? await firstWord(db, 'off', clock.now()) : null;
    return { on: await isFourEyes(db), off: off && { by: off.by, until: timeOf(off.untilMs) } };
  };
  return {
    fourEyesShow: ({ who }) => shown(who),
    fourEyesSet: async ({ body, who }) => {
      await db.transaction().execute(async (trx) => {
        await lockFor(trx, 'four-eyes');
        const before = await isFourEyes(trx);
        if (!before && !body.on) return;
        const nowMs = clock.now();
        const isDone = body.on || (await isSecondWord(trx, who, 'off', 'off', nowMs));
        if (isDone) await setFourEyes(trx, body.on);
        const what = body.on ? 'four-eyes.on' : isDone ? 'four-eyes.off' : 'four-eyes.ask-off';
        await appendAudit(trx, nowMs, {
          who: who.name,
          what,
          subject: 'root',
          before: { on: before },
          after: { on: body.on || !isDone },
        });
      });
      return await shown(who);
    },
  };
}

/** With the four-eyes rule a second person says the same before a restore is confirmed. */
export async function confirmTogether(root: Root, { keep }: BodyOf<'restoreConfirm'>, who: Who) {
  if (!root.restored.isRestored() || !(await isFourEyes(root.db)))
    return { ...(await confirmRestore(root, keep, who.name)), waits: null };
  const nowMs = root.clock.now();
  const first = await root.db.transaction().execute(async (trx) => {
    await lockFor(trx, 'four-eyes');
    if (await isSecondWord(trx, who, 'restore', keep, nowMs)) return null;
    const after = { keep };
    await appendAudit(trx, nowMs, { who: who.name, what: 'root.restore.first', subject: 'root', after });
    return await firstWord(trx, 'restore', nowMs);
  });
  if (first === null) return { ...(await confirmRestore(root, keep, who.name)), waits: null };
  return {
    environments: [],
    kept: keep,
    hostsTaken: 0,
    waits: { by: first.by, until: timeOf(first.untilMs) },
  };
}
