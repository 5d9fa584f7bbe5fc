import type { Offer, Primitive } from './primitive.js';

/** The target of an operation. */
export interface Found<One extends Offer = Primitive> {
  readonly primitive: One;
  /** Values of the variables of a resource template. */
  readonly variables: Readonly<Record<string, string | string[]>>;
}
