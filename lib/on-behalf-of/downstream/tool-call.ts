import { AsyncLocalStorage } from 'node:async_hooks';
import type { Caller } from '../../resource-server/access/caller.js';
import { DownstreamError } from '../../errors/downstream-error.js';
import type { DownstreamAccess } from './downstream-access.js';

/** A tool's call while it runs: what it may reach, and as whom. */
export interface ToolCall {
  /** Undefined where nobody had to say who they are. */
  readonly caller: Caller | undefined;
  readonly tool: string;
  /** Names of the downstreams that the tool declares. */
  readonly downstreams: readonly string[];
  readonly access: DownstreamAccess;
  /** Aborted when the client gives up on the call. */
  readonly signal: AbortSignal;
}

/** A call that has begun. */
export interface RunningCall extends ToolCall {
  readonly ended: boolean;
  /** Told, with the reason, when the client gives up on the call, or it has ended: nothing that it began goes on. */
  readonly abandon: Set<(reason: () => unknown) => void>;
}

const calls = new AsyncLocalStorage<RunningCall>();

/** Runs a tool so that {@link getToolCall}, wherever it is asked from inside, finds this very call. */
export async function runToolCall<Result>(call: ToolCall, run: () => Promise<Result>): Promise<Result> {
  const abandon: RunningCall['abandon'] = new Set();
  const running = { ...call, abandon, ended: false };
  const giveUp = () => {
    for (const one of abandon) one(() => call.signal.reason);
  };
  call.signal.addEventListener('abort', giveUp, { once: true });
  try {
    return await calls.run(running, run);
  } finally {
    running.ended = true;
    call.signal.removeEventListener('abort', giveUp);
    for (const one of abandon) one(() => createOutsideCallError(running));
  }
}

/**
 * The call that the asking code is part of.
 *
 * @throws {@link DownstreamError} with `downstream_outside_call` where there is none, or it has ended
 */
export function getToolCall(): RunningCall {
  const call = calls.getStore();
  if (!call) {
    throw new DownstreamError(
      'downstream_outside_call',
      'DownstreamClient was used outside a tool call, where there is no caller to act for. Use it inside a method with @McpTool.',
    );
  }
  if (call.ended) throw createOutsideCallError(call);
  return call;
}

function createOutsideCallError({ tool }: ToolCall): DownstreamError {
  return new DownstreamError(
    'downstream_outside_call',
    `DownstreamClient was used after the call of ${tool} had ended. Await every use before the method returns.`,
  );
}
