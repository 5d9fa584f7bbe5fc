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
        holds: 'The public API (`index.ts`), and the module: its providers, and what happens at boot.',
        imports: ['configuration', 'doctor'],
      },
      'command-line': {
        holds: 'The command `npx nestjs-mcp-auth`, with a file for each of its subcommands.',
        imports: ['class-source', 'configuration', 'doctor', 'manifest', 'mcp-clients'],
      },
      schematics: {
        holds: '`nest add nestjs-mcp-auth` and `nest g -c nestjs-mcp-auth`. They load nothing that servers do without.',
        imports: ['class-source'],
      },
      'class-source': { holds: 'Writes a class in TypeScript for the operations of a document.' },
      'mcp-clients': {
        holds: 'The MCP clients that people use: how each takes a server, and where it is sent back to.',
      },
      manifest: { holds: 'What a server offers, and to whom, as data: how it is made, read and compared.' },
      doctor: {
        holds: 'Looks the configuration and the issuers over, at boot and as `npx nestjs-mcp-auth doctor`. Health.',
        imports: ['configuration'],
      },
      testing: {
        holds: '`nestjs-mcp-auth/testing`: an issuer, callers and downstreams for the tests of applications.',
      },
      configuration: { holds: 'What `forRoot` takes as a whole, how it is checked, and how it is filled in.' },
    },
  },
  entry: {
    folder: 'entry',
    holds: 'How a request comes in',
    rooms: {
      routes: {
        holds: 'Which paths a server has. The controllers of the RFC 9728 document and of the linking pages.',
        imports: ['endpoint', 'logout'],
      },
      connections: { holds: 'stdio, and connections in memory.', imports: ['endpoint'] },
      'foreign-servers': {
        holds: '`@ProtectedMcp`: other MCP servers behind the guards of the module.',
        imports: ['endpoint'],
      },
      logout: { holds: 'Where issuers say that a user has signed out.', imports: ['endpoint'] },
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
        holds: 'Gives the classes with `@McpOpenApi` a method for each operation that they offer.',
        imports: ['answers', 'declaration', 'documents', 'inputs', 'operations', 'requests', 'resources', 'search'],
      },
      declaration: {
        holds: '`@McpOpenApi` and `@McpOperation`, and their options.',
        imports: ['answers', 'documents', 'inputs', 'operations', 'resources', 'search'],
      },
      resources: {
        holds: 'Which operations are resources: their URIs, and what the variables of these may be.',
        imports: ['inputs', 'operations'],
      },
      search: {
        holds: 'What becomes of many operations: how many may be tools, and how models find the others.',
        imports: ['operations'],
      },
      answers: {
        holds: 'Makes results of the answers of an API.',
        imports: ['documents', 'inputs', 'operations'],
      },
      requests: { holds: 'Builds the requests of operations.', imports: ['documents', 'inputs', 'operations'] },
      inputs: {
        holds: 'What a model may send for an operation, as JSON Schema.',
        imports: ['documents', 'operations'],
      },
      operations: {
        holds: 'The operations of a document: which are offered, under which names, for which scopes.',
        imports: ['documents'],
      },
      documents: { holds: 'Loads OpenAPI documents, and follows their references.' },
    },
  },
  mcp: {
    folder: 'mcp',
    holds: 'What runs',
    rooms: {
      protocol: {
        holds: 'MCP by the SDK: its servers, their methods, streams and lists.',
        imports: ['direct', 'invocation', 'notifications', 'tasks'],
      },
      direct: {
        holds: 'What answers a message without a server of the SDK: how it is read, its context, its answer.',
        imports: ['invocation', 'notifications'],
      },
      registry: { holds: '`McpRegistry`: what comes and goes at run time.', imports: ['invocation', 'notifications'] },
      tasks: { holds: 'The Tasks extension.', imports: ['invocation', 'notifications'] },
      invocation: { holds: 'Runs a method of the application, and makes results of what it returns or throws.' },
      notifications: { holds: 'What has changed, for clients and for the other replicas.' },
    },
  },
  'on-behalf-of': {
    folder: 'on-behalf-of',
    holds: 'As whom APIs are called',
    rooms: {
      downstream: {
        holds:
          'What tools call: `DownstreamClient`, retries and redirects. Decides how each API is reached for a caller.',
        imports: ['dialects', 'exchange', 'failures', 'linking', 'options'],
      },
      linking: {
        holds: 'Accounts that users link, and the pages on which they do.',
        imports: ['dialects', 'exchange', 'failures', 'options', 'token-cache', 'token-endpoint'],
      },
      exchange: {
        holds: 'Exchanges the token of a caller for one of an API.',
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
      failures: { holds: 'What a refusal means, and to whom.', imports: ['dialects', 'options'] },
      options: { holds: 'What is written of a downstream and of linked accounts.', imports: ['dialects'] },
      dialects: { holds: 'How each provider spells an exchange.' },
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
        holds: 'What a server offers, found at boot and later, checked, with what each needs.',
        imports: ['access', 'decorators', 'resource-uris'],
      },
      'resource-uris': {
        holds: 'URIs of resources and their templates: how they are matched, and how servers may read them.',
      },
      decorators: { holds: '`@McpTool` and the others.', imports: ['access'] },
      providers: { holds: 'Presets of identity providers.', imports: ['access', 'issuers'] },
      issuers: { holds: 'Authorization servers: their metadata and keys.', imports: ['access', 'clients'] },
      clients: { holds: 'How the server authenticates itself.' },
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
        holds: 'How much callers may hold at once, and who makes room. Options of the rate limits.',
        imports: ['errors', 'log', 'observability', 'options', 'time'],
      },
      observability: {
        holds: 'Audit events, spans, metrics, the log of failures.',
        imports: ['errors', 'json', 'log', 'options'],
      },
      log: {
        holds: "Nest's logger, for texts of strangers: cleaned of control characters, and cut.",
        imports: ['errors', 'time'],
      },
      options: { holds: 'The options as all rooms read them, and what their checks have in common.' },
      json: { holds: 'What values of JSON are.' },
      time: { holds: 'Age by a clock that nobody sets back.' },
      errors: { holds: 'The errors that several rooms throw or look at.' },
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
