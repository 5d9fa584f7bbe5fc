/** The tools that `docs/guides/testing.md` tests. */
export declare class OrderTools {
  findOrder(input: { id: string }): { id: string; owner: string };
  cancelOrder(input: { id: string }): string;
}
