import { CleanLogger } from '../log/clean-logger.js';

const logger = new CleanLogger('McpNotifications');

/**
 * Carries short messages between the replicas of a server: a list has changed, a resource was updated, a client sent a
 * message to another replica. If a message is lost, only a notification is lost.
 */
export interface MessageBus {
  /**
   * Sends a message to all other replicas. Delivery to this one is optional.
   *
   * @param message - a line of JSON. Messages of clients are encrypted in it
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

/** The methods of a `redis` client (node-redis) that the bus needs. */
export interface RedisClient {
  /** `PUBLISH`. */
  publish(channel: string, message: string): Promise<unknown>;
  /** Creates another client with the same options, which is not connected. */
  duplicate(): RedisSubscriber;
}

/** A connection of `redis` that only subscribes. */
export interface RedisSubscriber {
  /** Connects. */
  connect(): Promise<unknown>;
  /** `SUBSCRIBE`. */
  subscribe(channel: string, listener: (message: string) => void): Promise<unknown>;
  /** Listens to events of the connection. */
  on(event: 'error' | 'ready', listener: (error?: Error) => void): unknown;
  /** Whether it is connected, or connects again. */
  readonly isOpen: boolean;
  /** Ends the connection, without waiting for anything that Redis owes. */
  destroy(): unknown;
}

/**
 * A bus over Redis. It publishes through the given client. It subscribes through a connection of its own, which it
 * closes.
 *
 * @param client - a connected client of `redis`
 * @param options - `channel` defaults to `mcp-auth:bus`; unrelated servers need different channels
 */
export function redisBus(client: RedisClient, { channel = 'mcp-auth:bus' }: { channel?: string } = {}): MessageBus {
  return {
    publish: async (message) => {
      await client.publish(channel, message);
    },
    subscribe: async (listener) => {
      const subscriber = client.duplicate();
      // The connection reconnects by itself, and emits an error at each failed attempt.
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
      return () => {
        if (subscriber.isOpen) subscriber.destroy();
      };
    },
  };
}
