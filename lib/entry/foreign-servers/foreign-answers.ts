import { Injectable } from '@nestjs/common';
import { isJsonObject } from '../../json/json-object.js';
import { CleanLogger } from '../../log/clean-logger.js';
import { ResolvedOptions } from '../../options/resolved-options.js';
import type { Caller } from '../../resource-server/access/caller.js';
import { Admission } from '../../resource-server/authorization/admission.js';
import { PermittedItems } from '../../resource-server/authorization/permitted-items.js';
import type { Offer } from '../../resource-server/catalogue/primitive.js';
import type { McpRequest } from '../endpoint/mcp-request.js';
import type { PlatformResponse } from '../endpoint/node-request.js';
import { rewriteMessages } from './answer-messages.js';
import { LISTS, type PreparedRules } from './foreign-rules.js';

/** Leaves out of the answers of other servers what the caller may not be told. */
@Injectable()
export class ForeignAnswers {
  readonly #logger = new CleanLogger('ProtectedMcp');

  constructor(
    private readonly options: ResolvedOptions,
    private readonly admission: Admission,
    private readonly items: PermittedItems,
  ) {}

  /**
   * Reads each message that the other server sends. Updates of resources go to those who may read them at this moment.
   * Lists show what the caller may see, if `lists.show` is `'permitted'`. A list can come by every answer, such as one
   * that goes on with an earlier stream.
   */
  narrow({ caller, trace }: McpRequest<Offer>, response: PlatformResponse, rules: PreparedRules): void {
    rewriteMessages(response.raw ?? response, {
      isJsonRead: this.options.list === 'permitted',
      rewrite: async (message) => {
        if (!isJsonObject(message)) return message;
        const { method, params, result } = message;
        if (method === 'notifications/resources/updated')
          return (await this.#mayRead(isJsonObject(params) && params.uri, caller, rules)) ? message : undefined;
        if (this.options.list === 'all' || !isJsonObject(result)) return message;
        const narrowed = this.#narrowLists(result, caller, rules);
        return narrowed === result ? message : { ...message, result: narrowed };
      },
      onUnreadable: (reason) => {
        this.#logger.error(`An answer of another server was cut off [${trace.correlationId}]: ${reason}`);
      },
    });
  }

  async #mayRead(uri: unknown, caller: Caller | undefined, rules: PreparedRules): Promise<boolean> {
    return await this.items.mayRead(uri, caller, (read) => {
      const demand = rules.demand(read, {});
      return 'found' in demand ? demand.found : undefined;
    });
  }

  #narrowLists(result: Record<string, unknown>, caller: Caller | undefined, rules: PreparedRules) {
    let narrowed = result;
    for (const list of LISTS) {
      const items: unknown = result[list];
      if (!Array.isArray(items)) continue;
      const shown = items.filter((item: unknown) => {
        const { name, offer } = rules.findListed(list, item);
        return offer !== undefined && this.admission.isShown(offer, caller, name);
      });
      // It differs between callers now.
      const cache = result.cacheScope === 'public' && { cacheScope: 'private' };
      narrowed = { ...narrowed, ...cache, [list]: shown };
    }
    return narrowed;
  }
}
