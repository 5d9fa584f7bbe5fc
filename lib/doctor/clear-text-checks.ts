import { isSecure } from '../options/option-rules.js';
import type { ResolvedOptions } from '../options/resolved-options.js';
import { listForms, type ResolvedDownstream } from '../on-behalf-of/options/resolved-downstream.js';
import type { Finding } from './finding.js';

/** Tells the operator what travels in clear text. */
export function describeClearText({ issuers, issuerResolver, downstreams }: ResolvedOptions): Finding[] {
  const found = [
    ...issuers
      .filter(({ acceptClearText }) => acceptClearText)
      .map(({ identifier }) => createServerFinding('issuers.acceptClearText', identifier)),
    ...(issuerResolver?.acceptClearText
      ? [createServerFinding('issuerResolver.acceptClearText', issuerResolver.pattern)]
      : []),
    ...[...downstreams.values()].flatMap(describeDownstream),
  ];
  // The forms of a downstream may have one authorization server.
  return [...new Map(found.map((finding) => [finding.message, finding])).values()];
}

/** Describes something that an option lets travel in clear text. */
export function createClearTextFinding(subject: string, message: string): Finding {
  return {
    code: 'clear_text',
    severity: 'warning',
    subject,
    message,
    fix: 'Use https. Where that cannot be, make sure that nobody else is in the network in between.',
  };
}

function createServerFinding(subject: string, server: string): Finding {
  return createClearTextFinding(
    subject,
    `${server}: keys, tokens and secrets may travel in clear text. Whoever listens can act as any user.`,
  );
}

function describeDownstream(downstream: ResolvedDownstream): Finding[] {
  const { option, baseUrl, linked } = downstream;
  const forms = listForms(downstream);
  const pages = forms.flatMap(({ consentUrl }) => consentUrl ?? []).filter((page) => !isSecure(new URL(page)));
  const partner = linked?.issuer ?? linked?.tokenEndpoint;
  return [
    ...(isSecure(baseUrl)
      ? []
      : [
          createClearTextFinding(
            `${option}.acceptClearText`,
            `Tokens of users travel to ${baseUrl.origin} in clear text. Whoever listens can use them.`,
          ),
        ]),
    ...pages.map((page) =>
      createClearTextFinding(
        `${option}.acceptClearText`,
        `Users are sent to ${new URL(page).origin} to consent, in clear text. Whoever listens can act as them.`,
      ),
    ),
    ...(linked?.acceptClearText && partner !== undefined
      ? [createServerFinding(`${option}.linked.acceptClearText`, partner)]
      : []),
    ...forms.flatMap(({ dialect, option: form }) => {
      const server = dialect.foreign?.authorizationServer;
      return server?.acceptClearText ? [createServerFinding(`${form}.dialect`, server.issuer)] : [];
    }),
  ];
}
