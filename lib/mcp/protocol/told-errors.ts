import { randomUUID } from 'node:crypto';
import { ProtocolError, type Server } from '@modelcontextprotocol/server';
import { toReadable } from '../../errors/reason.js';
import { CleanLogger } from '../../log/clean-logger.js';
import { race, type Ending } from '../../time/ending.js';
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
export function tellProtocolErrors(server: Server, interruption?: Ending): void {
  const register = server.setRequestHandler.bind(server) as (...parts: unknown[]) => void;
  const registerTold = (method: string, ...parts: unknown[]) => {
    const handle = parts.pop() as Handler;
    const ending = CALLS.has(method) ? undefined : interruption;
    register(method, ...parts, (...asked: unknown[]) => tell(method, async () => await handle(...asked), ending));
  };
  server.setRequestHandler = registerTold;
}

async function tell(method: string, run: () => Promise<unknown>, interruption?: Ending): Promise<unknown> {
  try {
    return await race(run(), interruption);
  } catch (thrown) {
    const error = toReadable(thrown);
    if (error instanceof ProtocolError) throw error;
    const reference = randomUUID();
    if (interruption?.hasEnded && error === interruption.reason) throw toInterruptionError(error, reference);
    logger.error(`${method} failed [${reference}]`, error);
    throw toInternalError(reference);
  }
}
