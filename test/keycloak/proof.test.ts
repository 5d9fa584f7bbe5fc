import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { calculateJwkThumbprint, decodeJwt, decodeProtectedHeader, type JWK } from 'jose';
import * as oauth from 'openid-client';
import { fetchWithProof } from '../proof/bound-client.js';
import { ProofClient } from '../proof/proof-client.js';
import { textOf, toolCall, type ToolResult } from '../support/mcp-request.js';
import { describeWithKeycloak } from './keycloak.js';
import { startOrdersServer, type OrdersServer } from './orders-server.js';
import { expectAsRecorded } from './recorded-answers.js';

describeWithKeycloak('sender-constrained tokens (DPoP)', () => {
  let server: OrdersServer;

  beforeAll(async () => {
    server = await startOrdersServer({ options: { proof: { dpop: {} } }, orders: { dpop: true } });
  });
  afterAll(() => server.close());

  test('of a client are good here, and are not exchanged, which Keycloak would not do', async () => {
    const { alice, resource, realm } = server;
    const client = await ProofClient.start();
    const token = await boundToken(client);
    expect(decodeJwt(token)).toMatchObject({ typ: 'DPoP', cnf: { jkt: client.thumbprint } });

    const send = fetchWithProof({ client, token, resource });
    const call = async (tool: string) => await resultOf(await send(resource, requestFor(tool)));
    expect(await call('who_am_i')).toMatchObject({ structuredContent: { subject: await alice.id() } });
    const refused = await call('find_order');
    expect(refused.isError).toBe(true);
    expect(textOf(refused)).toContain('The orders API cannot be called with a token that is bound to a key.');
    expect(server.api.requests).toEqual([]);
    expect(await server.faultOf('orders')).toBeUndefined();
    await expectAsRecorded(
      'a token that is bound to a key',
      await realm.exchange('mcp-orders', token, { audience: 'orders-api' }),
    );

    async function boundToken(proofs: ProofClient) {
      const publicKey = await crypto.subtle.importKey('jwk', proofs.publicJwk, ES256, true, ['verify']);
      const keyPair = { privateKey: proofs.privateKey, publicKey };
      const configuration = new oauth.Configuration({ issuer: realm.issuer }, 'assistant');
      const dpop = oauth.getDPoPHandle(configuration, keyPair);
      return await alice.token({ scope: 'orders:read', dpop });
    }
  });

  test("that are exchanged are bound to this server's key, whatever the client's", async () => {
    const token = await server.alice.token({ scope: 'orders:read' });
    await server.succeed(token, 'find_order');
    const { headers, claims } = server.api.last;
    expect(headers.authorization).toMatch(/^DPoP /);
    const { jwk } = decodeProtectedHeader(String(headers.dpop)) as { jwk: JWK };
    expect(claims).toMatchObject({ typ: 'DPoP', aud: 'orders-api', cnf: { jkt: await calculateJwkThumbprint(jwk) } });
  });
});

const ES256 = { name: 'ECDSA', namedCurve: 'P-256' };

function requestFor(tool: string): RequestInit {
  return {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      accept: 'application/json, text/event-stream',
      'mcp-protocol-version': '2026-07-28',
      'mcp-method': 'tools/call',
      'mcp-name': tool,
    },
    body: JSON.stringify(toolCall(tool)),
  };
}

async function resultOf(response: Response): Promise<ToolResult> {
  return ((await response.json()) as { result: ToolResult }).result;
}
