import type {
  ClientCapabilities,
  CreateMessageRequestParams,
  CreateMessageResult,
  CreateMessageResultWithTools,
  Implementation,
  InputResponses,
  LoggingLevel,
  Root,
  StandardSchemaWithJSON,
} from '@modelcontextprotocol/server';
import type { Caller } from '../access/caller.js';
import type { Operation } from '../access/operation.js';

/** What a client says about itself. It is not verified: never base authorization on it. */
export interface McpClient {
  /** `modern` speaks 2026-07-28 or later, `legacy` a revision before it. */
  readonly era: 'modern' | 'legacy';
  /** Capabilities of the client. */
  readonly capabilities: ClientCapabilities;
  /** Its name and version, if it sends them. */
  readonly info: Implementation | undefined;
}

/** The user's answer to a form. `content` matches the schema of the question. */
export type ElicitedForm<Content> =
  { readonly action: 'accept'; readonly content: Content } | { readonly action: 'decline' | 'cancel' };

/** Identifies a question to the client. Needed when a call asks several questions in no fixed order. */
export interface QuestionOptions {
  /** Unique in the call. Defaults to the kind of the question and its number. */
  key?: string;
}

/**
 * Describes the call to a method, and lets the method send messages to the client.
 *
 * Guards, interceptors and filters get it in place of the HTTP request: `user` is the caller, `body`, `params` and
 * `query` are the arguments, and what is left is that of the request, without credentials.
 */
export interface McpContext {
  /**
   * The verified caller. `undefined` only if the method is {@link Anonymous}, or with `access: { anonymous: true }`.
   */
  readonly caller: Caller | undefined;
  /** Identifies this call in audit events, and in results that give a reference for support. */
  readonly correlationId: string;
  /** Aborted when the client cancels or disconnects, when the call times out, and when the application stops. */
  readonly signal: AbortSignal;
  /** The requested operation: the method, and the name or URI. */
  readonly operation: Operation;
  /** The client, as it describes itself. */
  readonly client: McpClient;
  /** `_meta` of the request, without the members of the protocol. */
  readonly meta: Readonly<Record<string, unknown>>;
  /**
   * Reports progress, if the client asked for it (MCP specification, Progress).
   *
   * @param progress - greater than the last time
   * @param total - value of `progress` when the work is done, if known
   * @param message - for people
   */
  progress(progress: number, total?: number, message?: string): Promise<void>;
  /**
   * Sends a log message to the client, if the level that the client set covers it (MCP specification, Logging;
   * deprecated in 2026-07-28, SEP-2577). Never log what the client may not know.
   *
   * @param data - any value that JSON can represent
   * @param logger - name of the logger
   */
  log(level: LoggingLevel, data: unknown, logger?: string): Promise<void>;
  /**
   * Asks the user to fill in a form (MCP specification, Elicitation). In revisions before 2026-07-28 the call waits for
   * the answer. In later ones the call ends with the question, and the client repeats it with the answer (multi
   * round-trip requests). The method then runs again from its beginning, and gets the answer here. Put side effects
   * after the last question, or in {@link once}.
   *
   * @param message - for the user
   * @param schema - an object of strings, numbers, booleans and choices
   * @throws an error that ends the call while the answer is outstanding; do not catch it
   */
  elicit<Schema extends StandardSchemaWithJSON>(
    message: string,
    schema: Schema,
    options?: QuestionOptions,
  ): Promise<ElicitedForm<StandardSchemaWithJSON.InferOutput<Schema>>>;
  /**
   * Asks the user to open a page (URL mode elicitation). Use it for data that must not pass through the client.
   * `accept` only means that the user agreed to open the page.
   *
   * @param url - must not contain secrets
   */
  elicitUrl(message: string, url: string, options?: QuestionOptions): Promise<'accept' | 'decline' | 'cancel'>;
  /** Asks the client's model (MCP specification, Sampling; deprecated in 2026-07-28, SEP-2577). Like {@link elicit}. */
  sample(
    params: CreateMessageRequestParams,
    options?: QuestionOptions,
  ): Promise<CreateMessageResult | CreateMessageResultWithTools>;
  /** Asks for the client's roots (MCP specification, Roots; deprecated in 2026-07-28, SEP-2577). Like {@link elicit}. */
  listRoots(options?: QuestionOptions): Promise<readonly Root[]>;
  /**
   * Runs a function once in a call that asks the client. When the method runs again with an answer, it gets the value
   * of the first run. The value travels to the client and back, encrypted.
   *
   * @param key - unique in the call
   * @param run - returns a value that JSON can represent
   */
  once<Value>(key: string, run: () => Value | Promise<Value>): Promise<Value>;
  /**
   * Answers to the questions that the method asked with `inputRequired` of `@modelcontextprotocol/server`, as the
   * client sent them.
   */
  readonly inputResponses: InputResponses | undefined;
  /** `requestState` that the method gave to `inputRequired`. Its integrity is verified. */
  readonly requestState: string | undefined;
  /** The caller, for guards that are written for HTTP. */
  readonly user: Caller | undefined;
}
