import type { RouteContract } from '../contract.ts';
import * as s from '../schemas/index.ts';

/** Hosts, alone and by selection. */
export const hostRoutes = {
  hostList: {
    method: 'GET',
    path: '/hosts',
    needs: { permission: 'read', where: 'anywhere' },
    query: s.HostQuery,
    response: s.Hosts,
    summary: 'Hosts that a selector fits, with the total',
  },
  hostShow: {
    method: 'GET',
    path: '/hosts/:host',
    needs: { permission: 'read', where: 'anywhere' },
    params: s.HostParams,
    response: s.HostDetail,
    summary: 'One host',
  },
  hostWhy: {
    method: 'GET',
    path: '/hosts/:host/why',
    needs: { permission: 'read', where: 'anywhere' },
    params: s.HostParams,
    response: s.HostWhy,
    summary: 'Why a host is not where it should be',
  },
  hostLabel: {
    method: 'POST',
    path: '/hosts/label',
    needs: { permission: 'operate', where: 'anywhere' },
    body: s.HostLabel,
    response: s.HostsChanged,
    summary: 'Set and remove labels',
  },
  hostMove: {
    method: 'POST',
    path: '/hosts/move',
    needs: { permission: 'operate', where: 'anywhere' },
    body: s.HostMove,
    response: s.HostsChanged,
    summary: 'Give hosts other parents',
  },
  hostConfigure: {
    method: 'POST',
    path: '/hosts/configure',
    needs: { permission: 'operate', where: 'anywhere' },
    body: s.HostConfigure,
    response: s.HostsChanged,
    summary: 'Configure a component on single hosts',
  },
  hostServe: {
    method: 'POST',
    path: '/hosts/serve',
    needs: { permission: 'operate', where: 'anywhere' },
    body: s.HostServe,
    response: s.HostsChanged,
    summary: 'Make hosts relays, or plain hosts again',
  },
  hostRetire: {
    method: 'POST',
    path: '/hosts/retire',
    needs: { permission: 'operate', where: 'anywhere' },
    body: s.HostRetire,
    response: s.HostsChanged,
    summary: 'Retire hosts: they take no more changes',
  },
} as const satisfies Record<string, RouteContract>;
