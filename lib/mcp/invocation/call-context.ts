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
import type { ClientChannel } from './client-channel.js';
import type {
  ElicitedForm,
  McpClient,
  McpContext,
  QuestionOptions,
} from '../../resource-server/decorators/mcp-context.js';
import { ToolError } from './tool-error.js';

/** Maximum number of times the user is asked, if the answers do not fit the form. */
const MAX_ROUNDS = 5;

/** The parts of a call's context. */
export interface CallParts {
  readonly caller: Caller | undefined;
  readonly correlationId: string;
  readonly signal: AbortSignal;
  readonly operation: Operation;
  readonly channel: ClientChannel;
  readonly input: unknown;
}

/** The context of one call. */
export class CallContext implements McpContext {
  readonly caller: Caller | undefined;
  readonly correlationId: string;
  readonly signal: AbortSignal;
  readonly operation: Operation;
  /** Empty, because guards for HTTP look for a token here. */
  readonly headers: Readonly<Record<string, string>> = {};
  readonly #input: unknown;
  readonly #channel: ClientChannel;
  #questions = 0;

  constructor({ caller, correlationId, signal, operation, channel, input }: CallParts) {
    this.caller = caller;
    this.correlationId = correlationId;
    this.signal = signal;
    this.operation = operation;
    this.#input = input;
    this.#channel = channel;
  }

  get user(): Caller | undefined {
    return this.caller;
  }

  /** Cannot be replaced, because the arguments were authorized. */
  get body(): unknown {
    return this.#input;
  }

  get params(): unknown {
    return this.body;
  }

  get query(): unknown {
    return this.body;
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

  async progress(progress: number, total?: number, message?: string): Promise<void> {
    await this.#channel.progress(progress, total, message);
  }

  async log(level: LoggingLevel, data: unknown, logger?: string): Promise<void> {
    await this.#channel.log(level, data, logger);
  }

  async elicit<Schema extends StandardSchemaWithJSON>(
    message: string,
    schema: Schema,
    options?: QuestionOptions,
  ): Promise<ElicitedForm<StandardSchemaWithJSON.InferOutput<Schema>>> {
    const question = inputRequired.elicit({ message, requestedSchema: schema });
    const key = this.#takeKey('elicitation', options);
    for (let round = 0; round < MAX_ROUNDS; round += 1) {
      const { action, content } = readForm(await this.#channel.ask(round === 0 ? key : `${key}.${round}`, question));
      if (action !== 'accept') return { action };
      const fitting = await schema['~standard'].validate(content);
      if (!fitting.issues) return { action, content: fitting.value as StandardSchemaWithJSON.InferOutput<Schema> };
    }
    throw new ToolError('What was filled in did not fit the form.');
  }

  async elicitUrl(message: string, url: string, options?: QuestionOptions): Promise<'accept' | 'decline' | 'cancel'> {
    const question = inputRequired.elicitUrl({ message, url });
    return readForm(await this.#channel.ask(this.#takeKey('page', options), question)).action;
  }

  async sample(params: CreateMessageRequestParams, options?: QuestionOptions): Promise<CreateMessageResult> {
    const question = inputRequired.createMessage(params);
    return (await this.#channel.ask(this.#takeKey('sampling', options), question)) as CreateMessageResult;
  }

  async listRoots(options?: QuestionOptions): Promise<readonly Root[]> {
    const answer = await this.#channel.ask(this.#takeKey('roots', options), inputRequired.listRoots());
    const { roots } = (answer ?? {}) as { roots?: unknown };
    return Array.isArray(roots) ? (roots as Root[]) : [];
  }

  async once<Value>(key: string, run: () => Value | Promise<Value>): Promise<Value> {
    return (await this.#channel.once(key, run)) as Value;
  }

  #takeKey(kind: string, options: QuestionOptions | undefined): string {
    this.#questions += 1;
    return options?.key ?? `${kind}-${this.#questions}`;
  }
}

function readForm(answer: unknown): { readonly action: 'accept' | 'decline' | 'cancel'; readonly content: unknown } {
  const { action, content } = (answer ?? {}) as { action?: unknown; content?: unknown };
  return { action: action === 'accept' || action === 'decline' ? action : 'cancel', content };
}
