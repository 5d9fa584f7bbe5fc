import { Injectable, type OnModuleDestroy } from '@nestjs/common';
import { ProtocolError, ProtocolErrorCode } from '@modelcontextprotocol/server';
import { CleanLogger } from '../../log/clean-logger.js';
import type { Caller } from '../../resource-server/access/caller.js';
import { Revocations } from '../../resource-server/authentication/revocations.js';
import { identifyParty } from '../../resource-server/access/party.js';
import { describeError } from '../../errors/reason.js';
import { LimitError } from '../../errors/limit-error.js';
import { CallerLimits } from '../../limits/caller-limits.js';
import { measureText } from '../../limits/fair-cache.js';
import type { Lease } from '../../limits/lease.js';
import { ResolvedOptions } from '../../options/resolved-options.js';
import { deriveKey } from '../../replicas/composite-key.js';
import { MemoryStore, SharedSealedStore, type SealedStore } from '../../replicas/sealed-store.js';
import type { RunningTask } from './running-task.js';
import { isOver, type OwnedTask, type TaskRecord } from './task-record.js';

/** Keeps tasks while they run and while their results are kept. A task belongs to one caller. */
@Injectable()
export class KeptTasks implements OnModuleDestroy {
  readonly #logger = new CleanLogger('McpTasks');
  readonly #running = new Map<string, RunningTask>();
  readonly #store: SealedStore;

  constructor(
    private readonly options: ResolvedOptions,
    private readonly limits: CallerLimits,
    revocations: Revocations,
  ) {
    revocations.onRevoked((_revocation, isMeant) => {
      for (const task of this.#running.values())
        if (task.caller && isMeant(task.caller)) task.stop('The session of the user has ended');
    });
    const { shared } = options.replicas;
    const shares = limits.of('keptTasks');
    this.#store = shared ? new SharedSealedStore(shared, 'tasks', options.resource, shares) : new MemoryStore(shares);
  }

  /** Identifies the owner of a task: a caller of this server. Without callers, the id of a task is enough to use it. */
  identifyOwner(caller: Caller | undefined): string {
    return deriveKey('task-owner', this.options.resource, identifyParty(caller));
  }

  /** Finds a task that runs in this process. */
  findRunning(taskId: string): RunningTask | undefined {
    return this.#running.get(taskId);
  }

  /**
   * Keeps a new task. It is not forgotten while it runs.
   *
   * @returns what the task takes of the share of its caller, until it is over
   * @throws LimitError if too many tasks run, or are kept, for the caller or in all
   */
  async add(task: RunningTask): Promise<Lease> {
    const { call, caller } = task;
    const lease = this.limits.of('runningTasks').take(caller, { bytes: measureText(JSON.stringify(call)) });
    this.#running.set(task.record.taskId, task);
    try {
      await this.#write(task, task.record);
    } catch (error) {
      if (error instanceof LimitError) {
        this.#running.delete(task.record.taskId);
        lease.release();
        throw error;
      }
      this.#logError(error);
    }
    return lease;
  }

  /** Marks a task as no longer running. Its result is kept. */
  release({ record }: RunningTask): void {
    this.#running.delete(record.taskId);
  }

  /**
   * Finds a task of a caller.
   *
   * @returns `undefined` if the task does not exist or belongs to another caller
   * @throws ProtocolError if the lookup fails
   */
  async find(taskId: string, caller: Caller | undefined): Promise<OwnedTask | undefined> {
    const running = this.#running.get(taskId);
    const kept = running ? { ...running.call, task: running.record } : await this.#read(taskId);
    return kept?.owner === this.identifyOwner(caller) ? kept : undefined;
  }

  /** Keeps the state of a task. A result that is too large for the share of its caller is lost. */
  async save(task: RunningTask): Promise<void> {
    const { result, ...record } = task.record;
    try {
      await this.#write(task, task.record).catch(async (error: unknown) => {
        if (!(error instanceof LimitError)) throw error;
        const message = 'The result is too large to be kept. Call the tool again, and ask for less';
        const failure = { code: ProtocolErrorCode.InternalError, message, data: { reason: error.code } };
        await this.#write(task, { ...record, status: 'failed', error: failure });
      });
    } catch (error) {
      this.#logError(error);
    }
  }

  /** Called by Nest. Stops the tasks of this process: another process cannot resume them. */
  async onModuleDestroy(): Promise<void> {
    const running = [...this.#running.values()];
    for (const task of running) task.stop('The server was stopped before the task was over. Call the tool again');
    await Promise.all(running.map((task) => this.save(task)));
    this.#store.stop();
  }

  async #write({ call, caller }: RunningTask, task: TaskRecord): Promise<void> {
    const text = JSON.stringify({ ...call, task } satisfies OwnedTask);
    const keeping = { holder: caller, lifetimeMs: task.ttlMs, isPinned: !isOver(task) };
    await this.#store.set(this.#deriveTaskKey(task.taskId), text, keeping);
  }

  #logError(error: unknown): void {
    this.#logger.sum('error', 'kept', `A task could not be kept: ${describeError(error)}`);
  }

  /** Servers may share a store. The id comes from the client. */
  #deriveTaskKey(taskId: string): string {
    return deriveKey('task', this.options.resource, taskId);
  }

  async #read(taskId: string): Promise<OwnedTask | undefined> {
    try {
      const text = await this.#store.get(this.#deriveTaskKey(taskId));
      return text === undefined ? undefined : (JSON.parse(text) as OwnedTask);
    } catch (error) {
      this.#logger.sum('error', 'read', `A task could not be read: ${describeError(error)}`);
      throw new ProtocolError(
        ProtocolErrorCode.InternalError,
        'The task cannot be looked up right now. Try again later',
      );
    }
  }
}
