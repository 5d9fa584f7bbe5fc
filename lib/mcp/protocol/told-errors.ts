import { randomUUID } from 'node:crypto';
import { ProtocolError, ProtocolErrorCode, type Server } from '@modelcontextprotocol/server';
import { toReadable } from '../../errors/reason.js';
import { CleanLogger } from '../../log/clean-logger.js';

type Handler = (...asked: readonly unknown[]) => unknown;

const logger = new CleanLogger('McpServing');

/**
 * Makes a server tell its clients only errors of the protocol. The SDK would send them the message of any error, and no
 * answer at all if it cannot read what was thrown.
 */
export function tellProtocolErrors(server: Server): void {
  const register = server.setRequestHandler.bind(server) as (...parts: unknown[]) => void;
  const registerTold = (method: string, ...parts: unknown[]) => {
    const handle = parts.pop() as Handler;
    register(method, ...parts, (...asked: unknown[]) => tell(method, () => handle(...asked)));
  };
  server.setRequestHandler = registerTold;
}

async function tell(method: string, run: () => unknown): Promise<unknown> {
  try {
    return await run();
  } catch (thrown) {
    const error = toReadable(thrown);
    if (error instanceof ProtocolError) throw error;
    const reference = randomUUID();
    logger.error(`${method} failed [${reference}]`, error);
    throw new ProtocolError(ProtocolErrorCode.InternalError, `Internal error. Reference for support: ${reference}`);
  }
}
