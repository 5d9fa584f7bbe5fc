import type { z } from 'zod';
import type { ClientRegistration } from '../resource-server/clients/client-registration.js';
import type { SigningAlgorithm } from '../resource-server/issuers/issuer-options.js';
import type { optionsSchema } from './options-schema.js';
import type { McpAuthModuleOptions } from './mcp-auth-options.js';

/** Path of an option, and what contradicts the profile, with the fix. */
export type ProfileFault = readonly [path: readonly PropertyKey[], message: string];

/** The options that may contradict the profile. */
type CheckedOptions = z.output<typeof optionsSchema>;

type CheckedIssuer = NonNullable<CheckedOptions['issuers']>[number];

/** FAPI 2.0 Security Profile section 5.4.1. */
const ALGORITHMS: readonly SigningAlgorithm[] = ['PS256', 'ES256', 'EdDSA', 'Ed25519'];

/** RFC 9068 section 2.2: claims of every token that are not checked by themselves. */
const CLAIMS = ['client_id', 'iat', 'jti'];

/** `private_key_jwt`, or a certificate (FAPI 2.0 Security Profile section 5.3.3.1). */
const AUTHENTICATION_METHODS = ['private_key_jwt', 'tls_client_auth', 'self_signed_tls_client_auth'];

/** FAPI 2.0 Security Profile section 5.3.2.1: ten seconds have to be accepted, and more than 60 refused. */
const CLOCK_TOLERANCE = 10_000;
const MAX_CLOCK_TOLERANCE = 60_000;

const FIX = 'Remove it, or remove `profile`';

/**
 * Fills in what `profile: 'strict'` demands: RFC 9068 to the letter, and what FAPI 2.0 demands of resource servers.
 * Options that contradict it are found by {@link findProfileFaults}.
 */
export function applyProfile(options: McpAuthModuleOptions): McpAuthModuleOptions {
  if (options.profile === undefined) return options;
  const { issuers = [], proof = {} } = options;
  const { dpop, mutualTls } = proof;
  return {
    ...options,
    issuers: issuers.map((issuer) => ({
      algorithms: ALGORITHMS,
      types: ['at+jwt'],
      clockToleranceMs: CLOCK_TOLERANCE,
      ...issuer,
      requiredClaims: [...new Set([...CLAIMS, ...(issuer.requiredClaims ?? [])])],
    })),
    proof: {
      ...proof,
      required: true,
      ...(dpop && {
        dpop: {
          algorithms: ALGORITHMS,
          proofLifetimeMs: MAX_CLOCK_TOLERANCE,
          ...(!mutualTls && { required: true }),
          ...dpop,
        },
      }),
      ...(mutualTls && { mutualTls: { ...(!dpop && { required: true }), ...mutualTls } }),
    },
  };
}

/** Finds what contradicts `profile: 'strict'`, or is missing for it. */
export function findProfileFaults(options: CheckedOptions): readonly ProfileFault[] {
  if (options.profile === undefined) return [];
  const { access, calls, client, linking, issuers = [] } = options;
  return [
    ...(access?.anonymous ? [fault(['access', 'anonymous'], `lets everyone in. ${FIX}`)] : []),
    ...(calls?.allowRequestStateReplay
      ? [fault(['calls', 'allowRequestStateReplay'], `lets a state be used again. ${FIX}`)]
      : []),
    ...issuers.flatMap((issuer, index) => findIssuerFaults(issuer, ['issuers', index])),
    ...(options.issuerResolver?.acceptClearText
      ? [fault(['issuerResolver', 'acceptClearText'], `accepts what the strict profile refuses. ${FIX}`)]
      : []),
    ...Object.entries(options.downstreams ?? {})
      .filter(([, { acceptClearText }]) => acceptClearText)
      .map(([name]) => fault(['downstreams', name, 'acceptClearText'], `sends tokens in clear text. ${FIX}`)),
    ...Object.entries(options.downstreams ?? {})
      .filter(([, { linked }]) => linked?.acceptClearText)
      .map(([name]) => fault(['downstreams', name, 'linked', 'acceptClearText'], `sends tokens in clear text. ${FIX}`)),
    ...findProofFaults(options),
    ...findExchangeFaults(options),
    ...findClientFaults(client, ['client']),
    ...findClientFaults(linking?.client, ['linking', 'client']),
  ];
}

