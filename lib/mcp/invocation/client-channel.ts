import type { InputRequest, InputRequests, InputResponses, LoggingLevel } from '@modelcontextprotocol/server';
import type { McpClient } from '../../resource-server/decorators/mcp-context.js';

/** The way from a running call to the client that makes it. */
export interface ClientChannel {
  readonly client: McpClient;
  readonly meta: Readonly<Record<string, unknown>>;
  /** Answers to questions of the method's own making, and what it wanted to remember until then. */
  readonly inputResponses: InputResponses | undefined;
  readonly requestState: string | undefined;
  /** Questions that the call has to end with. */
  readonly questions: InputRequests | undefined;
  progress(progress: number, total?: number, message?: string): Promise<void>;
  log(level: LoggingLevel, data: unknown, logger?: string): Promise<void>;
  /**
   * @param key - unique in the call
   * @returns the client's answer, which nobody has checked
   * @throws {@link Suspension} where the answer comes with another request
   */
  ask(key: string, question: InputRequest): Promise<unknown>;
  once(key: string, run: () => unknown): Promise<unknown>;
}

/** Ends a method that waits for an answer. The call is made again with it. */
export class Suspension extends Error {
  override readonly name = 'Suspension';

  constructor() {
    super('The call ends here, and is made again with the answer of the client. Let this pass');
  }
}
