import { Injectable } from '@nestjs/common';
import { exportJWK, generateKeyPair, SignJWT, type CryptoKey, type JWK } from 'jose';
import { McpTool, type IssuerOptions, type McpContext } from 'nestjs-mcp-auth';
import { post, toolCall } from '../support/mcp-request.js';
import { optionsFor } from '../support/module-options.js';
import { startProtectedServer, type ProtectedServer } from '../support/protected-server.js';

/** The server as the provider knows it. */
export const RESOURCE = 'https://mcp.acme.example/mcp';

@Injectable()
class Tools {
  @McpTool({ description: 'x' })
  whoami(_input: unknown, { caller }: McpContext): object {
    const { subject, clientId, appOnly, scopes, issuer } = caller ?? {};
    return { subject, clientId, appOnly, scopes, issuer };
  }
  @McpTool({ description: 'x', scopes: ['orders:write'] })
  write(): string {
    return 'written';
  }
}

/** A provider that is not there: it signs, and its keys are known to the server. */
export class ProviderTokens {
  private constructor(
    private readonly privateKey: CryptoKey,
    private readonly publicJwk: JWK,
    private readonly server: ProtectedServer,
  ) {}

  /** @param presets - what presets return */
  static async start(...presets: readonly IssuerOptions[]): Promise<ProviderTokens> {
    const { privateKey, publicKey } = await generateKeyPair('RS256');
    const publicJwk = { ...(await exportJWK(publicKey)), kid: 'provider-key', alg: 'RS256', use: 'sig' };
    const issuers = presets.map((preset) => {
      if (preset.acceptAnyTenant) return preset;
      // `metadataUrl` would be fetched for nothing else than the keys.
      const options = { ...preset, jwks: { keys: [publicJwk] } };
      delete options.metadataUrl;
      return options;
    });
    const server = await startProtectedServer({
      providers: [Tools],
      options: optionsFor('', '', { resource: RESOURCE, issuers, endpoint: { allowedHosts: 'any' } }),
    });
    return new ProviderTokens(privateKey, publicJwk, server);
  }

  async close(): Promise<void> {
    await this.server.close();
  }

  /** What `whoami` says of the bearer, or the status that the token is refused with. */
  async callerOf(claims: Record<string, unknown>, header: Record<string, unknown> = { typ: 'JWT' }): Promise<unknown> {
    const response = await this.call('whoami', claims, header);
    if (response.status !== 200) return response.status;
    const { result } = (await response.json()) as { result: { structuredContent: unknown } };
    return result.structuredContent;
  }

  async call(tool: string, claims: Record<string, unknown>, header: Record<string, unknown> = { typ: 'JWT' }) {
    const now = Math.floor(Date.now() / 1000);
    const token = await new SignJWT({ iat: now, exp: now + 300, ...claims })
      .setProtectedHeader({ alg: 'RS256', kid: this.publicJwk.kid ?? '', ...header })
      .sign(this.privateKey);
    return await post(`${this.server.origin}/mcp`, toolCall(tool), { token });
  }
}
