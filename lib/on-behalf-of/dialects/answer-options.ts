import { ACCESS_TOKEN, ID_TOKEN, JWT, REFRESH_TOKEN } from './token-types.js';

/** How the answers of a server may differ from RFC 8693 section 2.2.1. */
export interface AnswerOptions {
  /**
   * Values of `issued_token_type` that an answer may have. Defaults to the `requestedTokenType`. Without one the server
   * chooses: an access token or a JWT.
   */
  issuedTokenType?: string | readonly string[];
  /**
   * Further values of `token_type` that mean a bearer token at this server, in any case: `'JWT'`. Defaults to none.
   */
  tokenType?: string | readonly string[];
  /**
   * Takes an answer without `issued_token_type`. It does not say whether the token is one for APIs. Defaults to `false`.
   */
  acceptMissingIssuedTokenType?: boolean;
  /**
   * Takes an answer without `token_type` for one with a bearer token. Defaults to `false`.
   */
  acceptMissingTokenType?: boolean;
}

/** {@link AnswerOptions} with the defaults filled in. */
export interface ExpectedAnswer {
  readonly issuedTokenType: readonly string[];
  readonly tokenType: readonly string[];
  readonly acceptMissingIssuedTokenType: boolean;
  readonly acceptMissingTokenType: boolean;
}

/** @param requestedTokenType - `requested_token_type`; `false` without one */
export function resolveAnswerOptions(
  {
    issuedTokenType,
    tokenType = [],
    acceptMissingIssuedTokenType = false,
    acceptMissingTokenType = false,
  }: AnswerOptions,
  requestedTokenType: string | false,
): ExpectedAnswer {
  const byDefault = requestedTokenType === false ? [ACCESS_TOKEN, JWT] : [requestedTokenType];
  return {
    issuedTokenType: issuedTokenType === undefined ? byDefault : [issuedTokenType].flat(),
    tokenType: [tokenType].flat().map((type) => type.trim().toLowerCase()),
    acceptMissingIssuedTokenType,
    acceptMissingTokenType,
  };
}

/** Tokens that only an authorization server, or the client itself, should see. */
const NOT_FOR_APIS = [REFRESH_TOKEN, ID_TOKEN];

/** What a `token_type` says of a token that is bound to a key. It is of no use without the key. */
const BOUND = ['dpop', 'mac', 'pop'];

/** Finds what is wrong with the options. Each problem is one sentence, with its remedy. */
export function findAnswerProblems({ issuedTokenType, tokenType }: ExpectedAnswer): readonly string[] {
  const [unfit] = issuedTokenType.filter((type) => NOT_FOR_APIS.includes(type));
  const [bound] = tokenType.filter((type) => BOUND.includes(type));
  return [
    ...(unfit === undefined
      ? []
      : [`has a dialect that takes ${unfit} for the API, which must not see it. Ask for an access token, or a JWT`]),
    ...(bound === undefined
      ? []
      : [`has a dialect whose \`tokenType\` is "${bound}", whose tokens are bound to a key. Remove it`]),
    ...([...issuedTokenType, ...tokenType].includes('')
      ? ['has a dialect with an empty `issuedTokenType` or `tokenType`. Give it a value, or remove it']
      : []),
  ];
}

/** The options that give a check up. */
export function listRelaxations(expected: ExpectedAnswer): readonly string[] {
  return (['acceptMissingIssuedTokenType', 'acceptMissingTokenType'] as const).filter((option) => expected[option]);
}
