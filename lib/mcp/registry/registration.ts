import type { Type } from '@nestjs/common';
import type { Policy } from '../../resource-server/access/policy.js';

/** Options that decorated methods set with other decorators. */
export interface RegistrationOptions {
  /** Policies of the primitive, applied after those of the module's options ({@link UsePolicy}). */
  policies?: readonly Type<Policy>[];
  /** Whether anyone may call it without a token ({@link Anonymous}). */
  anonymous?: boolean;
}

/** A primitive that was registered at run time. */
export interface Registration {
  /**
   * Removes the primitive and notifies clients. Running calls finish.
   *
   * @returns whether the primitive was still registered
   */
  remove(): boolean;
}
