import { Injectable, Module, type Type } from '@nestjs/common';
import { McpTool } from 'nestjs-mcp-auth';
import { z } from 'zod';
import { addUnreachedServer } from './servers/unreached-server.js';

/** Tools of one class. */
const TOOLS_OF_CLASS = 10;

/** Each tool has a schema of its own, as in an application. */
function defineTool(target: object, index: number): void {
  const name = index === 0 ? 'find' : `find_${index}`;
  const input = z.object({
    text: z.string().max(1_000).describe('What to look for'),
    kind: z.enum(['order', 'invoice', 'customer']).optional(),
    tags: z.array(z.string()).max(10).optional().describe('All of them have to be there'),
    limit: z.number().int().min(1).max(100).default(20),
  });
  const value = ({ text }: z.infer<typeof input>) => text;
  Object.defineProperty(target, name, { value, configurable: true });
  const descriptor = Object.getOwnPropertyDescriptor(target, name) as PropertyDescriptor;
  (McpTool({ name, description: 'Find things', input, scopes: ['read'] }) as MethodDecorator)(target, name, descriptor);
}

/** Classes with so many tools together. */
function createClasses(tools: number): readonly Type[] {
  const classes: Type[] = [];
  for (let index = 0; index < tools; index += 1) {
    if (index % TOOLS_OF_CLASS === 0) {
      class Tools {
        readonly isMeasured = true;
      }
      Injectable()(Tools);
      classes.push(Tools);
    }
    defineTool(classes.at(-1)?.prototype as object, index);
  }
  return classes;
}

/** Creates the module of an application with so many tools. */
export function createToolsModule(tools: number): Type {
  @Module({
    imports: [addUnreachedServer('tools')],
    providers: [...createClasses(tools)],
  })
  class ToolsModule {}
  return ToolsModule;
}
