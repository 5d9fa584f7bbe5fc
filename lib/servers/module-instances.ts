import type { Type } from '@nestjs/common';
import type { ModulesContainer } from '@nestjs/core';

/** A provider of this package as each of the application's servers has it; one for each `McpAuthModule`. */
export function listInstances<Instance>(modules: ModulesContainer, type: Type<Instance>): readonly Instance[] {
  return [...modules.values()].flatMap(({ providers }) => {
    const instance: unknown = providers.get(type)?.instance;
    return instance instanceof type ? [instance] : [];
  });
}
