import type { Fault } from '../../resource-server/catalogue/access-option-rules.js';
import { DocumentProblem } from '../documents/document-problem.js';
import type { OpenApiDocument } from '../documents/open-api-document.js';
import type { ApiOperation } from '../operations/api-operation.js';
import { findNearNames } from '../operations/near-operations.js';
import { InputSchemas } from './input-schemas.js';
import { chooseMedia } from './media-choice.js';
import { readProperties } from './merged-schemas.js';
import { chooseRules, findParameterRule, listBodyRules, type ParameterRule } from './parameter-rules.js';
import { removeMember } from './schema-members.js';
import { isSteeringHeader } from './steering-headers.js';

/** Who is told, and what tools may send. */
export interface ParameterChecks {
  readonly fault: Fault;
  /** Names of headers, in small letters, by which tools may steer proxies. */
  readonly steerable?: ReadonlySet<string> | undefined;
}

/**
 * Finds settings of `parameters` that mean nothing, and those that hide what an operation cannot do without.
 *
 * @param operations - that are offered
 */
export function findParameterProblems(
  document: OpenApiDocument,
  operations: readonly ApiOperation[],
  rules: readonly ParameterRule[],
  { fault, steerable = new Set() }: ParameterChecks,
): void {
  if (rules.length === 0) return;
  const used = new Set<ParameterRule>();
  const names = new Set<string>();
  for (const operation of operations) {
    const chosen = chooseRules(rules, operation);
    if (chosen.length === 0) continue;
    const use = (rule: ParameterRule, isRequired: boolean) => {
      used.add(rule);
      if (rule.setting.hidden && isRequired)
        fault(
          rule.option,
          `hides what ${operation.method} ${operation.path} requires. Give it a \`value\` or a \`from\`, or set \`operations\``,
        );
    };
    for (const parameter of operation.parameters) {
      const { name, in: place, isRequired } = parameter;
      names.add(name);
      const rule = findParameterRule(chosen, place, name);
      if (!rule) continue;
      const steers = isSteeringHeader(parameter, steerable);
      use(rule, isRequired && !steers);
      if (steers && !rule.setting.hidden)
        fault(rule.option, 'is a header that the server sets itself, or by which proxies are steered. Remove it');
    }
    try {
      useInBody(document, operation, listBodyRules(chosen), names, use);
    } catch (error) {
      // What is wrong with a body costs its operation.
      if (!(error instanceof DocumentProblem)) throw error;
    }
  }
  for (const rule of rules) if (!used.has(rule)) fault(rule.option, describeUnused(rule, names));
}

function useInBody(
  document: OpenApiDocument,
  { body }: ApiOperation,
  rules: readonly ParameterRule[],
  names: Set<string>,
  use: (rule: ParameterRule, isRequired: boolean) => void,
): void {
  const media = body && chooseMedia(body.media);
  if (!media || rules.length === 0) return;
  const { translator } = InputSchemas.of(document);
  const schema = translator.translate(media.schema);
  for (const name of Object.keys(readProperties(translator.resolve(schema)))) names.add(name);
  for (const rule of rules) {
    const removed = removeMember(translator, schema, rule.path);
    if (removed) use(rule, removed.isRequired && body.isRequired);
  }
}

function describeUnused({ name }: ParameterRule, names: ReadonlySet<string>): string {
  const near = findNearNames(name, names);
  const found = near.length > 0 ? `Near are: ${near.join(', ')}` : 'Check its spelling, or remove it';
  return `means no parameter and no property of a body of the offered operations. ${found}`;
}
