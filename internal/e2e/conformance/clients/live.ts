import { type Client, type ClientOptions, CloseCode, createClient } from 'graphql-ws';
import type { Session } from './session.js';

/**
 * One socket for all subscriptions of a session. The server closes it with 4403
 * when the access token ends; the client connects again with the next one, and
 * subscribes anew. Read anew what is on the screen then: changes in between are
 * not told.
 */
export function liveClient(session: Session, options: Partial<ClientOptions> = {}): Client {
  let refused = false;
  return createClient({
    url: session.url.replace(/^http/, 'ws'),
    connectionParams: async () => {
      if (refused) await session.renew();
      refused = false;
      return session.authorization();
    },
    on: {
      closed: (event) => {
        refused = (event as CloseEvent).code === CloseCode.Forbidden;
      },
    },
    ...options,
  });
}
