import { Injectable } from '@nestjs/common';
import type { Caller } from '../../resource-server/access/caller.js';
import type { Operation } from '../../resource-server/access/operation.js';
import type { AdmissionRequest } from '../../resource-server/authorization/admission-request.js';
import { Catalogue } from '../../resource-server/catalogue/catalogue.js';
import { KeptTasks } from './kept-tasks.js';

/** Finds the operation and the arguments that a message has to be authorized for. */
@Injectable()
export class AdmissionRequests {
  constructor(
    private readonly catalogue: Catalogue,
    private readonly tasks: KeptTasks,
  ) {}

  /**
   * Builds the request to authorize. A request about a task is authorized as a call of its tool, with the arguments
   * of the call that created the task (SEP-2663: authorization is checked on each request).
   *
   * @param body - the JSON-RPC message
   */
  make(
    caller: Caller | undefined,
    operation: Operation | undefined,
    body: unknown,
  ): AdmissionRequest | Promise<AdmissionRequest> {
    switch (operation?.method) {
      case 'tasks/get':
      case 'tasks/update':
      case 'tasks/cancel':
        return this.#makeForTask(caller, operation, body);
      case 'resources/subscribe':
      case 'resources/unsubscribe': {
        const judgedAs = { operation: { ...operation, method: 'resources/read' }, body };
        return { caller, operation, found: this.catalogue.find(operation), body, judgedAs };
      }
      case 'completion/complete':
        return { caller, operation, found: this.catalogue.find(operation), body, areItemsSelected: true };
      default:
        return { caller, operation, found: operation && this.catalogue.find(operation), body };
    }
  }

  async #makeForTask(caller: Caller | undefined, operation: Operation, body: unknown): Promise<AdmissionRequest> {
    // The handler of the request reports that the lookup of the task failed.
    const owned = await this.tasks.find(operation.name ?? '', caller).catch(() => undefined);
    if (!owned) return { caller, operation, found: undefined, body };
    const call = { method: 'tools/call', name: owned.tool };
    const judgedAs = { operation: call, body: { ...call, params: { arguments: owned.arguments } } };
    return { caller, operation, found: this.catalogue.find(call), body, judgedAs, readings: owned.readings };
  }
}
