import 'reflect-metadata';
import type { Type } from '@nestjs/common';
import { MCP_TOOL, type McpToolOptions } from '../../resource-server/decorators/mcp-tool.decorator.js';

/** Finds operations whose tools have the same name, such as those of two documents. */
export function findTwins(classes: Iterable<readonly [Type, ReadonlyMap<string, () => unknown>]>): readonly string[] {
  const problems: string[] = [];
  const places = new Map<string, string>();
  for (const [type, methods] of classes) {
    for (const [method, handler] of methods) {
      const { name } = (Reflect.getMetadata(MCP_TOOL, handler) as McpToolOptions | undefined) ?? {};
      if (name === undefined) continue;
      const place = `${type.name}.${method}`;
      const twin = places.get(name);
      if (twin === undefined) places.set(name, place);
      else {
        problems.push(
          `Two tools are named "${name}": ${twin} and ${place}. Give one of the documents a \`prefix\`, or one of the operations another \`name\` with @McpOperation.`,
        );
      }
    }
  }
  return problems;
}
