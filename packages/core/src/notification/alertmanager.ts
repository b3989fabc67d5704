import { sha256 } from '../hashing.ts';
import { jcsBytes } from '../jcs.ts';
import type { Notification } from '../wire/index.ts';

/** As Alertmanager writes a time that has not come. */
const never = '0001-01-01T00:00:00Z';

/** What a subscription in this form may be told of: nothing else begins and ends. */
export const isAlertTopic = (pattern: string): boolean => pattern.startsWith('incident.');

/**
 * A notification of an incident as Alertmanager sends alerts to its webhooks (payload version 4), for receivers that
 * know only that. One incident is one group with one alert; it fires until the incident is closed. Labels stay the same
 * as long as it lives, for receivers tell alerts apart by them. Pure.
 */
export function alertmanagerBody({ type, timestamp, data }: Notification, receiver: string): Uint8Array {
  const { details, environment, tenant, subject, message } = data;
  const word = (key: string): string | undefined => {
    const value = details[key];
    return typeof value === 'string' || typeof value === 'number' ? String(value) : undefined;
  };
  const kind = word('kind') ?? type;
  const labels = known({
    alertname: `Xylem${kind
      .split(/[^a-z0-9]+/)
      .map((one) => one.slice(0, 1).toUpperCase() + one.slice(1))
      .join('')}`,
    kind,
    incident: word('incident') ?? subject,
    tenant: tenant ?? undefined,
    environment: environment ?? undefined,
    product: word('product'),
  });
  const annotations = known({
    summary: word('title') ?? message,
    description: message,
    holding: word('holding'),
    subjects: word('subjects'),
    acknowledged_by: word('acknowledgedBy'),
    assigned_to: word('assignedTo'),
  });
  const closed = word('state') === 'closed' ? (word('closed') ?? timestamp) : undefined;
  // A test says nothing of anything that goes on.
  const endsAt = type === 'test' ? timestamp : closed;
  const status = endsAt === undefined ? 'firing' : 'resolved';
  const { incident } = labels;
  return jcsBytes({
    version: '4',
    groupKey: `xylem/${incident}`,
    truncatedAlerts: 0,
    status,
    receiver,
    groupLabels: known({ alertname: labels.alertname, incident }),
    commonLabels: labels,
    commonAnnotations: annotations,
    externalURL: '',
    alerts: [
      {
        status,
        labels,
        annotations,
        startsAt: word('began') ?? timestamp,
        endsAt: endsAt ?? never,
        generatorURL: '',
        fingerprint: sha256(jcsBytes(labels)).slice(0, 16),
      },
    ],
  });
}

function known(words: Readonly<Record<string, string | undefined>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(words).flatMap(([key, value]) => (value === undefined ? [] : [[key, value]])),
  );
}
