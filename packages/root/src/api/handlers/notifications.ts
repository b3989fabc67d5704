import { createHash } from 'node:crypto';
import { appendAudit } from '../../audit/audit.ts';
import {
  createSubscription,
  dropSubscription,
  enableSubscription,
  replay,
  rotateSecret,
  testSubscription,
} from '../../notify/change.ts';
import { checkMail, type MailSettings, readMail, removeMail, writeMail } from '../../notify/mail-settings.ts';
import { shownDeliveries, shownDelivery, shownSubscriptions } from '../../notify/show.ts';
import { subscriptionFor } from '../../notify/subscriptions.ts';
import type { Root } from '../../root.ts';
import type { BodyOf } from '../contract.ts';
import type { Call, Handlers } from '../handlers.ts';
import type { notificationRoutes } from '../routes/notifications.ts';

const keepSecretSeconds = 24 * 3600;

export function notificationHandlers(root: Root): Pick<Handlers, keyof typeof notificationRoutes> {
  const { db, clock } = root;
  const shown = async ({ access }: Call<'subscriptionShow'>['who'], id: string) => {
    await subscriptionFor(db, id, access);
    const [subscription] = await shownSubscriptions(db, access, clock.now(), id);
    if (subscription === undefined) throw new Error('it was there a moment ago');
    return subscription;
  };
  return {
    subscriptionCreate: async ({ body, who }) => {
      const { kind, topics, scope } = body;
      const target = body.kind === 'webhook' ? body.url : body.to;
      const format = body.kind === 'webhook' ? (body.format ?? 'standard') : 'standard';
      const made = await createSubscription(root, who, { kind, target, topics, scope, format });
      return { subscription: await shown(who, made.id), secret: made.secret };
    },
    subscriptionList: async ({ who }) => ({
      subscriptions: await shownSubscriptions(db, who.access, clock.now()),
    }),
    subscriptionShow: async ({ params, who }) => await shown(who, params.id),
    subscriptionRotate: async ({ params, body: { keepSeconds = keepSecretSeconds }, who }) => {
      const secret = await rotateSecret(root, who, params.id, keepSeconds * 1000);
      return { subscription: await shown(who, params.id), secret };
    },
    subscriptionEnable: async ({ params, who }) => {
      await enableSubscription(root, who, params.id);
      return await shown(who, params.id);
    },
    subscriptionTest: async ({ params, who }) =>
      await shownDelivery(db, who.access, await testSubscription(root, who, params.id)),
    subscriptionRemove: async ({ params, who }) => {
      await dropSubscription(root, who, params.id);
      return {};
    },
    deliveryList: async ({ query, who }) => {
      if (query.subscription !== undefined) await subscriptionFor(db, query.subscription, who.access);
      return { deliveries: await shownDeliveries(db, who.access, query) };
    },
    deliveryShow: async ({ params, who }) => await shownDelivery(db, who.access, params.id),
    deliveryReplay: async ({ params, who }) => {
      const { subscription } = await shownDelivery(db, who.access, params.id);
      await replay(root, who, await subscriptionFor(db, subscription, who.access), params.id);
      return await shownDelivery(db, who.access, params.id);
    },
    subscriptionReplay: async ({ params, who }) => ({
      replayed: await replay(root, who, await subscriptionFor(db, params.id, who.access)),
    }),
    mailSet: async ({ body, who }) => {
      const settings = settingsOf(body);
      checkMail(settings);
      await db.transaction().execute(async (trx) => {
        const before = await readMail(trx);
        await writeMail(trx, settings, clock.now());
        await appendAudit(trx, clock.now(), {
          who: who.name,
          what: 'mail.set',
          subject: 'mail',
          before: before === null ? null : audited(before),
          after: audited(settings),
        });
      });
      return shownMail(settings);
    },
    mailShow: async () => {
      const settings = await readMail(db);
      return { mail: settings === null ? null : shownMail(settings) };
    },
    mailRemove: async ({ who }) => {
      await db.transaction().execute(async (trx) => {
        const before = await readMail(trx);
        if (before === null) return;
        await removeMail(trx);
        const entry = { who: who.name, what: 'mail.remove', subject: 'mail', before: audited(before) };
        await appendAudit(trx, clock.now(), entry);
      });
      return {};
    },
  };
}

const usualPort = { tls: 465, starttls: 587, none: 25 } as const;

function settingsOf({ security = 'starttls', ...body }: BodyOf<'mailSet'>): MailSettings {
  return {
    host: body.host,
    port: body.port ?? usualPort[security],
    security,
    from: body.from,
    user: body.user ?? null,
    password: body.password ?? null,
    ca: body.ca ?? null,
  };
}

const shownMail = ({ host, port, security, from, user, password, ca }: MailSettings) => ({
  host,
  port,
  security,
  from,
  user,
  hasPassword: password !== null,
  hasCa: ca !== null,
});

/** That a password was changed shows; what it is does not. */
function audited(settings: MailSettings) {
  const { hasPassword: _, ...shown } = shownMail(settings);
  const { password } = settings;
  const digest = password === null ? null : createHash('sha256').update(password).digest('hex').slice(0, 12);
  return { ...shown, passwordDigest: digest };
}
