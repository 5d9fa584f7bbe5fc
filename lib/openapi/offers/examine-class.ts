import 'reflect-metadata';
import type { Type } from '@nestjs/common';
import type { ResolvedOptions } from '../../options/resolved-options.js';
import { ANONYMOUS } from '../../resource-server/decorators/anonymous.decorator.js';
import { MCP_TOOL } from '../../resource-server/decorators/mcp-tool.decorator.js';
import { MCP_OPEN_API } from '../declaration/mcp-open-api.decorator.js';
import type { McpOpenApiOptions } from '../declaration/open-api-options.js';
import { findOpenApiProblems } from '../declaration/open-api-schema.js';
import { DocumentProblem } from '../documents/document-problem.js';
import { loadDocument } from '../documents/load-document.js';
import { CuratedOperations, listCuratedMethods } from './curated-methods.js';
import { DocumentOffers } from './document-offers.js';
import { examineDocument, type ExaminedDocument } from './examined-document.js';
import { describeCurated, describeTool } from './generated-method.js';
import { LeftOutOperations } from './left-out-operations.js';

/** What the document of a class would become, or what stops it. */
export interface ExaminedClass {
  readonly document: ExaminedDocument | undefined;
  /** A sentence or two for each, as at boot. */
  readonly problems: readonly string[];
}

/**
 * Looks over a class with `@McpOpenApi` without starting an application.
 *
 * @returns `undefined` if the class has no document
 */
export async function examineClass(
  type: Type,
  { downstreams }: Pick<ResolvedOptions, 'downstreams'>,
): Promise<ExaminedClass | undefined> {
  const options = Reflect.getMetadata(MCP_OPEN_API, type) as McpOpenApiOptions | undefined;
  if (!options) return undefined;
  const place = `@McpOpenApi on ${type.name}`;
  const problems = findOpenApiProblems(options).map((fault) => `${place}: ${fault}`);
  if (problems.length > 0) return { document: undefined, problems };
  try {
    const document = await loadDocument(options);
    const scopeMap = downstreams.get(options.downstream)?.scopeMap ?? new Map<string, string[]>();
    const isOpen = Reflect.getMetadata(ANONYMOUS, type) === true;
    const fault = (option: string, message: string) => {
      problems.push(`\`${option}\` of ${place} ${message}.`);
    };
    const offers = new DocumentOffers(document, options, { scopeMap, isOpen, fault });
    const leftOut = new LeftOutOperations(offers.faulty);
    const curated = new CuratedOperations(listCuratedMethods(type));
    const described = offers.describeChosen((problem, operation) => {
      leftOut.add({ problem, operation });
    });
    const methods = described.map((offered) => {
      const own = curated.take(offered.operation);
      const tool = own ? describeCurated(offered, own.options) : describeTool(offered);
      const method = () => undefined;
      for (const target of own ? [own.handler] : [])
        if (Reflect.getMetadata(ANONYMOUS, target) === true) Reflect.defineMetadata(ANONYMOUS, true, method);
      if (offered.isAnonymous) Reflect.defineMetadata(ANONYMOUS, true, method);
      Reflect.defineMetadata(MCP_TOOL, tool, method);
      return [offered.operation, method] as const;
    });
    problems.push(...curated.listProblems());
    if (options.strict === true) problems.push(...leftOut.listProblems(place));
    return {
      document: examineDocument(document, { type, place, options, methods, leftOut: leftOut.list() }),
      problems,
    };
  } catch (error) {
    if (!(error instanceof DocumentProblem)) throw error;
    return { document: undefined, problems: [`\`document\` of ${place}: ${error.message}.`] };
  }
}
