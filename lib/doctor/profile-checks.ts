import type { ResolvedOptions } from '../options/resolved-options.js';
import type { Finding } from './finding.js';

/** Tells the operator what the profile demands, as it came out. */
export function describeProfile({ profile, issuers, dpop, mutualTls }: ResolvedOptions): Finding[] {
  if (profile === undefined) return [];
  const list = (values: Iterable<string>) => [...new Set(values)].join(', ');
  const bound = [dpop && 'DPoP', mutualTls && 'mTLS'].filter((one) => one !== undefined).join(' or ');
  return [
    {
      code: 'strict_profile',
      severity: 'info',
      subject: 'profile',
      message: `The strict profile is on. Tokens have the type ${list(issuers.flatMap(({ types }) => [...types]))}, one of the algorithms ${list(issuers.flatMap(({ algorithms }) => algorithms))}, and the claims ${list(issuers.flatMap(({ requiredClaims }) => requiredClaims))}. They are bound by ${bound}.`,
      fix: 'Nothing. docs/production/strict.md lists each demand, and what it costs.',
    },
  ];
}
