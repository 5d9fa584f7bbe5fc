import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Type } from '@nestjs/common';
import { MetadataScanner, Reflector } from '@nestjs/core';
import { readDeclaredOptions, readDefaults } from '../resource-server/catalogue/class-defaults.js';
import { ANONYMOUS } from '../resource-server/decorators/anonymous.decorator.js';
import { MCP_TOOL, type McpToolOptions } from '../resource-server/decorators/mcp-tool.decorator.js';
import { Issuer } from '../resource-server/issuers/issuer.js';
import { McpAuthConfigurationError } from '../errors/configuration-error.js';
import type { McpAuthModuleOptions } from '../configuration/mcp-auth-options.js';
import { resolveOptions } from '../configuration/resolve-options.js';
import { describeProblems, examineClass } from '../openapi/offers/examine-class.js';
import { describeDocument, type ExaminedDocument } from '../openapi/offers/examined-document.js';
import { findExportedClasses } from '../openapi/offers/exported-classes.js';
import { ResolvedOptions } from '../options/resolved-options.js';
import { diagnose } from './diagnosis.js';
import type { AskedCall } from './api-call.js';
import { describeAccess, type ExaminedTool } from './downstream-checks.js';
import { probeIssuer } from './exchange-probes.js';
import { findNamedIssuers } from './named-issuers.js';
import { rehearse } from './rehearsal.js';
import type { Finding } from './finding.js';
import { walkToken } from './token-walk.js';
import { isJsonObject } from '../json/json-object.js';

/**
 * Examines the options that a module exports as `options`, `mcpAuthOptions` or by default. The export is the options
 * or a function that returns them. If the module exports `tools`, a list of classes with `@McpTool` or
 * `@McpOpenApi` and of what `McpOpenApiModule.forFeature` returned, they are examined too.
 *
 * @param asked - what is tried at the issuers, besides reading what they publish
 * @throws Error if the module does not exist or exports no options
 */
export async function examineConfiguration(path: string, asked: AskedProbes = {}): Promise<readonly Finding[]> {
  return await findConfigurationFaults(async () => {
    const exported = (await import(pathToFileURL(resolve(path)).href)) as Readonly<Record<string, unknown>>;
    return await examineExports(exported, asked);
  });
}

/**
 * Examines what such a module exports.
 *
 * @throws Error if it exports no options
 */
export async function examineExports(
  exported: Readonly<Record<string, unknown>>,
  asked: AskedProbes = {},
): Promise<readonly Finding[]> {
  return await findConfigurationFaults(async () => {
    const options = await readOptions(exported);
    if (!options) throw new Error('The module exports no options. Export them as `options`, or by default');
    const resolved = resolveOptions(options);
    const issuers = resolved.issuers.map((issuer) => new Issuer(issuer));
    for (const issuer of issuers) await issuer.checkGivenKeys();
    const named = await findNamedIssuers(asked.issuers ?? [], resolved);
    const all = Object.assign(new ResolvedOptions(resolved), {
      issuers: [...resolved.issuers, ...named.issuers.map((one) => one.options)],
    });
    const { documents, problems } = await examineClasses(exported.tools, resolved);
    const tools = readTools(exported.tools)?.concat(documents.flatMap(listTools));
    return [
      ...problems.map(toFinding),
      ...named.findings,
      ...(await diagnose({ options: all, issuers: [...issuers, ...named.issuers], tools, documents })),
      ...(await tryOut(resolved, tools, asked, named.issuers)),
    ];
  });
}

/** What stops the module, with the options themselves or where they are made, is a finding. */
async function findConfigurationFaults(examine: () => Promise<readonly Finding[]>): Promise<readonly Finding[]> {
  try {
    return await examine();
  } catch (error) {
    if (error instanceof McpAuthConfigurationError) return error.problems.map(toFinding);
    throw error;
  }
}

/** What the doctor tries at the issuers. */
export interface AskedProbes {
  /** Whether token endpoints are asked for what they have to refuse. */
  readonly probe?: boolean;
  /** The access token of a user, which is walked through the server. */
  readonly token?: string | undefined;
  /** What the APIs are called for with it. */
  readonly calls?: readonly AskedCall[];
  /** `iss` of issuers that `issuerResolver` finds, which are examined with the others. */
  readonly issuers?: readonly string[];
}

