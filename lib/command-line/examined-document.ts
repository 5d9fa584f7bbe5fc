import 'reflect-metadata';
import { Reflector } from '@nestjs/core';
import { InstanceWrapper } from '@nestjs/core/injector/instance-wrapper.js';
import type { Type } from '@nestjs/common';
import { isJsonObject } from '../json/json-object.js';
import type { McpOpenApiOptions } from '../openapi/declaration/open-api-options.js';
import { findOpenApiProblems } from '../openapi/declaration/open-api-schema.js';
import { DocumentProblem } from '../openapi/documents/document-problem.js';
import { loadDocument } from '../openapi/documents/load-document.js';
import { CuratedOperations, listCuratedMethods } from '../openapi/offers/curated-methods.js';
import { DocumentOffers } from '../openapi/offers/document-offers.js';
import { generateCurated, generateMethod } from '../openapi/offers/generated-method.js';
import type { OfferedOperation } from '../openapi/offers/offered-operation.js';
import { SiblingOperations } from '../openapi/offers/sibling-operations.js';
import { DownstreamClient } from '../on-behalf-of/downstream/downstream-client.js';
import { ANONYMOUS } from '../resource-server/decorators/anonymous.decorator.js';
import { isListed } from '../openapi/search/searched-operation.js';
import type { OperationIdentity } from '../openapi/operations/api-operation.js';
import { readDeclaredOptions } from '../resource-server/catalogue/class-defaults.js';
import type { ToolDefinition } from '../resource-server/catalogue/primitive.js';
import { readSurroundings } from '../resource-server/catalogue/surroundings.js';
import { defineTool } from '../resource-server/catalogue/tool-definition.js';
import { MCP_TOOL, type McpToolOptions } from '../resource-server/decorators/mcp-tool.decorator.js';
import type { ExaminedTool } from './examined-tool.js';
import type { ExportedDocument } from './exported-documents.js';
import { findWarnings, type Warning } from './warnings.js';

/** What a document would be offered as. */
export interface ExaminedDocument {
  /** Whose options they are. */
  readonly name: string;
  readonly options: Partial<McpOpenApiOptions>;
  readonly title: string;
  readonly version: string;
  /** All operations of the document. */
  readonly operations: readonly OperationIdentity[];
  readonly chosen: readonly OperationIdentity[];
  /** Those of them that `tools/list` shows. */
  readonly listed: readonly OperationIdentity[];
  /** Sorted by name. */
  readonly tools: readonly ExaminedTool[];
  readonly warnings: readonly Warning[];
}

/** Examines a document as the server does at boot. What would stop the boot is a warning that is an error. */
export async function examineDocument({ name, type, options }: ExportedDocument): Promise<ExaminedDocument> {
  const faults = findOpenApiProblems(options);
  const warnings = faults.map((message): Warning => ({ code: 'invalid_options', isError: true, place: name, message }));
  const nothing = {
    name,
    options,
    title: '',
    version: '',
    operations: [],
    chosen: [],
    listed: [],
    tools: [],
    warnings,
  };
  if (faults.length > 0) return nothing;
  try {
    return await describeDocument(name, type ?? Object, options as McpOpenApiOptions);
  } catch (error) {
    if (!(error instanceof DocumentProblem)) throw error;
    warnings.push({ code: 'invalid_document', isError: true, place: error.place, message: error.problem });
    return nothing;
  }
}

async function describeDocument(name: string, type: Type, options: McpOpenApiOptions): Promise<ExaminedDocument> {
  const warnings: Warning[] = [];
  const document = await loadDocument(options);
  const offers = new DocumentOffers(document, options, {
    scopeMap: new Map(),
    isOpen: Reflect.getMetadata(ANONYMOUS, type) === true,
    fault: (option, message) => {
      warnings.push({ code: 'invalid_options', isError: true, place: name, message: `\`${option}\` ${message}.` });
    },
    onDropped: (place, keyword) => {
      warnings.push({
        code: 'keyword_dropped',
        isError: false,
        place,
        message: `\`${keyword}\` is not valid. It is left out.`,
      });
    },
  });
  const problems = [...offers.problems];
  const offered = offers.describeChosen((problem) => problems.push(problem));
  const curated = new CuratedOperations(listCuratedMethods(type));
  const faults: string[] = [];
  const siblings = new SiblingOperations(offers.operations, (operation) => offers.describe(operation));
  const tools = offered.map((one) => ({
    offered: one,
    definition: defineOperation(one, type, { curated, siblings }, faults),
  }));
  const invalid = [...new Set([...curated.listProblems(), ...faults])];
  const { info } = document.root.value;
  return {
    name,
    options,
    title: readText(info, 'title'),
    version: readText(info, 'version'),
    operations: offers.operations,
    listed: offers.chosen.filter((one) => isListed(one, options)),
    chosen: offers.chosen,
    tools: tools.sort((a, b) => (a.definition.name < b.definition.name ? -1 : 1)),
    warnings: [
      ...invalid.map((message): Warning => ({ code: 'invalid_options', isError: true, place: name, message })),
      ...warnings,
      ...offers
        .listWarnings()
        .map((message): Warning => ({ code: 'odd_operation', isError: false, place: name, message })),
      ...findWarnings(tools, problems, options),
    ],
  };
}

/** Stands for the client that methods call APIs by. The command line runs no method. */
const OFFLINE = Object.create(DownstreamClient.prototype) as DownstreamClient;

/** Defines the tool of an operation as the catalogue of a server does. */
function defineOperation(
  offered: OfferedOperation,
  type: Type,
  { curated, siblings }: { curated: CuratedOperations; siblings: SiblingOperations },
  problems: string[],
): ToolDefinition {
  const own = curated.take(offered.operation);
  const handler = own ? generateCurated(offered, OFFLINE, own, siblings) : generateMethod(offered, OFFLINE, siblings);
  const reflector = new Reflector();
  const { options, ofClass } = readDeclaredOptions<McpToolOptions>(reflector, MCP_TOOL, type, handler) ?? NOTHING;
  const surroundings = readSurroundings(reflector, type, handler, NO_MODULE);
  const wrapper = new InstanceWrapper({ token: type, name: type.name, metatype: type });
  const host = { wrapper, type, method: own?.name ?? offered.name, handler, decorator: '@McpOperation', ofClass };
  return defineTool(options, host, surroundings, problems);
}

const NOTHING = { options: { description: '' }, ofClass: new Set<string>() };

/** What the module says by default. */
const NO_MODULE = { policies: [], appOnly: 'allow', timeoutMs: undefined } as const;

function readText(info: unknown, member: string): string {
  const value = isJsonObject(info) ? info[member] : undefined;
  return typeof value === 'string' ? value : '';
}
