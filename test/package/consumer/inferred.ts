/** What has no types of its own: a compiler that writes declarations has to be able to name those of the package. */
import { Controller, Get, Injectable } from '@nestjs/common';
import {
  clientSecretBasic,
  connectStdio,
  dialects,
  DownstreamClient,
  McpAuthHealthIndicator,
  McpAuthModule,
  McpRegistry,
  privateKeyJwt,
  providers,
  redisBus,
  type McpAuthModuleOptions,
} from 'nestjs-mcp-auth';
import { toExchangedToken, type ExchangeDialect } from 'nestjs-mcp-auth/dialects';

export const issuers = [providers.keycloak({ url: 'https://id.acme.example', realm: 'acme' })];
export const credentials = [clientSecretBasic('secret'), privateKeyJwt({ key: { file: 'key.pem' } })];
export const exchanges = { orders: dialects.rfc8693(), crm: dialects.keycloak() };
export const clients = { redisBus, connectStdio };
export const configure = (options: McpAuthModuleOptions) => McpAuthModule.forRoot(options);

export const acme = {
  name: 'acme',
  subject: 'caller',
  grantTypes: [],
  exchange: async ({ tokenEndpoint }) => toExchangedToken(await tokenEndpoint.request('urn:acme', {})),
} satisfies ExchangeDialect;

@Injectable()
export class Orders {
  constructor(private readonly downstream: DownstreamClient) {}

  api() {
    return this.downstream.for('orders');
  }
}

@Controller()
export class Operations {
  constructor(
    private readonly registry: McpRegistry,
    private readonly health: McpAuthHealthIndicator,
  ) {}

  @Get('health')
  check() {
    return this.health.check();
  }

  register() {
    return this.registry.registerTool({ name: 'late', description: 'x' }, () => 'late');
  }
}
