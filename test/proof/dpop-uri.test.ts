import { beforeAll, describe, expect, test } from '@jest/globals';
import { ProofOfPossession } from '../../lib/resource-server/authentication/proof-of-possession.js';
import { outcome, ProofClient, request, RESOURCE, TOKEN } from './proof-client.js';
import { callerLimits } from '../support/caller-limits.js';

let client: ProofClient;

beforeAll(async () => {
  client = await ProofClient.start();
});

async function outcomeOf(htu: string, resource = RESOURCE): Promise<string> {
  const proof = new ProofOfPossession({ resource, dpop: {}, mutualTls: undefined }, callerLimits().of('usedProofs'));
  return await outcome(proof.check(request(await client.proof({ htu })), 'dpop', TOKEN, client.confirmation));
}

describe('htu that means the resource passes (RFC 9449 section 4.3, RFC 3986 section 6.2)', () => {
  test.each([
    ['as configured', RESOURCE],
    ['with a query', `${RESOURCE}?session=1`],
    ['with a fragment', `${RESOURCE}#part`],
    ['with an empty query and fragment', `${RESOURCE}?#`],
    ['with an upper-case scheme', 'HTTPS://mcp.example.com/mcp'],
    ['with an upper-case host', 'https://MCP.Example.COM/mcp'],
    ['with the default port', 'https://mcp.example.com:443/mcp'],
    ['with an empty port', 'https://mcp.example.com:/mcp'],
    ['with dot segments', 'https://mcp.example.com/other/../mcp'],
    ['with unreserved characters encoded', 'https://mcp.example.com/%6d%63p'],
  ])('%s', async (_name, htu) => {
    expect(await outcomeOf(htu)).toBe('accepted');
  });

  test.each([
    ['https://mcp.example.com', 'https://mcp.example.com/'],
    ['https://mcp.example.com/', 'https://mcp.example.com'],
    ['https://mcp.example.com', 'https://mcp.example.com?query'],
    ['http://127.0.0.1:3000/mcp', 'http://127.0.0.1:3000/mcp'],
    ['http://localhost/mcp', 'http://localhost:80/mcp'],
    ['https://mcp.example.com/~team/mcp', 'https://mcp.example.com/%7eteam/mcp'],
  ])('resource %s, htu %s', async (resource, htu) => {
    expect(await outcomeOf(htu, resource)).toBe('accepted');
  });
});

describe('htu that means something else is refused', () => {
  test.each([
    ['another host', 'https://other.example.com/mcp'],
    ['the resource below another host', 'https://attacker.example/https://mcp.example.com/mcp'],
    ['a host that ends alike', 'https://evil-mcp.example.com/mcp'],
    ['a host with a dot at its end', 'https://mcp.example.com./mcp'],
    ['another scheme', 'http://mcp.example.com/mcp'],
    ['another port', 'https://mcp.example.com:8443/mcp'],
    ['the port of another scheme', 'https://mcp.example.com:80/mcp'],
    ['a trailing slash', `${RESOURCE}/`],
    ['another path', 'https://mcp.example.com/other'],
    ['a longer path', `${RESOURCE}/messages`],
    ['the host alone', 'https://mcp.example.com'],
    ['a path in upper case', 'https://mcp.example.com/MCP'],
    ['two slashes', 'https://mcp.example.com//mcp'],
    ['an encoded slash', 'https://mcp.example.com/other%2f..%2fmcp'],
    ['user information', 'https://user:password@mcp.example.com/mcp'],
    ['empty user information', 'https://@mcp.example.com/mcp'],
    ['the resource as user information', 'https://mcp.example.com/mcp@attacker.example'],
    ['a backslash for a slash', 'https://mcp.example.com\\mcp'],
    ['a slash too many', 'https:///mcp.example.com/mcp'],
    ['a slash too few', 'https:/mcp.example.com/mcp'],
    ['space around it', ` ${RESOURCE} `],
    ['a tab inside', 'https://mcp.exam\tple.com/mcp'],
    ['a path alone', '/mcp'],
    ['no scheme', '//mcp.example.com/mcp'],
    ['a blob', `blob:${RESOURCE}`],
    ['another kind of URI', 'urn:example:mcp'],
    ['nothing', ''],
    ['a bad percent-encoding', 'https://mcp.example.com/mcp%zz'],
    ['a host that cannot be', 'https://[/mcp'],
  ])('%s', async (_name, htu) => {
    expect(await outcomeOf(htu)).toBe('invalid_dpop_proof');
  });

  test('what Host says does not matter', async () => {
    const proof = new ProofOfPossession(
      { resource: RESOURCE, dpop: {}, mutualTls: undefined },
      callerLimits().of('usedProofs'),
    );
    const from = async (htu: string) => {
      const host = 'attacker.example';
      const source = {
        ...request(),
        headers: { host, 'x-forwarded-host': host },
        rawHeaders: ['Host', host, 'X-Forwarded-Host', host, 'DPoP', await client.proof({ htu })],
      };
      return await outcome(proof.check(source, 'dpop', TOKEN, client.confirmation));
    };
    expect(await from('https://attacker.example/mcp')).toBe('invalid_dpop_proof');
    expect(await from(RESOURCE)).toBe('accepted');
  });

  test('a resource that is no http URL does not start', () => {
    expect(
      () =>
        new ProofOfPossession(
          { resource: 'urn:example:mcp', dpop: {}, mutualTls: undefined },
          callerLimits().of('usedProofs'),
        ),
    ).toThrow();
  });
});
