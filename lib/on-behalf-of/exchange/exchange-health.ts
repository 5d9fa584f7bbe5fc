import { Injectable } from '@nestjs/common';
import QuickLRU from 'quick-lru';
import { CleanLogger } from '../../log/clean-logger.js';
import { OperatorActionError } from '../../errors/downstream-error.js';

/**
 * Milliseconds for which a fault counts after its last occurrence. A server that is out of service gets no calls, so it
 * could not find out that the fault is fixed.
 */
const MEMORY = 5 * 60_000;

/** Faults that are remembered for a downstream. With `issuerResolver` there may be any number of issuers. */
const MAX_FAULTS = 1_000;

/** Statuses by which an API refuses a token. Each has a fault of its own. */
const REFUSAL_STATUSES = [401, 403];

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

/** A request that an API has answered. */
export interface AnsweredRequest extends FailedExchange {
  /** What was asked of the API, such as `GET /orders`. */
  readonly request: string;
  /** HTTP status of the answer. */
  readonly status: number;
  /** The answer as a failure; `undefined` if it is a success. */
  readonly failure: unknown;
}

interface Fault {
  readonly code: string;
  /** Milliseconds of `performance.now()`. */
  readonly until: number;
  readonly party: string | undefined;
  /** Whether it is not about one party. */
  readonly isCommon: boolean;
  /** The request that the API refused last; `undefined` if no token could be had. */
  readonly request: string | undefined;
}

/** Remembers which downstreams need the operator's attention. */
@Injectable()
export class ExchangeHealth {
  readonly #logger = new CleanLogger('TokenExchange');
  /** By downstream, and by what failed: getting tokens of an issuer, or what the API says to them. */
  readonly #faults = new Map<string, QuickLRU<string, Fault>>();

  /** Whether anything is remembered of a downstream, for one party or for all. */
  hasFaults(downstream: string): boolean {
    return (this.#faults.get(downstream)?.size ?? 0) > 0;
  }

  /** Code of a downstream's fault; `undefined` if none is known. */
  findFault(downstream: string): string | undefined {
    const faults = [...(this.#faults.get(downstream)?.values() ?? [])];
    return faults.find((fault) => fault.isCommon && isRemembered(fault))?.code;
  }

  /**
   * Records that a token was obtained. Earlier faults are over, but not those that the API has with such tokens.
   *
   * @param issuer - the issuer that was asked; omitted if it is not the caller's
   */
  recordSuccess(downstream: string, issuer?: string): void {
    const fault = this.#forget(downstream, nameTokenSlot(issuer));
    if (fault?.isCommon === true) this.#logger.log(`Tokens for ${downstream} are available again`);
  }

  /**
   * Records that no token could be had. Failures of the caller and temporary failures are ignored: they are not faults
   * of the configuration. What one party causes is none, either: it must not take the server out of service for all.
   */
  recordFailure(downstream: string, failure: unknown, { issuer, party }: FailedExchange = {}): void {
    if (failure instanceof OperatorActionError)
      this.#remember(downstream, nameTokenSlot(issuer), { code: failure.code, party, request: undefined });
  }

  /**
   * Records what an API said to a token. A fault is over when the API takes the request that it refused last: others may
   * need no token, or less of it. As for tokens, what one party causes is no fault.
   */
  recordAnswer(downstream: string, { issuer, party, request, status, failure }: AnsweredRequest): void {
    if (failure instanceof OperatorActionError) {
      this.#remember(downstream, nameAnswerSlot(status, issuer), { code: failure.code, party, request });
      return;
    }
    const faults = this.#faults.get(downstream);
    if (!faults || failure !== undefined) return;
    for (const slot of REFUSAL_STATUSES.map((refusal) => nameAnswerSlot(refusal, issuer))) {
      if (faults.get(slot)?.request !== request) continue;
      const fault = this.#forget(downstream, slot);
      if (fault?.isCommon === true) this.#logger.log(`${downstream} takes the tokens of this server again`);
    }
  }

  #remember(downstream: string, slot: string, { code, party, request }: Pick<Fault, 'code' | 'party' | 'request'>) {
    const faults = this.#faults.get(downstream) ?? new QuickLRU({ maxSize: MAX_FAULTS });
    const known = faults.get(slot);
    const before = known && isRemembered(known) ? known : undefined;
    const isCommon = party === undefined || (before !== undefined && (before.isCommon || before.party !== party));
    faults.set(slot, { code, until: performance.now() + MEMORY, party, isCommon, request });
    this.#faults.set(downstream, faults);
  }

  #forget(downstream: string, slot: string): Fault | undefined {
    const faults = this.#faults.get(downstream);
    const fault = faults?.get(slot);
    faults?.delete(slot);
    return fault;
  }
}

function nameTokenSlot(issuer: string | undefined): string {
  return `token ${issuer ?? ''}`;
}

function nameAnswerSlot(status: number, issuer: string | undefined): string {
  return `${status} ${issuer ?? ''}`;
}

function isRemembered({ until }: Fault): boolean {
  return performance.now() < until;
}
