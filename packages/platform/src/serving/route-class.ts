/** What a request is about, as counts and metrics tell it apart. */
export const routeClasses = [
  'news',
  'metadata',
  'object',
  'offer',
  'report',
  'join',
  'parents',
  'api',
  'metrics',
  'other',
] as const;
export type RouteClass = (typeof routeClasses)[number];

/** By the paths of docs/spec/repository.md alone: it is asked for each request. */
export function routeClassOf(url: string): RouteClass {
  if (url.startsWith('/o/'))
    return url.startsWith('/offers/', 35) || url.startsWith('/patches/', 35) ? 'offer' : 'object';
  if (url.startsWith('/r/') || url.startsWith('/news/')) return 'metadata';
  if (url.startsWith('/news')) return 'news';
  if (url === '/reports' || url === '/watermarks' || url.startsWith('/watermarks/')) return 'report';
  if (url === '/join' || url === '/renew') return 'join';
  if (url.startsWith('/api/')) return 'api';
  if (url === '/parents') return 'parents';
  return url === '/metrics' ? 'metrics' : 'other';
}
