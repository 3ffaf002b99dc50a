import { authExchange } from '@urql/exchange-auth';
import type { Client as LiveClient } from 'graphql-ws';
import { cacheExchange, Client, fetchExchange, subscriptionExchange } from 'urql';
import { type Session, wantsRenewal } from './session.js';

export function urqlClient(session: Session, live: LiveClient): Client {
  return new Client({
    url: session.url,
    preferGetMethod: false, // the graph is asked with POST
    exchanges: [
      cacheExchange,
      authExchange(async ({ appendHeaders }) => ({
        addAuthToOperation: (operation) => appendHeaders(operation, session.authorization()),
        didAuthError: (error) => wantsRenewal(error.graphQLErrors),
        refreshAuth: () => session.renew(),
      })),
      fetchExchange,
      subscriptionExchange({
        forwardSubscription: ({ query = '', variables }) => ({
          subscribe: (sink) => ({ unsubscribe: live.subscribe({ query, variables: variables as Record<string, unknown> }, sink) }),
        }),
      }),
    ],
  });
}
