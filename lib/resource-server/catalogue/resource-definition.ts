import type { Resource } from '@modelcontextprotocol/server';
import type { McpResourceTemplateOptions } from '../decorators/mcp-resource-template.decorator.js';
import type { McpResourceOptions, ResourceDescription } from '../decorators/mcp-resource.decorator.js';
import { UriPattern } from '../resource-uris/uri-pattern.js';
import { listChoices } from './argument-choices.js';
import { toObjectSchema } from './arguments-schema.js';
import type { Fault } from './access-option-rules.js';
import { defineOffer, createFault } from './offer.js';
import type { Surroundings } from './surroundings.js';
import { toSnakeCase, type MethodHost, type ResourceDefinition, type ResourceTemplateDefinition } from './primitive.js';

/**
 * Defines a resource from its decorators.
 *
 * @param problems - receives a message of a sentence or two for each fault in the declaration
 */
export function defineResource(
  options: McpResourceOptions,
  host: MethodHost,
  surroundings: Surroundings,
  problems: string[],
): ResourceDefinition {
  const fault = createFault(host, problems);
  const { uri, size, cache } = options;
  if (!URL.canParse(uri))
    fault('uri', `is "${uri}", which is not a URI. Write one with a scheme, such as "orders://today"`);
  return {
    kind: 'resource',
    ...defineOffer(uri, options, host, surroundings, fault),
    listing: { uri, ...describe(options, host), ...(size !== undefined && { size }) },
    pattern: new UriPattern([uri]),
    readOnly: true,
    cache,
  };
}

/**
 * Defines a resource template from its decorators.
 *
 * @param problems - receives a message of a sentence or two for each fault in the declaration
 */
export function defineResourceTemplate(
  options: McpResourceTemplateOptions,
  host: MethodHost,
  surroundings: Surroundings,
  problems: string[],
): ResourceTemplateDefinition {
  const fault = createFault(host, problems);
  const { uriTemplate, cache, input } = options;
  const pattern = parseTemplate(uriTemplate, fault);
  const names = pattern.variables.map(({ name }) => name);
  let choices: ResourceTemplateDefinition['choices'] = new Map();
  if (input) {
    try {
      const schema = toObjectSchema(input, 'input');
      choices = listChoices(schema);
      const { properties = {} } = schema;
      const stray = Object.keys(properties).find((name) => names.length > 0 && !names.includes(name));
      if (stray !== undefined) fault('input', `has "${stray}", which is not a variable of "${uriTemplate}"`);
    } catch (error) {
      fault('input', (error as Error).message);
    }
  }
  return {
    kind: 'resourceTemplate',
    ...defineOffer(uriTemplate, options, host, surroundings, fault),
    listing: { uriTemplate, ...describe(options, host) },
    pattern,
    readOnly: true,
    cache,
    completions: new Map(),
    choices,
  };
}

/** @returns a pattern without variables if the template is faulty */
function parseTemplate(uriTemplate: string, fault: Fault): UriPattern {
  try {
    const pattern = UriPattern.parse(uriTemplate);
    if (pattern.variables.length > 0) return pattern;
    fault(
      'uriTemplate',
      `is "${uriTemplate}", which is not a template of RFC 6570 with a variable. Write "orders://{id}"`,
    );
  } catch (error) {
    const reason = (error as Error).message;
    fault(
      'uriTemplate',
      `is "${uriTemplate}", which is not a template of RFC 6570 that URIs can be matched with: it ${reason}. Write "orders://{id}"`,
    );
  }
  return new UriPattern([uriTemplate]);
}

function describe(
  { name, title, description, mimeType, annotations, icons, meta }: ResourceDescription,
  host: MethodHost,
): Omit<Resource, 'uri' | 'size'> {
  return {
    name: name ?? toSnakeCase(host.method),
    ...(title !== undefined && { title }),
    ...(description !== undefined && { description }),
    ...(mimeType !== undefined && { mimeType }),
    ...(annotations && { annotations }),
    ...(icons && { icons: [...icons] }),
    ...(meta && { _meta: { ...meta } }),
  };
}
