import type {
  ClientCapabilities,
  InputRequest,
  InputRequests,
  InputResponses,
  LoggingLevel,
} from '@modelcontextprotocol/server';
import type { McpClient } from '../../resource-server/decorators/mcp-context.js';

/** Returns what a client before 2026-07-28 said of itself in `initialize`. */
export type IdentifyClient = () => Pick<McpClient, 'info'> & { readonly capabilities: ClientCapabilities | undefined };

/** The way from a running call to the client that makes it. */
export interface ClientChannel {
  readonly client: McpClient;
  readonly meta: Readonly<Record<string, unknown>>;
  /** The client's answers to the method's own questions, and the state that the method asked to keep. */
  readonly inputResponses: InputResponses | undefined;
  readonly requestState: string | undefined;
  /** Open questions. The call has to end with them. */
  readonly questions: InputRequests | undefined;
  progress(progress: number, total?: number, message?: string): Promise<void>;
  log(level: LoggingLevel, data: unknown, logger?: string): Promise<void>;
  /**
   * @param key - unique in the call
   * @returns the client's answer, not validated
   * @throws {@link Suspension} if the answer comes with a later request
   */
  ask(key: string, question: InputRequest): Promise<unknown>;
  once(key: string, run: () => unknown): Promise<unknown>;
}

/** Ends a method that waits for an answer. The call is repeated with the answer. */
export class Suspension extends Error {
  override readonly name = 'Suspension';

  constructor() {
    super('The call ends here. It is made again with the answer of the client. Do not catch this');
  }
}
