import { Injectable, NotFoundException } from '@nestjs/common';
import onHeaders from 'on-headers';
import { AuditLog } from '../../observability/audit-log.js';
import { ResolvedOptions } from '../../options/resolved-options.js';
import { deriveKey } from '../../replicas/composite-key.js';
import { KeyRing } from '../../replicas/key-ring.js';
import type { Caller } from '../../resource-server/access/caller.js';
import { identifyParty } from '../../resource-server/access/party.js';
import type { Offer } from '../../resource-server/catalogue/primitive.js';
import type { McpRequest } from '../endpoint/mcp-request.js';
import type { PlatformResponse } from '../endpoint/node-request.js';
import { replaceHeader } from './handed-over-request.js';

const SESSION = 'mcp-session-id';

const LAST_EVENT = 'last-event-id';

/**
 * Binds the sessions of other servers to the party that began them. A client gets the id of its session sealed for its
 * party, and the server gets the id back as it made it. Nothing is remembered here, so that every replica with the same
 * `replicas.keys` can tell whose a session is.
 */
@Injectable()
export class BoundSessions {
  readonly #ring: KeyRing;

  constructor(
    private readonly options: ResolvedOptions,
    private readonly audit: AuditLog,
  ) {
    this.#ring = new KeyRing(options.replicas.keys, 'sessions', options.resource);
  }

  /**
   * Opens the session id of a request for the other server, and seals the one of its answer for the client.
   *
   * @param allowsReplay - whether the server may tell again what it told the session before
   * @throws NotFoundException if the session is not one of the caller's. A client then begins a new one (MCP
   *   specification 2025-11-25, Streamable HTTP, Session Management)
   */
  bind(request: McpRequest<Offer>, response: PlatformResponse, allowsReplay: boolean): void {
    const { node } = request;
    const place = this.#bindTo(request.caller);
    const sent = node.headers[SESSION]?.toString();
    const id = this.#ring.open(sent, place);
    if (sent !== undefined && id === undefined) throw this.#refuse(request);
    if (id !== undefined) replaceHeader(node, SESSION, id);
    // Without a session it could belong to the stream of anyone. In it, nobody asks what the events need by now.
    if (id === undefined || !allowsReplay) replaceHeader(node, LAST_EVENT, undefined);
    const ring = this.#ring;
    onHeaders(response.raw ?? response, function () {
      const told = this.getHeader(SESSION)?.toString();
      if (told === undefined) return;
      this.setHeader(SESSION, sent !== undefined && told === id ? sent : ring.seal(told, place));
    });
  }

  #bindTo(caller: Caller | undefined): string {
    return deriveKey('session', this.options.resource, identifyParty(caller));
  }

  #refuse({ trace, caller, operation }: McpRequest<Offer>): NotFoundException {
    trace.fail('session');
    this.audit.record({
      ...trace.createAuditContext(caller, operation),
      type: 'request_refused',
      reason: 'session',
      detail: 'its Mcp-Session-Id was not given to this caller, or was sealed with other keys',
      fix: 'Nothing, if the client begins a new session. Replicas have to share `replicas.keys`.',
    });
    return new NotFoundException('Session not found');
  }
}
