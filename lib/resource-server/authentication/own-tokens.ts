import { Injectable } from '@nestjs/common';
import { ModulesContainer } from '@nestjs/core';
import { ResolvedOptions } from '../../options/resolved-options.js';
import { selectServers } from '../../servers/application-servers.js';
import { ExpiringCache } from '../../time/expiring-cache.js';
import { listClientIds } from '../access/app-only.js';
import type { Caller } from '../access/caller.js';
import type { ResolvedIssuer } from '../issuers/resolved-issuer.js';
import { InvalidTokenError } from './invalid-token-error.js';
import { hashToken } from './token-hash.js';

const MAX_TOKENS = 10_000;

/** Milliseconds for which an obtained token is remembered. No token that is exchanged lives longer. */
const LIFETIME = 24 * 60 * 60_000;

/** A token that a server got for itself. */
interface ObtainedToken {
  readonly value: string;
}

/**
 * Tells tokens of callers from those that the servers of the application got for themselves, by exchange or otherwise.
 * An API that gets such a token, or a tool that leaks it, could call this server with it.
 */
@Injectable()
export class OwnTokens {
  readonly #obtained = new ExpiringCache<true>(MAX_TOKENS);
  /** Hashes of tokens that a cache gives out again and again. */
  readonly #hashes = new WeakMap<ObtainedToken, string>();

  constructor(
    private readonly options: ResolvedOptions,
    private readonly modules: ModulesContainer,
  ) {}

  /** Remembers a token that this server got, so that nobody can call with it. */
  remember(token: ObtainedToken): void {
    let hash = this.#hashes.get(token);
    if (hash === undefined) {
      hash = hashToken(token.value);
      this.#hashes.set(token, hash);
    }
    this.#obtained.set(hash, true, LIFETIME);
  }

  /**
   * Refuses a token that was issued to a client of the application, or for which that client acts (RFC 8693 section
   * 4.1), and any token that this process has got. The claims hold for tokens that another replica has got, too.
   *
   * @throws {@link InvalidTokenError} for such a token, unless the issuer's options accept it
   */
  check(caller: Caller, issuer: ResolvedIssuer): void {
    if (issuer.acceptOwnTokens) return;
    const servers = selectServers(this.modules, OwnTokens, {}, 'OwnTokens');
    const found = servers.some((server) => server.#hasObtained(caller)) ? 'this server has got it' : undefined;
    const party =
      found ?? servers.map((server) => server.#findOwnParty(caller, issuer)).find((one) => one !== undefined);
    if (party === undefined) return;
    throw new InvalidTokenError('The token is not valid for this server', {
      problem: 'own_token',
      detail: `it is one of the server's own: ${party}`,
      fix: `Have clients of this server register at the issuer as clients of their own. To accept such tokens, set \`acceptOwnTokens\` of the issuer ${issuer.identifier}.`,
    });
  }

  #hasObtained({ token }: Caller): boolean {
    return this.#obtained.get(hashToken(token)) === true;
  }

  /** What makes a token one of this server: its client, or the client that acts. */
  #findOwnParty({ issuer, clientId, claims, actor }: Caller, at: ResolvedIssuer): string | undefined {
    const own = this.#listClientsAt(at);
    const client = own.find((id) => listClientIds(claims, clientId).includes(id));
    if (client !== undefined) return `it was issued to the client ${client}`;
    if (!actor || (actor.issuer !== undefined && actor.issuer !== issuer)) return undefined;
    const acting = own.find((id) => id === actor.clientId || id === actor.subject);
    return acting && `the client ${acting} acts in it`;
  }

  #listClientsAt({ identifier, template }: ResolvedIssuer): readonly string[] {
    const { ownClients, issuers } = this.options;
    const isKnown = issuers.some((one) => one.identifier === identifier || one.template === template);
    return ownClients
      .filter(({ issuer }) => (issuer === undefined ? isKnown : issuer === identifier || issuer === template))
      .map(({ id }) => id);
  }
}
