import { ConfigurableModuleBuilder } from '@nestjs/common';
import type { McpAuthModuleOptions } from './configuration/mcp-auth-options.js';

/** Settings of the module itself, beside its options. */
interface ModuleExtras {
  /**
   * Whether the exports of the module (`DownstreamClient`, `TokenCache`, `LinkedAccounts`, `McpRegistry` and
   * `McpAuthHealthIndicator`) can be injected everywhere. With `false`, only modules that import this one can inject
   * them. Tools are found everywhere in any case. Defaults to `true`.
   */
  isGlobal?: boolean;
}

const built = new ConfigurableModuleBuilder<McpAuthModuleOptions>()
  .setClassMethodName('forRoot')
  .setFactoryMethodName('createMcpAuthOptions')
  .setExtras<ModuleExtras>({ isGlobal: true }, (definition, { isGlobal = true }) => ({
    ...definition,
    global: isGlobal,
  }))
  .build();

/** The base of the module, with `forRoot` and `forRootAsync` as Nest builds them. */
export const ConfigurableModuleClass = built.ConfigurableModuleClass;

/** Injection token of the options as configured. */
export const MODULE_OPTIONS_TOKEN = built.MODULE_OPTIONS_TOKEN;

/** What `forRoot` takes, for its type only. */
export const OPTIONS_TYPE = built.OPTIONS_TYPE;

/** What `forRootAsync` takes, for its type only. */
export const ASYNC_OPTIONS_TYPE = built.ASYNC_OPTIONS_TYPE;
