import type { AccessOptions, ArgumentsOf, ArgumentsSchema } from './access-options.js';
import type { ResourceDescription } from './mcp-resource.decorator.js';
import { declareOffer } from './offer-declaration.js';

/** What a resource template offers to clients, and what it needs from callers. */
export interface McpResourceTemplateOptions<
  Input extends ArgumentsSchema = ArgumentsSchema,
  Template extends string = string,
>
  extends ResourceDescription, AccessOptions<ArgumentsOf<Input>> {
  /** Template of URIs (RFC 6570), such as `orders://{id}`. */
  uriTemplate: Template;
  /** Schema of the template's variables. Without it the method gets them as strings, and `uri` besides. */
  input?: Input;
}

/** Variables of a template (RFC 6570). Those with `*` may be lists. */
export type TemplateVariables<Template extends string> = string extends Template
  ? Readonly<Record<string, string | string[]>>
  : { [Spec in SpecsOf<Template> as NameOf<Spec>]: Spec extends `${string}*` ? string | string[] : string };

/** Variables of a template, with their modifiers (RFC 6570 section 2.3). */
type SpecsOf<Template extends string> = Template extends `${string}{${infer Expression}}${infer Rest}`
  ? | ListOf<Expression extends `${'+' | '#' | '.' | '/' | ';' | '?' | '&'}${infer List}` ? List : Expression>
    | SpecsOf<Rest>
  : never;

/** Each entry of a list with commas. */
type ListOf<List extends string> = List extends `${infer First},${infer Rest}` ? First | ListOf<Rest> : List;

/** A variable without its modifier (RFC 6570 section 2.4). */
type NameOf<Spec extends string> = Spec extends `${infer Name}*`
  ? Name
  : Spec extends `${infer Name}:${string}`
    ? Name
    : Spec;

/** A method that may carry `@McpResourceTemplate`: it takes the variables and the context. */
type ResourceTemplateMethod<Input extends ArgumentsSchema, Template extends string> = (
  input: unknown extends ArgumentsOf<Input> ? { uri: string } & TemplateVariables<Template> : ArgumentsOf<Input>,
  ...rest: never[]
) => unknown;

export const MCP_RESOURCE_TEMPLATE = 'nestjs-mcp-auth:resource-template';

/**
 * Offers the resources whose URIs match a template. The return value is handled as for {@link McpResource}. The method
 * gets the template's variables and an {@link McpContext}, whose operation names the URI. A method with
 * {@link McpResourceList} lists the resources. A method with {@link McpCompletion} completes variables.
 *
 * @param options - what the template offers and needs
 */
export function McpResourceTemplate<Input extends ArgumentsSchema, const Template extends string>(
  options: McpResourceTemplateOptions<Input, Template>,
): <Method extends ResourceTemplateMethod<Input, Template>>(
  target: object,
  key: string | symbol,
  method: TypedPropertyDescriptor<Method>,
) => void {
  return declareOffer('@McpResourceTemplate', MCP_RESOURCE_TEMPLATE, options);
}
