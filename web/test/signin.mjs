// The page's code of docs/authentication.md, in a real browser against a real
// server with the demo clinic.
import assert from 'node:assert/strict'
import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { after, before, test } from 'node:test'
import { chromium } from 'playwright-core'

const root = new URL('../../', import.meta.url)
const text = readFileSync(new URL('docs/authentication.md', root), 'utf8')
const code = text.split('\n```js\n')[1].split('\n```')[0]
let folder, server, browser, origin, account

before(async () => {
  folder = mkdtempSync(join(tmpdir(), 'clinicgraph-'))
  const binary = join(folder, 'clinicgraph')
  execFileSync('go', ['build', '-o', binary, '.'], { cwd: root })
  server = spawn(binary, ['serve', '--demo', '--addr', '127.0.0.1:0', '--admin-addr', 'off', '--data', join(folder, 'data')], {
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  for await (const line of createInterface(server.stdout)) {
    origin = /^ClinicGraph serves (.*)\/graphql$/.exec(line)?.[1]
    if (origin) break
  }
  assert.ok(origin, 'the server did not start')
  account = JSON.parse(readFileSync(join(folder, 'data', 'demo-accounts.json'), 'utf8')).find(({ role }) => role === 'staff')
  browser = await chromium.launch({
    executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
    args: ['--no-sandbox', '--disable-gpu', '--no-first-run', '--disable-background-networking'],
  })
})

after(async () => {
  await browser?.close()
  if (server?.kill()) await once(server, 'exit')
  rmSync(folder, { recursive: true, force: true })
})

test('a page signs in, is left and comes back, and holds no token that a script can read', async () => {
  // The code is put into the page from outside, so its policy does not count.
  const context = await browser.newContext({ bypassCSP: true })
  const page = await context.newPage()
  const run = what => page.evaluate(`(async () => { ${code}; ${what} })()`)
  await page.goto(`${origin}/playground/`)

  assert.equal(await run('return resume();'), false)
  const wrong = await run(`return signIn(${JSON.stringify(account.login)}, 'not the password');`)
  assert.equal(wrong.code, 'INVALID_CREDENTIALS')
  assert.equal(await run(`return signIn(${JSON.stringify(account.login)}, ${JSON.stringify(account.password)});`), undefined)

  const kept = (await context.cookies()).filter(({ name }) => name.startsWith('__Host-'))
  assert.deepEqual(kept.map(({ name, httpOnly, secure, sameSite, path }) => ({ name, httpOnly, secure, sameSite, path }))
    .sort((a, b) => a.name.localeCompare(b.name)),
  ['__Host-dv', '__Host-rt'].map(name => ({ name, httpOnly: true, secure: true, sameSite: 'Strict', path: '/' })))
  assert.equal(await page.evaluate('document.cookie'), '')

  await page.reload()
  assert.equal(await run('await resume(); return (await ask("{ viewer { user { username } } }")).data.viewer.user.username;'), account.login)
  assert.deepEqual(await run('await resume(); return (await ask("mutation { logout { loggedOut } }")).data;'), { logout: { loggedOut: true } })
  await page.reload()
  assert.equal(await run('return resume();'), false)
})
