import { Module, type DynamicModule, type INestApplicationContext, type OnModuleInit, type Type } from '@nestjs/common';
import { ModulesContainer } from '@nestjs/core';
import { BootDoctor } from '../doctor/boot-doctor.js';
import { describeServer } from '../manifest/create-manifest.js';
import type { ServerManifest } from '../manifest/manifest.js';
import { ResolvedOptions } from '../options/resolved-options.js';
import { ScopeHierarchy } from '../resource-server/access/scope-hierarchy.js';
import { Catalogue } from '../resource-server/catalogue/catalogue.js';
import { selectServers } from '../servers/application-servers.js';

/** The application whose servers are described. Keeps their doctors from asking issuers. */
@Module({})
export class ManifestModule implements OnModuleInit {
  constructor(private readonly modules: ModulesContainer) {}

  /** @param application - the root module of the application */
  static of(application: object): DynamicModule {
    return { module: ManifestModule, imports: [application as Type | DynamicModule] };
  }

  /** Called by Nest before any doctor examines. */
  onModuleInit(): void {
    for (const doctor of selectServers(this.modules, BootDoctor, {}, 'manifest')) doctor.dismiss();
  }
}

/** Describes all servers of an application. */
export function readServers(application: INestApplicationContext): readonly ServerManifest[] {
  const modules = application.get(ModulesContainer);
  const all = selectServers(modules, ResolvedOptions, {}, 'manifest');
  return all.map((options) => {
    const { name } = options.server;
    const [catalogue] = selectServers(modules, Catalogue, { server: name }, 'manifest');
    const [hierarchy] = selectServers(modules, ScopeHierarchy, { server: name }, 'manifest');
    const { scopeHierarchy } = options;
    const broader = typeof scopeHierarchy === 'object' ? Object.keys(scopeHierarchy) : [];
    return describeServer(name, catalogue?.offers ?? [], hierarchy, broader);
  });
}
