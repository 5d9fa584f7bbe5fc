import { Controller, RequestMethod, VERSION_NEUTRAL, type DynamicModule, type Type } from '@nestjs/common';
import { GUARDS_METADATA } from '@nestjs/common/constants.js';
import type { ApplicationConfig, ModulesContainer } from '@nestjs/core';
import { SkipThrottle } from '@nestjs/throttler';
import { buildLinkPath } from '../../on-behalf-of/linking/link-paths.js';
import { decorateControllers, hideFromSwagger } from './decorated-controllers.js';
import { LinkingController } from './linking.controller.js';
import { LogoutController } from '../logout/logout.controller.js';
import { MetadataController } from './metadata.controller.js';
import { isPathShared, sharePath } from './shared-paths.js';
import { McpAuthConfigurationError } from '../../errors/configuration-error.js';
import type { ResolvedOptions } from '../../options/resolved-options.js';
import { WELL_KNOWN } from '../endpoint/endpoint-options.js';
import { ENDPOINT_GUARDS, McpController } from '../endpoint/mcp.controller.js';

/** The controllers of one server. Each server needs its own classes, because a class has one path. */
export class MountedControllers {
  readonly endpoint: Type<McpController> = class McpEndpoint extends McpController {};
  readonly metadata: Type<MetadataController> = class ProtectedResourceMetadata extends MetadataController {};

  readonly linking: Type<LinkingController> = class LinkedAccountPages extends LinkingController {};
  readonly logout: Type<LogoutController> = class BackChannelLogoutEndpoint extends LogoutController {};

  constructor() {
    hideFromSwagger(this.types);
  }

  /** Gives a module controllers of its own. */
  static addTo(module: DynamicModule): DynamicModule {
    const controllers = new MountedControllers();
    return {
      ...module,
      controllers: controllers.types,
      providers: [...(module.providers ?? []), { provide: MountedControllers, useValue: controllers }],
    };
  }

  get types(): Type[] {
    return [this.endpoint, this.metadata, this.linking, this.logout];
  }

  /**
   * Mounts the controllers at the path of the endpoint, whatever prefix and versioning the application uses. The path
   * is known once the options are resolved, possibly asynchronously. Nest reads it after that.
   *
   * @param platform - name of the HTTP adapter
   * @throws {@link McpAuthConfigurationError} if decorators of the application do not work here
   */
  mount(options: ResolvedOptions, config: ApplicationConfig, modules: ModulesContainer, platform: string): void {
    const { downstreams, backChannelLogoutPath } = options;
    const { path, metadataPaths: ownPaths } = options.endpoint;
    decorateControllers(this.types, options.endpoint.decorators);
    const exclude = listPathsWithoutPrefix(config);
    // RFC 9728 section 3.1 puts the well-known part before the path. MCP clients also try the well-known path alone.
    // The first server of an application, or of a host, gets that address.
    const isFree = isPathShared(modules, options) || !exclude.some((excluded) => excluded.path === WELL_KNOWN);
    const metadataPaths = [...new Set([...ownPaths, ...(isFree ? [WELL_KNOWN] : [])])];
    if (options.endpoint.isMounted) Controller({ path: path || '/', version: VERSION_NEUTRAL })(this.endpoint);
    else unmount(this.endpoint, modules);
    Controller({ path: metadataPaths, version: VERSION_NEUTRAL })(this.metadata);
    const ours = [...(options.endpoint.isMounted ? [path || '/'] : []), ...metadataPaths].map((excluded) =>
      toExcludedPath(excluded),
    );
    if ([...downstreams.values()].some(({ linked }) => linked)) {
      Controller({ path: buildLinkPath(path), version: VERSION_NEUTRAL })(this.linking);
      ours.push(toExcludedPath(buildLinkPath(path), '/.*'));
    } else {
      unmount(this.linking, modules);
    }
    if (backChannelLogoutPath === undefined) {
      unmount(this.logout, modules);
    } else {
      Controller({ path: backChannelLogoutPath, version: VERSION_NEUTRAL })(this.logout);
      ours.push(toExcludedPath(backChannelLogoutPath));
    }
    exclude.push(...ours);
    sharePath(modules, { options, controllers: this.types }, platform);
  }

  /**
   * Takes the endpoint out of a `ThrottlerGuard` of the whole application. That guard counts by address, and all callers
   * behind a proxy have the same.
   *
   * @param throttlers - names of the throttlers that count the requests of callers instead
   */
  leaveToOwnLimits(throttlers: readonly string[]): void {
    SkipThrottle(Object.fromEntries(throttlers.map((name) => [name, true])))(this.endpoint);
  }

  /** @throws {@link McpAuthConfigurationError} if the endpoint has lost its guards */
  verify(): void {
    const guards = (Reflect.getMetadata(GUARDS_METADATA, this.endpoint) ?? []) as unknown[];
    const missing = ENDPOINT_GUARDS.filter((guard, index) => guards[index] !== guard);
    if (missing.length > 0) {
      throw new McpAuthConfigurationError([
        `The endpoint is not behind ${missing.map(({ name }) => name).join(', ')}, so tools would run for anyone. Do not change the guards of its controller.`,
      ]);
    }
  }
}

/**
 * Returns the list of the paths that the global prefix does not apply to. It has to be there once this module is made:
 * Nest hands it to the middleware of modules before it asks this module for its paths. Without the list, middleware for
 * all routes skips these paths.
 */
export function listPathsWithoutPrefix(config: ApplicationConfig): ExcludedPath[] {
  const { exclude, ...options } = config.getGlobalPrefixOptions();
  if (exclude) return exclude;
  const paths: ExcludedPath[] = [];
  config.setGlobalPrefixOptions({ ...options, exclude: paths });
  return paths;
}

type ExcludedPath = ReturnType<typeof toExcludedPath>;

/** A path that the global prefix does not apply to. */
function toExcludedPath(path: string, below = '/?') {
  const pathRegex = new RegExp(`^${path.replace(/[.~-]/g, '\\$&')}${below}$`);
  return { path, requestMethod: RequestMethod.ALL, pathRegex };
}

/** Removes a controller that the options do not need, so that it takes no path. Nest has not read the routes yet. */
function unmount(controller: Type, modules: ModulesContainer): void {
  for (const module of modules.values()) module.controllers.delete(controller);
}
