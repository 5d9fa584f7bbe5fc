import type { TokenEvent } from '../authorization-server/token-events.js';
import type { RequestEvent } from '../orders-api/request-events.js';
import type { Quickstart } from '../quickstart.js';

/** What the authorization server and the orders API tell of, from the making of the log until it is closed. */
export class EventLog {
  private readonly tokenEvents: TokenEvent[] = [];
  private readonly requestEvents: RequestEvent[] = [];
  private readonly onToken = (event: TokenEvent) => this.tokenEvents.push(event);
  private readonly onRequest = (event: RequestEvent) => this.requestEvents.push(event);

  constructor(private readonly events: Quickstart['events']) {
    events.on('token', this.onToken);
    events.on('request', this.onRequest);
  }

  lastToken(grantType: string): TokenEvent {
    const event = this.tokenEvents.findLast((event) => event.grantType === grantType);
    if (!event) throw new Error(`the authorization server had no request of the grant type ${grantType}`);
    if (event.error !== undefined) throw new Error(`the authorization server answered ${event.error}`);
    return event;
  }

  lastRequest(): RequestEvent {
    const event = this.requestEvents.at(-1);
    if (!event) throw new Error('the orders API had no request');
    return event;
  }

  close(): void {
    this.events.off('token', this.onToken);
    this.events.off('request', this.onRequest);
  }
}
