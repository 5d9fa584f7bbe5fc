import type {
  CreateMessageRequestParams,
  CreateMessageResult,
  InputResponses,
  LoggingLevel,
  Root,
  StandardSchemaWithJSON,
} from '@modelcontextprotocol/server';
import { inputRequired } from '@modelcontextprotocol/server';
import type { Caller } from '../../resource-server/access/caller.js';
import type { Operation } from '../../resource-server/access/operation.js';
import type { Ending } from '../../time/ending.js';
import { BoundMethod } from './bound-method.js';
import type { ClientChannel } from './client-channel.js';
import type {
  ElicitedForm,
  McpClient,
  McpContext,
  QuestionOptions,
} from '../../resource-server/decorators/mcp-context.js';
import { isJsonObject } from '../../json/json-object.js';
import { describeForm, validateWire } from '../../resource-server/catalogue/wire-values.js';
import { ToolError } from './tool-error.js';

/** Maximum number of times the user is asked, if the answers do not fit the form. */
const MAX_ROUNDS = 5;

/** The parts of a call's context. */
export interface CallParts {
  readonly caller: Caller | undefined;
  readonly trace: { readonly correlationId: string };
  /** Of the call. */
  readonly ending: Ending;
  readonly operation: Operation;
  readonly channel: ClientChannel;
  readonly input: unknown;
  /** What guards and interceptors may see of the HTTP request. `undefined` if there is nothing to see, or nobody. */
  readonly shown?: object | undefined;
}

/** The request of a connection that has none. */
const NO_REQUEST = {
  headers: {},
  ip: undefined,
  ips: [],
  method: 'POST',
  originalUrl: '/',
  path: '/',
  url: '/',
  get: () => undefined,
  header: () => undefined,
};

/** The context of one call, and for enhancers a request: what it has not itself is that of the HTTP request. */
export class CallContext implements McpContext {
  readonly caller: Caller | undefined;
  readonly operation: Operation;
  readonly #trace: CallParts['trace'];
  readonly #ending: Ending;
  readonly #shown: object;
  #user: unknown;
  readonly #input: unknown;
  readonly #channel: ClientChannel;
  #questions = 0;

  constructor({ caller, trace, ending, operation, channel, input, shown = NO_REQUEST }: CallParts) {
    this.caller = caller;
    this.#trace = trace;
    this.operation = operation;
    this.#input = input;
    this.#channel = channel;
    this.#ending = ending;
    this.#shown = shown;
    this.#user = caller;
    if (shown === NO_REQUEST) return;
    Object.setPrototypeOf(this, Object.create(shown, MEMBERS) as object);
    this.#joinLog();
  }

  get correlationId(): string {
    return this.#trace.correlationId;
  }

  get signal(): AbortSignal {
    return this.#ending.signal;
  }

  /** The caller, unless a guard of the application has put another user here, for those after it. */
  get user(): Caller | undefined {
    return this.#user as Caller | undefined;
  }

  set user(user: unknown) {
    this.#user = user;
  }

  /** Cannot be replaced, because the arguments were authorized. */
  get body(): unknown {
    return this.#input;
  }

  get params(): unknown {
    return this.body;
  }

  /** Arguments, and parameters of the URL that are none. */
  get query(): unknown {
    const { query } = this.#shown as { readonly query?: object };
    if (!query || Object.keys(query).length === 0) return this.body;
    return isJsonObject(this.body) ? { ...query, ...this.body } : query;
  }

  get client(): McpClient {
    return this.#channel.client;
  }

  get meta(): Readonly<Record<string, unknown>> {
    return this.#channel.meta;
  }

  get inputResponses(): InputResponses | undefined {
    return this.#channel.inputResponses;
  }

  get requestState(): string | undefined {
    return this.#channel.requestState;
  }

  @BoundMethod
  async progress(progress: number, total?: number, message?: string): Promise<void> {
    await this.#channel.progress(progress, total, message);
  }

  @BoundMethod
  async log(level: LoggingLevel, data: unknown, logger?: string): Promise<void> {
    await this.#channel.log(level, data, logger);
  }

  @BoundMethod
  async elicit<Schema extends StandardSchemaWithJSON>(
    message: string,
    schema: Schema,
    options?: QuestionOptions,
  ): Promise<ElicitedForm<StandardSchemaWithJSON.InferOutput<Schema>>> {
    const question = inputRequired.elicit({ message, requestedSchema: describeForm(schema) });
    const key = this.#takeKey('elicitation', options);
    for (let round = 0; round < MAX_ROUNDS; round += 1) {
      const { action, content } = readForm(await this.#channel.ask(round === 0 ? key : `${key}.${round}`, question));
      if (action !== 'accept') return { action };
      const fitting = await validateWire(schema, content, 'input');
      if (!fitting.issues) return { action, content: fitting.value as StandardSchemaWithJSON.InferOutput<Schema> };
    }
    throw new ToolError('What was filled in did not fit the form.');
  }

  @BoundMethod
  async elicitUrl(message: string, url: string, options?: QuestionOptions): Promise<'accept' | 'decline' | 'cancel'> {
    const question = inputRequired.elicitUrl({ message, url });
    return readForm(await this.#channel.ask(this.#takeKey('page', options), question)).action;
  }

  @BoundMethod
  async sample(params: CreateMessageRequestParams, options?: QuestionOptions): Promise<CreateMessageResult> {
    const question = inputRequired.createMessage(params);
    return (await this.#channel.ask(this.#takeKey('sampling', options), question)) as CreateMessageResult;
  }

  @BoundMethod
  async listRoots(options?: QuestionOptions): Promise<readonly Root[]> {
    const answer = await this.#channel.ask(this.#takeKey('roots', options), inputRequired.listRoots());
    const { roots } = (answer ?? {}) as { roots?: unknown };
    return Array.isArray(roots) ? (roots as Root[]) : [];
  }

  @BoundMethod
  async once<Value>(key: string, run: () => Value | Promise<Value>): Promise<Value> {
    const { once } = this.#shown as { readonly once?: (event: string, listener: () => unknown) => unknown };
    // To enhancers that were written for HTTP, it is that of Node.
    if (REQUEST_EVENTS.has(key)) return once?.(key, run) as Value;
    return (await this.#channel.once(key, run)) as Value;
  }

  /** Middleware puts a logger where the context has a method. It gets the methods of that logger. */
  #joinLog(): void {
    const logger: unknown = Reflect.get(this.#shown, 'log');
    if (typeof logger !== 'object' || logger === null) return;
    const log = async (level: LoggingLevel, data: unknown, name?: string) => {
      await this.#channel.log(level, data, name);
    };
    Object.setPrototypeOf(log, logger);
    Object.defineProperty(this, 'log', { value: log });
  }

  #takeKey(kind: string, options: QuestionOptions | undefined): string {
    this.#questions += 1;
    return options?.key ?? `${kind}-${this.#questions}`;
  }
}

/** Own members of a context come before those of the request. */
const MEMBERS = Object.getOwnPropertyDescriptors(CallContext.prototype);

Object.setPrototypeOf(CallContext.prototype, NO_REQUEST);

/** Events of a request of Node. */
const REQUEST_EVENTS: ReadonlySet<string> = new Set(['aborted', 'close', 'end', 'error']);

function readForm(answer: unknown): { readonly action: 'accept' | 'decline' | 'cancel'; readonly content: unknown } {
  const { action, content } = (answer ?? {}) as { action?: unknown; content?: unknown };
  return { action: action === 'accept' || action === 'decline' ? action : 'cancel', content };
}
