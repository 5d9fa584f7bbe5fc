import type { IssuerMetadata } from '../resource-server/issuers/issuer-metadata.js';
import type { ResolvedOptions } from '../options/resolved-options.js';
import { selectDownstream, listForms, type ResolvedDownstream } from '../on-behalf-of/options/resolved-downstream.js';
import type { ResolvedIssuer } from '../resource-server/issuers/resolved-issuer.js';
import type { Finding } from './finding.js';

/** Checks whether the tokens that callers send can be exchanged, even if they are bound to a key or a certificate. */
export function checkBoundTokens({ dpop, mutualTls, downstreams }: ResolvedOptions): Finding[] {
  const accepting = [dpop && 'proof.dpop', mutualTls && 'proof.mutualTls'].filter((option) => option !== undefined);
  if (accepting.length === 0) return [];
  const required = [dpop?.required && 'proof.dpop', mutualTls?.required && 'proof.mutualTls'].filter(Boolean);
  return [...downstreams.values()].flatMap(listForms).flatMap(({ name, option, dialect }): Finding[] => {
    if (!dialect.refusesBoundTokens) return [];
    const finding = { code: 'bound_tokens_not_exchangeable', subject: option } as const;
    if (required.length > 0) {
      return [
        {
          ...finding,
          severity: 'error',
          message: `\`${required.join('` and `')}\` requires tokens that are bound to a key of the client. The provider of the dialect ${dialect.name} does not exchange such tokens, so no call to ${name} can succeed.`,
          fix: 'Remove `required`, or reach this API by a dialect that does not need the token of the caller.',
        },
      ];
    }
    return [
      {
        ...finding,
        severity: 'info',
        message: `\`${accepting.join('` and `')}\` accepts tokens that are bound to a key of the client. For their callers the provider of the dialect ${dialect.name} issues no token for ${name}.`,
        fix: 'Nothing, if clients with bound tokens do not need the tools that call it.',
      },
    ];
  });
}

/**
 * Checks whether an authorization server says that it binds tokens to the client's key, if downstreams require that.
 *
 * @param server - issuer identifier of the authorization server
 */
export function checkBoundRequests(
  server: string,
  { dpop_signing_alg_values_supported: algorithms }: IssuerMetadata,
  downstreams: Iterable<Pick<ResolvedDownstream, 'name' | 'dpop'>>,
): Finding[] {
  if (algorithms?.length) return [];
  return [...downstreams]
    .filter(({ dpop }) => dpop)
    .map(({ name }) => ({
      code: 'proof_not_advertised',
      severity: 'warning',
      subject: `downstreams.${name}.dpop`,
      message: `It asks for tokens that are bound to a key, but the metadata of ${server} has no dpop_signing_alg_values_supported. A token that is not bound is refused.`,
      fix: 'Switch DPoP (RFC 9449) on at the authorization server, and for the client, or remove `dpop`.',
    }));
}

/** Checks whether clients can learn that the authorization server binds tokens as this server requires. */
export function checkProof(
  issuer: ResolvedIssuer,
  metadata: IssuerMetadata,
  { dpop, mutualTls, downstreams }: ResolvedOptions,
): Finding[] {
  const lacking = [
    ...(dpop?.required && !metadata.dpop_signing_alg_values_supported?.length
      ? [['proof.dpop', 'dpop_signing_alg_values_supported', 'DPoP (RFC 9449)'] as const]
      : []),
    ...(mutualTls?.required && metadata.tls_client_certificate_bound_access_tokens !== true
      ? [
          [
            'proof.mutualTls',
            'tls_client_certificate_bound_access_tokens',
            'certificate-bound tokens (RFC 8705)',
          ] as const,
        ]
      : []),
  ];
  // Downstreams with another authorization server are checked there.
  const exchanged = [...downstreams.values()]
    .map((downstream) => selectDownstream(downstream, issuer))
    .filter(({ dialect, linked }) => !linked && !dialect.foreign?.authorizationServer && dialect.grantTypes.length > 0);
  return [
    ...lacking.map(([option, member, what]): Finding => ({
      code: 'proof_not_advertised',
      severity: 'warning',
      subject: issuer.identifier,
      message: `\`${option}.required\` is set, but its metadata has no ${member}, so clients do not know that they can get bound tokens.`,
      fix: `Switch ${what} on at the authorization server, or remove \`required\`.`,
    })),
    ...checkBoundRequests(issuer.identifier, metadata, exchanged),
  ];
}
