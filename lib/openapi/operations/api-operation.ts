import type { JsonObject } from '../../json/json-object.js';
import type { Located } from '../documents/open-api-document.js';
import type { ToolExtension } from './tool-extension.js';
import type { SecurityAlternatives } from './operation-security.js';

/** Where a parameter is sent (OpenAPI 3.1, Parameter Object). */
export type ParameterPlace = 'path' | 'query' | 'header' | 'cookie';

/** How a value that is not a plain one is written (OpenAPI 3.1, Style Values). */
export type ParameterStyle = 'matrix' | 'label' | 'simple' | 'form' | 'spaceDelimited' | 'pipeDelimited' | 'deepObject';

/** A parameter of an operation. */
export interface ApiParameter {
  readonly in: ParameterPlace;
  readonly name: string;
  readonly isRequired: boolean;
  readonly description: string | undefined;
  /** Whether the document advises against it. */
  readonly isDeprecated: boolean;
  /** `example`, or the values of `examples`. */
  readonly examples: readonly unknown[];
  readonly style: ParameterStyle;
  readonly isExploded: boolean;
  readonly allowsReserved: boolean;
  /** Media type of a parameter that has `content` in place of `schema`. */
  readonly mediaType: string | undefined;
  readonly schema: Located;
}

/** One way to write a body. */
export interface ApiMedia {
  readonly mediaType: string;
  readonly schema: Located;
  /** How properties of forms are written (OpenAPI 3.1, Encoding Object). */
  readonly encoding: Readonly<Record<string, unknown>>;
}

/** The body of a request. */
export interface ApiBody {
  readonly isRequired: boolean;
  readonly description: string | undefined;
  /** At least one. */
  readonly media: readonly ApiMedia[];
}

/** What tells an operation from the others of its document. */
export interface OperationIdentity {
  /** In capitals. */
  readonly method: string;
  /** With its placeholders, such as `/orders/{id}`. */
  readonly path: string;
  /** `operationId`. */
  readonly id: string | undefined;
  /** Its tags, in the document's order. */
  readonly tags: readonly string[];
  /** Whether the document advises against it. */
  readonly isDeprecated: boolean;
}

/** An operation of an OpenAPI document (OpenAPI 3.1, Operation Object). */
export interface ApiOperation extends OperationIdentity {
  readonly summary: string | undefined;
  readonly description: string | undefined;
  readonly parameters: readonly ApiParameter[];
  readonly body: ApiBody | undefined;
  readonly security: SecurityAlternatives;
  /** What the document says of the tool. */
  readonly extension: ToolExtension;
  /** The Operation Object. */
  readonly source: Located<JsonObject>;
}
