import { createHash, randomUUID } from 'node:crypto';
import { Injectable, type OnApplicationShutdown } from '@nestjs/common';
import { ProtocolError, ProtocolErrorCode } from '@modelcontextprotocol/server';
import { z } from 'zod';
import { CleanLogger } from '../../log/clean-logger.js';
import type { Caller } from '../../resource-server/access/caller.js';
import { identifyParty } from '../../resource-server/access/party.js';
import type { Operation } from '../../resource-server/access/operation.js';
import { deriveKey } from '../../replicas/composite-key.js';
import { describeError } from '../../errors/reason.js';
import { CallerLimits } from '../../limits/caller-limits.js';
import { ResolvedOptions } from '../../options/resolved-options.js';
import { KeyRing } from '../../replicas/key-ring.js';
import { MemoryStore, SharedSealedStore, type SealedStore } from '../../replicas/sealed-store.js';
import { serializeSorted } from '../../json/sorted-json.js';

/** An answer from an earlier round, with the digest of its question. */
const answer = z.object({ question: z.string(), value: z.unknown() });

const stateSchema = z.object({
  /** Set if the state may be used only once. */
  id: z.string().optional(),
  /** Milliseconds since the epoch, by the clock of the replica that sealed it. */
  expiresAt: z.number(),
  answers: z.record(z.string(), answer),
  /** Digests of the questions that the client was asked. */
  asked: z.record(z.string(), z.string()),
  /** Results of steps that run only once. */
  done: z.record(z.string(), z.unknown()),
  /** The state of the method itself. */
  own: z.string().optional(),
  /** The downstream whose page the client was asked to open. */
  page: z.string().optional(),
});

/** What a call remembers between its rounds. */
export type CallState = z.infer<typeof stateSchema>;

/** What a call wants to be remembered. */
export type OpenState = Omit<CallState, 'id' | 'expiresAt'>;

/**
 * Seals the state of a call, because clients carry it and could change it (MCP specification 2026-07-28, Multi
 * Round-Trip Requests, server requirements). The state is encrypted and short-lived. It is bound to the server, one
 * caller, one operation and its arguments. Unless `calls.allowRequestStateReplay` is set, it may be used only once.
 */
@Injectable()
export class RequestStates implements OnApplicationShutdown {
  readonly #logger = new CleanLogger('McpServing');
  readonly #ring: KeyRing;
  /** The states that were not used yet. A state that is not in it is refused. */
  readonly #unused: SealedStore | undefined;

  constructor(
    private readonly options: ResolvedOptions,
    limits: CallerLimits,
  ) {
    const { shared, keys } = options.replicas;
    this.#ring = new KeyRing(keys, 'states', options.resource);
    if (options.allowRequestStateReplay) return;
    const shares = limits.of('openStates');
    this.#unused = shared
      ? new SharedSealedStore(shared, 'unused-states', options.resource, shares)
      : new MemoryStore(shares);
  }

  /** Called by Nest. Running calls must not reconnect the store. */
  onApplicationShutdown(): void {
    this.#unused?.stop();
  }

  /** What a state is bound to: the server, the caller, the operation and its arguments. */
  bind(caller: Caller | undefined, { method, name }: Operation, args: unknown): string {
    const { resource } = this.options;
    return deriveKey('request-state', resource, identifyParty(caller), method, name, computeDigest(args));
  }

  /**
   * @param isCarried - whether the client gets the state. Otherwise it stays in this process, and is used once anyway
   * @param caller - whose call it is
   * @throws ProtocolError if it cannot be remembered that the state was not used yet
   */
  async seal(state: OpenState, binding: string, isCarried: boolean, caller: Caller | undefined): Promise<string> {
    const lifetime = this.options.requestStateLifetimeMs;
    const id = isCarried && this.#unused ? randomUUID() : undefined;
    if (id !== undefined)
      await this.#ask((unused) =>
        unused.set(this.#deriveStateKey(id), 'unused', { holder: caller, lifetimeMs: lifetime }),
      );
    return this.#ring.seal(JSON.stringify({ ...state, id, expiresAt: Date.now() + lifetime }), binding);
  }

  /**
   * A state of another replica, whose clock may be another one, is over when the store no longer has it as unused.
   *
   * @throws ProtocolError if the state was not sealed for this call, or has expired
   */
  open(sealed: unknown, binding: string): CallState {
    const text = this.#ring.open(sealed, binding);
    const state = text === undefined ? undefined : stateSchema.safeParse(JSON.parse(text)).data;
    if (!state || state.expiresAt + this.options.replicas.borneSkewMs < Date.now()) throw createStateError();
    return state;
  }

  /**
   * Uses up a state, before the call goes on with it.
   *
   * @throws ProtocolError if the state was used before, or if nobody can tell
   */
  async use({ id }: CallState): Promise<void> {
    if (id === undefined) return;
    if (await this.#ask((unused) => unused.delete(this.#deriveStateKey(id)))) return;
    this.#logger.sum('warn', 'used', 'A requestState was refused, because it was used before');
    throw createStateError();
  }

  #deriveStateKey(id: string): string {
    return deriveKey('unused-request-state', this.options.resource, id);
  }

  async #ask<Result>(ask: (unused: SealedStore) => Promise<Result>): Promise<Result | undefined> {
    try {
      return this.#unused && (await ask(this.#unused));
    } catch (error) {
      this.#logger.sum('error', 'store', `The store of request states failed: ${describeError(error)}`);
      throw new ProtocolError(ProtocolErrorCode.InternalError, 'The call cannot go on right now. Try again later');
    }
  }
}

/** The state of a call that begins. */
export function createState(): CallState {
  return { expiresAt: 0, answers: {}, asked: {}, done: {} };
}

function createStateError(): ProtocolError {
  return new ProtocolError(ProtocolErrorCode.InvalidParams, 'Invalid or expired requestState', {
    reason: 'invalid_request_state',
  });
}

/** Computes the same digest for equal values, regardless of the order of their members. */
export function computeDigest(value: unknown): string {
  return createHash('sha256').update(serializeSorted(value)).digest('base64url');
}
