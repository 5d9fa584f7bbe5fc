import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Injectable, SetMetadata, type CanActivate, type ExecutionContext } from '@nestjs/common';
import { APP_GUARD, Reflector } from '@nestjs/core';
import { isMcp } from 'nestjs-mcp-auth';
import { Browser } from '../linking/browser.js';
import { Parties, type LinkedServer } from '../linking/linked-server.js';

const Public = () => SetMetadata('isPublic', true);

/** As Nest's documentation has it. */
@Injectable()
class DenyByDefault implements CanActivate {
  constructor(private readonly reflector: Reflector) {}

  canActivate(context: ExecutionContext): boolean {
    const isPublic = this.reflector.getAllAndOverride<boolean>('isPublic', [context.getHandler(), context.getClass()]);
    return isMcp(context) || isPublic;
  }
}

describe.each(['express', 'fastify'] as const)('behind a guard that refuses by default, on %s', (platform) => {
  let parties: Parties;
  let marked: LinkedServer;
  let unmarked: LinkedServer;

  beforeAll(async () => {
    parties = await Parties.start();
    const start = async (decorators: ClassDecorator[]) =>
      await parties.serve({
        platform,
        providers: [{ provide: APP_GUARD, useClass: DenyByDefault }],
        options: { endpoint: { decorators }, logout: { backChannel: {} } },
      });
    unmarked = await start([]);
    marked = await start([Public()]);
  });
  afterAll(() => parties.close());

  const statusOf = async ({ origin }: LinkedServer, path: string, method: string) => {
    const form = method === 'POST' && { body: new URLSearchParams({ logout_token: 'x' }) };
    return (await fetch(`${origin}${path}`, { method, redirect: 'manual', ...form })).status;
  };

  test.each([
    ['the endpoint', '/mcp', 'POST', 401],
    ['the metadata', '/.well-known/oauth-protected-resource/mcp', 'GET', 200],
    ['the metadata for browsers', '/.well-known/oauth-protected-resource/mcp', 'OPTIONS', 204],
    ['a page for linked accounts', '/mcp/link/unknown', 'GET', 404],
    ['the way back from the issuer', '/mcp/link/callback', 'GET', 404],
    ['the way back from a partner', '/mcp/link/callback/crm', 'GET', 404],
    ['the sign-out by the issuer', '/mcp/backchannel-logout', 'POST', 400],
  ])('%s is reached by a mark in `endpoint.decorators`, and by nothing else', async (_what, path, method, status) => {
    expect(await statusOf(unmarked, path, method)).toBe(403);
    expect(await statusOf(marked, path, method)).toBe(status);
  });

  test('a user links an account', async () => {
    const linked = await new Browser('alice').visit(await marked.pageFor('alice'));
    expect(linked).toMatchObject({ status: 200, url: { pathname: '/mcp/link/callback/crm' } });
    expect((await marked.call('alice')).result?.structuredContent?.of).toBe('alice');
  });
});
