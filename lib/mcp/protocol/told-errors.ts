import { randomUUID } from 'node:crypto';
import { ProtocolError, type Server } from '@modelcontextprotocol/server';
import { toReadable } from '../../errors/reason.js';
import { CleanLogger } from '../../log/clean-logger.js';
import { raceAbort } from '../invocation/until-aborted.js';
import { toInternalError, toInterruptionError } from './interruption-error.js';

/** Methods whose calls take the interruption themselves. */
const CALLS: ReadonlySet<string> = new Set(['tools/call', 'prompts/get', 'resources/read', 'completion/complete']);

type Handler = (...asked: readonly unknown[]) => unknown;

const logger = new CleanLogger('McpServing');

/**
 * Makes a server tell its clients only errors of the protocol. The SDK would send them the message of any error, and no
 * answer at all if it cannot read what was thrown.
 *
 * @param interruption - ends what has no result that could tell of a failure
 */
export function tellProtocolErrors(server: Server, interruption?: AbortSignal): void {
  const register = server.setRequestHandler.bind(server) as (...parts: unknown[]) => void;
  const registerTold = (method: string, ...parts: unknown[]) => {
    const handle = parts.pop() as Handler;
    const signal = CALLS.has(method) ? undefined : interruption;
    register(method, ...parts, (...asked: unknown[]) => tell(method, async () => await handle(...asked), signal));
  };
  server.setRequestHandler = registerTold;
}

async function tell(method: string, run: () => Promise<unknown>, interruption?: AbortSignal): Promise<unknown> {
  try {
    return await raceAbort(run(), interruption);
  } catch (thrown) {
    const error = toReadable(thrown);
    if (error instanceof ProtocolError) throw error;
    const reference = randomUUID();
    if (interruption?.aborted && error === interruption.reason) throw toInterruptionError(error, reference);
    logger.error(`${method} failed [${reference}]`, error);
    throw toInternalError(reference);
  }
}
