import { echo, type EchoArguments } from './echo.js';

/** A call, as far as those read it that know nothing of MCP. */
export interface Message {
  readonly id: number;
  readonly params: { readonly arguments: EchoArguments };
}

/** The answer to a call, by nothing but JSON. */
export function answer({ id, params }: Message): object {
  return { jsonrpc: '2.0', id, result: { content: [{ type: 'text', text: echo(params.arguments) }] } };
}
