import { expect, test } from '@jest/globals';
import { Injectable } from '@nestjs/common';
import { clientSecretBasic, McpTool } from 'nestjs-mcp-auth';
import { CertificateClient } from '../proof/certificate-client.js';
import { send } from '../proof/send.js';
import { selfSignedCertificate } from '../quickstart/self-signed-certificate.js';
import { toolCall } from '../support/mcp-request.js';
import { startProtectedServer } from '../support/protected-server.js';
import { sendJson } from '../support/test-issuer.js';
import { parseChallenge } from './challenge-parameters.js';

let ran = 0;

@Injectable()
class Tools {
  @McpTool({ description: 'x' })
  find(): string {
    ran += 1;
    return 'found';
  }
}

test('RFC 8705 section 3.2: MUST compare the certificate with the one that introspection tells', async () => {
  const [owner, thief] = [new CertificateClient(), new CertificateClient()];
  const authentication = clientSecretBasic('introspection-secret');
  const server = await startProtectedServer({
    providers: [Tools],
    tls: { ...selfSignedCertificate(), requestCert: true, rejectUnauthorized: false },
    options: { proof: { mutualTls: { certificate: 'socket' } } },
    trust: { introspection: { client: { id: 'mcp', authentication } } },
  });
  const { issuer, resource } = server;
  const introspection_endpoint = `${issuer.origin}/introspect`;
  issuer.answers.set('/.well-known/oauth-authorization-server', (_request, response) => {
    sendJson(response, 200, { ...issuer.metadata(), introspection_endpoint });
  });
  issuer.answers.set('/introspect', (_request, response) => {
    sendJson(response, 200, { active: true, sub: 'alice', aud: resource, cnf: owner.confirmation });
  });
  const call = async (tls?: CertificateClient['tls']) => {
    const headers = { authorization: 'Bearer opaque-token' };
    return await send(resource, { body: toolCall('find'), headers, ...(tls && { tls }) });
  };
  expect((await call(owner.tls)).status).toBe(200);
  for (const tls of [thief.tls, undefined]) {
    const answer = await call(tls);
    expect(answer.status).toBe(401);
    expect(parseChallenge(answer.headers['www-authenticate'] ?? '').error).toBe('invalid_token');
  }
  expect(ran).toBe(1);
  await server.close();
});
