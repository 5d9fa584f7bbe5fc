import { Logger } from '@nestjs/common';

const logger = new Logger('McpNotifications');

/**
 * Carries short messages between the replicas of a server: that a list has changed, that a resource was updated, what a
 * client said to another replica. Lost messages are lost notifications, nothing more.
 */
export interface MessageBus {
  /**
   * Sends a message to all replicas; to this one as well, or not.
   *
   * @param message - a line of JSON. What clients said is sealed in it
   */
  publish(message: string): void | Promise<void>;
  /**
   * Listens to the messages of all replicas.
   *
   * @param listener - gets every message
   * @returns ends the subscription
   */
  subscribe(listener: (message: string) => void): (() => void | Promise<void>) | Promise<() => void | Promise<void>>;
}

/** What is needed of a client of `redis` (node-redis). */
export interface RedisClient {
  /** `PUBLISH`. */
  publish(channel: string, message: string): Promise<unknown>;
  /** Another client with the same options, which is not connected. */
  duplicate(): RedisSubscriber;
}

/** A connection of `redis` that does nothing but listen. */
export interface RedisSubscriber {
  /** Connects. */
  connect(): Promise<unknown>;
  /** `SUBSCRIBE`. */
  subscribe(channel: string, listener: (message: string) => void): Promise<unknown>;
  /** `UNSUBSCRIBE`. */
  unsubscribe(channel: string): Promise<unknown>;
  /** Listens to what becomes of the connection. */
  on(event: 'error' | 'ready', listener: (error?: Error) => void): unknown;
  /** Ends the connection. */
  close(): unknown;
}

/**
 * A bus over Redis. Publishes by the client that it gets, and listens by a connection of its own, which it closes.
 *
 * @param client - a connected client of `redis`
 * @param options - `channel` defaults to `mcp-auth:bus`; servers that have nothing to do with each other need different ones
 */
export function redisBus(client: RedisClient, { channel = 'mcp-auth:bus' }: { channel?: string } = {}): MessageBus {
  return {
    publish: async (message) => {
      await client.publish(channel, message);
    },
    subscribe: async (listener) => {
      const subscriber = client.duplicate();
      // It connects again by itself, and says so at each try.
      let isLost = false;
      subscriber.on('error', (error) => {
        if (!isLost) logger.warn(`Other replicas are not heard: ${error?.message ?? 'the connection is lost'}`);
        isLost = true;
      });
      subscriber.on('ready', () => {
        if (isLost) logger.log('Other replicas are heard again');
        isLost = false;
      });
      await subscriber.connect();
      await subscriber.subscribe(channel, listener);
      return async () => {
        await subscriber.unsubscribe(channel);
        await subscriber.close();
      };
    },
  };
}
