/** Version of the shape of a manifest. */
export const MANIFEST_VERSION = 1;

/** What servers offer, and to whom, as data that can be kept and compared. It has no secrets and no addresses. */
export interface Manifest {
  /** Version of this shape. */
  readonly manifest: typeof MANIFEST_VERSION;
  /** Sorted by name. */
  readonly servers: readonly ServerManifest[];
}

/** What one server offers, or what one OpenAPI document is offered as. */
export interface ServerManifest {
  /** `server.name`, or the downstream of a document. */
  readonly name: string;
  /** The operations that a scope reaches, alone or together with others: `tool find_order`. Sorted. */
  readonly scopes: Readonly<Record<string, readonly string[]>>;
  /** The scopes that broader ones imply, for those that are named here. */
  readonly implied: Readonly<Record<string, readonly string[]>>;
  /** Sorted by kind, then by name. */
  readonly operations: readonly ManifestOperation[];
}

/** A tool, resource, resource template or prompt, or a method of another server, and what a caller needs for it. */
export interface ManifestOperation {
  readonly kind: 'tool' | 'resource' | 'resourceTemplate' | 'prompt' | 'method';
  /** Name, URI or URI template. */
  readonly name: string;
  /** What it is of: a class, an OpenAPI document, or a rule of `@ProtectedMcp`. */
  readonly source: 'class' | 'openapi' | 'protected';
  /** Method and path, if it is of a document: `POST /orders`. */
  readonly operation?: string;
  /** Whether it may change something. */
  readonly writes: boolean;
  /** Whether it takes no token. */
  readonly anonymous: boolean;
  /** Sets of scopes, one of which is enough. A single empty set means any valid token. */
  readonly scopes: readonly (readonly string[])[];
  /** Whether a function computes further scopes from the arguments. */
  readonly computesScopes: boolean;
  /** Whether clients without a user may call it. */
  readonly appOnly: boolean;
  /** Values of `acr`, one of which is needed. */
  readonly acrValues: readonly string[];
  /** Maximum time since the user signed in, in milliseconds. */
  readonly maxAgeMs?: number;
  /** Names of the classes of its policies and guards. */
  readonly safeguards: readonly string[];
  readonly downstreams: readonly string[];
  /** Its arguments, each with a digest of its schema without descriptions. */
  readonly arguments: Readonly<Record<string, string>>;
  /** Where each argument goes, if it is of a document: `query tenant`, `body /customer`, or `body`. */
  readonly places: Readonly<Record<string, string>>;
  /**
   * Places that callers do not write, such as `body /customer/tenant`, and what is sent there: `hidden`, which is nothing;
   * `from`, which is what the application says of the caller; or the digest of a fixed value.
   */
  readonly withheld: Readonly<Record<string, string>>;
  /** Digest of what clients are shown. */
  readonly definition: string;
}
