import type { DownstreamName, ServerName } from '../../options/register.js';
import type { AnswerOptions } from '../answers/answer-options.js';
import type { DocumentOptions } from '../documents/document-options.js';
import type { InputOptions } from '../inputs/input-options.js';
import type { ChoiceOptions } from '../operations/choice-options.js';
import type { NameOptions } from '../operations/name-options.js';
import type { ScopeOptions } from '../operations/scope-options.js';
import type { ResourceOptions } from '../resources/resource-options.js';
import type { SearchOptions } from '../search/search-options.js';

/** The API whose operations become tools, and which of them. */
export interface McpOpenApiOptions
  extends
    DocumentOptions,
    ChoiceOptions,
    NameOptions,
    ScopeOptions,
    InputOptions,
    SearchOptions,
    AnswerOptions,
    ResourceOptions {
  /**
   * The downstream that is the API: its audience, base URL and exchange are those of `downstreams` of the module's
   * options.
   */
  downstream: DownstreamName;
  /** Name, or names, of the servers that offer the operations: `server.name` of the module's options. Defaults to all. */
  server?: ServerName | readonly ServerName[];
}
