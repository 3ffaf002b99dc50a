import { ApolloClient, ApolloLink, CombinedGraphQLErrors, HttpLink, InMemoryCache } from '@apollo/client';
import { SetContextLink } from '@apollo/client/link/context';
import { ErrorLink } from '@apollo/client/link/error';
import { GraphQLWsLink } from '@apollo/client/link/subscriptions';
import { relayStylePagination } from '@apollo/client/utilities';
import type { Client as LiveClient } from 'graphql-ws';
import { from, switchMap } from 'rxjs';
import { type Session, wantsRenewal } from './session.js';

export function apolloClient(session: Session, live: LiveClient): ApolloClient {
  const renew = new ErrorLink(({ error, operation, forward }) => {
    if (!CombinedGraphQLErrors.is(error) || !wantsRenewal(error.errors)) return;
    return from(session.renew()).pipe(switchMap(() => forward(operation)));
  });
  const authorize = new SetContextLink(({ headers }) => ({
    headers: { ...headers, ...session.authorization() },
  }));
  return new ApolloClient({
    link: ApolloLink.split(
      ({ operationType }) => operationType === 'subscription',
      new GraphQLWsLink(live),
      // The operation that is sent again passes `authorize` again, after `renew`.
      ApolloLink.from([renew, authorize, new HttpLink({ uri: session.url })]),
    ),
    cache: new InMemoryCache({
      typePolicies: {
        Query: {
          // Pages of one filter and order grow together.
          fields: { bookings: relayStylePagination(['where', 'orderBy']) },
        },
      },
    }),
  });
}
