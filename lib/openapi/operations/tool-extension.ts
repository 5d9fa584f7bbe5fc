import type { ToolAnnotations } from '@modelcontextprotocol/server';
import { z } from 'zod';
import { isJsonObject, type JsonObject } from '../../json/json-object.js';
import { DocumentProblem } from '../documents/document-problem.js';
import { describePlace, locate, type Located } from '../documents/open-api-document.js';

/** The extension of OpenAPI that says how an operation is a tool. */
const EXTENSION = 'x-mcp';

/** What a document says of the tool of an operation. */
export interface ToolExtension {
  readonly isHidden: boolean;
  readonly name: string | undefined;
  readonly title: string | undefined;
  readonly description: string | undefined;
  readonly annotations: ToolAnnotations;
  /** `_meta` of the tool. */
  readonly meta: JsonObject;
  /** What is wrong with the rest. It has no effect. */
  readonly warnings: readonly string[];
}

/** Characters of `meta` as JSON. */
const MAX_META = 4_000;

/** Names of `_meta` whose prefix is not of MCP, nor of this package. */
const FREE = /^(?![^/]*(?:modelcontextprotocol|mcp)[^/]*\/)/;

const text = z.string().trim().min(1, 'is empty');
const hint = z.boolean().optional();

/** What may be said of one operation alone. */
const ofOperation = { name: text, title: text, description: text };

const ofAll = {
  hidden: z.boolean(),
  annotations: z.strictObject({
    readOnlyHint: hint,
    destructiveHint: hint,
    idempotentHint: hint,
    openWorldHint: hint,
  }),
  meta: z
    .record(z.string().regex(FREE, 'has a name that is reserved (MCP specification, `_meta`)'), z.unknown())
    .refine((meta) => JSON.stringify(meta).length <= MAX_META, `has more than ${MAX_META} characters as JSON`),
};

/** Members that other levels have, and why they are not taken. */
const REFUSED: ReadonlyMap<string, string> = new Map([
  ['scopes', 'Scopes are those of `security`'],
  ['name', 'Only an operation has a name'],
  ['title', 'Only an operation has a title'],
  ['description', 'Only an operation has a description'],
]);

/**
 * Reads what `x-mcp` of a document, of a path and of an operation say. What the operation says counts most. `x-mcp: false`
 * hides, and `x-mcp: true` shows again.
 *
 * @param levels - the document, the path and the operation, in this order
 * @throws {@link DocumentProblem} if it cannot be understood whether the operation is hidden
 */
export function readExtension(levels: readonly [root: Located, item: Located, operation: Located]): ToolExtension {
  const warnings: string[] = [];
  const said = levels.map((level, index) => readLevel(level, index === levels.length - 1, warnings));
  const merged = Object.assign({}, ...said) as Said;
  return {
    isHidden: merged.hidden ?? false,
    name: merged.name,
    title: merged.title,
    description: merged.description,
    annotations: Object.assign({}, ...said.map(({ annotations }) => annotations)) as ToolAnnotations,
    meta: Object.assign({}, ...said.map(({ meta }) => meta)) as JsonObject,
    warnings,
  };
}

interface Said {
  readonly hidden?: boolean;
  readonly name?: string;
  readonly title?: string;
  readonly description?: string;
  readonly annotations?: ToolAnnotations;
  readonly meta?: JsonObject;
}

function readLevel(level: Located, isOperation: boolean, warnings: string[]): Said {
  const extension = locate(level, EXTENSION);
  const { value } = extension;
  if (value === undefined) return {};
  if (typeof value === 'boolean') return { hidden: !value };
  if (!isJsonObject(value)) throw new DocumentProblem(describePlace(extension), 'has to be an object, true or false');
  const members: Record<string, z.ZodType> = isOperation ? { ...ofAll, ...ofOperation } : ofAll;
  const said: Record<string, unknown> = {};
  for (const name of Object.keys(value)) {
    const member = locate(extension, name);
    const schema = Object.hasOwn(members, name) ? members[name] : undefined;
    const reason = REFUSED.get(name) ?? `Known are ${Object.keys(members).join(', ')}`;
    const { error, data } = schema ? schema.safeParse(member.value) : { error: undefined, data: undefined };
    if (error && name === 'hidden') throw new DocumentProblem(describePlace(member), 'has to be true or false');
    if (error) warnings.push(`${describePlace(member)} is not taken: ${z.prettifyError(error)}.`);
    else if (!schema) warnings.push(`${describePlace(member)} is not taken. ${reason}.`);
    else said[name] = data;
  }
  return said;
}
