import type { ForeignAuthorizationServer } from '../on-behalf-of/dialects/dialect.js';
import { findOwnAuthority } from '../on-behalf-of/dialects/own-authority.js';
import { computeClockSkew } from '../resource-server/issuers/clock-skew.js';
import { deriveKey } from '../replicas/composite-key.js';
import { discoverMetadata, type IssuerMetadata } from '../resource-server/issuers/issuer-metadata.js';
import { listForms, type ResolvedDownstream } from '../on-behalf-of/options/resolved-downstream.js';
import type { ResolvedOptions } from '../options/resolved-options.js';
import { dropMalformedLists } from './malformed-lists.js';
import { checkAuthentication, checkGrants } from './client-checks.js';
import { checkClock } from './clock-checks.js';
import type { Finding } from './finding.js';
import { reportUnusableMetadata } from './issuer-examination.js';
import { checkBoundRequests } from './proof-checks.js';

/** An authorization server of a downstream that is not an issuer of callers. */
interface Asked {
  readonly downstream: ResolvedDownstream;
  readonly server: ForeignAuthorizationServer;
  readonly grantTypes: readonly string[];
}

/** The metadata of an authorization server, and the skew of its clock. */
interface Published {
  readonly metadata: IssuerMetadata;
  readonly skew: number | undefined;
}

/** Examines the authorization servers of APIs that have their own. Each is asked once. */
export async function examineForeignServers({
  downstreams,
}: Pick<ResolvedOptions, 'downstreams'>): Promise<readonly Finding[]> {
  const published = new Map<string, Promise<Published>>();
  const findings = await Promise.all(
    [...downstreams.values()]
      .flatMap(listForms)
      .flatMap(listAsked)
      .map(async (asked) => {
        const { issuer, metadataUrl, acceptClearText } = asked.server;
        const key = deriveKey('authorization-server', issuer, metadataUrl, String(acceptClearText));
        const one = published.get(key) ?? fetchPublished(issuer, metadataUrl, acceptClearText);
        published.set(key, one);
        try {
          return checkPublished(asked, await one);
        } catch (error) {
          return [reportUnusableMetadata(issuer, error)];
        }
      }),
  );
  // Several downstreams of one authorization server yield the same finding.
  return [...new Map(findings.flat().map((finding) => [JSON.stringify(finding), finding])).values()];
}

function listAsked(downstream: ResolvedDownstream): readonly Asked[] {
  const { dialect, onAppOnly, linked } = downstream;
  if (linked) {
    const { issuer, metadataUrl, acceptClearText, client, tokenEndpoint } = linked;
    // With a configured token endpoint there is no metadata to examine.
    if (issuer === undefined || tokenEndpoint !== undefined) return [];
    const server = { issuer, client, acceptClearText, ...(metadataUrl !== undefined && { metadataUrl }) };
    return [{ downstream, server, grantTypes: ['authorization_code'] }];
  }
  const own = onAppOnly === 'clientCredentials' && findOwnAuthority(dialect);
  return [dialect, ...(own ? [own] : [])].flatMap(({ foreign }) =>
    foreign?.authorizationServer
      ? [{ downstream, server: foreign.authorizationServer, grantTypes: foreign.grantTypes }]
      : [],
  );
}

async function fetchPublished(
  issuer: string,
  metadataUrl: string | undefined,
  acceptClearText: boolean | undefined,
): Promise<Published> {
  let skew: number | undefined;
  const metadata = await discoverMetadata(issuer, {
    metadataUrl,
    acceptClearText,
    needed: ['token_endpoint'],
    onAnswer: (answer) => {
      skew = computeClockSkew(answer);
    },
  });
  return { metadata: dropMalformedLists(metadata), skew };
}

function checkPublished({ downstream, server, grantTypes }: Asked, { metadata, skew }: Published): Finding[] {
  const { issuer, client } = server;
  const { option, dialect, linked } = downstream;
  const endpoints = linked ? (['authorization_endpoint', 'token_endpoint'] as const) : (['token_endpoint'] as const);
  return [
    ...endpoints
      .filter((endpoint) => metadata[endpoint] === undefined)
      .map((endpoint) => reportMissingEndpoint(issuer, endpoint)),
    ...checkGrants(issuer, metadata, [{ option, dialect: dialect.name, grantTypes }]),
    ...checkAuthentication(issuer, metadata, client.authentication.method, option),
    ...checkBoundRequests(issuer, metadata, [downstream]),
    ...checkClock(issuer, skew),
  ];
}

function reportMissingEndpoint(issuer: string, endpoint: string): Finding {
  return {
    code: 'endpoint_missing',
    severity: 'error',
    subject: issuer,
    message: `Its metadata has no ${endpoint}, so a downstream gets no tokens there.`,
    fix: 'Check that this is the authorization server of the API, and that what the downstream needs is switched on there.',
  };
}
