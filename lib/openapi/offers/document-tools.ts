import 'reflect-metadata';
import type { Type } from '@nestjs/common';
import type { DownstreamClient } from '../../on-behalf-of/downstream/downstream-client.js';
import type { ResolvedDownstream } from '../../on-behalf-of/options/resolved-downstream.js';
import type { Fault } from '../../resource-server/catalogue/access-option-rules.js';
import { ANONYMOUS } from '../../resource-server/decorators/anonymous.decorator.js';
import type { McpOpenApiOptions } from '../declaration/open-api-options.js';
import type { OpenApiDocument } from '../documents/open-api-document.js';
import type { FaultyOperation } from '../operations/list-operations.js';
import type { CuratedMethod, CuratedOperations } from './curated-methods.js';
import { DocumentOffers } from './document-offers.js';
import { generateCurated, generateMethod } from './generated-method.js';
import type { OfferedOperation } from './offered-operation.js';
import { SiblingOperations } from './sibling-operations.js';

/** The tool that an operation becomes. */
export interface DocumentTool {
  readonly offered: OfferedOperation;
  /** The method of the application that takes its place. */
  readonly own: CuratedMethod | undefined;
  /** What runs. It has the metadata of a method with `@McpTool`. */
  readonly method: () => unknown;
}

/** What a document becomes. */
export interface DocumentTools {
  readonly document: OpenApiDocument;
  readonly offers: DocumentOffers;
  readonly tools: readonly DocumentTool[];
  /** What was chosen and cannot be offered. */
  readonly faulty: readonly FaultyOperation[];
  /** What the operator should know of the arguments, a line for each kind. */
  readonly notes: readonly string[];
}

/** For whom tools are made, and what they call. */
export interface ToolSurroundings {
  /** The class that declares the document. */
  readonly type: Type;
  /** The API, if it is known. */
  readonly downstream: ResolvedDownstream | undefined;
  readonly client: DownstreamClient;
  readonly curated: CuratedOperations;
  /** Whether what is only searched is described, too. Defaults to `false`. */
  readonly isComplete?: boolean;
  /** Receives what is wrong with the options. */
  readonly fault: Fault;
}

/** Makes the tools of a document. The server, the doctor and the command line ask for them alike. */
export function generateTools(
  document: OpenApiDocument,
  options: McpOpenApiOptions,
  { type, downstream, client, curated, isComplete, fault }: ToolSurroundings,
): DocumentTools {
  const offers = new DocumentOffers(document, options, {
    scopeMap: downstream?.scopeMap ?? new Map<string, string[]>(),
    baseUrl: downstream?.baseUrl,
    steerable: downstream?.http.letToolsSteerProxies,
    isOpen: Reflect.getMetadata(ANONYMOUS, type) === true,
    fault,
  });
  const siblings = new SiblingOperations(offers.operations, (operation) => offers.describe(operation));
  const { offered, faulty, notes } = offers.describeChosen(isComplete);
  const tools = offered.map((one): DocumentTool => {
    const own = curated.take(one.operation);
    const method = own ? generateCurated(one, client, own, siblings) : generateMethod(one, client, siblings);
    return { offered: one, own, method };
  });
  return { document, offers, tools, faulty, notes };
}
