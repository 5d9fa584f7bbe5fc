import { z } from 'zod';
import type { ExchangeDialect } from '../dialects/dialect.js';
import {
  clientRegistrationSchema,
  issuerClientsSchema,
  type ClientRegistration,
  type IssuerClientRegistration,
} from '../../resource-server/clients/client-registration.js';
import { findBackendUrlProblem } from '../../options/option-rules.js';
import { text } from '../../options/text-schema.js';

/**
 * An API whose authorization server does not know the callers' issuer. Each user links an account there once, in a
 * browser (authorization code with PKCE, RFC 6749 section 4.1, RFC 7636).
 */
export interface LinkedAccountOptions {
  /**
   * Issuer identifier of the API's authorization server. Its metadata is discovered (RFC 8414). If the endpoints are
   * given, only `iss` of its answers is compared with it (RFC 9207).
   */
  issuer?: string;
  /** Address of its metadata, if discovery from `issuer` does not find it. */
  metadataUrl?: string;
  /** Authorization endpoint, for servers without metadata. Needs `tokenEndpoint`. */
  authorizationEndpoint?: string;
  /** Token endpoint, for servers without metadata. */
  tokenEndpoint?: string;
  /** Revocation endpoint (RFC 7009), if a server without metadata has one. */
  revocationEndpoint?: string;
  /**
   * Accepts plain http to that server. Codes, tokens and secrets, and what users enter there, then travel in clear text,
   * and whoever listens on the way can use them. For networks of a cluster or of containers, which nobody else is in.
   */
  acceptClearText?: boolean;
  /**
   * The server's own registration there, with `<resource>/link/callback/<name of the downstream>` as its redirect URI.
   */
  client: ClientRegistration;
  /** Further parameters of the authorization request, such as `{ access_type: 'offline', prompt: 'consent' }`. */
  authorizationParameters?: Readonly<Record<string, string>>;
  /** Name of the API that users see. Defaults to the name of the downstream. */
  title?: string;
}

/** How users prove in their browser who they are, before an account is linked. */
export interface LinkingOptions {
  /**
   * The server's own registration for the sign-in of users, or one for each issuer, with `<resource>/link/callback` as
   * its redirect URI. Defaults to `client` of the module's options.
   */
  client?: IssuerClientRegistration | readonly IssuerClientRegistration[];
  /**
   * Claim that names the same user in access tokens and in ID tokens; a pair if the two names differ. Defaults to
   * `claims.subject` of the issuer, which is `sub` by default. For Entra ID use `oid`, because `sub` differs from client
   * to client. For Okta use `{ accessToken: 'uid', idToken: 'sub' }`, because `sub` of access tokens is the login.
   */
  subjectClaim?: string | SubjectClaims;
}

/** Claims that name the same user. */
export interface SubjectClaims {
  /** In access tokens. */
  readonly accessToken: string;
  /** In ID tokens. */
  readonly idToken: string;
}

/** A downstream's {@link LinkedAccountOptions} with the defaults filled in. */
export interface ResolvedLinkedAccount extends LinkedAccountOptions {
  readonly authorizationParameters: Readonly<Record<string, string>>;
  readonly title: string;
  readonly acceptClearText: boolean;
}

/** Parameters that only the library sets. */
const RESERVED = new Set([
  'response_type',
  'response_mode',
  'client_id',
  'client_secret',
  'redirect_uri',
  'scope',
  'resource',
  'state',
  'nonce',
  'code_challenge',
  'code_challenge_method',
  'request',
  'request_uri',
]);

/** Options of an exchange, which a downstream with linked accounts does not make. */
const ABOUT_EXCHANGE = [
  'byIssuer',
  'audience',
  'dialect',
  'parameters',
  'onAppOnly',
  'consentUrl',
  'cacheBy',
  'dpop',
] as const;

/** The addresses of the authorization server. */
const ADDRESSES = [
  'issuer',
  'metadataUrl',
  'authorizationEndpoint',
  'tokenEndpoint',
  'revocationEndpoint',
] as const satisfies readonly (keyof LinkedAccountOptions)[];