function findIssuerFaults(issuer: CheckedIssuer, path: readonly PropertyKey[]): readonly ProfileFault[] {
  const { types = [], algorithms, introspection, clockToleranceMs = 0 } = issuer;
  const at = (option: string) => [...path, ...option.split('.')];
  const relaxed = [
    'acceptMissingType',
    'acceptMissingAudience',
    'acceptMissingSubject',
    'acceptNonce',
    'acceptOwnTokens',
    'acceptClearText',
    'acceptAnyTenant',
  ] as const;
  return [
    ...relaxed
      .filter((option) => issuer[option])
      .map((option) => fault(at(option), `accepts what the strict profile refuses. ${FIX}`)),
    ...(types.every((type) => /^(?:application\/)?at\+jwt$/i.test(type))
      ? []
      : [fault(at('types'), `has others than "at+jwt" (RFC 9068 section 4). ${FIX}`)]),
    ...findAlgorithmFaults(algorithms, at('algorithms')),
    ...(clockToleranceMs > MAX_CLOCK_TOLERANCE
      ? [fault(at('clockToleranceMs'), `is more than ${MAX_CLOCK_TOLERANCE}. Choose less`)]
      : []),
    ...(introspection?.acceptMissingAudience
      ? [fault(at('introspection.acceptMissingAudience'), `accepts what the strict profile refuses. ${FIX}`)]
      : []),
    ...((introspection?.acceptStaleAnswersMs ?? 0) > 0
      ? [fault(at('introspection.acceptStaleAnswersMs'), `accepts tokens that were revoked. ${FIX}`)]
      : []),
    ...(issuer.claims?.subject === undefined || issuer.claims.subject === 'sub'
      ? []
      : [fault(at('claims.subject'), `is not "sub" (RFC 9068 section 2.2). ${FIX}`)]),
    ...(introspection?.subjectClaim === 'username'
      ? [fault(at('introspection.subjectClaim'), `is a name that may pass to another user. ${FIX}`)]
      : []),
    ...findAlgorithmFaults(
      introspection?.signedResponse && [introspection.signedResponse],
      at('introspection.signedResponse'),
    ),
    ...findClientFaults(introspection?.client, at('introspection.client')),
  ];
}

function findProofFaults({ proof = {} }: CheckedOptions): readonly ProfileFault[] {
  const { dpop, mutualTls } = proof;
  const at = (option: string) => ['proof', ...option.split('.')];
  if (!dpop && !mutualTls) {
    const message =
      'has neither `dpop` nor `mutualTls`, but the strict profile accepts bound tokens only. Add one, such as `dpop: { replayStore }`';
    return [fault(['proof'], message)];
  }
  return [
    ...(proof.required === false ? [fault(at('required'), `accepts tokens that are not bound. ${FIX}`)] : []),
    ...(dpop?.required === false && !mutualTls
      ? [fault(at('dpop.required'), `accepts tokens that are not bound. ${FIX}`)]
      : []),
    ...(mutualTls?.required === false && !dpop
      ? [fault(at('mutualTls.required'), `accepts tokens that are not bound. ${FIX}`)]
      : []),
    ...(dpop && !dpop.replayStore
      ? [
          fault(
            at('dpop.replayStore'),
            'is missing, so a proof could be used once at each replica. Give a store that all replicas share',
          ),
        ]
      : []),
    ...findAlgorithmFaults(dpop?.algorithms, at('dpop.algorithms')),
    ...((dpop?.proofLifetimeMs ?? 0) > MAX_CLOCK_TOLERANCE
      ? [fault(at('dpop.proofLifetimeMs'), `is more than ${MAX_CLOCK_TOLERANCE}. Choose less, or remove it`)]
      : []),
  ];
}

function findExchangeFaults({ downstreams = {} }: CheckedOptions): readonly ProfileFault[] {
  return Object.entries(downstreams).flatMap(([name, { dialect, byIssuer = {} }]) =>
    [dialect, ...Object.values(byIssuer).map((form) => form.dialect)]
      .flatMap((one) => [
        ...(one?.relaxations ?? []),
        ...(one?.foreign?.authorizationServer?.acceptClearText ? ['authorizationServer.acceptClearText'] : []),
      ])
      .map((option) =>
        fault(
          ['downstreams', name, 'dialect'],
          `has \`${option}\`, which accepts what the strict profile refuses. ${FIX}`,
        ),
      ),
  );
}

function findAlgorithmFaults(
  algorithms: readonly SigningAlgorithm[] | undefined,
  path: readonly PropertyKey[],
): readonly ProfileFault[] {
  const others = (algorithms ?? []).filter((algorithm) => !ALGORITHMS.includes(algorithm));
  if (others.length === 0) return [];
  return [fault(path, `has ${others.join(', ')}, but the strict profile has ${ALGORITHMS.join(', ')} only. ${FIX}`)];
}

function findClientFaults(
  clients: ClientRegistration | readonly ClientRegistration[] | undefined,
  path: readonly PropertyKey[],
): readonly ProfileFault[] {
  return [clients ?? []].flat().flatMap(({ authentication }, index) => {
    const { method = 'a method that is not known', algorithm } = authentication;
    const place = [...path, ...(Array.isArray(clients) ? [index] : []), 'authentication'];
    if (!AUTHENTICATION_METHODS.includes(method)) {
      const message = `is ${method}, but the strict profile demands privateKeyJwt(…) or mutualTls(…). Use one of them`;
      return [fault(place, message)];
    }
    if (algorithm === undefined || isAllowed(algorithm)) return [];
    const signs = algorithm ?? 'an algorithm that only the key tells';
    const message = `signs with ${signs}, but the strict profile has ${ALGORITHMS.join(', ')} only. Use \`algorithm\` of privateKeyJwt(…), such as "PS256" for RSA keys`;
    return [fault(place, message)];
  });
}

function isAllowed(algorithm: string | null): boolean {
  return ALGORITHMS.some((allowed) => allowed === algorithm);
}

function fault(path: readonly PropertyKey[], message: string): ProfileFault {
  return [path, message];
}
