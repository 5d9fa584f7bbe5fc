import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { isJsonObject } from '../../lib/json/json-object.js';
import { DocumentProblem } from '../../lib/openapi/documents/document-problem.js';
import type { Binding } from '../../lib/openapi/inputs/operation-input.js';
import { loadDocument } from '../../lib/openapi/documents/load-document.js';
import { DocumentOffers } from '../../lib/openapi/offers/document-offers.js';
import type { FaultyOperation } from '../../lib/openapi/operations/list-operations.js';
import { StrictValidator } from './strict-validator.js';

/** What became of a document. Counts are of operations. */
export interface ExaminedDocument {
  readonly document: string;
  /** Why it was refused as a whole. */
  readonly refusal?: string | undefined;
  readonly offered: number;
  /** Those that are left out, by the reason. */
  readonly leftOut: Readonly<Record<string, number>>;
  /** Names of tools that model APIs do not take, or that two tools have. */
  readonly badNames: readonly string[];
  /** Tools with a key that model APIs do not take. */
  readonly badKeys: readonly string[];
  /** Tools with an argument that says who calls or where to. */
  readonly steering: readonly string[];
  /** Tools whose schema Ajv refuses, with what it says. */
  readonly refusedSchemas: readonly string[];
  /** Characters of all input schemas, and of the largest. */
  readonly size: number;
  readonly largest: number;
  /** Name of the tool that is the largest. */
  readonly largestTool: string;
  /** Milliseconds from the file to the schemas of all tools. */
  readonly milliseconds: number;
  /** Errors that are no fault of the document. */
  readonly thrown: readonly string[];
}

const LEGAL_NAME = /^[A-Za-z0-9_-]{1,64}$/;
const LEGAL_KEY = /^[A-Za-z0-9_.-]{1,64}$/;
const STEERING = /^(?:authorization|cookie|host|accept|content-type|forwarded)$/i;

/** Makes tools of a document, as the library does at boot, and looks at them. */
export async function examineDocument(directory: string, document: string): Promise<ExaminedDocument> {
  const validator = new StrictValidator();
  const leftOut: Record<string, number> = {};
  const badNames: string[] = [];
  const badKeys: string[] = [];
  const steering: string[] = [];
  const refusedSchemas: string[] = [];
  const thrown: string[] = [];
  const sizes = new Map<string, number>();
  let refusal: string | undefined;
  const leaveOut = ({ problem: { problem } }: FaultyOperation) => {
    const reason = problem.replace(/"[^"]*"|`[^`]*`(?= )|https?:\S+/g, (one) => (one === '`$ref`' ? one : '…'));
    leftOut[reason] = (leftOut[reason] ?? 0) + 1;
  };
  let milliseconds = 0;
  const startedAt = performance.now();
  try {
    const options = { downstream: 'api', document: join(directory, document) };
    const loaded = await loadDocument(options);
    const offers = new DocumentOffers(loaded, options, { scopeMap: new Map(), fault: () => undefined });
    const { offered, faulty } = offers.describeChosen();
    faulty.forEach(leaveOut);
    const schemas = offered.map(({ name, input }) => [name, input.schema] as const);
    const texts = schemas.map(([name, schema]) => [name, JSON.stringify(schema).length] as const);
    milliseconds = Math.round(performance.now() - startedAt);
    for (const [name, size] of texts) {
      if (!LEGAL_NAME.test(name) || sizes.has(name)) badNames.push(name);
      sizes.set(name, size);
    }
    for (const { name, input } of offered) if (input.bindings.some(isSteering)) steering.push(name);
    for (const [name, schema] of schemas) {
      if (!listKeys(schema).every((key) => LEGAL_KEY.test(key))) badKeys.push(name);
      const fault = validator.findFault(schema);
      if (fault !== undefined) refusedSchemas.push(`${name}: ${fault}`);
    }
  } catch (error) {
    if (error instanceof DocumentProblem) refusal = error.problem;
    else thrown.push(String((error as Error).stack));
  }
  const [largestTool = '', largest = 0] = [...sizes].sort(([, one], [, other]) => other - one)[0] ?? [];
  const size = [...sizes.values()].reduce((sum, one) => sum + one, 0);
  return {
    ...{ document, refusal, offered: sizes.size, leftOut, badNames, badKeys, steering, refusedSchemas },
    ...{ size, largest, largestTool, milliseconds, thrown },
  };
}

function isSteering(binding: Binding): boolean {
  return binding.to === 'parameter' && binding.parameter.in === 'header' && STEERING.test(binding.parameter.name);
}

/** Keys of properties, at all levels. */
function listKeys(schema: unknown): readonly string[] {
  if (Array.isArray(schema)) return schema.flatMap(listKeys);
  if (!isJsonObject(schema)) return [];
  const { properties, enum: _values, const: _value, default: _default, examples: _examples, ...others } = schema;
  const named = isJsonObject(properties) ? properties : {};
  return [...Object.keys(named), ...Object.values(named).flatMap(listKeys), ...Object.values(others).flatMap(listKeys)];
}
