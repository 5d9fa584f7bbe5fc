import type { Fault } from '../../resource-server/catalogue/access-option-rules.js';
import type { McpOpenApiOptions } from '../declaration/open-api-options.js';
import { DocumentProblem } from '../documents/document-problem.js';
import type { OpenApiDocument } from '../documents/open-api-document.js';
import { describeInput, type OnDropped, type OperationInput } from '../inputs/operation-input.js';
import type { ApiOperation } from '../operations/api-operation.js';
import { chooseOperations } from '../operations/choose-operations.js';
import { listOperations } from '../operations/list-operations.js';
import { findScopes } from '../operations/operation-scopes.js';
import { nameTools } from '../operations/tool-names.js';
import type { OfferedOperation } from './offered-operation.js';

/** What besides the options decides about the offers, and who is told what is wrong. */
export interface OfferSurroundings {
  /** `scopeMap` of the downstream. */
  readonly scopeMap: ReadonlyMap<string, readonly string[]>;
  /** Receives what is wrong with the options. */
  readonly fault: Fault;
  /** Receives keywords of schemas that are not valid. */
  readonly onDropped?: OnDropped;
}

/** What a document offers under the options of `@McpOpenApi`. The server and the command line ask it alike. */
export class DocumentOffers {
  /** All operations of the document. */
  readonly operations: readonly ApiOperation[];
  /** Operations that are to be offered. */
  readonly chosen: readonly ApiOperation[];
  /** Operations that cannot be read, each with the reason. */
  readonly problems: readonly DocumentProblem[];
  readonly #names: ReadonlyMap<ApiOperation, string>;

  constructor(
    private readonly document: OpenApiDocument,
    private readonly options: McpOpenApiOptions,
    private readonly surroundings: OfferSurroundings,
  ) {
    const { operations, problems } = listOperations(document);
    this.operations = operations;
    this.problems = problems;
    this.#names = nameTools(operations);
    this.chosen = chooseOperations(operations, options);
  }

  /**
   * Describes the tool of an operation. Its arguments are described when they are first asked for, so that nothing of a
   * large document's schemas is read before it is needed.
   */
  describe(operation: ApiOperation): OfferedOperation {
    const { document, options, surroundings } = this;
    const { scopeMap, fault, onDropped } = surroundings;
    const name = this.#names.get(operation) ?? '';
    const scopes = findScopes(operation, options, scopeMap, fault);
    let input: OperationInput | undefined;
    return {
      name,
      operation,
      document,
      scopes,
      options,
      get input() {
        return (input ??= describeInput(document, operation, { onDropped }));
      },
    };
  }

  /**
   * Describes the tools of all chosen operations.
   *
   * @param onProblem - receives what costs an operation its tool
   */
  describeChosen(onProblem: (problem: DocumentProblem) => void): readonly OfferedOperation[] {
    return this.chosen.flatMap((operation) => {
      try {
        const offered = this.describe(operation);
        describeNow(offered);
        return [offered];
      } catch (error) {
        if (!(error instanceof DocumentProblem)) throw error;
        onProblem(error);
        return [];
      }
    });
  }
}

/** Describes the arguments, so that what is wrong with them is known at boot. */
function describeNow({ input }: OfferedOperation): OperationInput {
  return input;
}
