import { Reflector } from '@nestjs/core';
import { InstanceWrapper } from '@nestjs/core/injector/instance-wrapper.js';
import type { Type } from '@nestjs/common';
import { isJsonObject } from '../json/json-object.js';
import type { McpOpenApiOptions } from '../openapi/declaration/open-api-options.js';
import type { DocumentTool } from '../openapi/offers/document-tools.js';
import type { DeclarationProblem, ExaminedDeclaration } from '../openapi/offers/examine-class.js';
import { isListed } from '../openapi/search/searched-operation.js';
import type { OperationIdentity } from '../openapi/operations/api-operation.js';
import { readDeclaredOptions, readDefaults } from '../resource-server/catalogue/class-defaults.js';
import type { ToolDefinition } from '../resource-server/catalogue/primitive.js';
import { readClassSurroundings, readSurroundings } from '../resource-server/catalogue/surroundings.js';
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

/** Describes a document as the server does at boot. What would stop the boot is a warning that is an error. */
export function describeDocument(
  type: Type,
  { declared: { name, options }, tools: made, problems }: ExaminedDeclaration<ExportedDocument>,
): ExaminedDocument {
  const isFirst = ({ kind }: DeclarationProblem) => kind === 'method';
  const describe = (one: DeclarationProblem) => describeProblem(one, name);
  if (!made)
    return {
      ...{ name, options, title: '', version: '' },
      ...{ operations: [], chosen: [], listed: [], tools: [] },
      warnings: problems.map(describe),
    };
  const { document, offers, faulty } = made;
  const faults: string[] = [];
  const tools = made.tools.map((tool) => ({ offered: tool.offered, definition: defineOperation(tool, type, faults) }));
  const dropped = new Map(
    tools.flatMap(({ offered }) => offered.input.dropped).map((one) => [`${one.keyword} ${one.place}`, one]),
  );
  const { info } = document.root.value;
  return {
    name,
    options,
    title: readText(info, 'title'),
    version: readText(info, 'version'),
    operations: offers.operations,
    listed: offers.chosen.filter((one) => isListed(one, offers.options)),
    chosen: offers.chosen,
    tools: tools.sort((a, b) => (a.definition.name < b.definition.name ? -1 : 1)),
    warnings: [
      ...problems.filter(isFirst).map(describe),
      ...[...new Set(faults)].map((message) => describe({ kind: 'method', message })),
      ...problems.filter((one) => !isFirst(one)).map(describe),
      ...[...dropped.values()].map(({ place, keyword }): Warning => ({
        code: 'keyword_dropped',
        isError: false,
        place,
        message: `\`${keyword}\` is not valid. It is left out.`,
      })),
      ...offers
        .listWarnings()
        .map((message): Warning => ({ code: 'odd_operation', isError: false, place: name, message })),
      ...findWarnings(tools, faulty, offers.options),
    ],
  };
}

function describeProblem(problem: DeclarationProblem, name: string): Warning {
  if (problem.kind === 'document') {
    const { place, problem: message } = problem.problem;
    return { code: 'invalid_document', isError: true, place, message };
  }
  const message = problem.kind === 'option' ? `\`${problem.option}\` ${problem.message}.` : problem.message;
  return { code: 'invalid_options', isError: true, place: name, message };
}

/** Defines the tool of an operation as the catalogue of a server does. */
function defineOperation({ offered, own, method }: DocumentTool, type: Type, problems: string[]): ToolDefinition {
  const reflector = new Reflector();
  const { options, ofClass } =
    readDeclaredOptions<McpToolOptions>(reflector, MCP_TOOL, readDefaults(type), method) ?? NOTHING;
  const surroundings = readSurroundings(reflector, readClassSurroundings(reflector, type), method, NO_MODULE);
  const wrapper = new InstanceWrapper({ token: type, name: type.name, metatype: type });
  const host = {
    wrapper,
    type,
    method: own?.name ?? offered.name,
    handler: method,
    decorator: '@McpOperation',
    ofClass,
  };
  return defineTool(options, host, surroundings, problems);
}

const NOTHING = { options: { description: '' }, ofClass: new Set<string>() };

/** What the module says by default. */
const NO_MODULE = { policies: [], appOnly: 'allow', timeoutMs: undefined } as const;

function readText(info: unknown, member: string): string {
  const value = isJsonObject(info) ? info[member] : undefined;
  return typeof value === 'string' ? value : '';
}
