import { inspect } from 'node:util';
import type { CallToolResult } from '@modelcontextprotocol/client';
import { ChallengeError, readRefusal } from './challenge-error.js';
import { readText } from './tool-call.js';

/** The outcome of a call. */
export type CallOutcome =
  | { readonly kind: 'refused'; readonly refusal: ChallengeError }
  | { readonly kind: 'tool error'; readonly text: string }
  | { readonly kind: 'answered'; readonly result: unknown }
  /** The call failed for another reason, which proves nothing. */
  | { readonly kind: 'failed'; readonly error: unknown };

/** Returns the outcome of a finished call from its result or error. */
export function toOutcome(received: unknown): CallOutcome {
  if (received instanceof ChallengeError) return { kind: 'refused', refusal: received };
  if (received instanceof Error) return { kind: 'failed', error: received };
  if (received instanceof Response) {
    const refusal = readRefusal(received);
    return refusal ? { kind: 'refused', refusal } : { kind: 'answered', result: `HTTP ${received.status}` };
  }
  if (isToolResult(received) && received.isError === true) return { kind: 'tool error', text: readText(received) };
  return { kind: 'answered', result: received };
}

/** Returns the outcome of a running call. */
export async function awaitOutcome(call: PromiseLike<unknown>): Promise<CallOutcome> {
  try {
    return toOutcome(await call);
  } catch (error) {
    return error instanceof Error ? toOutcome(error) : { kind: 'failed', error };
  }
}

/** Describes an outcome, for the message of a failed test. */
export function tell(outcome: CallOutcome): string {
  switch (outcome.kind) {
    case 'refused': {
      const { status, scheme, error, scopes, errorDescription } = outcome.refusal;
      if (scheme === undefined) return `${status} without a challenge`;
      const asked = scopes.length > 0 ? `, asking for ${scopes.join(' ')}` : ', asking for no scope';
      const said = errorDescription === undefined ? '' : ` (${errorDescription})`;
      return `${status} ${scheme} ${error ?? 'without an error'}${asked}${said}`;
    }
    case 'tool error':
      return `a tool error: ${outcome.text}`;
    case 'answered':
      return `an answer: ${shorten(inspect(outcome.result, { depth: 5, breakLength: Infinity }))}`;
    case 'failed':
      return `a failure: ${outcome.error instanceof Error ? `${outcome.error.name}: ${outcome.error.message}` : String(outcome.error)}`;
  }
}

function isToolResult(value: unknown): value is CallToolResult {
  return typeof value === 'object' && value !== null && 'content' in value && Array.isArray(value.content);
}

/** Maximum number of characters shown of an answer. */
const MAX_SHOWN = 500;

function shorten(text: string): string {
  return text.length > MAX_SHOWN ? `${text.slice(0, MAX_SHOWN)}…` : text;
}
