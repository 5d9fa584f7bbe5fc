import type { Adapter, AdapterFactory, AdapterPayload } from 'oidc-provider';

interface Entry {
  readonly payload: AdapterPayload;
  readonly expiresAt: number;
}

/** Keeps what the authorization server stores, each model under its name, until the process ends. */
export function memoryAdapter(): AdapterFactory {
  const models: MemoryAdapter[] = [];
  return () => {
    const model = new MemoryAdapter(models);
    models.push(model);
    return model;
  };
}

class MemoryAdapter implements Adapter {
  private readonly entries = new Map<string, Entry>();

  constructor(private readonly models: readonly MemoryAdapter[]) {}

  async upsert(id: string, payload: AdapterPayload, expiresIn = Infinity): Promise<void> {
    this.entries.set(id, { payload, expiresAt: Date.now() + expiresIn * 1000 });
    return Promise.resolve();
  }

  async find(id: string): Promise<AdapterPayload | undefined> {
    const entry = this.entries.get(id);
    return Promise.resolve(entry && entry.expiresAt > Date.now() ? entry.payload : undefined);
  }

  async findByUid(uid: string): Promise<AdapterPayload | undefined> {
    return Promise.resolve(this.findWhere('uid', uid));
  }

  async findByUserCode(userCode: string): Promise<AdapterPayload | undefined> {
    return Promise.resolve(this.findWhere('userCode', userCode));
  }

  async consume(id: string): Promise<void> {
    const payload = await this.find(id);
    if (payload) payload.consumed = Math.floor(Date.now() / 1000);
  }

  async destroy(id: string): Promise<void> {
    this.entries.delete(id);
    return Promise.resolve();
  }

  /** Asked of one model, but a grant has codes and tokens in several. */
  async revokeByGrantId(grantId: string): Promise<void> {
    for (const { entries } of this.models) {
      for (const [id, { payload }] of entries) if (payload.grantId === grantId) entries.delete(id);
    }
    return Promise.resolve();
  }

  private findWhere(key: 'uid' | 'userCode', value: string): AdapterPayload | undefined {
    for (const { payload } of this.entries.values()) if (payload[key] === value) return payload;
    return undefined;
  }
}
