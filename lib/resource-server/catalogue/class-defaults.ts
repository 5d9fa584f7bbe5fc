import type { Type } from '@nestjs/common';
import type { Reflector } from '@nestjs/core';
import type { AccessOptions } from '../decorators/access-options.js';
import { ANONYMOUS } from '../decorators/anonymous.decorator.js';
import { MCP_DEFAULTS, type McpDefaultsOptions } from '../decorators/mcp-defaults.decorator.js';
import { checkAccessOptions, type Fault } from './access-option-rules.js';
import type { Offer } from './primitive.js';

/** The options that a class can have for its methods. */
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

/** What callers would need to have. */
const ABOUT_CALLERS: ReadonlySet<string> = new Set<keyof McpDefaultsOptions>([
  'scopes',
  'acrValues',
  'maxAgeMs',
  'appOnly',
]);

/** What a method needs, and which of it its class says. */
export interface Declared<Options> {
  readonly options: Options;
  /** Names of the options that are of the class. */
  readonly ofClass: ReadonlySet<string>;
}

/** What a class says for its methods; `undefined` where it says nothing. */
export function readDefaults(type: Type): McpDefaultsOptions | undefined {
  return Reflect.getMetadata(MCP_DEFAULTS, type) as McpDefaultsOptions | undefined;
}

/**
 * What decorators say that a method needs; `undefined` where it has no such decorator.
 *
 * @param key - of the metadata of the decorator on the method
 */
export function readDeclaredOptions<Options extends AccessOptions<never>>(
  reflector: Reflector,
  key: string,
  type: Type,
  handler: () => unknown,
): Declared<Options> | undefined {
  const own = reflector.get<Options | undefined>(key, handler);
  const isAnonymous = reflector.get<boolean | undefined>(ANONYMOUS, handler) ?? false;
  return own && addDefaults(own, readDefaults(type) ?? {}, isAnonymous);
}

/**
 * Puts what a class says in the place of what its method does not say.
 *
 * @param own - what the method says
 * @param isAnonymous - whether the method says that everyone may call it
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
  // Where there is nothing to exchange for, it does not matter when.
  const used = { ...rest, ...(exchange && [downstream].flat().length > 0 && { exchange }) };
  return { options: { ...own, ...used }, ofClass: new Set(Object.keys(used)) };
}

/**
 * Looks over what a class says for its methods, once for all of them.
 *
 * @param isAnonymous - whether the class says that everyone may call them
 * @param offers - its methods
 * @param problems - takes what is wrong, a sentence or two each
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
