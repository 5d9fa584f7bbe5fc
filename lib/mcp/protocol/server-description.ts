import { Injectable } from '@nestjs/common';
import type { Implementation, ServerOptions } from '@modelcontextprotocol/server';
import { ResolvedOptions } from '../../options/resolved-options.js';
import { Catalogue } from '../../resource-server/catalogue/catalogue.js';
import { TASKS_EXTENSION } from '../tasks/task-record.js';

/** What a server tells clients about itself. It is recomputed only when the catalogue changes. */
@Injectable()
export class ServerDescription {
  readonly implementation: Implementation;
  #revision: number | undefined;
  #offered: ServerOptions = {};

  constructor(
    private readonly options: ResolvedOptions,
    private readonly catalogue: Catalogue,
  ) {
    const { name, version, title, icons, websiteUrl } = options.server;
    this.implementation = {
      name,
      version,
      ...(title !== undefined && { title }),
      ...(icons && { icons: [...icons] }),
      ...(websiteUrl !== undefined && { websiteUrl }),
    };
  }

  /** Capabilities for the primitives that exist now, or for all if lists hide some. */
  get offered(): ServerOptions {
    const { revision } = this.catalogue;
    if (this.#revision !== revision) {
      // Capabilities would tell of hidden prompts and resources.
      this.#offered = this.#describe(this.options.list === 'permitted');
      this.#revision = revision;
    }
    return this.#offered;
  }

  /** Capabilities for all primitives that may be registered later. */
  get possible(): ServerOptions {
    return this.#describe(true);
  }

  /** @param offersAll - includes kinds of primitives that do not exist yet */
  #describe(offersAll: boolean): ServerOptions {
    const { tools, resources, templates, prompts } = this.catalogue;
    const { server, listTtlMs: ttlMs, anonymous } = this.options;
    const hasResources = offersAll || resources.length > 0 || templates.length > 0;
    const completes =
      offersAll || [...templates, ...prompts].some((one) => one.completions.size > 0 || one.choices.size > 0);
    // What takes a token must not be served to strangers from a shared cache (MCP specification 2026-07-28, Caching).
    const list = { ttlMs, cacheScope: anonymous ? 'public' : 'private' } as const;
    const listsResources = offersAll || templates.some((one) => one.list);
    return {
      capabilities: {
        tools: { listChanged: true },
        logging: {},
        ...(hasResources && { resources: { listChanged: true, subscribe: true } }),
        ...((offersAll || prompts.length > 0) && { prompts: { listChanged: true } }),
        ...(completes && { completions: {} }),
        ...((offersAll || tools.some(({ task }) => task)) && { extensions: { [TASKS_EXTENSION]: {} } }),
      },
      ...(server.instructions !== undefined && { instructions: server.instructions }),
      cacheHints: {
        'tools/list': list,
        'prompts/list': list,
        'resources/list': listsResources ? { ttlMs: 0, cacheScope: 'private' } : list,
        'resources/templates/list': list,
        'server/discover': list,
      },
    };
  }
}
