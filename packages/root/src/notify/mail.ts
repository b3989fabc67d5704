import type { Database } from '../db/tables.ts';
import { type Attempt, type Attempted, documentOf } from './attempt.ts';
import { type MailSettings, readMail } from './mail-settings.ts';

const deadlineMs = 30_000;
const mostSubject = 200;

/** Sends one notification to one address of mail, once. Never throws for what a mail server does. */
export async function attemptMail(db: Database, attempt: Attempt): Promise<Attempted> {
  const settings = await readMail(db);
  if (settings === null) {
    const said = 'no mail server is set: xylem mail set';
    return { outcome: { kind: 'failed' }, said };
  }
  const { id, subscription, signal } = attempt;
  // Most root servers send none: it is loaded by the first.
  const { createTransport } = await import('nodemailer');
  const transport = createTransport(optionsOf(settings));
  const stop = (): void => transport.close();
  signal.addEventListener('abort', stop, { once: true });
  try {
    await transport.sendMail({
      from: { name: 'Xylem', address: settings.from },
      to: { name: '', address: subscription.target },
      ...wordsOf(attempt),
      messageId: `<${id}@${domainOf(settings.from)}>`,
      // RFC 3834: no answers of machines to it.
      headers: { 'Auto-Submitted': 'auto-generated' },
      disableFileAccess: true,
      disableUrlAccess: true,
    });
    return { outcome: { kind: 'delivered' }, said: `taken by ${settings.host}` };
  } catch (cause) {
    return { outcome: { kind: 'failed' }, said: `${settings.host}: ${reasonOf(cause)}` };
  } finally {
    signal.removeEventListener('abort', stop);
    transport.close();
  }
}

function optionsOf({ host, port, security, user, password, ca }: MailSettings) {
  return {
    host,
    port,
    secure: security === 'tls',
    requireTLS: security === 'starttls',
    ignoreTLS: security === 'none',
    connectionTimeout: deadlineMs,
    greetingTimeout: deadlineMs,
    socketTimeout: deadlineMs,
    dnsTimeout: deadlineMs,
    ...(user === null || password === null ? {} : { auth: { user, pass: password } }),
    tls: { minVersion: 'TLSv1.2' as const, ...(ca === null ? {} : { ca }) },
  };
}

function wordsOf({ notification, id }: Attempt): { subject: string; text: string } {
  const { type, timestamp, data } = documentOf(notification);
  const where = data.environment ?? data.tenant ?? 'Xylem';
  const details = Object.entries(data.details)
    .filter(([, value]) => ['string', 'number', 'boolean'].includes(typeof value))
    .map(([key, value]) => `${key}: ${String(value)}`);
  const lines = [
    data.message,
    '',
    `${type}, ${timestamp}`,
    `${data.subject} in ${where}`,
    ...details,
    '',
    id,
  ];
  const subject = `[${where}] ${data.message}`.replaceAll(/\p{Cc}+/gu, ' ');
  return { subject: subject.slice(0, mostSubject), text: lines.join('\n') };
}

const domainOf = (address: string): string => address.split('@')[1] ?? 'xylem.invalid';

/** Codes alone: what a server writes may name other people's addresses. */
function reasonOf(cause: unknown): string {
  const { code, responseCode } = cause as { code?: unknown; responseCode?: unknown };
  const said = [code, responseCode].filter((one) => typeof one === 'string' || typeof one === 'number');
  return said.length === 0 ? 'it did not take it' : said.join(', ');
}
