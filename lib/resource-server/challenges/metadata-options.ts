import { z } from 'zod';
import type { ServerOptions } from '../../options/server-options.js';
import { findPageProblem } from '../../options/option-rules.js';
import { createTextSchema, text } from '../../options/text-schema.js';

/** Human-readable metadata of the server in one language (RFC 9728 sections 2 and 2.1). */
export interface MetadataTexts {
  /** Name of the server: `resource_name`. */
  name?: string;
  /** URL of the documentation for client developers: `resource_documentation`. */
  documentation?: string;
  /** URL of the page on how clients may use the server's data: `resource_policy_uri`. */
  policyUri?: string;
  /** URL of the terms of service: `resource_tos_uri`. */
  tosUri?: string;
}

/** Human-readable metadata (RFC 9728 section 2). `name` defaults to `server.title`, else to `server.name`. */
export interface MetadataOptions extends MetadataTexts {
  /**
   * The texts in other languages, by language tag (BCP 47). `{ de: { name: 'Bestellungen' } }` becomes
   * `resource_name#de` (RFC 9728 section 2.1).
   */
  languages?: Readonly<Record<string, MetadataTexts>>;
}

/** Maps members of the document to options. */
const MEMBERS = {
  resource_name: 'name',
  resource_documentation: 'documentation',
  resource_policy_uri: 'policyUri',
  resource_tos_uri: 'tosUri',
} as const;

const texts = {
  name: text.optional(),
  documentation: createTextSchema(findPageProblem).optional(),
  policyUri: createTextSchema(findPageProblem).optional(),
  tosUri: createTextSchema(findPageProblem).optional(),
};

/** Schema of {@link MetadataOptions}. */
export const metadataSchema = z.strictObject({
  ...texts,
  languages: z
    .record(z.string(), z.strictObject(texts))
    .superRefine((languages, context) => {
      for (const tag of Object.keys(languages)) {
        const message = findLanguageProblem(tag);
        if (message !== undefined) context.addIssue({ code: 'custom', path: [tag], message });
      }
    })
    .optional(),
});

/**
 * The human-readable members of the document. Members in other languages carry their tag (RFC 9728 section 2.1).
 *
 * @param server - provides the default name
 */
export function resolveMetadata(
  { languages = {}, ...own }: MetadataOptions = {},
  server: Pick<ServerOptions, 'name' | 'title'>,
): Readonly<Record<string, string>> {
  const named = { ...own, name: own.name ?? server.title ?? server.name };
  return Object.fromEntries(
    Object.entries({ '': named, ...languages }).flatMap(([tag, values]) =>
      Object.entries(MEMBERS).flatMap(([member, option]) => {
        const value = values[option];
        return value === undefined ? [] : [[tag === '' ? member : `${member}#${tag}`, value]];
      }),
    ),
  );
}

/** Requires the case that RFC 5646 section 2.1.1 recommends, because JSON members are case-sensitive. */
function findLanguageProblem(tag: string): string | undefined {
  try {
    const [canonical = ''] = Intl.getCanonicalLocales(tag);
    return canonical === tag ? undefined : `is not in canonical form. Write it as "${canonical}"`;
  } catch {
    return 'is not a language tag (BCP 47). Write one, such as "de" or "pt-BR"';
  }
}

declare module '../../options/resolved-options.js' {
  interface ResolvedOptions {
    /** Human-readable members of the RFC 9728 document. */
    readonly membersForPeople: Readonly<Record<string, string>>;
  }
}