/** Schema of {@link LinkedAccountOptions}. */
export const linkedAccountSchema = z
  .strictObject({
    issuer: text.optional(),
    metadataUrl: text.optional(),
    authorizationEndpoint: text.optional(),
    tokenEndpoint: text.optional(),
    revocationEndpoint: text.optional(),
    acceptClearText: z.boolean().optional(),
    client: clientRegistrationSchema,
    authorizationParameters: z
      .record(text, text)
      .refine((value) => !Object.keys(value).some((name) => RESERVED.has(name)), {
        message: `has one that is reserved (${[...RESERVED].join(', ')}). Remove it, or use the options of the downstream`,
      })
      .optional(),
    title: text.optional(),
  })
  .superRefine((linked, context) => {
    const addFault = (option: keyof LinkedAccountOptions, message: string) => {
      context.addIssue({ code: 'custom', path: [option], message });
    };
    for (const option of ADDRESSES) {
      const value = linked[option];
      const problem = value ? findBackendUrlProblem(value, linked.acceptClearText) : undefined;
      if (problem) addFault(option, problem);
    }
    const { issuer, metadataUrl, authorizationEndpoint, tokenEndpoint, revocationEndpoint } = linked;
    const isGiven = authorizationEndpoint !== undefined || tokenEndpoint !== undefined;
    if (!isGiven && issuer === undefined) {
      addFault('issuer', 'is missing. Name the authorization server of the API, or give both of its endpoints');
    }
    for (const [one, other] of [
      ['authorizationEndpoint', tokenEndpoint],
      ['tokenEndpoint', authorizationEndpoint],
    ] as const) {
      if (linked[one] === undefined && other !== undefined)
        addFault(one, 'is missing, but the other endpoint is given. Give both, or `issuer` alone');
    }
    if (isGiven && metadataUrl !== undefined) {
      addFault('metadataUrl', 'has no effect, because the endpoints are given. Remove one or the other');
    }
    if (!isGiven && revocationEndpoint !== undefined) {
      addFault('revocationEndpoint', 'has no effect without the other endpoints. Give them too, or remove it');
    }
  });

const subjectClaim = z.custom<string | SubjectClaims>((value) => {
  if (typeof value === 'string') return value !== '';
  return z.strictObject({ accessToken: text, idToken: text }).safeParse(value).success;
}, 'is neither the name of a claim nor two names. Write one, or `{ accessToken: "uid", idToken: "sub" }`');

/** Schema of {@link LinkingOptions}. */
export const linkingSchema = z.strictObject({
  client: issuerClientsSchema.optional(),
  subjectClaim: subjectClaim.optional(),
});

/** Finds options that have no effect beside `linked`, each with its remedy. */
export function findProblemsBesideLinked(
  options: Readonly<Record<string, unknown>>,
): [option: string, problem: string][] {
  if (options.linked === undefined) return [];
  return ABOUT_EXCHANGE.filter((option) => options[option] !== undefined).map((option) => [
    option,
    'has no effect with `linked`: no token is exchanged. Remove one of the two',
  ]);
}

/** Replaces the dialect for downstreams with linked accounts. */
export const LINKED: ExchangeDialect = {
  name: 'linked',
  subject: 'caller',
  grantTypes: [],
  exchange: () => Promise.reject(new Error('nothing is exchanged for a linked account')),
};

/** Fills in the defaults. */
export function resolveLinkedAccount(name: string, options: LinkedAccountOptions): ResolvedLinkedAccount {
  const { authorizationParameters = {}, title = name, acceptClearText = false } = options;
  return { ...options, authorizationParameters, title, acceptClearText };
}

function resolveSubjectClaims({ subjectClaim }: LinkingOptions): SubjectClaims | undefined {
  return typeof subjectClaim === 'string' ? { accessToken: subjectClaim, idToken: subjectClaim } : subjectClaim;
}

/** How users sign in before they link an account. */
export interface ResolvedLinking {
  readonly clients: readonly IssuerClientRegistration[];
  /** `undefined` if `claims.subject` of the issuer names users in both tokens. */
  readonly subjectClaims: SubjectClaims | undefined;
}

declare module '../../options/resolved-options.js' {
  interface ResolvedOptions {
    readonly linking: ResolvedLinking;
  }
}

/** @param clients - the server's own registrations, used if `client` is not set */
export function resolveLinking(
  options: LinkingOptions = {},
  clients: readonly IssuerClientRegistration[],
): ResolvedLinking {
  const signIn = options.client === undefined ? clients : [options.client].flat();
  return { clients: signIn, subjectClaims: resolveSubjectClaims(options) };
}
