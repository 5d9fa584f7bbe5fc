import type { Names } from './names.js';

/** What a class offers to clients. */
export type OfferKind = 'tool' | 'resource' | 'prompt';

/** What a class is written for. */
export interface Offer {
  readonly kind: OfferKind;
  readonly names: Names;
  /** The downstream that it calls. Without one it answers by itself. */
  readonly downstream?: string | undefined;
}

/** What files and classes of a kind end with. */
export const SUFFIXES = { tool: 'tools', resource: 'resources', prompt: 'prompts' } as const;

/** The name of the class: `OrdersTools`. */
export function toClassName({ kind, names }: Offer): string {
  return `${names.type}${{ tool: 'Tools', resource: 'Resources', prompt: 'Prompts' }[kind]}`;
}

/** The name of the method that answers. */
export function toMethodName({ kind, names }: Offer): string {
  return `${{ tool: 'find', resource: 'read', prompt: 'explain' }[kind]}${names.type}`;
}

/** The scope that a caller needs. */
export function toScope({ names }: Offer): string {
  return `${names.file}:read`;
}

/** Writes a class with one tool, resource or prompt. */
export function writeOffer(offer: Offer): string {
  const { kind, names, downstream } = offer;
  const needs = [
    `scopes: ['${toScope(offer)}'],`,
    ...(downstream === undefined ? [] : [`downstream: '${downstream}',`]),
  ];
  const schema = `Find${names.type}`;
  const parts = {
    tool: {
      decorator: 'McpTool',
      schema: `const ${schema} = z.object({ query: z.string().describe('What to look for') });`,
      options: [
        `description: 'Find ${names.words}',`,
        `input: ${schema},`,
        'annotations: { readOnlyHint: true },',
        ...needs,
      ],
      signature: `({ query }: z.infer<typeof ${schema}>)`,
      own: 'return `Nothing is known about ${query} yet.`;',
      path: `\`/${names.file}?\${new URLSearchParams({ query }).toString()}\``,
    },
    resource: {
      decorator: 'McpResourceTemplate',
      schema: `const ${schema} = z.object({ id: z.string() });`,
      options: [
        `uriTemplate: '${names.file}://{id}',`,
        `description: 'One of the ${names.words}',`,
        "mimeType: 'application/json',",
        `input: ${schema},`,
        ...needs,
      ],
      signature: `({ id }: z.infer<typeof ${schema}>)`,
      own: 'return { id };',
      path: `\`/${names.file}/\${encodeURIComponent(id)}\``,
    },
    prompt: {
      decorator: 'McpPrompt',
      schema: `const ${schema} = z.object({ topic: z.string().describe('What to explain') });`,
      options: [`description: 'Explain ${names.words}',`, `input: ${schema},`, `scopes: ['${toScope(offer)}'],`],
      signature: `({ topic }: z.infer<typeof ${schema}>)`,
      own: `return \`Explain this about ${names.words}: \${topic}\`;`,
      path: undefined,
    },
  }[kind];
  const calls = downstream !== undefined && parts.path !== undefined;
  const returned = calls ? 'Promise<unknown>' : kind === 'resource' ? '{ id: string }' : 'string';
  return `import { Injectable } from '@nestjs/common';
import { ${calls ? 'DownstreamClient, ' : ''}${parts.decorator} } from 'nestjs-mcp-auth';
import { z } from 'zod';

${parts.schema}

@Injectable()
export class ${toClassName(offer)} {
${calls ? '  constructor(private readonly downstream: DownstreamClient) {}\n\n' : ''}  @${parts.decorator}({
${parts.options.map((line) => `    ${line}\n`).join('')}  })
  ${toMethodName(offer)}(${parts.signature.slice(1, -1)}): ${returned} {
${
  calls
    ? `    // The API is called on behalf of the user who called the ${kind}.\n    return this.downstream.json(${parts.path});`
    : `    ${parts.own}`
}
  }
}
`;
}
