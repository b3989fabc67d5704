/** Issuers write what they like; lists, logs and terminals get no control characters. */
export const printable = (text: string): string => text.replaceAll(/\p{C}/gu, '?').slice(0, 500);
