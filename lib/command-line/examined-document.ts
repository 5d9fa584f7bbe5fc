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
import { declareOperation, describeCurated, describeTool } from '../openapi/offers/generated-method.js';
import type { OfferedOperation } from '../openapi/offers/offered-operation.js';
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
  /** Sorted by name. */
  readonly tools: readonly ExaminedTool[];
  readonly warnings: readonly Warning[];
}

/** Examines a document as the server does at boot. What would stop the boot is a warning that is an error. */
export async function examineDocument({ name, type, options }: ExportedDocument): Promise<ExaminedDocument> {
  const faults = findOpenApiProblems(options);
  const warnings = faults.map((message): Warning => ({ code: 'invalid_options', isError: true, place: name, message }));
  const nothing = { name, options, title: '', version: '', operations: [], chosen: [], tools: [], warnings };
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
  const tools = offered.map((one) => ({ offered: one, definition: describeDefinition(one, type, curated, faults) }));
  const invalid = [...new Set([...curated.listProblems(), ...faults])];
  const { info } = document.root.value;
  return {
    name,
    options,
    title: readText(info, 'title'),
    version: readText(info, 'version'),
    operations: offers.operations,
    chosen: offers.chosen,
    tools: tools.sort((a, b) => (a.definition.name < b.definition.name ? -1 : 1)),
    warnings: [
      ...invalid.map((message): Warning => ({ code: 'invalid_options', isError: true, place: name, message })),
      ...warnings,
      ...findWarnings(tools, problems, options),
    ],
  };
}

/** Defines the tool of an operation as the catalogue of a server does. */
function describeDefinition(
  offered: OfferedOperation,
  type: Type,
  curated: CuratedOperations,
  problems: string[],
): ToolDefinition {
  const method = curated.take(offered.operation);
  const options = method ? describeCurated(offered, method.options) : describeTool(offered);
  const handler = () => undefined;
  for (const key of (method ? Reflect.getMetadataKeys(method.handler) : []) as unknown[])
    Reflect.defineMetadata(key, Reflect.getMetadata(key, method?.handler ?? handler), handler);
  declareOperation(handler, offered, method?.name ?? offered.name, options);
  const reflector = new Reflector();
  const declared = readDeclaredOptions<McpToolOptions>(reflector, MCP_TOOL, type, handler);
  const surroundings = readSurroundings(reflector, type, handler, {
    policies: [],
    appOnly: 'allow',
    timeoutMs: undefined,
  });
  const wrapper = new InstanceWrapper({ token: type, name: type.name, metatype: type });
  const host = { wrapper, type, method: method?.name ?? offered.name, handler, decorator: '@McpOperation' };
  return defineTool(declared?.options ?? options, host, surroundings, problems);
}

function readText(info: unknown, member: string): string {
  const value = isJsonObject(info) ? info[member] : undefined;
  return typeof value === 'string' ? value : '';
}
