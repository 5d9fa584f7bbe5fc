import { AsyncLocalStorage } from 'node:async_hooks';
import { DownstreamError } from './downstream-error.js';

/** Where a caller's downstreams are, and tokens to call them with on the caller's behalf. */
export interface DownstreamAccess {
  baseUrl(downstream: string): URL;
  /** @throws {@link DownstreamError} if the authorization server issues none */
  tokenFor(downstream: string): Promise<string>;
}

/** A tool's call while it runs: what it may reach, and as whom. */
export interface ToolCall {
  readonly tool: string;
  /** Names of the downstreams that the tool declares. */
  readonly downstreams: readonly string[];
  readonly access: DownstreamAccess;
  /** Aborted when the client gives up on the call. */
  readonly signal: AbortSignal;
}

interface RunningCall extends ToolCall {
  ended: boolean;
}

const calls = new AsyncLocalStorage<RunningCall>();

/** Runs a tool so that {@link currentToolCall}, wherever it is asked from inside, finds this very call. */
export async function runToolCall<Result>(call: ToolCall, run: () => Promise<Result>): Promise<Result> {
  const running = { ...call, ended: false };
  try {
    return await calls.run(running, run);
  } finally {
    running.ended = true;
  }
}

/**
 * The call that the asking code is part of.
 *
 * @throws {@link DownstreamError} with `downstream_outside_call` where there is none, or it has ended
 */
export function currentToolCall(): ToolCall {
  const call = calls.getStore();
  if (!call) {
    throw new DownstreamError(
      'downstream_outside_call',
      'DownstreamClient was used outside a tool call, where there is no caller to act for. Use it inside a method with @McpTool.',
    );
  }
  if (call.ended) {
    throw new DownstreamError(
      'downstream_outside_call',
      `DownstreamClient was used after the call of ${call.tool} had ended. Await every use before the method returns.`,
    );
  }
  return call;
}
