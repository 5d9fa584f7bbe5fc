import { isSpecType, type GetPromptResult, type PromptMessage } from '@modelcontextprotocol/server';
import type { PromptDefinition } from '../../resource-server/catalogue/primitive.js';
import { StreamedItems } from './streamed-items.js';

/**
 * Turns what a method returned into the messages of a prompt.
 *
 * @throws TypeError if a value is not a message
 */
export function toPromptResult(value: unknown, { name, listing }: PromptDefinition): GetPromptResult {
  if (isSpecType.GetPromptResult(value)) return value;
  const items: readonly unknown[] =
    value instanceof StreamedItems ? value.items.flat() : Array.isArray(value) ? (value as unknown[]) : [value];
  const messages = items.map((item): PromptMessage => {
    if (typeof item === 'string') return { role: 'user', content: { type: 'text', text: item } };
    if (isSpecType.PromptMessage(item)) return item;
    if (isSpecType.ContentBlock(item)) return { role: 'user', content: item };
    throw new TypeError(
      `${name} returned something that is not a message. Return strings, messages, or a GetPromptResult`,
    );
  });
  return { ...(listing.description !== undefined && { description: listing.description }), messages };
}
