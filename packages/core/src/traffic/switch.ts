/** How a product's traffic goes to one of two groups of hosts (docs/traffic.md). */
export interface TrafficSwitch {
  /** On the balancers; of this product or another one of the environment. */
  readonly component: string;
  /** Of its configuration, which takes one of the groups. */
  readonly key: string;
  /** Of hosts: its value names the group that a host of the product stands in. */
  readonly label: string;
  readonly groups: readonly [string, string];
}
