import { afterEach, describe, expect, test } from '@jest/globals';
import { Injectable } from '@nestjs/common';
import { clientSecretBasic, dialects, McpTool, type McpAuthModuleOptions } from 'nestjs-mcp-auth';
import { post, toolCall } from '../support/mcp-request.js';
import { startProtectedServer, type ProtectedServer } from '../support/protected-server.js';
import { keepSecret } from '../support/secret-watch.js';

const SECRET = 'the-secret-of-a-server-that-boots';
keepSecret(SECRET);

@Injectable()
class Tools {
  @McpTool({ description: 'x', scopes: ['orders:read'] })
  find(): string {
    return 'found';
  }
}

let server: ProtectedServer;

afterEach(() => server.close());

async function start(options: Partial<McpAuthModuleOptions>): Promise<void> {
  server = await startProtectedServer({ providers: [Tools], options });
}

/** What the doctor logged, once it is done. */
async function said(count: number): Promise<string[]> {
  const lines = () => server.log.lines.filter((line) => line.includes('McpAuthDoctor'));
  while (lines().length < count) await new Promise(setImmediate);
  return lines();
}

describe('at boot the doctor', () => {
  test('says that all is well, and what is good to know for those who listen', async () => {
    await start({ doctor: true });
    const lines = await said(3);
    expect(lines).toEqual([
      expect.stringMatching(/^debug .*client_registration_not_advertised/),
      expect.stringMatching(/^debug .*knows orders:read\. .*scopes_not_advertised/),
      `log ${server.resource}: nothing is wrong with the configuration and the issuers. McpAuthDoctor`,
    ]);
  });

  test('logs what is wrong, each with its fix, and the server serves', async () => {
    await start({
      doctor: true,
      proof: { dpop: { required: true } },
      client: { id: 'mcp', authentication: clientSecretBasic(SECRET) },
      downstreams: { orders: { baseUrl: 'https://orders.example', audience: 'x', dialect: dialects.keycloak() } },
    });
    const lines = await said(5);
    expect(lines).toContainEqual(
      expect.stringMatching(
        /^error downstreams\.orders: `proof\.dpop` requires .* Remove `required`, .*\(bound_tokens_not_exchangeable\)/,
      ),
    );
    expect(lines).toContainEqual(
      expect.stringMatching(/^warn downstreams\.orders: No tool declares it, .* Add `downstream: "orders"`/),
    );
    expect(lines.join('\n')).not.toContain('nothing is wrong');
    expect((await post(server.resource, toolCall('find'))).status).toBe(401);
  });

  test('asks for nothing that the first token does not need', async () => {
    await start({ doctor: true });
    await said(3);
    const token = await server.token('orders:read');
    expect((await post(server.resource, toolCall('find'), { token })).status).toBe(200);
    expect(server.issuer.requests).toEqual(['/.well-known/oauth-authorization-server', '/jwks']);
  });

  test('is asked to be quiet', async () => {
    await start({ doctor: false });
    const token = await server.token('orders:read');
    expect((await post(server.resource, toolCall('find'), { token })).status).toBe(200);
    expect(await said(0)).toEqual([]);
  });

  test('holds nothing up while the issuer hangs, and has nothing to say once the application is closed', async () => {
    const { promise: asked, resolve } = deferred();
    server = await startProtectedServer({
      providers: [Tools],
      options: { doctor: true },
      beforeStart: (issuer) =>
        issuer.answers.set('/.well-known/oauth-authorization-server', () => {
          resolve();
        }),
    });
    await asked;
    expect((await post(server.resource, toolCall('find'))).status).toBe(401);
    await server.app.close();
    await server.issuer.close();
    while (!server.log.text.includes('no usable metadata')) await new Promise(setImmediate);
    await new Promise(setImmediate);
    expect(await said(0)).toEqual([]);
  });

  test('does no harm where a dialect of the application fails it', async () => {
    const dialect = Object.defineProperty(dialects.rfc8693(), 'refusesBoundTokens', {
      get: () => {
        throw new Error('not today');
      },
    });
    await start({
      doctor: true,
      proof: { dpop: {} },
      client: { id: 'mcp', authentication: clientSecretBasic(SECRET) },
      downstreams: { orders: { baseUrl: 'https://orders.example', audience: 'x', dialect } },
    });
    expect(await said(1)).toEqual([`warn ${server.resource} could not be checked: not today McpAuthDoctor`]);
    expect((await post(server.resource, toolCall('find'))).status).toBe(401);
  });

  test('is on or off, and nothing else', async () => {
    await start({ doctor: false });
    await expect(start({ doctor: 'yes' as never })).rejects.toThrow('`doctor` is of the wrong type');
  });
});

function deferred() {
  let resolve = (): void => undefined;
  const promise = new Promise<void>((done) => (resolve = done));
  return { promise, resolve };
}
