import { Injectable } from '@nestjs/common';
import { CallerLimits } from '../../limits/caller-limits.js';
import { measureText } from '../../limits/fair-cache.js';
import type { Lease } from '../../limits/lease.js';
import type { AuthorizedRequest } from '../invocation/authorized-request.js';

/** Methods that run methods of the application. */
const CALLS = new Set(['tools/call', 'prompts/get', 'resources/read', 'resources/list', 'completion/complete']);

/** Counts the calls that run for each caller, with the size of their messages. */
@Injectable()
export class CallShares {
  constructor(private readonly limits: CallerLimits) {}

  /**
   * Counts a call.
   *
   * @returns `undefined` if the message calls nothing of the application
   * @throws LimitError if too many calls run, for the caller or in all
   */
  take({ authorized: { caller, operation }, body, size }: AuthorizedRequest): Lease | undefined {
    if (!operation || !CALLS.has(operation.method)) return undefined;
    return this.limits
      .of('callsInFlight')
      .take(caller, { bytes: size === undefined ? measureText(JSON.stringify(body)) : 2 * size });
  }
}
