import { Injectable } from '@nestjs/common';
import { McpAuthModule, McpTool, providers, type McpAuthModuleOptions, type McpContext } from 'nestjs-mcp-auth';
import { optionsFor } from '../support/module-options.js';
import { startApplication, type Platform, type TestApplication } from '../support/test-application.js';
import { runCommands } from './documented-commands.js';
import type { Keycloak } from './keycloak.js';
import { planRealm, Realm } from './realm.js';
import { User } from './user.js';

@Injectable()
class Tools {
  @McpTool({ description: 'Finds an order.', scopes: ['orders:read'], annotations: { readOnlyHint: true } })
  findOrder(_input: unknown, { caller }: McpContext): object {
    return { client: caller?.clientId, subject: caller?.subject };
  }

  @McpTool({ description: 'Cancels an order.', scopes: ['orders:write'] })
  cancelOrder(_input: unknown, { caller }: McpContext): object {
    return { client: caller?.clientId, subject: caller?.subject };
  }
}

/** A realm that was set up by the commands of the page alone, with a server beside it. */
export class VscodeSetUp {
  private constructor(
    readonly realm: Realm,
    readonly resource: string,
    readonly alice: User,
    private readonly application: TestApplication,
  ) {}

  /**
   * @param blocks - of the page: the sign-in of the administrator, the scopes, and the way of registration
   * @param url - where others find Keycloak
   */
  static async by(
    blocks: readonly string[],
    keycloak: Keycloak,
    scopes: NonNullable<McpAuthModuleOptions['scopes']>,
    { url = keycloak.origin, platform = 'express' }: { url?: string; platform?: Platform } = {},
  ): Promise<VscodeSetUp> {
    const plan = planRealm(keycloak);
    const realm = await Realm.createEmpty(plan);
    const issuers = [providers.keycloak({ url, realm: plan.name })];
    const application = await startApplication({
      platform,
      imports: (origin) => [McpAuthModule.forRoot(optionsFor(origin, plan.issuer, { issuers, scopes }))],
      providers: [Tools],
    });
    const resource = `${application.origin}/mcp`;
    await runCommands(blocks.join('\n'), { KEYCLOAK: keycloak.origin, REALM: plan.name, RESOURCE: resource });
    return new VscodeSetUp(realm, resource, new User(realm, 'alice'), application);
  }

  async close(): Promise<void> {
    await this.application.close();
    await this.realm.close();
  }
}
