import { Injectable } from '@nestjs/common';
import QuickLRU from 'quick-lru';
import { CleanLogger } from '../../log/clean-logger.js';
import { OperatorActionError } from '../../errors/downstream-error.js';

/**
 * Milliseconds for which a fault counts after its last occurrence. A server that is out of service gets no calls, so it
 * could not find out that the fault is fixed.
 */
const MEMORY = 5 * 60_000;

/** Issuers whose faults are remembered for a downstream. With `issuerResolver` there may be any number of them. */
const MAX_ISSUERS = 1_000;

/** What could not be obtained, and for whom. */
export interface FailedExchange {
  /** The issuer that was asked; omitted if it is not the caller's. */
  readonly issuer?: string | undefined;
  /**
   * Who it failed for, if the reason may be theirs alone: a user, or a tenant. It then is a fault once it has failed for
   * a second one.
   */
  readonly party?: string | undefined;
}

interface Fault {
  readonly code: string;
  /** Milliseconds of `performance.now()`. */
  readonly until: number;
  readonly party: string | undefined;
  /** Whether it is not about one party. */
  readonly isCommon: boolean;
}

/** Remembers which downstreams need the operator's attention. */
@Injectable()
export class ExchangeHealth {
  readonly #logger = new CleanLogger('TokenExchange');
  /** By downstream, and by the issuer that was asked. */
  readonly #faults = new Map<string, QuickLRU<string | undefined, Fault>>();

  /** Code of a downstream's fault; `undefined` if none is known. */
  findFault(downstream: string): string | undefined {
    const faults = [...(this.#faults.get(downstream)?.values() ?? [])];
    return faults.find((fault) => fault.isCommon && isRemembered(fault))?.code;
  }

  /**
   * Records that a token was obtained. Earlier faults are over.
   *
   * @param issuer - the issuer that was asked; omitted if it is not the caller's
   */
  recordSuccess(downstream: string, issuer?: string): void {
    const fault = this.#faults.get(downstream)?.get(issuer);
    this.#faults.get(downstream)?.delete(issuer);
    if (!fault?.isCommon) return;
    this.#logger.log(`Tokens for ${downstream} are available again`);
  }

  /**
   * Records a failure. Failures of the caller and temporary failures are ignored: they are not faults of the
   * configuration. What one party causes is none, either: it must not take the server out of service for all.
   */
  recordFailure(downstream: string, failure: unknown, { issuer, party }: FailedExchange = {}): void {
    if (!(failure instanceof OperatorActionError)) return;
    const faults = this.#faults.get(downstream) ?? new QuickLRU({ maxSize: MAX_ISSUERS });
    const known = faults.get(issuer);
    const before = known && isRemembered(known) ? known : undefined;
    const isCommon = party === undefined || (before !== undefined && (before.isCommon || before.party !== party));
    faults.set(issuer, { code: failure.code, until: performance.now() + MEMORY, party, isCommon });
    this.#faults.set(downstream, faults);
  }
}

function isRemembered({ until }: Fault): boolean {
  return performance.now() < until;
}
