import { Injectable } from '@nestjs/common';
import {
  CLIENT_CAPABILITIES_META_KEY,
  MissingRequiredClientCapabilityError,
  ProtocolError,
  ProtocolErrorCode,
  type ClientCapabilities,
  type Server,
} from '@modelcontextprotocol/server';
import { z } from 'zod';
import type { AuthorizedOperation } from '../../resource-server/authorization/admission.js';
import type { ToolDefinition } from '../../resource-server/catalogue/primitive.js';
import type { Admit } from '../invocation/authorized-request.js';
import type { Lease } from '../../limits/lease.js';
import { ChangeNotifications } from '../notifications/change-notifications.js';
import { KeptTasks } from './kept-tasks.js';
import { RunningTask } from './running-task.js';
import { TASKS_EXTENSION, type OwnedCall } from './task-record.js';
import type { MessageContext } from '../invocation/message-context.js';

const paramsSchema = z.looseObject({ taskId: z.string() });

/** The methods of the Tasks extension (SEP-2663). */
@Injectable()
export class TaskMethods {
  constructor(
    private readonly notifications: ChangeNotifications,
    private readonly tasks: KeptTasks,
  ) {
    // The replica that received the request has already admitted it.
    notifications.onHanded((kind, party, message) => {
      const { params } = message as { params?: Record<string, unknown> };
      const task = this.tasks.findRunning(String(params?.taskId));
      if (task?.call.owner !== party) return;
      if (kind === 'task_update') task.answer((params?.inputResponses ?? {}) as Record<string, unknown>);
      else if (kind === 'task_cancel') task.cancel();
    });
  }

  /**
   * Creates a task if the tool supports tasks and the client declares the extension.
   *
   * @param args - the arguments of the call, as the client sent them
   * @returns `undefined` if the call runs without a task
   * @throws LimitError if too many tasks run, for the caller or in all
   * @throws MissingRequiredClientCapabilityError if the tool requires a task and the client does not support tasks
   */
  begin(
    { name, task: support }: ToolDefinition,
    authorized: AuthorizedOperation,
    args: unknown,
    context: MessageContext,
    run: (context: MessageContext, lease: Lease) => Promise<unknown>,
  ): Promise<unknown> | undefined {
    const { caller, input } = authorized;
    if (!support || 'problems' in input) return undefined;
    if (!canHandleTasks(context)) {
      if (support.required) throw createMissingCapabilityError();
      return undefined;
    }
    // A request with `requestState` continues a call that runs without a task.
    if (context.mcpReq.requestState() !== undefined) return undefined;
    const owner = this.tasks.identifyOwner(caller);
    const call: OwnedCall = {
      owner,
      tool: name,
      arguments: args,
      // Pipes run with the task.
      get readings() {
        return authorized.readings;
      },
    };
    return this.#start(new RunningTask(call, caller, support, (task) => this.tasks.save(task)), run, context);
  }

  /** Answers the methods of the extension. */
  handle(server: Server, method: 'tasks/get' | 'tasks/update' | 'tasks/cancel', admit: Admit): void {
    server.setRequestHandler(method, { params: paramsSchema }, async (params, context) => {
      const { authorized } = await admit(method, params, context);
      if (!canHandleTasks(context)) throw createMissingCapabilityError();
      const { taskId } = params;
      // The SDK removes the input responses from the parameters.
      const { inputResponses = {} } = context.mcpReq;
      const owned = await this.tasks.find(taskId, authorized.caller);
      // Scopes may depend on the arguments. Without valid arguments the required scopes are unknown.
      if (!owned || !authorized.primitive || 'problems' in authorized.input)
        throw new ProtocolError(ProtocolErrorCode.InvalidParams, 'Unknown task');
      if (method === 'tasks/get') return { ...owned.task, resultType: 'complete' };
      const task = this.tasks.findRunning(taskId);
      if (method === 'tasks/update') task?.answer(inputResponses);
      else task?.cancel();
      const kind = method === 'tasks/update' ? 'task_update' : 'task_cancel';
      const message = { jsonrpc: '2.0', method, params: { taskId, inputResponses } } as const;
      this.notifications.hand(kind, owned.owner, message, task !== undefined);
      return { resultType: 'complete' };
    });
  }

  async #start(
    task: RunningTask,
    run: (context: MessageContext, lease: Lease) => Promise<unknown>,
    context: MessageContext,
  ): Promise<unknown> {
    const lease = await this.tasks.add(task);
    const { record } = task;
    void task
      .run((over) => run(over, lease), context)
      .finally(() => {
        this.tasks.release(task);
        lease.release();
      });
    return { resultType: 'task', ...record };
  }
}

function canHandleTasks({ mcpReq: { envelope } }: MessageContext): boolean {
  const capabilities = (envelope as Record<string, ClientCapabilities | undefined> | undefined)?.[
    CLIENT_CAPABILITIES_META_KEY
  ];
  return capabilities?.extensions?.[TASKS_EXTENSION] !== undefined;
}

function createMissingCapabilityError(): MissingRequiredClientCapabilityError {
  return new MissingRequiredClientCapabilityError({ requiredCapabilities: { extensions: { [TASKS_EXTENSION]: {} } } });
}
