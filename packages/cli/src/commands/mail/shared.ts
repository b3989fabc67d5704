import type { ResponseOf } from '@xylem/root/contract';

const how = { tls: 'TLS from the first byte', starttls: 'STARTTLS', none: 'no encryption' } as const;

export const mailText = (mail: NonNullable<ResponseOf<'mailShow'>['mail']>): string =>
  `Mail goes by ${mail.host}:${mail.port} (${how[mail.security]}, ${mail.user === null ? 'without a password' : `as ${mail.user}`}), from ${mail.from}.`;
