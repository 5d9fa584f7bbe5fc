import type { CallToolResult, InputRequests } from '@modelcontextprotocol/server';

/** Identifier of the extension (SEP-2663). */
export const TASKS_EXTENSION = 'io.modelcontextprotocol/tasks';

/** Work that goes on while its client does something else, as clients are told of it (SEP-2663, `Task`). */
export interface TaskRecord {
  readonly taskId: string;
  readonly status: 'working' | 'input_required' | 'completed' | 'cancelled' | 'failed';
  readonly statusMessage?: string;
  /** ISO 8601. */
  readonly createdAt: string;
  readonly lastUpdatedAt: string;
  /** Milliseconds from its creation for which it is kept. */
  readonly ttlMs: number;
  readonly pollIntervalMs: number;
  readonly inputRequests?: InputRequests;
  readonly result?: CallToolResult;
  readonly error?: { readonly code: number; readonly message: string; readonly data?: unknown };
}

/** The call that began a task, and whose it is. Each request of the task takes what the call took. */
export interface OwnedCall {
  /** See `KeptTasks.identifyOwner`. */
  readonly owner: string;
  /** Name of the tool. */
  readonly tool: string;
  /** As the client sent them. */
  readonly arguments: unknown;
}

/** A task and the call that began it. */
export interface OwnedTask extends OwnedCall {
  readonly task: TaskRecord;
}

export function isOver({ status }: TaskRecord): boolean {
  return status === 'completed' || status === 'cancelled' || status === 'failed';
}
