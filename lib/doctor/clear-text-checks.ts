import { isSecure } from '../options/option-rules.js';
import type { ResolvedOptions } from '../options/resolved-options.js';
import type { Finding } from './finding.js';

/** Tells the operator what travels in clear text. */
export function describeClearText({ issuers, issuerResolver, downstreams }: ResolvedOptions): Finding[] {
  const createFinding = (subject: string, message: string): Finding => ({
    code: 'clear_text',
    severity: 'warning',
    subject,
    message,
    fix: 'Use https. Where that cannot be, make sure that nobody else is in the network in between.',
  });
  return [
    ...issuers
      .filter(({ acceptClearText }) => acceptClearText)
      .map(({ identifier }) =>
        createFinding(
          'issuers.acceptClearText',
          `${identifier}: keys, tokens and secrets may travel in clear text. Whoever listens can act as any user.`,
        ),
      ),
    ...(issuerResolver?.acceptClearText
      ? [
          createFinding(
            'issuerResolver.acceptClearText',
            `${issuerResolver.pattern}: keys, tokens and secrets may travel in clear text. Whoever listens can act as any user.`,
          ),
        ]
      : []),
    ...[...downstreams]
      .filter(([, { baseUrl }]) => !isSecure(baseUrl))
      .map(([name, { baseUrl }]) =>
        createFinding(
          `downstreams.${name}.acceptClearText`,
          `Tokens of users travel to ${baseUrl.origin} in clear text. Whoever listens can use them.`,
        ),
      ),
  ];
}
