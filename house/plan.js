/**
 * The plan of `lib/`: its wings from top to bottom, the rooms of each from top to bottom, and who may import whom.
 * `npm run house` holds the code to it, and draws it in CONTRIBUTING.md.
 *
 * A room may import every room of the wings below, and of its own wing the rooms that it lists. What is not written here is
 * not allowed. What is written here and not used has to go.
 *
 * @typedef {{ readonly holds: string, readonly imports?: readonly string[] }} Room
 * @typedef {{ readonly folder: string, readonly holds: string, readonly rooms: Readonly<Record<string, Room>> }} Wing
 * @typedef {{ readonly from: string, readonly to: readonly string[], readonly reason: string }} BackArrow
 */

/** @type {Readonly<Record<string, Wing>>} */
export const wings = {
  top: {
    folder: '',
    holds: 'What stands on top of everything',
    rooms: {
      '.': {
        holds: 'The public API (`index.ts`), and the module with its providers and its steps at boot.',
        imports: ['configuration', 'doctor'],
      },
      'command-line': {
        holds: 'The command `npx nestjs-mcp-auth`, with a file for each of its subcommands.',
        imports: ['class-source', 'configuration', 'doctor', 'manifest', 'mcp-clients'],
      },
      schematics: {
        holds:
          '`nest add nestjs-mcp-auth` and `nest g -c nestjs-mcp-auth`. They load no package that servers do not need.',
        imports: ['class-source'],
      },
      'class-source': { holds: 'Writes a class in TypeScript for the operations of a document.' },
      'mcp-clients': {
        holds: 'The MCP clients that people use: how to add a server to each, and the redirect URIs of each.',
      },
      manifest: {
        holds: 'The manifest, which says as data what a server offers and to whom. It is made, read and compared here.',
      },
      doctor: {
        holds:
          'Checks the configuration and the issuers, at boot and by `npx nestjs-mcp-auth doctor`. The health indicator.',
        imports: ['configuration'],
      },
      testing: {
        holds: '`nestjs-mcp-auth/testing`: an issuer, callers and downstreams for the tests of applications.',
      },
      configuration: {
        holds: 'The options of `forRoot` as a whole: how they are checked, and how their defaults are filled in.',
      },
    },
  },
  entry: {
    folder: 'entry',
    holds: 'How a request comes in',
    rooms: {
      routes: {
        holds: 'The paths of a server. The controllers of the RFC 9728 document and of the linking pages.',
        imports: ['endpoint', 'logout'],
      },
      connections: { holds: 'stdio, and connections in memory.', imports: ['endpoint'] },
      'foreign-servers': {
        holds: '`@ProtectedMcp`: other MCP servers behind the guards of the module.',
        imports: ['endpoint'],
      },
      logout: { holds: 'The endpoint at which issuers report that a user has signed out.', imports: ['endpoint'] },
      endpoint: {
        holds: 'The MCP endpoint: its controller, its guards, and the filter that answers challenges.',
      },
    },
  },
  openapi: {
    folder: 'openapi',
    holds: 'REST APIs as tools',
    rooms: {
      offers: {
        holds: 'Gives each class with `@McpOpenApi` a method for every operation that it offers.',
        imports: ['answers', 'declaration', 'documents', 'inputs', 'operations', 'requests', 'resources', 'search'],
      },
      declaration: {
        holds: '`@McpOpenApi` and `@McpOperation`, and their options.',
        imports: ['answers', 'documents', 'inputs', 'operations', 'resources', 'search'],
      },
      resources: {
        holds: 'Operations that are resources: their URIs, and the values that the variables of a URI may have.',
        imports: ['inputs', 'operations'],
      },
      search: {
        holds: 'Documents with many operations: how many become tools, and how models find the others.',
        imports: ['operations'],
      },
      answers: {
        holds: 'Turns the answers of an API into results.',
        imports: ['documents', 'inputs', 'operations'],
      },
      requests: { holds: 'Builds the requests of operations.', imports: ['documents', 'inputs', 'operations'] },
      inputs: {
        holds: 'The arguments that a model may send for an operation, as JSON Schema.',
        imports: ['documents', 'operations'],
      },
      operations: {
        holds: 'The operations of a document: which ones are offered, under which names, and for which scopes.',
        imports: ['documents'],
      },
      documents: { holds: 'Loads OpenAPI documents, and follows their references.' },
    },
  },
  mcp: {
    folder: 'mcp',
    holds: 'MCP itself, and the methods that it runs',
    rooms: {
      protocol: {
        holds: 'Serves MCP with the SDK: its servers, and their methods, streams and lists.',
        imports: ['direct', 'invocation', 'notifications', 'tasks'],
      },
      direct: {
        holds: 'Answers a message without a server of the SDK: reads it, makes the context, writes the answer.',
        imports: ['invocation', 'notifications'],
      },
      registry: {
        holds: '`McpRegistry`, which adds and removes tools, resources and prompts at run time.',
        imports: ['invocation', 'notifications'],
      },
      tasks: { holds: 'The Tasks extension.', imports: ['invocation', 'notifications'] },
      invocation: { holds: 'Runs a method of the application, and turns its return value or its error into a result.' },
      notifications: { holds: 'Tells clients and other replicas what has changed.' },
    },
  },
  'on-behalf-of': {
    folder: 'on-behalf-of',
    holds: 'Calls to APIs on behalf of the user',
    rooms: {
      downstream: {
        holds: '`DownstreamClient`, which tools call: retries, redirects, and how an API is reached for a caller.',
        imports: ['dialects', 'exchange', 'failures', 'linking', 'options'],
      },
      linking: {
        holds: 'Accounts that users link, and the pages on which they link them.',
        imports: ['dialects', 'exchange', 'failures', 'options', 'token-cache', 'token-endpoint'],
      },
      exchange: {
        holds: 'Exchanges the token of a caller for a token of an API.',
        imports: ['dialects', 'failures', 'options', 'token-cache', 'token-endpoint'],
      },
      'token-cache': {
        holds: 'Keeps exchanged tokens, here and in a store that replicas share.',
        imports: ['dialects'],
      },
      'token-endpoint': {
        holds: 'Sends requests to token endpoints, and reads the answers.',
        imports: ['dialects', 'failures'],
      },
      failures: { holds: 'Decides what a refused exchange means, and who is told.', imports: ['dialects', 'options'] },
      options: { holds: 'The options of downstreams and of linked accounts.', imports: ['dialects'] },
      dialects: { holds: 'How each provider wants to be asked for an exchange.' },
    },
  },
  'resource-server': {
    folder: 'resource-server',
    holds: 'Who calls, and what they may do',
    rooms: {
      challenges: {
        holds: 'Makes challenges, and the RFC 9728 document.',
        imports: ['access', 'authentication', 'authorization', 'catalogue', 'issuers'],
      },
      'rate-limits': {
        holds: 'How often a caller may ask, by `@nestjs/throttler`.',
        imports: ['access', 'authorization', 'catalogue'],
      },
      authorization: {
        holds: 'Decides whether a caller may do an operation.',
        imports: ['access', 'catalogue', 'issuers'],
      },
      authentication: { holds: 'Verifies tokens and their proofs.', imports: ['access', 'issuers'] },
      catalogue: {
        holds: 'Everything that a server offers, with what each needs. It is found at boot and later, and checked.',
        imports: ['access', 'decorators', 'resource-uris'],
      },
      'resource-uris': {
        holds: 'URIs of resources and their templates: how they are matched, and how servers may read them.',
      },
      decorators: { holds: '`@McpTool` and the other decorators.', imports: ['access'] },
      providers: { holds: 'Presets of identity providers.', imports: ['access', 'issuers'] },
      issuers: { holds: 'Authorization servers: their metadata and keys.', imports: ['access', 'clients'] },
      clients: { holds: 'How the server authenticates as a client.' },
      access: { holds: 'The words of access: caller, actor, operation, scopes, rules, policies.' },
    },
  },
  ground: {
    folder: '',
    holds: 'What all rooms stand on',
    rooms: {
      servers: { holds: 'The servers that an application has.', imports: ['errors', 'options'] },
      replicas: {
        holds: 'What several processes of a server share: stores, locks, messages.',
        imports: ['errors', 'json', 'limits', 'log', 'options', 'time'],
      },
      limits: {
        holds: 'How much a caller may hold at once, and whose entries make room. The options of the rate limits.',
        imports: ['errors', 'log', 'observability', 'options', 'time'],
      },
      observability: {
        holds: 'Audit events, spans, metrics, the log of failures.',
        imports: ['errors', 'json', 'log', 'options'],
      },
      log: {
        holds: "Nest's logger, for texts of strangers. Control characters are removed, and long texts are cut.",
        imports: ['errors', 'time'],
      },
      options: { holds: 'The options in the form that all rooms read, and the checks that they have in common.' },
      json: { holds: 'The types of JSON values.' },
      time: { holds: 'Ages, by a clock that nobody can set back.' },
      errors: { holds: 'Errors that several rooms throw or catch.' },
    },
  },
};

/**
 * Arrows that run back, each with its reason. They are for types alone: what runs never reaches back.
 *
 * @type {readonly BackArrow[]}
 */
export const backArrows = [
  {
    from: 'lib/observability/',
    to: ['lib/resource-server/access/'],
    reason: 'events and spans tell of callers and operations',
  },
];
