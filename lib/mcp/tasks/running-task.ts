import { randomBytes } from 'node:crypto';
import {
  isInputRequiredResult,
  ProtocolError,
  ProtocolErrorCode,
  type CallToolResult,
  type InputRequiredResult,
  type Notification,
} from '@modelcontextprotocol/server';
import type { Caller } from '../../resource-server/access/caller.js';
import { LONGEST_TIMEOUT } from '../../time/time-limit.js';
import type { TaskSupport } from '../../resource-server/catalogue/primitive.js';
import { isOver, type OwnedCall, type TaskRecord } from './task-record.js';
import type { MessageContext } from '../invocation/message-context.js';

/** Runs the tool in a context that outlives the request. */
export type RunInTask = (context: MessageContext) => Promise<unknown>;

/** A task of nobody belongs to whoever knows its id. */
const TASK_ID_BYTES = 32;

/** A task that runs in this process. */
export class RunningTask {
  readonly #abort = new AbortController();
  readonly #timer: NodeJS.Timeout;
  #record: TaskRecord;
  #answers: Record<string, unknown> = {};
  #answered: (() => void) | undefined;
  #saved = Promise.resolve();

  /**
   * @param caller - whose token the task uses
   * @param save - called with each state; calls do not overlap
   */
  constructor(
    readonly call: OwnedCall,
    readonly caller: Caller | undefined,
    { ttlMs, pollIntervalMs }: TaskSupport,
    private readonly save: (task: RunningTask) => Promise<void>,
  ) {
    const now = new Date().toISOString();
    this.#record = {
      taskId: randomBytes(TASK_ID_BYTES).toString('base64url'),
      status: 'working',
      createdAt: now,
      lastUpdatedAt: now,
      ttlMs,
      pollIntervalMs,
    };
    this.#timer = setTimeout(
      () => {
        this.stop('The task took longer than it may');
      },
      Math.min(ttlMs, LONGEST_TIMEOUT),
    ).unref();
  }

  get record(): TaskRecord {
    return this.#record;
  }

  /** Runs the tool to its end, with one round for each time it asks the client. Never throws. */
  async run(run: RunInTask, context: MessageContext): Promise<void> {
    try {
      let round = this.#createContext(context, undefined, undefined);
      for (;;) {
        const result = await run(round);
        if (isOver(this.#record)) return;
        if (!isInputRequiredResult(result)) {
          await this.#become({ status: 'completed', result: result as CallToolResult });
          return;
        }
        const answers = await this.#ask(result);
        round = this.#createContext(context, answers, result.requestState);
      }
    } catch (error) {
      if (isOver(this.#record)) return;
      const { code, message, data } =
        error instanceof ProtocolError
          ? error
          : { code: ProtocolErrorCode.InternalError, message: 'Internal error', data: undefined };
      await this.#become({ status: 'failed', error: { code, message, ...(data !== undefined && { data }) } });
    } finally {
      clearTimeout(this.#timer);
    }
  }

  /** Accepts answers to open questions. Ignores all other answers. */
  answer(responses: Readonly<Record<string, unknown>>): void {
    const open = this.#record.inputRequests ?? {};
    for (const [key, response] of Object.entries(responses)) {
      if (Object.hasOwn(open, key)) this.#answers[key] = response;
    }
    const rest = Object.fromEntries(Object.entries(open).filter(([key]) => !Object.hasOwn(this.#answers, key)));
    if (Object.keys(open).length > 0 && Object.keys(rest).length === 0) this.#answered?.();
    else if (this.#record.status === 'input_required')
      void this.#become({ status: 'input_required', inputRequests: rest });
  }

  /** Stops the task because the client cancelled it. */
  cancel(): void {
    if (isOver(this.#record)) return;
    void this.#become({ status: 'cancelled' });
    this.#abort.abort(new Error('The task was cancelled'));
  }

  /** Stops the task for any other reason. */
  stop(message: string): void {
    if (isOver(this.#record)) return;
    void this.#become({ status: 'failed', error: { code: ProtocolErrorCode.InternalError, message } });
    this.#abort.abort(new Error(message));
  }

  async #ask({ inputRequests = {} }: InputRequiredResult): Promise<Record<string, unknown>> {
    this.#answers = {};
    const answered = new Promise<void>((resolve, reject) => {
      this.#answered = resolve;
      this.#abort.signal.addEventListener(
        'abort',
        () => {
          reject(this.#abort.signal.reason as Error);
        },
        { once: true },
      );
    });
    await Promise.all([answered, this.#become({ status: 'input_required', inputRequests: inputRequests })]);
    await this.#become({ status: 'working' });
    return this.#answers;
  }

  /** The context of the tool's method. It belongs to the task, because the request is over. */
  #createContext(
    context: MessageContext,
    inputResponses: Record<string, unknown> | undefined,
    requestState: string | undefined,
  ): MessageContext {
    const notify = async ({ method, params }: Notification) => {
      const message = method === 'notifications/progress' ? params?.message : undefined;
      if (typeof message === 'string' && !isOver(this.#record)) await this.#become({ statusMessage: message });
    };
    const { inputResponses: before, ...mcpReq } = context.mcpReq;
    const ofTask = {
      // A task always reports progress.
      _meta: { ...mcpReq._meta, progressToken: mcpReq._meta?.progressToken ?? 0 },
      signal: this.#abort.signal,
      notify,
      log: () => Promise.resolve(),
      ...(inputResponses && { inputResponses }),
      requestState: () => requestState,
    };
    return { ...context, mcpReq: Object.assign({}, mcpReq, ofTask) };
  }

  async #become(change: Partial<TaskRecord>): Promise<void> {
    const { inputRequests, ...before } = this.#record;
    this.#record = { ...before, ...change, lastUpdatedAt: new Date().toISOString() };
    this.#saved = this.#saved.then(() => this.save(this));
    await this.#saved;
  }
}
