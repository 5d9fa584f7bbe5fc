import type { Primitive } from './primitive.js';

/** What an operation is about. */
export interface Found {
  readonly primitive: Primitive;
  /** Values of the variables of a resource template. */
  readonly variables: Readonly<Record<string, string | string[]>>;
}
