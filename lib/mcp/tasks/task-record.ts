import type { CallToolResult, InputRequests } from '@modelcontextprotocol/server';

/** Identifier of the Tasks extension (SEP-2663). */
export const TASKS_EXTENSION = 'io.modelcontextprotocol/tasks';

/** A task as the client sees it (SEP-2663, `Task`). */
export interface TaskRecord {
  readonly taskId: string;
  readonly status: 'working' | 'input_required' | 'completed' | 'cancelled' | 'failed';
  readonly statusMessage?: string;
  /** ISO 8601. */
  readonly createdAt: string;
  readonly lastUpdatedAt: string;
  /** Milliseconds, counted from creation, for which the task is kept. */
  readonly ttlMs: number;
  readonly pollIntervalMs: number;
  readonly inputRequests?: InputRequests;
  readonly result?: CallToolResult;
  readonly error?: { readonly code: number; readonly message: string; readonly data?: unknown };
}

/**
 * The call that created a task, and its owner. Each request about the task needs the same authorization as the call.
 */
export interface OwnedCall {
  /** See `KeptTasks.identifyOwner`. */
  readonly owner: string;
  /** Name of the tool. */
  readonly tool: string;
  /** The arguments as the client sent them. */
  readonly arguments: unknown;
  /** What pipes, guards and interceptors made of them, where they changed them. */
  readonly readings: readonly unknown[];
}

/** A task and the call that created it. */
export interface OwnedTask extends OwnedCall {
  readonly task: TaskRecord;
}

export function isOver({ status }: TaskRecord): boolean {
  return status === 'completed' || status === 'cancelled' || status === 'failed';
}
