import { Injectable } from '@nestjs/common';
import { DownstreamError, OperatorActionError } from '../../errors/downstream-error.js';
import type { AuditContext } from '../../observability/audit-event.js';
import { ResolvedOptions } from '../../options/resolved-options.js';
import type { Caller } from '../../resource-server/access/caller.js';
import { Issuers } from '../../resource-server/issuers/issuers.js';
import { selectDownstream } from '../options/resolved-downstream.js';
import type { DownstreamAccess } from './downstream-access.js';
import { ExchangeHealth } from '../exchange/exchange-health.js';
import { nameIssuer, nameParty } from '../exchange/failed-party.js';
import { TokenExchange } from '../exchange/token-exchange.js';
import { isLinked } from '../linking/account-servers.js';
import { ServerLinkedAccounts } from '../linking/server-linked-accounts.js';

/** Decides how to reach a downstream on behalf of a caller: without a token, by a linked account, or by an exchange. */
@Injectable()
export class CallerAccess {
  constructor(
    private readonly options: ResolvedOptions,
    private readonly issuers: Issuers,
    private readonly exchange: TokenExchange,
    private readonly accounts: ServerLinkedAccounts,
    private readonly health: ExchangeHealth,
  ) {}

  /**
   * Opens access to the downstreams on behalf of a caller. Anonymous calls act on nobody's behalf.
   *
   * @param describe - tells audit events of the request
   */
  openAccess(caller: Caller | undefined, describe: () => AuditContext): DownstreamAccess {
    const issuer = caller && this.issuers.findIssuer(caller.claims);
    const getDownstream = (name: string) => {
      const target = this.options.downstreams.get(name);
      if (target) return issuer ? selectDownstream(target, issuer.options) : target;
      throw new DownstreamError('downstream_not_declared', `There is no downstream "${name}"`, { downstream: name });
    };
    const exchanged = this.exchange.prepareTokens(caller, describe);
    return {
      getDownstream,
      getToken: async (name, demand) => {
        const target = getDownstream(name);
        if (target.dialect.subject === 'none') return undefined;
        if (isLinked(target)) return await this.accounts.getToken(caller, target, demand);
        return await exchanged(target, demand);
      },
      recordAnswer: (name, { method, url, status }, failure) => {
        if (!(failure instanceof OperatorActionError) && !this.health.hasFaults(name)) return;
        const party = caller && { issuer: nameIssuer(this.issuers, caller), party: nameParty(this.issuers, caller) };
        this.health.recordAnswer(name, { ...party, request: `${method} ${url.pathname}`, status, failure });
      },
    };
  }
}
