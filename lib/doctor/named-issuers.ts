import { McpAuthConfigurationError } from '../errors/configuration-error.js';
import { describeError } from '../errors/reason.js';
import type { ResolvedOptions } from '../options/resolved-options.js';
import { Issuer } from '../resource-server/issuers/issuer.js';
import { createPatternTest } from '../resource-server/issuers/issuer-pattern.js';
import type { ResolvedIssuerResolver } from '../resource-server/issuers/issuer-resolver-options.js';
import type { Finding } from './finding.js';

/** Issuers that somebody asked about, and what keeps others from being examined. */
interface NamedIssuers {
  readonly issuers: readonly Issuer[];
  readonly findings: readonly Finding[];
}

/**
 * Has `issuerResolver` find issuers, as for tokens of theirs. Those that are in `issuers` are examined in any case.
 *
 * @param names - values of `iss`
 * @throws Error if the options have no `issuerResolver` that could find them
 */
export async function findNamedIssuers(
  names: readonly string[],
  { issuers, issuerResolver }: ResolvedOptions,
): Promise<NamedIssuers> {
  const wanted = names.filter((iss) =>
    issuers.every(({ identifier, tokenIssuer }) => ![identifier, tokenIssuer].includes(iss)),
  );
  if (wanted.length === 0) return { issuers: [], findings: [] };
  if (!issuerResolver)
    throw new Error(
      `--issuer names ${wanted.join(', ')}. It is not among \`issuers\`, and there is no \`issuerResolver\` to find it`,
    );
  const found = await Promise.all(wanted.map((iss) => findNamed(iss, issuerResolver)));
  return {
    issuers: found.filter((one) => one instanceof Issuer),
    findings: found.flatMap((one) => (one instanceof Issuer ? [] : [one])),
  };
}

async function findNamed(
  iss: string,
  { pattern, resolve, complete }: ResolvedIssuerResolver,
): Promise<Issuer | Finding> {
  if (!createPatternTest(pattern)(iss))
    return createFinding(
      iss,
      `It is not within \`issuerResolver.pattern\`, which is ${pattern}, so its tokens are refused without a question.`,
      'Compare it with `iss` of the tokens, letter by letter, and with the pattern.',
    );
  try {
    const options = await resolve(iss);
    if (options) return new Issuer(complete(options, iss));
  } catch (error) {
    const isOurs = error instanceof McpAuthConfigurationError;
    return createFinding(
      iss,
      `\`issuerResolver.resolve\` ${isOurs ? 'returns what cannot be used' : 'fails'}: ${isOurs ? error.problems.join(' ') : describeError(error)}`,
      'Mend what it returns, or what it needs. Until then tokens of the issuer are answered 503.',
    );
  }
  return createFinding(
    iss,
    '`issuerResolver.resolve` returns nothing for it, so its tokens are refused.',
    'Check that the tenant is known where `resolve` looks it up.',
  );
}

function createFinding(subject: string, message: string, fix: string): Finding {
  return { code: 'issuer_not_found', severity: 'error', subject, message, fix };
}