async function tryOut(
  options: ResolvedOptions,
  tools: readonly ExaminedTool[] | undefined,
  { probe = false, token, calls = [] }: AskedProbes,
  named: readonly Issuer[],
): Promise<readonly Finding[]> {
  if (!probe && token === undefined) return [];
  const unknown = calls.find(({ downstream }) => !options.downstreams.has(downstream));
  if (unknown) {
    const names = [...options.downstreams.keys()].join(', ') || '(none)';
    throw new Error(`--call names the downstream "${unknown.downstream}". Use one of: ${names}`);
  }
  return await rehearse(options, async (rehearsal) => {
    const walked = token === undefined ? [] : await walkToken(token, { rehearsal, tools, calls });
    const probed = probe
      ? await Promise.all([...rehearsal.issuers.all, ...named].map((issuer) => probeIssuer(issuer, rehearsal)))
      : [];
    // What a walk has found, a probe finds again, and for each downstream.
    const known = new Set<string>();
    return [...walked, ...probed.flat()].filter(({ code, subject, severity }) => {
      const key = `${code} ${subject}`;
      if (severity !== 'error') return true;
      const isNew = !known.has(key);
      known.add(key);
      return isNew;
    });
  });
}

/** The options that a module exports; `undefined` if it exports none. */
export async function readOptions(
  exported: Readonly<Record<string, unknown>>,
): Promise<McpAuthModuleOptions | undefined> {
  const { options, mcpAuthOptions, default: byDefault } = exported;
  // A CommonJS module that was compiled from an ES module nests its default export one level deeper.
  const compiled = (byDefault as { default?: unknown } | undefined)?.default;
  const found = options ?? mcpAuthOptions ?? compiled ?? byDefault;
  const value: unknown = typeof found === 'function' ? await (found as () => unknown)() : found;
  return isJsonObject(value) ? (value as unknown as McpAuthModuleOptions) : undefined;
}

function readTools(classes: unknown): readonly ExaminedTool[] | undefined {
  if (!Array.isArray(classes)) return undefined;
  const scanner = new MetadataScanner();
  const reflector = new Reflector();
  const types = classes.filter((one): one is Type => typeof one === 'function');
  return types.flatMap((type) => {
    const { name } = type;
    const methods = type.prototype as Record<string, () => unknown>;
    const defaults = readDefaults(type);
    return scanner.getAllMethodNames(methods).flatMap((method) => {
      const declared = readDeclaredOptions<McpToolOptions>(
        reflector,
        MCP_TOOL,
        defaults,
        methods[method] as () => unknown,
      );
      if (!declared) return [];
      const { options } = declared;
      const { scopes = [], annotations } = options;
      const anonymous = [methods[method] as () => unknown, type].some(
        (one) => Reflect.getMetadata(ANONYMOUS, one) === true,
      );
      const readOnly = annotations?.readOnlyHint === true;
      const downstreams = [options.downstream ?? []].flat();
      return [{ name: `${name}.${method}`, ...describeAccess({ scopes, anonymous }), readOnly, downstreams }];
    });
  });
}

/** Looks over the OpenAPI documents of classes. */
async function examineClasses(
  classes: unknown,
  { downstreams }: ResolvedOptions,
): Promise<{ readonly documents: readonly ExaminedDocument[]; readonly problems: readonly string[] }> {
  const documents: ExaminedDocument[] = [];
  const problems: string[] = [];
  for (const { type, documents: declared } of await findExportedClasses([classes].flat())) {
    for (const one of await examineClass(type, declared, downstreams)) {
      if (one.tools) documents.push(describeDocument(one.tools, { type, place: one.declared.place }));
      problems.push(...describeProblems(one));
    }
  }
  return { documents, problems };
}

function listTools({ downstream, operations }: ExaminedDocument): readonly ExaminedTool[] {
  return operations.map(({ tool, scopes = [], isAnonymous }) => ({
    name: tool,
    ...describeAccess({ scopes, anonymous: isAnonymous }),
    downstreams: [downstream],
  }));
}

/** A problem consists of two sentences. The first begins with the option. The second is the fix. */
function toFinding(problem: string): Finding {
  const [message = '', ...fix] = problem.split(/(?<=\.) (?=[A-Z])/);
  const subject = /`([^`]+)`/.exec(problem)?.[1] ?? 'options';
  return { code: 'invalid_configuration', severity: 'error', subject, message, fix: fix.join(' ') };
}
