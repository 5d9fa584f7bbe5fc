import { Injectable, Logger, type OnModuleDestroy } from '@nestjs/common';
import {
  CLIENT_CAPABILITIES_META_KEY,
  MissingRequiredClientCapabilityError,
  ProtocolError,
  ProtocolErrorCode,
  type ClientCapabilities,
  type Server,
  type ServerContext,
} from '@modelcontextprotocol/server';
import { z } from 'zod';
import type { Caller } from '../../resource-server/access/caller.js';
import { holds } from '../../resource-server/access/access-rule.js';
import type { AuthorizedOperation } from '../../resource-server/authorization/authorized-operation.js';
import { ScopeHierarchy } from '../../resource-server/access/scope-hierarchy.js';
import { judgeScopes } from '../../resource-server/access/scope-rule.js';
import { Catalogue } from '../../resource-server/catalogue/catalogue.js';
import type { ToolDefinition } from '../../resource-server/catalogue/primitive.js';
import { reasonOf } from '../../errors/reason.js';
import { MemoryStore, SharedSealedStore, type SealedStore } from '../../replicas/sealed-store.js';
import { Challenges } from '../../resource-server/challenges/challenges.js';
import { ChangeNotifications } from '../notifications/change-notifications.js';
import { ResolvedOptions } from '../../options/resolved-options.js';
import type { Admission, AuthorizedRequest } from '../invocation/authorized-request.js';
import { RunningTask, type RunInTask } from './running-task.js';
import { TASKS_EXTENSION, type OwnedTask } from './task-record.js';

/** Tasks whose results are kept in this process, and tasks of one caller that may run at once. */
const MAX_KEPT = 10_000;
const MAX_RUNNING = 50;

const paramsSchema = z.looseObject({ taskId: z.string() });

/** The methods of the Tasks extension (SEP-2663). Each task is its caller's, and nobody else's. */
@Injectable()
export class TaskMethods implements OnModuleDestroy {
  readonly #logger = new Logger('McpTasks');
  readonly #running = new Map<string, RunningTask>();
  readonly #store: SealedStore;

  constructor(
    options: ResolvedOptions,
    private readonly catalogue: Catalogue,
    private readonly challenges: Challenges,
    private readonly notifications: ChangeNotifications,
    private readonly hierarchy: ScopeHierarchy,
  ) {
    const { shared } = options.replicas;
    this.#store = shared ? new SharedSealedStore(shared, 'tasks') : new MemoryStore(MAX_KEPT);
    notifications.onHanded((kind, party, message) => {
      const { params } = message as { params?: Record<string, unknown> };
      const task = this.#running.get(String(params?.taskId));
      if (task?.owner !== party) return;
      if (kind === 'task_update') task.answer((params?.inputResponses ?? {}) as Record<string, unknown>);
      else if (kind === 'task_cancel') task.cancel();
    });
  }

