import type { GraphQLFormattedError } from 'graphql'
import { createClient } from 'graphql-sse'
import document from './session.graphql?raw'

const endpoint = '/graphql'

/** An access token with less life than this, in milliseconds, is replaced before it is used. */
const margin = 30_000

/** What the page shows of a session. */
export interface Who {
  readonly username?: string
  /** The account may do nothing but change its password. */
  readonly limited?: boolean
  /** Why nobody is signed in any more, when that was not the person's own wish. */
  readonly notice?: string
}

interface Tokens {
  accessToken: string
  accessTokenExpiresAt: string
  refreshToken: string
  viewer: { user: { username: string } | null; mustChangePassword: boolean }
}

interface Request {
  query: string
  operationName?: string | null | undefined
  variables?: unknown
}

interface Result {
  data?: Record<string, unknown> | null
  errors?: GraphQLFormattedError[]
}

/** The server understood and said no; the message is written for people. */
class Refusal extends Error {
  readonly final: boolean
  constructor(errors: GraphQLFormattedError[]) {
    super(errors.map(error => error.message).join(' '))
    this.final = !errors.some(error => error.extensions?.['retryable'] === true)
  }
}

/**
 * Session owns the tokens of this page and every request that carries them.
 * They stay in memory: a reload signs out, and storage has nothing to steal.
 */
export class Session {
  #tokens: Tokens | undefined
  #refreshing: Promise<void> | undefined
  #who: Who = {}
  #listeners = new Set<() => void>()

  /** The two halves of useSyncExternalStore. */
  subscribe = (listener: () => void) => {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }
  who = () => this.#who

  /** Tells whether the account must have a new password before it may do anything else. */
  async signIn(login: string, password: string): Promise<boolean> {
    const { result } = await post(own('SignIn', { login, password, deviceName: 'Playground' }))
    return this.#adopt(result)
  }

  async changePassword(currentPassword: string, newPassword: string) {
    this.#adopt(await this.execute(own('ChangePassword', { currentPassword, newPassword })))
  }

  /** Forgets the tokens whatever the server says; a failure means that the server may still honour them. */
  async signOut() {
    await this.#refreshing?.catch(() => {})
    try {
      if (this.#tokens) data(await this.execute(own('SignOut')))
    } finally {
      this.#forget()
    }
  }

  /**
   * Sends one request, as the signed-in person unless the headers name somebody
   * else. GraphQL errors are part of the result; anything else is thrown.
   */
  async execute(request: Request, extra: HeadersInit = {}): Promise<Result> {
    if (!this.#tokens || new Headers(extra).has('Authorization')) return (await post(request, extra)).result
    await this.#renew(this.#tokens)
    const first = await post(request, extra, this.#tokens)
    // 401 is said before anything is executed, so asking again is safe. It comes
    // when the clocks differ and when the token was taken back.
    if (first.status !== 401 || !this.#tokens) return first.result
    await this.#refresh(this.#tokens)
    return (await post(request, extra, this.#tokens)).result
  }

  /**
   * Follows a subscription, as execute sends a request, until whoever reads it
   * stops. The server ends it when the access token does.
   */
  async *follow(request: Request, extra: HeadersInit = {}): AsyncGenerator<Result, void> {
    const headers = Object.fromEntries(new Headers(extra))
    if (this.#tokens && !headers['authorization']) {
      await this.#renew(this.#tokens)
      headers['authorization'] = `Bearer ${this.#tokens.accessToken}`
    }
    const client = createClient({ url: endpoint, credentials: 'omit', headers, retryAttempts: 0 })
    const { query, operationName, variables } = request
    const asked = { query, ...(operationName && { operationName }), variables: (variables ?? {}) as Record<string, unknown> }
    yield* client.iterate(asked) as AsyncIterable<Result>
  }

  async #renew(tokens: Tokens) {
    if (Date.parse(tokens.accessTokenExpiresAt) - Date.now() < margin) await this.#refresh(tokens)
  }

  /** One refresh at a time: a refresh token is good for one exchange. */
  #refresh({ refreshToken }: Tokens): Promise<void> {
    return (this.#refreshing ??= post(own('Refresh', { refreshToken }))
      .then(({ result }) => void this.#adopt(result))
      .catch((error: unknown) => {
        if (error instanceof Refusal && error.final) this.#forget('Your session has ended. Please sign in again.')
        throw error
      })
      .finally(() => (this.#refreshing = undefined)))
  }

  #adopt(result: Result) {
    const tokens = data(result)['session'] as Tokens
    const limited = tokens.viewer.mustChangePassword
    this.#tokens = tokens
    this.#show({ username: tokens.viewer.user?.username ?? 'somebody without a name', limited })
    return limited
  }

  #forget(notice?: string) {
    this.#tokens = undefined
    this.#show(notice ? { notice } : {})
  }

  /** A refresh changes nothing that is shown, and so the snapshot stays the same object. */
  #show(who: Who) {
    const { username, limited, notice } = this.#who
    if (who.username === username && who.limited === limited && who.notice === notice) return
    this.#who = who
    for (const listener of this.#listeners) listener()
  }
}

/** One of the console's own operations. */
function own(operationName: string, input?: object): Request {
  return { query: document, operationName, variables: input && { input } }
}

function data(result: Result) {
  if (result.errors?.length || !result.data) throw new Refusal(result.errors ?? [{ message: 'The server gave no data.' }])
  return result.data
}

async function post(request: Request, extra: HeadersInit = {}, tokens?: Tokens): Promise<{ status: number; result: Result }> {
  const headers = new Headers(extra)
  headers.set('Content-Type', 'application/json')
  headers.set('Accept', 'application/graphql-response+json, application/json')
  if (tokens) headers.set('Authorization', `Bearer ${tokens.accessToken}`)
  // No cookies: only the token above may speak for a person.
  const init: RequestInit = { method: 'POST', credentials: 'omit', headers, body: JSON.stringify(request) }
  const response = await fetch(endpoint, init).catch((cause: unknown) => {
    throw new Error('The server cannot be reached.', { cause })
  })
  try {
    return { status: response.status, result: (await response.json()) as Result }
  } catch (cause) {
    throw new Error(`The server answered ${response.status} without JSON.`, { cause })
  }
}
