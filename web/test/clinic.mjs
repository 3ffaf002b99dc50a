// A clinic made of nothing but its schema: every field answers with a sample
// of its type, and the session is as short-lived as a test wants it.
import { readFileSync } from 'node:fs'
import { buildSchema, execute, isEnumType, isLeafType, isListType, isNonNullType, parse, validate } from 'graphql'

export const schema = buildSchema(readFileSync(new URL('../../schema.graphqls', import.meta.url), 'utf8'))

const samples = { Int: 1, Int64: 100, Float: 1, Boolean: false, Time: '2030-01-02T09:00:00Z' }

function sample(type) {
  if (isNonNullType(type)) return sample(type.ofType)
  if (isListType(type)) return [sample(type.ofType)]
  if (isEnumType(type)) return type.getValues()[0].value
  return isLeafType(type) ? (samples[type.name] ?? type.name) : {}
}

const refusal = (message, code) => Object.assign(new Error(message), { extensions: { code } })

export class Clinic {
  /** Seconds that the next access tokens live; later ones live for ten minutes. */
  lifetimes = []
  /** What was asked, newest last: { operation, authorization, data, errors }. */
  log = []
  #access = new Set()
  #refresh = new Set()
  #count = 0

  /** Takes back all access tokens, and the refresh tokens too if asked. */
  revoke({ refreshTokens = false } = {}) {
    this.#access.clear()
    if (refreshTokens) this.#refresh.clear()
  }

  /** Answers one POST: { status, body }. */
  async answer(request, authorization) {
    const body = await this.#execute(request, authorization)
    this.log.push({ operation: request.operationName, authorization, ...body })
    const refused = authorization && body.errors?.[0]?.extensions?.code === 'UNAUTHENTICATED'
    return { status: refused ? 401 : 200, body: JSON.parse(JSON.stringify(body)) }
  }

  async #execute({ query, variables, operationName }, authorization) {
    if (authorization && !this.#access.has(authorization)) {
      return { errors: [{ message: 'The token is no longer good.', extensions: { code: 'UNAUTHENTICATED' } }] }
    }
    const document = parse(query)
    const errors = validate(schema, document)
    if (errors.length) return { errors }
    return execute({
      schema, document, operationName, variableValues: variables,
      rootValue: {
        login: ({ input }) => {
          if (!['correct horse', 'one time'].includes(input.password)) throw refusal('Login and password do not match.', 'INVALID_CREDENTIALS')
          return this.#issue(input.login, input.password === 'one time')
        },
        changePassword: ({ input }) => {
          if (input.newPassword === input.currentPassword) throw refusal('The new password is the old one.', 'BAD_USER_INPUT')
          return this.#issue('robin')
        },
        refreshSession: ({ input }) => {
          if (!this.#refresh.delete(input.refreshToken)) throw refusal('The session is over.', 'UNAUTHENTICATED')
          return this.#issue(input.refreshToken.split('/')[1])
        },
      },
      fieldResolver: (source, args, context, info) => {
        const value = source?.[info.fieldName]
        if (typeof value === 'function') return value(args)
        return value === undefined ? sample(info.returnType) : value
      },
    })
  }

  #issue(username, mustChangePassword = false) {
    const accessToken = `access${++this.#count}`
    const refreshToken = `refresh${this.#count}/${username}`
    this.#access.add(`Bearer ${accessToken}`)
    this.#refresh.add(refreshToken)
    const accessTokenExpiresAt = new Date(Date.now() + (this.lifetimes.shift() ?? 600) * 1000).toISOString()
    return { accessToken, accessTokenExpiresAt, refreshToken, viewer: { user: { username }, mustChangePassword } }
  }
}
