import { computeClockSkew } from '../resource-server/issuers/clock-skew.js';
import { fetchLimited } from '../resource-server/issuers/issuer-fetch.js';
import { describeError } from '../errors/reason.js';
import { discoverMetadata } from '../resource-server/issuers/issuer-metadata.js';
import { findUrlProblem } from '../options/option-rules.js';
import { dropMalformedLists } from './malformed-lists.js';
import { checkClock } from './clock-checks.js';
import { readDocument, type ResourceDocument } from './document-checks.js';
import type { Finding } from './finding.js';
import { reportUnusableMetadata } from './issuer-examination.js';
import { checkMetadata } from './metadata-checks.js';
import { checkScopes } from './scope-checks.js';

/** Milliseconds that the server has for each answer. */
const TIMEOUT = 10_000;

/** The first message of every MCP client. */
const INITIALIZE = {
  jsonrpc: '2.0',
  id: 1,
  method: 'initialize',
  params: {
    protocolVersion: '2025-11-25',
    capabilities: {},
    clientInfo: { name: 'nestjs-mcp-auth-doctor', version: '1.0.0' },
  },
};

/** A foreign origin, as a client in a browser has it. */
const ORIGIN = 'https://client.example';

/** What a client without a token learns of a server, and what is wrong with it. */
export interface VisitedServer {
  readonly findings: readonly Finding[];
  /** `undefined` if it cannot be had. */
  readonly document?: ResourceDocument | undefined;
}

/** Examines an MCP server from the outside, in the steps of a client without a token. */
export async function examineServer(address: string): Promise<readonly Finding[]> {
  return (await visitServer(address)).findings;
}

/** The same, with what such a client learns. */
export async function visitServer(address: string): Promise<VisitedServer> {
  const problem = findUrlProblem(address);
  if (problem !== undefined) {
    const [message = '', fix = ''] = problem.split(/\. (?=[A-Z])/);
    // The address may be invalid because of a password in it, so it is not repeated.
    const code = 'endpoint_insecure';
    return { findings: [{ code, severity: 'error', subject: 'url', message: `It ${message}.`, fix: `${fix}.` }] };
  }
  const url = new URL(address);
  const findings: Finding[] = [];
  const documentUrl = await requestChallenge(url, findings);
  if (documentUrl === undefined) return { findings };
  const document = await fetchDocument(url, documentUrl, findings);
  if (!document) return { findings };
  for (const issuer of document.authorizationServers) {
    findings.push(...(await examineAuthorizationServer(issuer, document.scopes)));
  }
  return { findings, document };
}

/** @returns the URL of the metadata; `undefined` if the server cannot be reached */
async function requestChallenge(url: URL, findings: Finding[]): Promise<URL | undefined> {
  let response: Response;
  try {
    response = await fetchLimited(url.href, {
      method: 'POST',
      headers: { 'content-type': 'application/json', accept: 'application/json, text/event-stream' },
      body: JSON.stringify(INITIALIZE),
      signal: AbortSignal.timeout(TIMEOUT),
    });
  } catch (error) {
    findings.push({
      code: 'server_unreachable',
      severity: 'error',
      subject: url.href,
      message: `It gives no answer: ${describeError(error)}.`,
      fix: 'Check the address, and that the server runs and can be reached from here.',
    });
    return undefined;
  }
  findings.push(...checkClock(url.href, computeClockSkew(response)), ...checkAnswer(url, response));
  const named = /\bresource_metadata="?([^\s",]+)/i.exec(response.headers.get('www-authenticate') ?? '')?.[1];
  if (named !== undefined && URL.canParse(named)) return new URL(named);
  // RFC 9728 section 3.1: clients look here if there is no challenge.
  return new URL(`/.well-known/oauth-protected-resource${url.pathname === '/' ? '' : url.pathname}`, url);
}

function checkAnswer({ href: subject }: URL, { status, headers }: Response): Finding[] {
  const challenge = headers.get('www-authenticate') ?? '';
  if (status === 401 && /\bBearer\b/i.test(challenge) && /\bresource_metadata=/i.test(challenge)) return [];
  if (status === 401) {
    return [
      {
        code: 'challenge_missing',
        severity: 'error',
        subject,
        message: `It answers 401 ${challenge === '' ? 'without WWW-Authenticate' : 'with a challenge that has no Bearer and resource_metadata'}, so clients do not learn where to get a token.`,
        fix: 'Answer with `WWW-Authenticate: Bearer resource_metadata="…"` (RFC 9728 section 5.1), and have proxies leave the header alone.',
      },
    ];
  }
  const isServed = status >= 200 && status < 300;
  return [
    {
      code: isServed ? 'token_not_required' : 'challenge_missing',
      severity: isServed ? 'warning' : 'error',
      subject,
      message: `It answers ${status} to a client without a token. The answer should be 401.`,
      fix: isServed
        ? 'Nothing, if everyone may use it, or some of its tools. Otherwise put it behind authentication.'
        : 'Check the address and the proxies before it: MCP clients begin with a POST to it.',
    },
  ];
}

async function fetchDocument(url: URL, address: URL, findings: Finding[]): Promise<ResourceDocument | undefined> {
  try {
    const response = await fetchLimited(address.href, {
      headers: { accept: 'application/json', origin: ORIGIN },
      signal: AbortSignal.timeout(TIMEOUT),
    });
    if (response.status !== 200) throw new Error(`status ${response.status}`);
    const document: unknown = await response.json();
    if (!['*', ORIGIN].includes(response.headers.get('access-control-allow-origin') ?? '')) {
      findings.push({
        code: 'resource_metadata_without_cors',
        severity: 'info',
        subject: address.href,
        message: 'Pages of other origins may not read it, so MCP clients in browsers find no authorization server.',
        fix: 'Send `Access-Control-Allow-Origin: *` with it. Everything in it is public.',
      });
    }
    return readDocument(url, document, findings);
  } catch (error) {
    findings.push({
      code: 'resource_metadata_unusable',
      severity: 'error',
      subject: address.href,
      message: `The metadata of the server cannot be fetched: ${describeError(error)}.`,
      fix: 'Serve the metadata of RFC 9728 there as JSON, to everyone and without redirects; check what the proxy does with /.well-known.',
    });
    return undefined;
  }
}

async function examineAuthorizationServer(issuer: string, scopes: readonly string[]): Promise<Finding[]> {
  try {
    let skew: number | undefined;
    const published = await discoverMetadata(issuer, {
      needed: ['authorization_endpoint', 'token_endpoint'],
      onAnswer: (answer) => {
        skew = computeClockSkew(answer);
      },
    });
    const metadata = dropMalformedLists(published);
    return [...checkMetadata(issuer, metadata), ...checkScopes(issuer, metadata, scopes), ...checkClock(issuer, skew)];
  } catch (error) {
    return [reportUnusableMetadata(issuer, error)];
  }
}
