import { authExchange } from '@urql/exchange-auth';
import { cacheExchange, Client, fetchExchange } from 'urql';
import { type Session, wantsRenewal } from './session.js';

export function urqlClient(session: Session): Client {
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
    ],
  });
}
