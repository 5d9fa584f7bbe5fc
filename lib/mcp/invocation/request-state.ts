import { createHash, type KeyObject } from 'node:crypto';
import { ProtocolError, ProtocolErrorCode } from '@modelcontextprotocol/server';
import { z } from 'zod';
import type { Caller } from '../../resource-server/access/caller.js';
import type { Operation } from '../../resource-server/access/operation.js';
import { KeyRing } from '../../replicas/key-ring.js';
import { isJsonObject } from '../../json/json-object.js';

/** An answer from an earlier round, with the digest of its question. */
const answer = z.object({ question: z.string(), value: z.unknown() });

const stateSchema = z.object({
  /** Milliseconds since the epoch. */
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

/**
 * Seals the state of a call, because clients carry it and could change it (MCP specification 2026-07-28, Multi
 * Round-Trip Requests, server requirements). The state is encrypted and short-lived. It is bound to one caller, one
 * operation and its arguments.
 */
export class RequestStates {
  readonly #ring: KeyRing;
  readonly #lifetime: number;

  /**
   * @param keys - the first key seals; every key opens
   * @param lifetime - milliseconds
   */
  constructor(keys: readonly KeyObject[], lifetime: number) {
    this.#ring = new KeyRing(keys);
    this.#lifetime = lifetime;
  }

  seal(state: Omit<CallState, 'expiresAt'>, binding: string): string {
    return this.#ring.seal(JSON.stringify({ ...state, expiresAt: Date.now() + this.#lifetime }), binding);
  }

  /** @throws ProtocolError if the state was not sealed for this call, or has expired */
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

/** The caller, operation and arguments that a state is bound to. */
export function createBinding(caller: Caller | undefined, { method, name }: Operation, args: unknown): string {
  const who = caller ? [caller.issuer, caller.subject, caller.clientId] : [];
  return JSON.stringify(['request-state', ...who, method, name, computeDigest(args)]);
}

/** Computes the same digest for equal values, regardless of the order of their members. */
export function computeDigest(value: unknown): string {
  const text = JSON.stringify(value ?? null, (_key, one: unknown) =>
    isJsonObject(one) ? Object.fromEntries(Object.entries(one).sort(([a], [b]) => (a < b ? -1 : 1))) : one,
  );
  return createHash('sha256').update(text).digest('base64url');
}
