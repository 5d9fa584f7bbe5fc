/** The tools that `docs/testing.md` tests. */
export declare class OrderTools {
  findOrder(input: { id: string }): { id: string; owner: string };
  cancelOrder(input: { id: string }): string;
}
