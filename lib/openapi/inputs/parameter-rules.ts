import type { ApiOperation, ParameterPlace } from '../operations/api-operation.js';
import { matchesOperation } from '../operations/operation-choice.js';
import type { InputOptions, ParameterSetting } from './input-options.js';

/** A setting of `parameters`. */
export interface ParameterRule {
  /** `parameters.tenant`, for messages to the operator. */
  readonly option: string;
  /** As the option has it: a name, or a JSON Pointer. */
  readonly name: string;
  /** The members that lead to it in a body. */
  readonly path: readonly string[];
  readonly setting: ParameterSetting;
}

/** Lists the settings of `parameters`, in their order. */
export function listParameterRules({ parameters = {} }: Pick<InputOptions, 'parameters'>): readonly ParameterRule[] {
  return Object.entries(parameters).flatMap(([name, given]) => {
    const settings = given === 'hidden' ? [{ hidden: true } as const] : [given].flat();
    const path = name.startsWith('/')
      ? name
          .slice(1)
          .split('/')
          .map((one) => one.replaceAll('~1', '/').replaceAll('~0', '~'))
      : [name];
    return settings.map((setting) => ({ option: `parameters.${name}`, name, path, setting }));
  });
}

/** The rules that may mean something of an operation. */
export function chooseRules(rules: readonly ParameterRule[], operation: ApiOperation): readonly ParameterRule[] {
  return rules.filter(({ setting: { operations } }) =>
    operations === undefined ? true : [operations].flat().some((pattern) => matchesOperation(pattern, operation)),
  );
}

/** The rule for a parameter. Names of headers have no case (RFC 9110 section 5.1). */
export function findParameterRule(
  rules: readonly ParameterRule[],
  place: ParameterPlace,
  name: string,
): ParameterRule | undefined {
  const fold = (one: string) => (place === 'header' ? one.toLowerCase() : one);
  return rules.find(
    (rule) => (rule.setting.in === undefined || rule.setting.in === place) && fold(rule.name) === fold(name),
  );
}

/** The rules for members of a body. */
export function listBodyRules(rules: readonly ParameterRule[]): readonly ParameterRule[] {
  return rules.filter(({ setting }) => setting.in === undefined || setting.in === 'body');
}
