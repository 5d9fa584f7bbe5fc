/** A Nest application of somebody who has installed the package: boots, is called without and with a token. */
import 'reflect-metadata';
import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { promisify } from 'node:util';
import { Injectable, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { exportJWK, generateKeyPair, SignJWT } from 'jose';
import { McpAuthModule, McpTool } from 'nestjs-mcp-auth';
import { z } from 'zod';

@Injectable()
class Greeter {
  @McpTool({ description: 'Greets', input: z.object({ name: z.string() }), scopes: ['greet'] })
  greet({ name }: { name: string }): string {
    return `Hello, ${name}`;
  }
}

const { privateKey, publicKey } = await generateKeyPair('ES256');
const jwk = { ...(await exportJWK(publicKey)), kid: '1', alg: 'ES256', use: 'sig' };
const authorizationServer = createServer((request, response) => {
  const metadata = {
    issuer,
    jwks_uri: `${issuer}/jwks`,
    authorization_endpoint: `${issuer}/authorize`,
    token_endpoint: `${issuer}/token`,
    code_challenge_methods_supported: ['S256'],
  };
  const body = request.url === '/jwks' ? { keys: [jwk] } : metadata;
  response.setHeader('content-type', 'application/json').end(JSON.stringify(body));
});
const mcpServer = createServer();
for (const server of [authorizationServer, mcpServer]) {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
}
const originOf = (server: typeof mcpServer) => `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
const issuer = originOf(authorizationServer);
const resource = `${originOf(mcpServer)}/mcp`;

@Module({
  imports: [
    McpAuthModule.forRootAsync({
      useFactory: () => ({ server: { name: 'greeter', version: '1.0.0' }, resource, issuers: [{ issuer }] }),
    }),
  ],
  providers: [Greeter],
})
class AppModule {}

const app = await NestFactory.create(AppModule, { logger: ['error', 'warn'] });
app.setGlobalPrefix('api');
await app.init();
mcpServer.on('request', app.getHttpAdapter().getInstance());

const call = async (headers: Record<string, string>) => {
  const response = await fetch(resource, {
    method: 'POST',
    headers: { 'content-type': 'application/json', accept: 'application/json, text/event-stream', ...headers },
    body: JSON.stringify({
      jsonrpc: '2.0',
      id: 1,
      method: 'tools/call',
      params: { name: 'greet', arguments: { name: 'Ada' } },
    }),
  });
  return `${response.status} ${response.headers.get('www-authenticate') ?? (await response.text())}`;
};
const token = await new SignJWT({ iss: issuer, sub: 'ada', aud: resource, scope: 'greet' })
  .setProtectedHeader({ alg: 'ES256', kid: '1', typ: 'at+jwt' })
  .setExpirationTime('1m')
  .sign(privateKey);
console.log(await call({}));
console.log(await call({ authorization: `Bearer ${token}` }));

/** What the doctor of the installed package finds. */
const doctor = async (...args: string[]) => {
  const { stdout } = await promisify(execFile)('node_modules/.bin/nestjs-mcp-auth', ['doctor', '--json', ...args]);
  const { findings } = JSON.parse(stdout) as { findings: { severity: string; code: string }[] };
  return findings.map(({ severity, code }) => `${severity} ${code}`).join(', ');
};
const options = { server: { name: 'greeter', version: '1.0.0' }, resource, issuers: [{ issuer }] };
await writeFile('options.mjs', `export default ${JSON.stringify(options)};`);
console.log('doctor, from the outside:', await doctor(resource));
console.log('doctor, of the options:', await doctor('--config', 'options.mjs'));
await app.close();
process.exit(0);
