import type { Type } from '@nestjs/common';
import type { ModulesContainer } from '@nestjs/core';

/** The instances of a provider of this package, one for each `McpAuthModule`. */
export function listInstances<Instance>(modules: ModulesContainer, type: Type<Instance>): readonly Instance[] {
  return [...modules.values()].flatMap(({ providers }) => {
    const instance: unknown = providers.get(type)?.instance;
    return instance instanceof type ? [instance] : [];
  });
}
