import { afterEach, describe, expect, test } from '@jest/globals';
import { proofOf } from '../../../proof/bound-client.js';
import { ProofClient } from '../../../proof/proof-client.js';
import { headersFor, toolCall } from '../../../support/mcp-request.js';
import { Deployment, RESOURCE, type ReplicaOptions } from './deployment.js';

const [OLD, NEXT] = ['o'.repeat(32), 'n'.repeat(32)];

const withSecret =
  (nonceSecret: string | readonly string[]): ReplicaOptions =>
  () => ({ proof: { dpop: { nonceSecret } } });

/** A client that does what RFC 9449 section 8.2 asks of it: it keeps the last nonce, and tries once more with a new one. */
class DpopCaller {
  /** How often it was asked for another nonce. */
  refusals = 0;
  #nonce: string | undefined;

  private constructor(
    private readonly deployment: Deployment,
    private readonly client: ProofClient,
    private readonly token: string,
  ) {}

  static async start(deployment: Deployment): Promise<DpopCaller> {
    const client = await ProofClient.start();
    return new DpopCaller(deployment, client, await deployment.token('alice', { cnf: client.confirmation }));
  }

  async call(): Promise<void> {
    const first = await this.#try();
    const last = first === 401 ? await this.#try() : first;
    if (last !== 200) throw new Error(`${last}, after ${first}`);
  }

  async #try(): Promise<number> {
    const { client, token } = this;
    const dpop = await proofOf({ client, token, resource: RESOURCE }, { nonce: this.#nonce });
    const body = toolCall('find');
    const headers = { ...headersFor(body), authorization: `DPoP ${token}`, dpop };
    const response = await this.deployment.send(body, headers);
    await response.text();
    this.#nonce = response.headers.get('dpop-nonce') ?? this.#nonce;
    if (response.headers.get('www-authenticate')?.includes('use_dpop_nonce')) this.refusals += 1;
    return response.status;
  }
}

describe('the secret of DPoP nonces, while calls go on', () => {
  let deployment: Deployment;
  let caller: DpopCaller;

  afterEach(() => deployment.close());

  async function startCalls(options: ReplicaOptions): Promise<void> {
    deployment = await Deployment.start(options);
    caller = await DpopCaller.start(deployment);
    deployment.keepDoing(() => caller.call());
    await deployment.settle();
    // The first request of a client has no nonce.
    expect(caller.refusals).toBe(1);
  }

  test('is changed by three roll-outs without a lost call, or a nonce that is refused', async () => {
    await startCalls(withSecret(OLD));
    await deployment.rollOut(withSecret([OLD, NEXT]));
    await deployment.rollOut(withSecret([NEXT, OLD]));
    // Here ten minutes pass: the client gets a nonce of the new secret with each answer.
    await deployment.rollOut(withSecret(NEXT));
    expect(deployment.lost).toEqual([]);
    expect(caller.refusals).toBe(1);
  });

  test('is not changed by one: each replica refuses the nonces of the other, also at the second try', async () => {
    await startCalls(withSecret(OLD));
    await deployment.replace(0, withSecret(NEXT));
    expect(deployment.lost).toContain('Error: 401, after 401');
  });
});
