import { AsyncLocalStorage } from 'node:async_hooks';
import type { Caller } from '../../resource-server/access/caller.js';
import { DownstreamError } from '../../errors/downstream-error.js';
import type { Ending } from '../../time/ending.js';
import type { DownstreamAccess } from './downstream-access.js';

/** A running tool call: what it may reach, and for which caller. */
export interface ToolCall {
  /** Undefined for an anonymous call. */
  readonly caller: Caller | undefined;
  readonly tool: string;
  /** Names of the downstreams that the tool declares. */
  readonly downstreams: readonly string[];
  readonly access: DownstreamAccess;
  /** Ends when the client gives up on the call. */
  readonly ending: Ending;
}

/** A call in progress. */
export interface RunningCall extends ToolCall {
  readonly ended: boolean;
  /**
   * Called with the reason when the client cancels the call, or when it ends. Work that the call started stops then.
   */
  readonly abandon: Set<(reason: () => unknown) => void>;
}

const calls = new AsyncLocalStorage<RunningCall>();

/** Runs a tool. {@link getToolCall} returns this call anywhere inside it. */
export async function runToolCall<Result>(call: ToolCall, run: () => Promise<Result>): Promise<Result> {
  const abandon: RunningCall['abandon'] = new Set();
  const running = { ...call, abandon, ended: false };
  const forget = call.ending.onEnd((reason) => {
    for (const one of abandon) one(() => reason);
  });
  try {
    return await calls.run(running, run);
  } finally {
    running.ended = true;
    forget();
    for (const one of abandon) one(() => createOutsideCallError(running));
  }
}

/**
 * The call that the running code belongs to.
 *
 * @throws {@link DownstreamError} with `downstream_outside_call` if there is no call, or it has ended
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
