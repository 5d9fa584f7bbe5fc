import { createHash, type KeyObject } from 'node:crypto';
import { ProtocolError, ProtocolErrorCode } from '@modelcontextprotocol/server';
import { z } from 'zod';
import type { Caller } from '../../resource-server/access/caller.js';
import type { Operation } from '../../resource-server/access/operation.js';
import { KeyRing } from '../../replicas/key-ring.js';
import { isJsonObject } from '../../json/json-object.js';

/** An answer that a client gave in an earlier round, and the question that it was given to. */
const answer = z.object({ question: z.string(), value: z.unknown() });

const stateSchema = z.object({
  /** Milliseconds since the epoch. */
  expiresAt: z.number(),
  answers: z.record(z.string(), answer),
  /** Digests of the questions that the client takes along. */
  asked: z.record(z.string(), z.string()),
  /** What was done once. */
  done: z.record(z.string(), z.unknown()),
  /** The method's own. */
  own: z.string().optional(),
  /** Downstream for which a page was to be opened. */
  page: z.string().optional(),
});

/** What a call remembers between its rounds. */
export type CallState = z.infer<typeof stateSchema>;

/**
 * Seals what a call remembers, which clients take along and could change (MCP specification 2026-07-28, Multi Round-Trip
 * Requests, server requirements): encrypted, for a short time, for one caller, one operation and its arguments.
 */
export class RequestStates {
  readonly #ring: KeyRing;
  readonly #lifetime: number;

  /**
   * @param keys - the first seals, all open
   * @param lifetime - milliseconds
   */
  constructor(keys: readonly KeyObject[], lifetime: number) {
    this.#ring = new KeyRing(keys);
    this.#lifetime = lifetime;
  }

  seal(state: Omit<CallState, 'expiresAt'>, binding: string): string {
    return this.#ring.seal(JSON.stringify({ ...state, expiresAt: Date.now() + this.#lifetime }), binding);
  }

  /** @throws ProtocolError for everything that was not sealed for this very call, or too long ago */
  open(sealed: unknown, binding: string): CallState {
    if (sealed === undefined) return { expiresAt: 0, answers: {}, asked: {}, done: {} };
    const text = this.#ring.open(sealed, binding);
    const state = text === undefined ? undefined : stateSchema.safeParse(JSON.parse(text)).data;
    if (!state || state.expiresAt < Date.now()) {
      throw new ProtocolError(ProtocolErrorCode.InvalidParams, 'Invalid or expired requestState', {
        reason: 'invalid_request_state',
      });
    }
    return state;
  }
}

/** What a state is sealed for. */
export function createBinding(caller: Caller | undefined, { method, name }: Operation, args: unknown): string {
  const who = caller ? [caller.issuer, caller.subject, caller.clientId] : [];
  return JSON.stringify(['request-state', ...who, method, name, computeDigest(args)]);
}

/** The same for equal values, in whatever order they name their members. */
export function computeDigest(value: unknown): string {
  const text = JSON.stringify(value ?? null, (_key, one: unknown) =>
    isJsonObject(one) ? Object.fromEntries(Object.entries(one).sort(([a], [b]) => (a < b ? -1 : 1))) : one,
  );
  return createHash('sha256').update(text).digest('base64url');
}
