import type { Type } from '@nestjs/common';
import type { Reflector } from '@nestjs/core';
import type { AccessOptions } from '../decorators/access-options.js';
import { ANONYMOUS } from '../decorators/anonymous.decorator.js';
import { MCP_DEFAULTS, type McpDefaultsOptions } from '../decorators/mcp-defaults.decorator.js';
import { checkAccessOptions, type Fault } from './access-option-rules.js';
import type { Offer } from './primitive.js';

/** The options that a class can set for its methods. */
const OPTIONS: Readonly<Record<keyof McpDefaultsOptions, true>> = {
  scopes: true,
  acrValues: true,
  maxAgeMs: true,
  appOnly: true,
  downstream: true,
  exchange: true,
  server: true,
  timeoutMs: true,
};

/** Options that restrict callers. */
const ABOUT_CALLERS: ReadonlySet<string> = new Set<keyof McpDefaultsOptions>([
  'scopes',
  'acrValues',
  'maxAgeMs',
  'appOnly',
]);

const NONE: ReadonlySet<string> = new Set();

/** The options of a method, including the defaults of its class. */
export interface Declared<Options> {
  readonly options: Options;
  /** Names of the options that come from the class. */
  readonly ofClass: ReadonlySet<string>;
}

/** The defaults that a class sets for its methods, if any. */
export function readDefaults(type: Type): McpDefaultsOptions | undefined {
  return Reflect.getMetadata(MCP_DEFAULTS, type) as McpDefaultsOptions | undefined;
}

/**
 * Reads the options of a decorated method. `undefined` if it lacks the decorator.
 *
 * @param key - metadata key of the decorator
 * @param defaults - of its class, from {@link readDefaults}
 */
export function readDeclaredOptions<Options extends AccessOptions<never>>(
  reflector: Reflector,
  key: string,
  defaults: McpDefaultsOptions | undefined,
  handler: () => unknown,
): Declared<Options> | undefined {
  const own = reflector.get<Options | undefined>(key, handler);
  if (!own) return undefined;
  if (!defaults) return { options: own, ofClass: NONE };
  const isAnonymous = reflector.get<boolean | undefined>(ANONYMOUS, handler) ?? false;
  return addDefaults(own, defaults, isAnonymous);
}

/**
 * Fills in the options of a method with the defaults of its class.
 *
 * @param own - the options of the method itself
 * @param isAnonymous - whether the method lets everyone call it
 */
function addDefaults<Options extends AccessOptions<never>>(
  own: Options,
  defaults: McpDefaultsOptions,
  isAnonymous: boolean,
): Declared<Options> {
  const said = new Set(Object.keys(own).filter((option) => own[option as keyof Options] !== undefined));
  const taken = Object.entries(defaults).filter(
    ([option]) => !said.has(option) && !(isAnonymous && ABOUT_CALLERS.has(option)),
  );
  const { exchange, ...rest } = Object.fromEntries(taken) as McpDefaultsOptions;
  const { downstream = rest.downstream ?? [] } = own;
  // `exchange` has no effect without a downstream.
  const used = { ...rest, ...(exchange && [downstream].flat().length > 0 && { exchange }) };
  return { options: { ...own, ...used }, ofClass: new Set(Object.keys(used)) };
}

/**
 * Checks the defaults of a class once for all of its methods.
 *
 * @param isAnonymous - whether the class lets everyone call its methods
 * @param offers - the offers of the class
 * @param problems - receives a message of a sentence or two for each fault
 */
export function checkDefaults(
  type: Type,
  defaults: McpDefaultsOptions,
  isAnonymous: boolean,
  offers: readonly Offer[],
  problems: string[],
): void {
  const addFault: Fault = (option, message) => {
    problems.push(`\`${option}\` of @McpDefaults on ${type.name} ${message}.`);
  };
  for (const option of Object.keys(defaults)) {
    if (!(option in OPTIONS)) addFault(option, 'is not an option of it. Check its spelling, or remove it');
  }
  if (typeof defaults.scopes === 'function') {
    addFault('scopes', 'is a function, but methods differ in their arguments. Give a list, or put it on the method');
  }
  checkAccessOptions(defaults, isAnonymous, addFault);
  if (defaults.exchange !== undefined && offers.every(({ downstreams }) => downstreams.length === 0)) {
    addFault('exchange', 'is set, but no method of the class has a `downstream`. Name one, or remove it');
  }
}
