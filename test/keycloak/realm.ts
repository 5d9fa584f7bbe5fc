import { randomBytes, randomUUID } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { keepSecret } from '../support/secret-watch.js';
import { Keycloak } from './keycloak.js';

const ACCESS_TOKEN = 'urn:ietf:params:oauth:token-type:access_token';

/** What an endpoint of the realm answered. */
export interface Answer {
  readonly status: number;
  readonly body: Readonly<Record<string, unknown>>;
}

/** The name and the secrets of a realm that is still to be made. */
export interface RealmPlan {
  readonly keycloak: Keycloak;
  readonly name: string;
  readonly issuer: string;
  /** Of all its clients. */
  readonly secret: string;
  /** Of all its users. */
  readonly password: string;
}

/** A realm of which nothing is known before. */
export function planRealm(keycloak = Keycloak.usual): RealmPlan {
  const name = randomUUID();
  const [secret, password] = [randomBytes(24).toString('base64url'), randomBytes(24).toString('base64url')];
  keepSecret(secret);
  keepSecret(password);
  return { keycloak, name, issuer: `${keycloak.origin}/realms/${name}`, secret, password };
}

/** A realm of a test's own, made from a file in `realms/`. */
export class Realm {
  private constructor(private readonly plan: RealmPlan) {}

  /**
   * @param values - what stands for `${…}` in the file, besides what the plan has
   */
  static async create(plan: RealmPlan, file: string, values: Readonly<Record<string, string>>): Promise<Realm> {
    const { keycloak, name: realm, secret, password } = plan;
    const all: Readonly<Record<string, string>> = { ...values, realm, secret, password };
    const text = await readFile(new URL(`realms/${file}.json`, import.meta.url), 'utf8');
    const representation: unknown = JSON.parse(text, (_key, value: unknown) =>
      typeof value === 'string' ? value.replace(/\$\{(\w+)\}/g, (_all, key: string) => valueOf(all, key)) : value,
    );
    await keycloak.admin('POST', '/realms', representation);
    return new Realm(plan);
  }

  /** A realm as Keycloak makes it, with a user, and nothing else. */
  static async createEmpty(plan: RealmPlan): Promise<Realm> {
    const { keycloak, name: realm, password } = plan;
    await keycloak.admin('POST', '/realms', {
      realm,
      enabled: true,
      passwordPolicy: 'hashAlgorithm(pbkdf2-sha256) and hashIterations(1)',
      users: [
        {
          ...{ username: 'alice', enabled: true, email: 'alice@acme.example', emailVerified: true },
          ...{ firstName: 'Alice', lastName: 'Adams', realmRoles: [`default-roles-${realm}`] },
          credentials: [{ type: 'password', value: password }],
        },
      ],
    });
    return new Realm(plan);
  }

  /** A realm that is there already. */
  static of(plan: RealmPlan): Realm {
    return new Realm(plan);
  }

  get issuer(): string {
    return this.plan.issuer;
  }

  get password(): string {
    return this.plan.password;
  }

  /** A request to the administration API of the realm. */
  async admin<Result = unknown>(method: string, path: string, body?: unknown): Promise<Result> {
    return (await this.plan.keycloak.admin(method, `/realms/${this.plan.name}${path}`, body)) as Result;
  }

  /** What an administrator changes about a client. */
  async configureClient(clientId: string, changes: object): Promise<void> {
    const query = new URLSearchParams({ clientId });
    const [client] = await this.admin<{ id: string }[]>('GET', `/clients?${query}`);
    await this.admin('PUT', `/clients/${client?.id ?? ''}`, { ...client, ...changes });
  }

  /** Lets a client ask for a scope of the realm. */
  async allowScope(clientId: string, scope: string): Promise<void> {
    const [client] = await this.admin<{ id: string }[]>('GET', `/clients?${new URLSearchParams({ clientId })}`);
    const scopes = await this.admin<{ id: string; name: string }[]>('GET', '/client-scopes');
    const { id = '' } = scopes.find(({ name }) => name === scope) ?? {};
    await this.admin('PUT', `/clients/${client?.id ?? ''}/optional-client-scopes/${id}`);
  }

  /** Gives a client the realm's secret again. */
  async restoreSecret(clientId: string): Promise<void> {
    await this.configureClient(clientId, { secret: this.plan.secret });
  }

  async userId(username: string): Promise<string> {
    const [user] = await this.admin<{ id: string }[]>('GET', `/users?${new URLSearchParams({ username })}`);
    return user?.id ?? '';
  }

  /** An exchange, sent by hand: what Keycloak answers without anything of ours in between. */
  async exchange(clientId: string, token: string, parameters: Readonly<Record<string, string>>): Promise<Answer> {
    return await this.asClient(clientId, 'token', {
      grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange',
      subject_token: token,
      subject_token_type: ACCESS_TOKEN,
      requested_token_type: ACCESS_TOKEN,
      ...parameters,
    });
  }

  /** RFC 7662. */
  async introspect(clientId: string, token: string): Promise<Answer['body']> {
    return (await this.asClient(clientId, 'token/introspect', { token })).body;
  }

  /** RFC 7009, as a public client does it. */
  async revoke(clientId: string, token: string): Promise<void> {
    const body = new URLSearchParams({ client_id: clientId, token });
    await fetch(`${this.issuer}/protocol/openid-connect/revoke`, { method: 'POST', body });
  }

  /** A form sent to an endpoint, by a client with the realm's secret. */
  async asClient(clientId: string, endpoint: string, form: Readonly<Record<string, string>>): Promise<Answer> {
    const credentials = [clientId, this.plan.secret].map(encodeURIComponent).join(':');
    const response = await fetch(`${this.issuer}/protocol/openid-connect/${endpoint}`, {
      method: 'POST',
      headers: { authorization: `Basic ${Buffer.from(credentials).toString('base64')}` },
      body: new URLSearchParams(form),
    });
    const body = (await response.json()) as Answer['body'];
    if (typeof body.access_token === 'string') keepSecret(body.access_token);
    return { status: response.status, body };
  }

  async close(): Promise<void> {
    await this.admin('DELETE', '');
  }
}

function valueOf(values: Readonly<Record<string, string>>, key: string): string {
  const value = values[key];
  if (value === undefined) throw new Error(`The realm has no value for \${${key}}`);
  return value;
}