  /**
   * Begins a task where the tool has them and the client knows them.
   *
   * @returns `undefined` where the client waits for the result
   * @throws MissingRequiredClientCapabilityError where the tool is nothing to wait for
   */
  begin(
    { name, task: support }: ToolDefinition,
    { caller, input }: AuthorizedOperation,
    context: ServerContext,
    run: RunInTask,
  ): Promise<unknown> | undefined {
    if (!support || 'problems' in input) return undefined;
    if (!knowsTasks(context)) {
      if (support.required) throw missingCapability();
      return undefined;
    }
    // What the client was asked before is part of the request.
    if (context.mcpReq.requestState() !== undefined) return undefined;
    const owner = ownerOf(caller);
    const running = [...this.#running.values()].filter((task) => task.owner === owner);
    if (running.length >= MAX_RUNNING) {
      throw new ProtocolError(
        ProtocolErrorCode.InternalError,
        'Too many tasks are running. Wait for one, or cancel it',
      );
    }
    return this.#start(new RunningTask(owner, name, support, (task) => this.#save(task)), run, context);
  }

  /** Answers the methods of the extension. */
  handle(server: Server, method: 'tasks/get' | 'tasks/update' | 'tasks/cancel', admit: Admission): void {
    server.setRequestHandler(method, { params: paramsSchema }, async (params, context) => {
      const served = await admit(method, params, context);
      if (!knowsTasks(context)) throw missingCapability();
      const { taskId } = params;
      // The SDK has taken them out of the parameters.
      const { inputResponses = {} } = context.mcpReq;
      const owned = await this.#find(taskId, served);
      if (method === 'tasks/get') return { ...owned.task, resultType: 'complete' };
      const task = this.#running.get(taskId);
      if (method === 'tasks/update') task?.answer(inputResponses);
      else task?.cancel();
      const kind = method === 'tasks/update' ? 'task_update' : 'task_cancel';
      const message = { jsonrpc: '2.0', method, params: { taskId, inputResponses } } as const;
      this.notifications.hand(kind, owned.owner, message, task !== undefined);
      return { resultType: 'complete' };
    });
  }

  /** Called by Nest: what runs here cannot be gone on with elsewhere. */
  async onModuleDestroy(): Promise<void> {
    const running = [...this.#running.values()];
    for (const task of running) task.stop('The server was stopped before the task was over. Call the tool again');
    await Promise.all(running.map((task) => this.#save(task)));
    this.#store.stop();
  }

  async #start(task: RunningTask, run: RunInTask, context: ServerContext): Promise<unknown> {
    this.#running.set(task.record.taskId, task);
    await this.#save(task);
    const { record } = task;
    void task.run(run, context).finally(() => {
      this.#running.delete(record.taskId);
    });
    return { resultType: 'task', ...record };
  }

  /** @throws ProtocolError for tasks that there are none of, or that are another caller's */
  async #find(taskId: string, served: AuthorizedRequest): Promise<OwnedTask> {
    const { caller } = served.authorized;
    const running = this.#running.get(taskId);
    const owned = running
      ? { owner: running.owner, tool: running.tool, task: running.record }
      : await this.#stored(taskId);
    if (owned?.owner !== ownerOf(caller)) throw new ProtocolError(ProtocolErrorCode.InvalidParams, 'Unknown task');
    const tool = this.catalogue.findTool(owned.tool);
    if (caller && tool && !holds(caller, tool.access, this.hierarchy)) {
      const { scopes } = tool.access;
      const { needed } = judgeScopes(typeof scopes === 'function' ? [] : scopes, caller.scopes, this.hierarchy);
      const refusal = { error: 'insufficient_scope', scopes: needed, rule: tool.access } as const;
      served.challenge = this.challenges.refused(caller, served.scheme, refusal);
    }
    return owned;
  }

  async #stored(taskId: string): Promise<OwnedTask | undefined> {
    try {
      const text = await this.#store.get(taskId);
      return text === undefined ? undefined : (JSON.parse(text) as OwnedTask);
    } catch (error) {
      this.#logger.error(`A task could not be read: ${reasonOf(error)}`);
      throw new ProtocolError(
        ProtocolErrorCode.InternalError,
        'The task cannot be looked up right now. Try again later',
      );
    }
  }

  async #save({ owner, tool, record: task }: RunningTask): Promise<void> {
    try {
      await this.#store.set(task.taskId, JSON.stringify({ owner, tool, task } satisfies OwnedTask), task.ttlMs);
    } catch (error) {
      this.#logger.error(`A task could not be kept: ${reasonOf(error)}`);
    }
  }
}

/** Whose a task is. Without callers, whoever knows its id. */
function ownerOf(caller: Caller | undefined): string {
  return JSON.stringify(caller ? [caller.issuer, caller.subject, caller.clientId] : []);
}

function knowsTasks({ mcpReq: { envelope } }: ServerContext): boolean {
  const capabilities = (envelope as Record<string, ClientCapabilities | undefined> | undefined)?.[
    CLIENT_CAPABILITIES_META_KEY
  ];
  return capabilities?.extensions?.[TASKS_EXTENSION] !== undefined;
}

function missingCapability(): MissingRequiredClientCapabilityError {
  return new MissingRequiredClientCapabilityError({ requiredCapabilities: { extensions: { [TASKS_EXTENSION]: {} } } });
}
