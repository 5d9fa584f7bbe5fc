import type { Issuer } from '../resource-server/issuers/issuer.js';
import type { ExaminedDocument } from '../openapi/offers/examined-document.js';
import type { ResolvedOptions } from '../options/resolved-options.js';
import { checkApiDocuments } from './api-document-checks.js';
import { checkIssuersWithoutClient } from './client-checks.js';
import { checkDownstreams, type ExaminedTool } from './downstream-checks.js';
import type { Finding } from './finding.js';
import { examineForeignServers } from './foreign-examination.js';
import { examineIssuer } from './issuer-examination.js';
import { describeProfile } from './profile-checks.js';
import { checkEntraScopes, describeStepUp } from './scope-checks.js';
import { describeClearText } from './clear-text-checks.js';
import { describeRelaxations } from './relaxation-checks.js';
import { checkOffers } from './offer-checks.js';
import { checkBoundTokens } from './proof-checks.js';
import { checkResource } from './resource-checks.js';

/** What the doctor examines. */
export interface Patient {
  readonly options: ResolvedOptions;
  readonly issuers: readonly Issuer[];
  /** `undefined` if the tools are unknown. */
  readonly tools: readonly ExaminedTool[] | undefined;
  /** What OpenAPI documents have become. Defaults to none. */
  readonly documents?: readonly ExaminedDocument[];
}

/** Examines a configuration and its issuers. An issuer that fails becomes a finding, not an error. */
export async function diagnose({ options, issuers, tools, documents = [] }: Patient): Promise<readonly Finding[]> {
  const scopes = [...new Set([...(options.initialScopes ?? []), ...(tools ?? []).flatMap((tool) => tool.scopes)])];
  const [foreign, ...examined] = await Promise.all([
    examineForeignServers(options),
    ...issuers.map((issuer) => examineIssuer(issuer, options, scopes)),
  ]);
  return [
    ...describeProfile(options),
    ...describeRelaxations(options),
    ...describeClearText(options),
    ...checkResource(options),
    ...checkBoundTokens(options),
    ...checkIssuersWithoutClient(options),
    ...(tools ? checkTools(tools, options) : []),
    ...checkApiDocuments(documents, options),
    ...examined.flat(),
    ...foreign,
  ];
}

function checkTools(tools: readonly ExaminedTool[], options: ResolvedOptions): Finding[] {
  return [
    ...checkOffers(tools, options),
    ...checkDownstreams(tools, options),
    ...checkEntraScopes(tools, options),
    ...describeStepUp(tools, options),
  ];
}
