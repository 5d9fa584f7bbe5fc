import { Injectable, type OnModuleDestroy } from '@nestjs/common';
import { ProtocolError, ProtocolErrorCode } from '@modelcontextprotocol/server';
import { CleanLogger } from '../../log/clean-logger.js';
import type { Caller } from '../../resource-server/access/caller.js';
import { Revocations } from '../../resource-server/authentication/revocations.js';
import { identifyParty } from '../../resource-server/access/party.js';
import { describeError } from '../../errors/reason.js';
import { ResolvedOptions } from '../../options/resolved-options.js';
import { deriveKey } from '../../replicas/composite-key.js';
import { MemoryStore, SharedSealedStore, type SealedStore } from '../../replicas/sealed-store.js';
import type { RunningTask } from './running-task.js';
import type { OwnedTask } from './task-record.js';

/** Maximum number of tasks kept in this process. */
const MAX_KEPT = 10_000;

/** Keeps tasks while they run and while their results are kept. A task belongs to one caller. */
@Injectable()
export class KeptTasks implements OnModuleDestroy {
  readonly #logger = new CleanLogger('McpTasks');
  readonly #running = new Map<string, RunningTask>();
  readonly #store: SealedStore;

  constructor(
    private readonly options: ResolvedOptions,
    revocations: Revocations,
  ) {
    revocations.onRevoked((_revocation, isMeant) => {
      for (const task of this.#running.values())
        if (task.caller && isMeant(task.caller)) task.stop('The session of the user has ended');
    });
    const { shared } = options.replicas;
    this.#store = shared ? new SharedSealedStore(shared, 'tasks', options.resource) : new MemoryStore(MAX_KEPT);
  }

  /** Identifies the owner of a task: a caller of this server. Without callers, the id of a task is enough to use it. */
  identifyOwner(caller: Caller | undefined): string {
    return deriveKey('task-owner', this.options.resource, identifyParty(caller));
  }

  /** Finds a task that runs in this process. */
  findRunning(taskId: string): RunningTask | undefined {
    return this.#running.get(taskId);
  }

  /** Counts the tasks of an owner that run in this process. */
  countRunning(owner: string): number {
    return [...this.#running.values()].filter(({ call }) => call.owner === owner).length;
  }

  /** Keeps a new task. */
  async add(task: RunningTask): Promise<void> {
    this.#running.set(task.record.taskId, task);
    await this.save(task);
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

  async save({ call, record: task }: RunningTask): Promise<void> {
    try {
      await this.#store.set(
        this.#deriveTaskKey(task.taskId),
        JSON.stringify({ ...call, task } satisfies OwnedTask),
        task.ttlMs,
      );
    } catch (error) {
      this.#logger.error(`A task could not be kept: ${describeError(error)}`);
    }
  }

  /** Called by Nest. Stops the tasks of this process: another process cannot resume them. */
  async onModuleDestroy(): Promise<void> {
    const running = [...this.#running.values()];
    for (const task of running) task.stop('The server was stopped before the task was over. Call the tool again');
    await Promise.all(running.map((task) => this.save(task)));
    this.#store.stop();
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
      this.#logger.error(`A task could not be read: ${describeError(error)}`);
      throw new ProtocolError(
        ProtocolErrorCode.InternalError,
        'The task cannot be looked up right now. Try again later',
      );
    }
  }
}
