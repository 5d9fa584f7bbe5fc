import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server } from 'node:net';
import { RedisProcess } from '../../support/redis-process.js';

/** A Redis at an address, as the setting of the sample has it. */
export class ValkeyProcess {
  private constructor(
    private readonly redis: RedisProcess,
    private readonly listener: Server,
  ) {}

  static async start(): Promise<ValkeyProcess> {
    const redis = await RedisProcess.start();
    const listener = createServer((from) => {
      const to = connect(redis.socket);
      from.pipe(to).pipe(from);
      for (const [one, other] of [
        [from, to],
        [to, from],
      ] as const)
        one.on('error', () => other.destroy()).on('close', () => other.destroy());
    }).listen(0, '127.0.0.1');
    await once(listener, 'listening');
    return new ValkeyProcess(redis, listener);
  }

  get url(): string {
    return `redis://127.0.0.1:${(this.listener.address() as AddressInfo).port}`;
  }

  async close(): Promise<void> {
    this.listener.close();
    await this.redis.close();
  }
}
