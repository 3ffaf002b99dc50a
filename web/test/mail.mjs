// The pages of the links in mails, in a real browser against a real server, whose
// mails are files: as it comes, and in production with trusted documents.
import assert from 'node:assert/strict'
import { execFileSync, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { after, afterEach, before, beforeEach, describe, test } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import { chromium } from 'playwright-core'

const root = new URL('../../', import.meta.url)
const operations = {
  register: 'mutation ($input: RegisterInput!) { register(input: $input) { session { accessToken } } }',
  login: 'mutation ($input: LoginInput!) { login(input: $input) { accessToken } }',
  forgot: 'mutation ($input: RequestPasswordResetInput!) { requestPasswordReset(input: $input) { accepted } }',
}
const password = 'nine yellow lanterns', another = 'ten yellow lanterns'
let folder, browser

before(async () => {
  folder = mkdtempSync(join(tmpdir(), 'clinicgraph-'))
  execFileSync('go', ['build', '-o', join(folder, 'clinicgraph'), '.'], { cwd: root })
  writeFileSync(join(folder, 'documents.json'), JSON.stringify(operations))
  writeFileSync(join(folder, 'secret'), randomBytes(32).toString('base64'), { mode: 0o600 })
  browser = await chromium.launch({
    executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
    args: ['--no-sandbox', '--disable-gpu', '--no-first-run', '--disable-background-networking'],
  })
})

after(async () => {
  await browser?.close()
  rmSync(folder, { recursive: true, force: true })
})

/** A port that nobody listens on: links are built from it. */
async function freePort() {
  const listener = createServer().listen(0, '127.0.0.1')
  await once(listener, 'listening')
  const { port } = listener.address()
  listener.close()
  await once(listener, 'close')
  return port
}

for (const [name, flags] of Object.entries({
  'as it comes': port => ['--registration', 'verified', '--addr', `127.0.0.1:${port}`],
  'in production with trusted documents': port => [
    '--env', 'production', '--public-url', `http://127.0.0.1:${port}`, '--addr', `127.0.0.1:${port}`,
    '--secret-file', join(folder, 'secret'), '--trusted-documents', join(folder, 'documents.json'),
  ],
})) {
  describe(`the pages of links in mails, ${name}`, () => {
    const read = new Set()
    let data, server, origin, context, page, complaints, asked

    before(async () => {
      const port = await freePort()
      data = mkdtempSync(join(folder, 'data-'))
      server = spawn(join(folder, 'clinicgraph'), ['serve', '--admin-addr', 'off', '--data', data, ...flags(port)], {
        stdio: ['ignore', 'pipe', 'ignore'],
      })
      for await (const line of createInterface(server.stdout)) {
        origin = /^ClinicGraph serves (.*)\/graphql$/.exec(line)?.[1]
        if (origin) break
      }
      assert.equal(origin, `http://127.0.0.1:${port}`)
    })

    after(async () => {
      if (server?.kill()) await once(server, 'exit')
    })

    beforeEach(async () => {
      complaints = []
      asked = []
      context = await browser.newContext({ viewport: { width: 800, height: 640 } })
      page = await context.newPage()
      page.setDefaultTimeout(15_000)
      page.on('console', message => {
        if (['error', 'warning'].includes(message.type())) complaints.push(message.text())
      })
      page.on('pageerror', error => complaints.push(String(error)))
      page.on('requestfailed', request => complaints.push(`${request.url()}: ${request.failure()?.errorText}`))
      page.on('request', request => asked.push(request))
      await page.addInitScript(() => {
        addEventListener('securitypolicyviolation', event => console.error(`policy: ${event.effectiveDirective} ${event.blockedURI}`))
      })
    })

    afterEach(async () => {
      assert.deepEqual(await page.evaluate(() => [{ ...localStorage }, { ...sessionStorage }, document.cookie]), [{}, {}, ''])
      await context.close()
      assert.deepEqual(complaints, [])
      assert.deepEqual(asked.filter(request => !request.url().startsWith(`${origin}/`)), [])
      assert.deepEqual(asked.filter(request => request.url().includes('token')), [])
    })

    /** Asks the graph as another program, and gives the code of the first error. */
    async function graph(operation, input) {
      const response = await fetch(`${origin}/graphql`, {
        method: 'POST',
        headers: { 'Content-Type': 'application/json' },
        body: JSON.stringify({ documentId: operation, query: operations[operation], variables: { input } }),
      })
      return (await response.json()).errors?.[0].extensions.code
    }

    /** The link in the next mail. */
    async function link() {
      const outbox = join(data, 'outbox')
      for (let tries = 0; tries < 300; tries++) {
        for (const file of existsSync(outbox) ? readdirSync(outbox).filter(file => file.endsWith('.eml')) : []) {
          if (read.has(file)) continue
          read.add(file)
          const text = readFileSync(join(outbox, file), 'utf8').replace(/=\r?\n/g, '').replaceAll('=3D', '=')
          const found = /http\S+#token=\S+/.exec(text)
          if (found) return found[0]
        }
        await pause(100)
      }
      throw new Error('no mail')
    }

    const heading = text => page.getByRole('heading', { name: text, exact: true }).waitFor()
    const picture = name => process.env.SCREENSHOTS && page.screenshot({ path: join(process.env.SCREENSHOTS, `${name}.png`) })
    const focused = () => page.evaluate(() => document.activeElement.textContent.trim() || document.activeElement.id)

    async function register(username) {
      const person = { username, email: `${username}@example.org`, password, givenName: 'New', surname: 'Comer' }
      assert.equal(await graph('register', person), undefined)
      const found = await link()
      assert.ok(found.startsWith(`${origin}/verify-email#token=`), found)
      return found
    }

    async function open(link) {
      await page.goto(link)
      await page.waitForFunction(() => location.hash === '' && !location.href.includes('#'))
    }

    test('an address is confirmed by keyboard, once', async () => {
      const mailed = await register('first.one')
      await open(mailed)
      await heading('Confirm your e-mail address')
      await picture('verify')
      assert.equal(asked.filter(request => request.method() === 'POST').length, 0) // to open a link does nothing
      await page.keyboard.press('Tab')
      await page.keyboard.press('Enter')
      await heading('Your address is confirmed')
      assert.equal(await focused(), 'Your address is confirmed')
      assert.equal(await page.title(), 'Your address is confirmed')
      await picture('verify-done')
      assert.equal(await graph('login', { login: 'first.one', password }), undefined)

      // The same tab takes the link once more: only its fragment differs.
      await page.goto(mailed)
      await page.getByRole('button', { name: 'Confirm this address' }).click()
      await heading('This link is no longer good')
      await picture('verify-bad')
      await page.goto(`${origin}/verify-email`)
      await heading('The link is not whole')
    })

    test('a user name that somebody else has got meanwhile is said to be taken', async () => {
      const [one, other] = [await register('same.name'), await register('same.name')]
      await open(one)
      await page.getByRole('button').click()
      await heading('Your address is confirmed')
      await open(other)
      await page.getByRole('button', { name: 'Confirm this address' }).click()
      await page.getByRole('alert').filter({ hasText: 'already' }).waitFor()
      await heading('Confirm your e-mail address')
    })

    test('a password is set, and what is wrong with it is said beside the field', async () => {
      await open(await register('second.one'))
      await page.getByRole('button').click()
      await heading('Your address is confirmed')
      assert.equal(await graph('forgot', { login: 'second.one' }), undefined)
      const mailed = await link()
      assert.ok(mailed.startsWith(`${origin}/reset-password#token=`), mailed)
      await open(mailed)
      await heading('Set your password')
      const field = page.getByLabel('New password')
      await page.keyboard.press('Tab')
      assert.equal(await focused(), 'newPassword')
      for (const [typed, problem] of [['short', /at least 12 characters/], ['I am second.one myself', /must not contain your login/], [password, /./]]) {
        await field.fill(typed)
        await page.keyboard.press('Enter')
        await page.locator('#newPasswordProblem', { hasText: problem }).waitFor()
        assert.equal(await field.getAttribute('aria-invalid'), 'true')
        assert.equal(await focused(), 'newPassword')
        if (typed === 'short') await picture('reset-refused')
      }
      assert.equal(await field.getAttribute('type'), 'password')
      await field.fill(another)
      await page.getByLabel('Show the password').check()
      assert.equal(await field.getAttribute('type'), 'text')
      await page.getByRole('button', { name: 'Set the password' }).click()
      await heading('Your password is set')
      await picture('reset-done')
      assert.equal(await field.inputValue(), '')
      assert.equal(await graph('login', { login: 'second.one', password: another }), undefined)
      assert.equal(await graph('login', { login: 'second.one', password }), 'INVALID_CREDENTIALS')

      // Used: the page mails another one.
      await page.goto(mailed)
      await heading('Set your password')
      await field.fill('eleven yellow lanterns')
      await page.keyboard.press('Enter')
      await heading('This link is no longer good')
      await page.emulateMedia({ colorScheme: 'dark' })
      await picture('reset-bad-dark')
      await page.getByLabel('User name or e-mail address').fill('second.one')
      await page.keyboard.press('Enter')
      await heading('Look into your mail')
      await open(await link())
      await heading('Set your password')
      await picture('reset-dark')
      await field.fill('eleven yellow lanterns')
      await page.keyboard.press('Enter')
      await heading('Your password is set')
    })

    test('who asks too often is told when to come again', async () => {
      await page.goto(`${origin}/reset-password`)
      await heading('Ask for a link')
      for (let i = 0; i < 30; i++) await graph('forgot', { login: 'nobody' })
      await page.getByLabel('User name or e-mail address').fill('nobody')
      await page.keyboard.press('Enter')
      await page.getByRole('alert').filter({ hasText: /^Too many requests. Please wait \d+ seconds\.$/ }).waitFor()
      await picture('reset-too-often')
      complaints = complaints.filter(text => !text.includes('429')) // the browser itself says so
    })

    test('a server that does not answer is said to be one', async () => {
      await open(`${origin}/reset-password#token=x`)
      await page.route('**/graphql', route => route.abort())
      await page.getByLabel('New password').fill(password)
      await page.keyboard.press('Enter')
      await page.getByRole('alert').filter({ hasText: 'The server did not answer. Please try again.' }).waitFor()
      complaints = complaints.filter(text => !text.includes('ERR_FAILED'))
    })
  })
}
