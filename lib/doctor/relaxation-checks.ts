import { listForms } from '../on-behalf-of/options/resolved-downstream.js';
import { SUBJECT, type ResolvedIssuer } from '../resource-server/issuers/resolved-issuer.js';
import type { ResolvedOptions } from '../options/resolved-options.js';
import type { Finding } from './finding.js';

type Relaxation = readonly [option: string, isSet: (issuer: ResolvedIssuer) => boolean, gives: string];

/** Options of an issuer that give something up, and what. */
const RELAXATIONS: readonly Relaxation[] = [
  ['acceptMissingType', (one) => one.acceptMissingType, 'Tokens without `typ` are accepted.'],
  [
    'acceptMissingAudience',
    (one) => one.acceptMissingAudience,
    'Tokens without an audience are accepted, though they may be meant for another server.',
  ],
  ['acceptMissingSubject', (one) => one.acceptMissingSubject, 'Users whom a token does not name are their client.'],
  [
    'claims.subject',
    (one) => one.subjectSource !== SUBJECT,
    'Users are told apart by another claim than `sub`, which may pass to another user.',
  ],
  ['acceptNonce', (one) => one.acceptNonce, 'Tokens that may be ID tokens for one of `audiences` are accepted.'],
  ['acceptOwnTokens', (one) => one.acceptOwnTokens, 'Tokens that this application got for itself are accepted.'],
  [
    'introspection.acceptMissingAudience',
    (one) => one.introspection?.acceptMissingAudience ?? false,
    'Opaque tokens are accepted whose answer names no audience, though they may be meant for another server.',
  ],
  [
    'introspection.acceptStaleAnswersMs',
    (one) => (one.introspection?.acceptStaleAnswersMs ?? 0) > 0,
    'Tokens that were revoked are accepted while the issuer cannot be asked of them.',
  ],
];

/** Tells the operator what the options give up. */
export function describeRelaxations(options: ResolvedOptions): Finding[] {
  return [...describeIssuers(options), ...describeDialects(options), ...describeClients(options)];
}

function describeIssuers({ issuers, issuerResolver }: ResolvedOptions): Finding[] {
  const found = issuers.flatMap((issuer) =>
    RELAXATIONS.filter(([, isSet]) => isSet(issuer)).map(([option, , gives]) => ({
      code: 'check_relaxed' as const,
      severity: 'info' as const,
      subject: `issuers.${option}`,
      message: `${issuer.identifier}: ${gives}`,
      fix: 'Nothing, if the issuer cannot do better. Otherwise remove the option.',
    })),
  );
  if (!issuerResolver) return found;
  return [
    ...found,
    {
      code: 'check_relaxed',
      severity: 'info',
      subject: 'issuerResolver',
      message: `Every issuer that \`resolve\` returns is accepted, if its name fits ${issuerResolver.pattern}.`,
      fix: 'Check that `resolve` looks the tenant up, and does not accept every `iss` within the pattern.',
    },
  ];
}

function describeDialects({ downstreams }: ResolvedOptions): Finding[] {
  return [...downstreams.values()].flatMap(listForms).flatMap(({ option, dialect }) =>
    (dialect.relaxations ?? []).map((relaxation): Finding => ({
      code: 'check_relaxed',
      severity: 'info',
      subject: option,
      message: `Its dialect ${dialect.name} has \`${relaxation}\`, so nobody checks what the token in an answer is.`,
      fix: 'Remove the option once the authorization server answers as RFC 8693 section 2.2.1 demands.',
    })),
  );
}

function describeClients({ clients }: ResolvedOptions): Finding[] {
  return clients
    .filter(({ authentication }) => authentication.unencoded)
    .map(({ id }) => ({
      code: 'check_relaxed',
      severity: 'info',
      subject: 'client.authentication',
      message: `The id ${id} and its secret are sent without the encoding of RFC 6749 section 2.3.1.`,
      fix: "Remove `encoding: 'none'` once the authorization server decodes them.",
    }));
}
