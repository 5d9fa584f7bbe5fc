import { randomUUID } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import { AuditLog } from '../observability/audit-log.js';
import { ResolvedOptions } from '../options/resolved-options.js';
import type { Quantity } from './quantity.js';
import { Shares, type ReachedLimit } from './shares.js';

/** What one server holds for its callers, by quantity. Limits that are met become audit events. */
@Injectable()
export class CallerLimits {
  readonly #shares = new Map<Quantity, Shares>();

  constructor(
    @Inject(ResolvedOptions) private readonly options: Pick<ResolvedOptions, 'limits'>,
    @Inject(AuditLog) private readonly audit: Pick<AuditLog, 'record'>,
  ) {}

  /** The shares of one quantity. Whoever asks for the same quantity gets the same shares. */
  of(quantity: Quantity): Shares {
    let shares = this.#shares.get(quantity);
    if (!shares) {
      shares = new Shares(quantity, this.options.limits.caps[quantity], (reached) => {
        this.#record(reached);
      });
      this.#shares.set(quantity, shares);
    }
    return shares;
  }

  /** What is kept belongs to no request. So the event has a correlation id of its own. */
  #record({ holder, ...reached }: ReachedLimit): void {
    const { issuer, subject, clientId, appOnly = false } = holder ?? {};
    const caller = issuer === undefined || subject === undefined ? undefined : { issuer, subject, clientId, appOnly };
    const { quantity, limit } = reached;
    const caps = this.options.limits.caps[quantity];
    const [whose, cap] = limit === 'caller' ? ['one caller', caps.perCaller] : ['all callers together', caps.inAll];
    const option = limit === 'caller' ? 'limits.perCaller' : 'limits.inAll';
    this.audit.record({
      correlationId: randomUUID(),
      ...(caller && { caller }),
      type: 'limit_reached',
      ...reached,
      detail: `${quantity}: ${whose} may have ${cap.count} of ${cap.bytes} bytes, and there was to be more`,
      fix: `If that is no abuse, raise \`${option}.${quantity}\` or \`${option}.bytesOfEach\`.`,
    });
  }
}
