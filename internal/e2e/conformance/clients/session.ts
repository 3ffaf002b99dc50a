import type { TypedDocumentNode } from '@graphql-typed-document-node/core';
import { type GraphQLFormattedError, print } from 'graphql';
import { RenewDocument, SignInDocument, type TokensFragment } from '../generated/graphql.js';

/** Session holds the tokens of one signed-in user, and renews them. */
export class Session {
  #tokens: TokensFragment | undefined;
  #renewal: Promise<void> | undefined;

  constructor(readonly url: string) {}

  /** Headers of requests, and the payload of a socket's connection_init. */
  authorization(): Record<string, string> {
    return this.#tokens ? { Authorization: `Bearer ${this.#tokens.accessToken}` } : {};
  }

  async signIn(login: string, password: string): Promise<void> {
    this.#tokens = (await this.ask(SignInDocument, { input: { login, password } })).login;
  }

  /**
   * Exchanges the refresh token. It is good for one exchange, so requests that
   * fail at the same time share it. When this fails, the user signs in again.
   */
  renew(): Promise<void> {
    this.#renewal ??= this.#exchange().finally(() => {
      this.#renewal = undefined;
    });
    return this.#renewal;
  }

  async #exchange(): Promise<void> {
    if (!this.#tokens) throw new Error('nobody is signed in');
    const { refreshToken } = this.#tokens;
    this.#tokens = (await this.ask(RenewDocument, { input: { refreshToken } })).refreshSession;
  }

  /** Asks without a client library. */
  async ask<Data, Variables>(document: TypedDocumentNode<Data, Variables>, variables: Variables): Promise<Data> {
    const response = await fetch(this.url, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json', Accept: 'application/graphql-response+json', ...this.authorization() },
      body: JSON.stringify({ query: print(document), variables }),
    });
    const { data, errors } = (await response.json()) as { data?: Data; errors?: GraphQLFormattedError[] };
    if (!data || errors) throw new Error(errors?.[0]?.message ?? `status ${response.status}`);
    return data;
  }
}

/** Whether the server asks for a fresh access token. */
export function wantsRenewal(errors: readonly GraphQLFormattedError[]): boolean {
  return errors.some((error) => error.extensions?.['action'] === 'REFRESH');
}
