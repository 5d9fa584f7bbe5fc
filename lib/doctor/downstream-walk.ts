import { randomUUID } from 'node:crypto';
import type { DownstreamAccess } from '../on-behalf-of/downstream/downstream-access.js';
import { describeToken } from '../on-behalf-of/failures/described-token.js';
import { describeTarget } from '../on-behalf-of/failures/failure-refusal.js';
import type { ResolvedDownstream } from '../on-behalf-of/options/resolved-downstream.js';
import type { Caller } from '../resource-server/access/caller.js';
import { callApi, type AskedCall } from './api-call.js';
import { explainExchange } from './exchange-explanation.js';
import { checkToken } from './exchanged-token.js';
import type { Finding } from './finding.js';
import type { Rehearsal } from './rehearsal.js';

/**
 * Steps 9 and 10 for each downstream: gets a token on behalf of the caller, and calls the API with it.
 *
 * @param calls - what to call the APIs for. Without an entry, the API is asked at its `baseUrl`
 */
export async function walkDownstreams(
  caller: Caller,
  rehearsal: Rehearsal,
  calls: readonly AskedCall[],
): Promise<readonly Finding[]> {
  const access = rehearsal.access.openAccess(caller, () => ({ correlationId: randomUUID() }));
  const findings = await Promise.all(
    [...rehearsal.options.downstreams.keys()].map(async (name) => {
      const wanted = calls.filter((call) => call.downstream === name);
      const asked = wanted.length > 0 ? wanted : [{ downstream: name, method: 'GET' as const, path: '' }];
      const target = access.getDownstream(name);
      const exchanged = await getToken(caller, target, access);
      // Without a token nothing can be called.
      if (!exchanged.some(({ code }) => code === 'exchange_works')) return exchanged;
      const called = await Promise.all(asked.map((call) => callApi(call, { caller, access, target }, rehearsal)));
      return [...exchanged, ...called];
    }),
  );
  return findings.flat();
}

async function getToken(
  caller: Caller,
  target: ResolvedDownstream,
  access: DownstreamAccess,
): Promise<readonly Finding[]> {
  const { name, option, dialect, linked } = target;
  const issuer = linked?.issuer ?? caller.issuer;
  try {
    const token = await access.getToken(name);
    const finding = { code: 'exchange_works', severity: 'info', subject: option, fix: 'Nothing.' } as const;
    if (!token)
      return [{ ...finding, message: `Step 9: ${name} is called without a token (dialect ${dialect.name}).` }];
    const how = linked
      ? `The account that the user has linked at ${issuer} was taken`
      : `${describeTarget(target)} was asked of ${issuer}${dialect.subject === 'client' ? ', as the server itself' : ''}`;
    return [
      { ...finding, message: `Step 9: ${how}. A token came back: ${describeToken(token)}.` },
      // A linked account's token may be an old one.
      ...(linked ? [] : checkToken(token, target, issuer)),
    ];
  } catch (error) {
    return [explainExchange(error, { target, issuer, step: 'Step 9' })];
  }
}
