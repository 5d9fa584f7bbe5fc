/** The same by the test kit of the installed package, without a test runner. */
import 'reflect-metadata';
import { Injectable, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { McpAuthModule, McpTool } from 'nestjs-mcp-auth';
import { ChallengeError, matchers, TestClient, TestIssuer } from 'nestjs-mcp-auth/testing';
import { z } from 'zod';

@Injectable()
class Greeter {
  @McpTool({ description: 'Greets', input: z.object({ name: z.string() }), scopes: ['greet'] })
  greet({ name }: { name: string }): string {
    return `Hello, ${name}`;
  }
}

const issuer = await TestIssuer.start();
const resource = 'https://mcp.acme.example/mcp';

@Module({
  imports: [
    McpAuthModule.forRoot({
      server: { name: 'greeter', version: '1.0.0' },
      resource,
      issuers: [{ issuer: issuer.issuer }],
      doctor: false,
    }),
  ],
  providers: [Greeter],
})
class AppModule {}

const app = await NestFactory.create(AppModule, { logger: ['error'] });
const client = TestClient.for(app, issuer);
const { value } = await client.as({ sub: 'ada', scopes: ['greet'] }).callTool([Greeter, 'greet'], { name: 'Ada' });
console.log(value);
const refusal: unknown = await client
  .as()
  .callTool([Greeter, 'greet'], { name: 'Ada' })
  .catch((error: unknown) => error);
console.log(refusal instanceof ChallengeError && refusal.message);
console.log(matchers.toChallengeFor.call({}, refusal, 'greet'));
await app.close();
await issuer.close();
