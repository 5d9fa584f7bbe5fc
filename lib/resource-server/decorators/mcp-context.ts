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

/** What a client says of itself. It is nothing to decide about authority by. */
export interface McpClient {
  /** `modern` speaks 2026-07-28 or later, `legacy` a revision before it. */
  readonly era: 'modern' | 'legacy';
  /** What it can be asked for. */
  readonly capabilities: ClientCapabilities;
  /** Its name and version, where it tells them. */
  readonly info: Implementation | undefined;
}

/** What the user said to a form: `content` fits the schema it was asked with. */
export type ElicitedForm<Content> =
  { readonly action: 'accept'; readonly content: Content } | { readonly action: 'decline' | 'cancel' };

/** What a question to the client is known by, where a call asks several in no fixed order. */
export interface QuestionOptions {
  /** Unique in the call. Defaults to the kind of the question and its number. */
  key?: string;
}

/**
 * What a method learns of the call besides its arguments, and its way back to the client.
 *
 * Guards, interceptors and filters get it where those of HTTP get the request: `user` is the caller, and `body`, `params`
 * and `query` are the arguments. There are no headers, and so no token in them.
 */
export interface McpContext {
  /** Who calls, as verified; `undefined` only for what is {@link Anonymous}, or with `access: { anonymous: true }`. */
  readonly caller: Caller | undefined;
  /** Names this call in audit events, and in results that give a reference for support. */
  readonly correlationId: string;
  /** Aborted when the client cancels the call or goes away, when its time is over, and when the application stops. */
  readonly signal: AbortSignal;
  /** What is asked for: the method, and the name or URI. */
  readonly operation: Operation;
  /** Who asks, as it describes itself. */
  readonly client: McpClient;
  /** `_meta` of the request, without what belongs to the protocol. */
  readonly meta: Readonly<Record<string, unknown>>;
  /**
   * Tells how far the work is, if the client wants to know (MCP specification, Progress).
   *
   * @param progress - more than the time before
   * @param total - of which it is a part, if known
   * @param message - for people
   */
  progress(progress: number, total?: number, message?: string): Promise<void>;
  /**
   * Sends a line of a log to the client, if the level that it asked for covers it (MCP specification, Logging; deprecated
   * in 2026-07-28, SEP-2577). Never put into it what the client may not know.
   *
   * @param data - anything that can be told as JSON
   * @param logger - name of what logs
   */
  log(level: LoggingLevel, data: unknown, logger?: string): Promise<void>;
  /**
   * Asks the user to fill in a form (MCP specification, Elicitation). Clients of the revisions before 2026-07-28 are asked
   * while the call waits. In later ones the call ends with the question, and the client makes it again with the answer
   * (multi round-trip requests): the method then runs from its beginning, and gets the answer here. So do what has an effect
   * after the last question, or in {@link once}.
   *
   * @param message - for the user
   * @param schema - an object of strings, numbers, booleans and choices
   * @throws what ends the call while it waits; let it pass
   */
  elicit<Schema extends StandardSchemaWithJSON>(
    message: string,
    schema: Schema,
    options?: QuestionOptions,
  ): Promise<ElicitedForm<StandardSchemaWithJSON.InferOutput<Schema>>>;
  /**
   * Asks the user to open a page (URL mode elicitation), for what must not go through the client. `accept` means that the
   * user agreed to open it, no more.
   *
   * @param url - without anything secret
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
   * Does something once in a call that asks the client: where the method runs again with an answer, the value of the first
   * time is given. It travels to the client and back, encrypted.
   *
   * @param key - unique in the call
   * @param run - returns what can be told as JSON
   */
  once<Value>(key: string, run: () => Value | Promise<Value>): Promise<Value>;
  /** Answers to what the method asked with `inputRequired` of `@modelcontextprotocol/server`; as the client sent them. */
  readonly inputResponses: InputResponses | undefined;
  /** `requestState` that the method gave to `inputRequired`; certainly as it was. */
  readonly requestState: string | undefined;
  /** The caller, for guards that are written for HTTP. */
  readonly user: Caller | undefined;
}
