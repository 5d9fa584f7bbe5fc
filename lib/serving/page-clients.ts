import {
  CLIENT_CAPABILITIES_META_KEY,
  type ClientCapabilities,
  type ServerContext,
} from '@modelcontextprotocol/server';
import QuickLRU from 'quick-lru';
import type { Caller } from '../authentication/caller.js';

const MAX_CLIENTS = 10_000;

/** Milliseconds for which it is remembered what a client can do: as long as most keep a connection. */
const MAX_AGE = 24 * 60 * 60_000;

/**
 * Knows which clients open pages for their users (MCP, URL mode elicitation). In the era 2026-07-28 each request says
 * so; before, only `initialize` does, which is remembered here for the caller and its client. Where that is lost, such as
 * in another replica, the page is named in the result's text.
 */
export class PageClients {
  readonly #clients = new QuickLRU<string, true>({ maxSize: MAX_CLIENTS, maxAge: MAX_AGE });

  /** Takes in what an `initialize` says. */
  hear(caller: Caller | undefined, body: unknown): void {
    const { params } = (body ?? {}) as { params?: { capabilities?: ClientCapabilities } };
    if (!caller) return;
    if (params?.capabilities?.elicitation?.url) this.#clients.set(idOf(caller), true);
    else this.#clients.delete(idOf(caller));
  }

  /** How the client of a call is asked to open a page, if it can be. */
  eraOf(caller: Caller | undefined, { mcpReq: { envelope } }: ServerContext): 'modern' | 'legacy' | undefined {
    if (envelope) {
      const { [CLIENT_CAPABILITIES_META_KEY]: capabilities } = envelope as Record<
        string,
        ClientCapabilities | undefined
      >;
      return capabilities?.elicitation?.url ? 'modern' : undefined;
    }
    return caller && this.#clients.has(idOf(caller)) ? 'legacy' : undefined;
  }
}

function idOf({ issuer, subject, clientId }: Caller): string {
  return JSON.stringify([issuer, subject, clientId]);
}
