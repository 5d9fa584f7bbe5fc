import type { Finding } from './finding.js';

/** The protected resource metadata that an MCP client reads (RFC 9728 section 2). */
export interface ResourceDocument {
  /** `resource_name`, for people. */
  readonly name?: string | undefined;
  readonly authorizationServers: readonly string[];
  readonly scopes: readonly string[];
}

/**
 * Reads protected resource metadata as an MCP client would.
 *
 * @param url - URL of the server as clients know it
 * @param findings - collects what is wrong with the document
 */
export function readDocument(url: URL, document: unknown, findings: Finding[]): ResourceDocument {
  const { resource, resource_name, authorization_servers, scopes_supported } = (document ?? {}) as Readonly<
    Record<string, unknown>
  >;
  const authorizationServers = keepTexts(authorization_servers);
  findings.push(...checkResourceMember(url, resource));
  if (authorizationServers.length === 0) {
    findings.push({
      code: 'resource_metadata_unusable',
      severity: 'error',
      subject: url.href,
      message: 'Its metadata names no authorization_servers, so no client knows where to get a token.',
      fix: 'Name at least one issuer identifier in authorization_servers (RFC 9728 section 2).',
    });
  }
  const [name] = keepTexts([resource_name]);
  return { name, authorizationServers, scopes: keepTexts(scopes_supported) };
}

/** RFC 9728 section 3.3: clients refuse metadata of another resource. */
function checkResourceMember(url: URL, resource: unknown): Finding[] {
  const finding = { code: 'resource_mismatch', subject: url.href } as const;
  if (typeof resource !== 'string' || !URL.canParse(resource)) {
    return [
      {
        ...finding,
        severity: 'error',
        message: 'Its metadata has no `resource` that is a URL.',
        fix: `Set it to "${url.href}", the URL that clients use.`,
      },
    ];
  }
  const named = new URL(resource);
  if (named.href === url.href) return [];
  const isParent = named.origin === url.origin && `${url.pathname}/`.startsWith(addSlash(named.pathname));
  return [
    {
      ...finding,
      severity: isParent ? 'warning' : 'error',
      message: `Its metadata is about the resource "${resource}", not about this URL: ${isParent ? 'clients that go by RFC 9728 section 3.3 refuse it' : 'clients refuse it'}.`,
      fix: `Give clients the URL "${resource}", or set \`resource\` of the server to the URL that they use.`,
    },
  ];
}

function addSlash(path: string): string {
  return path.endsWith('/') ? path : `${path}/`;
}

function keepTexts(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.filter((one) => typeof one === 'string') : [];
}
