import type { Type } from '@nestjs/common';
import { DownstreamClient } from '../../on-behalf-of/downstream/downstream-client.js';
import type { ResolvedOptions } from '../../options/resolved-options.js';
import type { McpOpenApiOptions } from '../declaration/open-api-options.js';
import { findOpenApiProblems } from '../declaration/open-api-schema.js';
import { DocumentProblem } from '../documents/document-problem.js';
import { loadDocument } from '../documents/load-document.js';
import { CuratedOperations, listCuratedMethods } from './curated-methods.js';
import { LeftOutOperations } from './left-out-operations.js';
import type { DeclaredDocument } from './open-api-classes.js';
import { generateTools, type DocumentTools } from './document-tools.js';

/** What would stop the boot. */
export type DeclarationProblem =
  /** A value that the options do not take. */
  | { readonly kind: 'value'; readonly message: string }
  /** An option that does not fit the document. The message is the end of a sentence. */
  | { readonly kind: 'option'; readonly option: string; readonly message: string }
  /** A method with `@McpOperation`. */
  | { readonly kind: 'method'; readonly message: string }
  | { readonly kind: 'document'; readonly problem: DocumentProblem };

/** The options of a document, not checked yet. */
export interface GivenDocument {
  readonly options: Partial<McpOpenApiOptions>;
}

/** What a document of a class would become, or what stops it. */
export interface ExaminedDeclaration<Given extends GivenDocument> {
  readonly declared: Given;
  /** `undefined` if the document could not be read. */
  readonly tools: DocumentTools | undefined;
  readonly problems: readonly DeclarationProblem[];
}

/** Stands for the client that methods call APIs by. Who looks a class over runs no method. */
const OFFLINE = Object.create(DownstreamClient.prototype) as DownstreamClient;

/** Looks over the documents of a class without starting an application. */
export async function examineClass<Given extends GivenDocument>(
  type: Type,
  documents: readonly Given[],
  downstreams: ResolvedOptions['downstreams'],
): Promise<readonly ExaminedDeclaration<Given>[]> {
  const curated = new CuratedOperations(listCuratedMethods(type));
  const examined: ExaminedDeclaration<Given>[] = [];
  for (const declared of documents) examined.push(await examineDeclaration(declared, type, { curated, downstreams }));
  if (examined.some(({ tools }) => !tools)) return examined;
  // A method may curate an operation of any of the documents.
  const problems = curated.listProblems().map((message): DeclarationProblem => ({ kind: 'method', message }));
  return examined.map((one, index) => (index === 0 ? { ...one, problems: [...problems, ...one.problems] } : one));
}

async function examineDeclaration<Given extends GivenDocument>(
  declared: Given,
  type: Type,
  { curated, downstreams }: { curated: CuratedOperations; downstreams: ResolvedOptions['downstreams'] },
): Promise<ExaminedDeclaration<Given>> {
  const values = findOpenApiProblems(declared.options);
  const problems = values.map((message): DeclarationProblem => ({ kind: 'value', message }));
  if (problems.length > 0) return { declared, tools: undefined, problems };
  const options = declared.options as McpOpenApiOptions;
  try {
    const tools = generateTools(await loadDocument(options), options, {
      type,
      downstream: downstreams.get(options.downstream),
      client: OFFLINE,
      curated,
      isComplete: true,
      fault: (option, message) => problems.push({ kind: 'option', option, message }),
    });
    return { declared, tools, problems };
  } catch (error) {
    if (!(error instanceof DocumentProblem)) throw error;
    return { declared, tools: undefined, problems: [{ kind: 'document', problem: error }] };
  }
}

/** What is wrong with a declaration, a sentence or two for each, as the server says it at boot. */
export function describeProblems({
  declared: { place, options },
  tools,
  problems,
}: ExaminedDeclaration<GivenDocument & Pick<DeclaredDocument, 'place'>>): readonly string[] {
  const leftOut = tools && options.strict === true ? new LeftOutOperations(tools.faulty).listProblems(place) : [];
  return [...problems.map((one) => describeProblem(one, place)), ...leftOut];
}

function describeProblem(problem: DeclarationProblem, place: string): string {
  switch (problem.kind) {
    case 'value':
      return `${place}: ${problem.message}`;
    case 'option':
      return `\`${problem.option}\` of ${place} ${problem.message}.`;
    case 'document':
      return `\`document\` of ${place}: ${problem.problem.message}.`;
    default:
      return problem.message;
  }
}
