import type { Fault } from '../../resource-server/catalogue/access-option-rules.js';
import { checkAnswerSettings } from '../answers/answer-settings.js';
import type { McpOpenApiOptions } from '../declaration/open-api-options.js';
import { DocumentProblem } from '../documents/document-problem.js';
import type { OpenApiDocument } from '../documents/open-api-document.js';
import { describeLeftOut } from '../inputs/input-notes.js';
import { describeInput, type OperationInput } from '../inputs/operation-input.js';
import { findParameterProblems } from '../inputs/parameter-problems.js';
import { listParameterRules, type ParameterRule } from '../inputs/parameter-rules.js';
import type { ApiOperation } from '../operations/api-operation.js';
import { checkChoice, chooseOperations } from '../operations/choose-operations.js';
import { listOperations, type FaultyOperation } from '../operations/list-operations.js';
import { findScopes } from '../operations/operation-scopes.js';
import { listWarnings } from '../operations/tool-annotations.js';
import { findServerPath } from '../requests/server-path.js';
import { describeTexts } from '../operations/tool-texts.js';
import { nameTools, type ToolNames } from '../operations/tool-names.js';
import { isListed } from '../search/searched-operation.js';
import type { OfferedOperation } from './offered-operation.js';
import { OpenOperations } from './open-operations.js';

/** What besides the options decides about the offers, and who is told what is wrong. */
export interface OfferSurroundings {
  /** `scopeMap` of the downstream. */
  readonly scopeMap: ReadonlyMap<string, readonly string[]>;
  /** Base URL of the downstream, where it is known. */
  readonly baseUrl?: URL | undefined;
  /** Whether the class lets everyone call its tools. Defaults to `false`. */
  readonly isOpen?: boolean;
  /** Receives what is wrong with the options. */
  readonly fault: Fault;
  /** `http.letToolsSteerProxies` of the downstream. */
  readonly steerable?: ReadonlySet<string> | undefined;
}

/** What has become of the operations that are to be offered. */
export interface DescribedOperations {
  readonly offered: readonly OfferedOperation[];
  /** Those that cannot be offered. */
  readonly faulty: readonly FaultyOperation[];
  /** What the operator should know of the arguments, a line for each kind. */
  readonly notes: readonly string[];
}

/** What a document offers under the options of `@McpOpenApi`. The server and the command line ask it alike. */
export class DocumentOffers {
  /** All operations of the document. */
  readonly operations: readonly ApiOperation[];
  /** Operations that are to be offered. */
  readonly chosen: readonly ApiOperation[];
  readonly #names: ToolNames;
  readonly #open: OpenOperations;
  readonly #rules: readonly ParameterRule[];
  /** Operations that are to be offered, and cannot be read. */
  readonly #faulty: readonly FaultyOperation[];

  constructor(
    private readonly document: OpenApiDocument,
    readonly options: McpOpenApiOptions,
    private readonly surroundings: OfferSurroundings,
  ) {
    const listed = listOperations(document);
    checkChoice(listed, options, surroundings.fault);
    checkAnswerSettings(options, listed.operations, surroundings.fault);
    const { operations, faulty } = chooseOperations(listed, options);
    this.operations = listed.operations;
    this.chosen = operations;
    this.#faulty = faulty;
    this.#names = nameTools(listed, options);
    this.#open = new OpenOperations(surroundings.isOpen ?? false, options);
    this.#rules = listParameterRules(options);
    findParameterProblems(document, this.chosen, this.#rules, surroundings);
  }

  /**
   * Describes the tool of an operation. Its arguments are described when they are first asked for, so that nothing of a
   * large document's schemas is read before it is needed.
   */
  describe(operation: ApiOperation): OfferedOperation {
    const { document, options, surroundings } = this;
    const { scopeMap, baseUrl, fault, steerable } = surroundings;
    const name = this.#names.of.get(operation) as string;
    const isAnonymous = this.#open.includes(operation);
    const scopes = this.#open.restrict(operation, findScopes(operation, options, scopeMap, fault));
    const rules = this.#rules;
    let input: OperationInput | undefined;
    return {
      name,
      operation,
      serverPath: baseUrl ? findServerPath(document, operation, baseUrl) : '',
      document,
      isAnonymous,
      scopes,
      options,
      get input() {
        return (input ??= describeInput(document, operation, {
          maxSize: options.maxToolSize,
          description: describeTexts(operation, options).rest,
          rules,
          steerable,
        }));
      },
    };
  }

  /**
   * Describes the tools of all chosen operations. What is wrong with one costs no other.
   *
   * @param isComplete - whether the arguments of what is only searched are described, too, as under `strict`. Otherwise
   *   they are described later
   */
  describeChosen(isComplete = false): DescribedOperations {
    const areAllNeeded = isComplete || this.options.strict === true;
    const faulty = [...this.#faulty];
    const complete: OfferedOperation[] = [];
    const offered = this.chosen.flatMap((operation) => {
      try {
        const one = this.describe(operation);
        if (areAllNeeded || isListed(operation, this.options)) complete.push({ ...one, input: one.input });
        return [one];
      } catch (error) {
        if (!(error instanceof DocumentProblem)) throw error;
        faulty.push({ operation, problem: error });
        return [];
      }
    });
    this.#open.check(this.surroundings.fault);
    return { offered, faulty, notes: describeLeftOut(complete) };
  }

  /** What is odd about operations that are offered, a sentence or two for each. */
  listWarnings(): readonly string[] {
    return [...this.#names.collisions, ...new Set(this.chosen.flatMap(listWarnings))];
  }
}
