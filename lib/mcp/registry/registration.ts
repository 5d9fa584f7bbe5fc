import type { Type } from '@nestjs/common';
import type { Policy } from '../../resource-server/access/policy.js';

/** What other decorators would say of a method. */
export interface RegistrationOptions {
  /** Policies that it is under, after those of the module's options ({@link UsePolicy}). */
  policies?: readonly Type<Policy>[];
  /** Whether everyone may call it, without a token ({@link Anonymous}). */
  anonymous?: boolean;
}

/** Something that was registered at run time. */
export interface Registration {
  /**
   * Takes it away again, and tells clients. Calls that run go on to their end.
   *
   * @returns whether it was there still
   */
  remove(): boolean;
}
