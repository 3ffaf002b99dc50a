// The playground in a real browser: the built console, the real handler and
// its policy, and a clinic that answers from the schema alone.
// CHROMIUM names another browser than Debian's; SCREENSHOTS a folder to fill.
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { after, before, beforeEach, afterEach, describe, test } from 'node:test'
import { parse, validate } from 'graphql'
import { chromium } from 'playwright-core'
import { Clinic, schema } from './clinic.mjs'

const root = new URL('../../', import.meta.url)
const source = new URL('../src/', import.meta.url)
const titles = ['Viewer', 'BookingsOfToday', 'AvailableSlots', 'BookAppointment', 'CapturePayment', 'RedeemReward', 'BookingChanged', 'OperationLogs']

test('every operation of the console fits the schema', () => {
  const files = readdirSync(source, { recursive: true }).filter(name => name.endsWith('.graphql'))
  assert.ok(files.length > titles.length)
  for (const name of files) {
    const errors = validate(schema, parse(readFileSync(new URL(name, source), 'utf8')))
    assert.deepEqual(errors.map(error => error.message), [], name)
  }
})

describe('the playground', () => {
  let server, browser, origin, page, clinic, complaints

  before(async () => {
    server = spawn('go', ['run', './web/test/serve.go'], { cwd: root, stdio: ['pipe', 'pipe', 'inherit'] })
    const line = await createInterface(server.stdout)[Symbol.asyncIterator]().next()
    assert.ok(!line.done, 'the server did not start')
    origin = line.value
    browser = await chromium.launch({
      executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
      args: [
        '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run',
        '--disable-background-networking', '--disable-component-update', '--disable-sync',
      ],
    })
  })

  after(async () => {
    await browser?.close()
    server?.stdin.end()
  })

  beforeEach(async () => {
    clinic = new Clinic()
    complaints = []
    page = await browser.newPage({ viewport: { width: 1440, height: 900 } })
    page.setDefaultTimeout(15_000)
    page.on('console', message => {
      if (['error', 'warning'].includes(message.type())) complaints.push(message.text())
    })
    page.on('pageerror', error => complaints.push(String(error)))
    page.on('requestfailed', request => {
      const problem = request.failure()?.errorText
      if (problem !== 'net::ERR_ABORTED') complaints.push(`${request.url()}: ${problem}`) // aborted: the page was left
    })
    page.on('request', request => {
      if (!/^(data:|blob:)/.test(request.url()) && !request.url().startsWith(origin)) complaints.push(`asked ${request.url()}`)
    })
    await page.addInitScript(() => {
      addEventListener('securitypolicyviolation', event => console.error(`policy: ${event.effectiveDirective} ${event.blockedURI}`))
    })
    await page.route('**/graphql', async route => {
      const { status, body } = await clinic.answer(route.request().postDataJSON(), route.request().headers()['authorization'])
      if (route.request().headers()['accept'] === 'text/event-stream') {
        const next = `event: next\ndata: ${JSON.stringify(body)}\n\n`
        await route.fulfill({ status, body: `:\n\n${next}${next}event: complete\ndata:\n\n`, contentType: 'text/event-stream' })
        return
      }
      await route.fulfill({ status, json: body, contentType: 'application/graphql-response+json' })
    })
    await page.goto(`${origin}/playground/`)
    await page.locator('.graphiql-query-editor .view-line').first().waitFor()
  })

  afterEach(async () => {
    await page.close()
    assert.deepEqual(complaints, [])
  })

  const picture = name =>
    process.env.SCREENSHOTS && page.screenshot({ path: join(process.env.SCREENSHOTS, `${name}.png`) })
  const bar = () => page.getByRole('banner')

  async function signIn(password = 'correct horse') {
    await bar().getByRole('button', { name: 'Sign in' }).click()
    await page.getByLabel('User name or e-mail').fill('robin')
    await page.getByLabel('Password').fill(password)
    await page.keyboard.press('Enter')
  }

  /** Runs an operation of the open tab, waits for the last answer that it leads to, and gives what the clinic logged. */
  async function run(operation, { choose = false, last = operation } = {}) {
    const answered = page.waitForResponse(response =>
      response.status() !== 401 && response.request().postDataJSON()?.operationName === last)
    await page.getByRole('button', { name: 'Execute query' }).click()
    if (choose) await page.getByRole('menuitem', { name: operation, exact: true }).click()
    await answered
    return clinic.log.findLast(entry => entry.operation === operation)
  }

  test('shows GraphiQL with the examples as tabs, under its policy, with workers from files', async () => {
    assert.deepEqual(await page.locator('.graphiql-tab-button').allTextContents(), titles)
    await page.waitForFunction(() => document.fonts.check('15px "Fira Code"'))
    // The marker of a wrong field is the GraphQL worker's own work.
    await page.locator('.graphiql-query-editor .view-line').nth(2).click()
    await page.keyboard.type(' nonsense ')
    await page.locator('.squiggly-error').first().waitFor()
    const workers = page.workers().map(worker => new URL(worker.url()))
    assert.ok(workers.length >= 2, `workers: ${workers}`)
    assert.deepEqual(workers.filter(url => url.origin !== origin || url.protocol === 'blob:'), [])
    await picture('anonymous')
    await page.keyboard.press('Escape')
    await page.getByRole('button', { name: 'Prettify' }).click()
    await page.locator('.graphiql-query-editor .view-line', { hasText: /^\s*nonsense$/ }).waitFor()
    await page.getByRole('button', { name: 'Show Documentation Explorer' }).click()
    await page.getByRole('link', { name: 'Mutation' }).click()
    await page.getByRole('link', { name: 'bookAppointment', exact: true }).waitFor()
    await page.getByRole('button', { name: 'Hide Documentation Explorer' }).click()
  })

  test('keeps drafts over a reload, in the colours and on the screen that the visitor has', async () => {
    await page.locator('.graphiql-query-editor .view-line').nth(2).click()
    await page.keyboard.type(' draft ')
    await page.waitForFunction(() => sessionStorage['graphiql:tabState']?.includes('draft'))
    await page.emulateMedia({ colorScheme: 'dark' })
    await page.reload()
    await page.locator('.graphiql-query-editor .view-line', { hasText: 'draft' }).waitFor()
    assert.deepEqual(await page.locator('.graphiql-tab-button').allTextContents(), titles)
    assert.deepEqual(await page.evaluate(() => Object.keys(localStorage)), [])
    await picture('dark')
    await page.setViewportSize({ width: 420, height: 800 })
    await bar().getByRole('button', { name: 'Sign in' }).click()
    await page.getByLabel('Password').waitFor()
    await picture('narrow')
  })

  test('runs every example', async () => {
    await signIn()
    await bar().getByRole('button', { name: 'Sign out' }).waitFor()
    for (const title of [...titles.slice(1), titles[0]]) {
      await page.locator('.graphiql-tab-button').getByText(title, { exact: true }).click()
      // GraphiQL reads the operations of a tab a moment after it shows them, and keeps the draft then.
      await page.waitForFunction(name => sessionStorage['graphiql:query']?.includes(` ${name}`), title)
      const document = parse(readFileSync(new URL(`examples/${title[0].toLowerCase()}${title.slice(1)}.graphql`, source), 'utf8'))
      const choose = document.definitions.length > 1
      for (const { name } of document.definitions) {
        const answer = await run(name.value, { choose })
        assert.equal(answer.errors, undefined, name.value)
        assert.match(answer.authorization, /^Bearer access/)
      }
      await picture(title)
    }
  })

  test('follows a subscription as the signed-in person, and shows what comes', async () => {
    await signIn()
    await bar().getByText('Signed in as robin').waitFor()
    await page.locator('.graphiql-tab-button').getByText('BookingChanged', { exact: true }).click()
    await page.waitForFunction(() => sessionStorage['graphiql:query']?.includes(' BookingChanged'))
    assert.equal((await run('BookingChanged')).authorization, 'Bearer access1')
    await page.locator('.graphiql-response .view-line', { hasText: 'bookingChanged' }).first().waitFor()
    await page.getByRole('button', { name: 'Execute query' }).waitFor() // it has ended
  })

  test('refuses a wrong password in words, by keyboard alone, and lets the right one in and out', async () => {
    const press = keys => page.keyboard.press(keys)
    await press('Tab')
    await press('Enter')
    await page.keyboard.type('robin')
    await press('Tab')
    await page.keyboard.type('wrong')
    await press('Enter')
    await page.getByRole('alert').filter({ hasText: 'Login and password do not match.' }).waitFor()
    await picture('refused')
    await page.keyboard.type('correct horse')
    await press('Enter')
    await bar().getByText('Signed in as robin').waitFor()
    assert.equal(await page.evaluate(() => document.activeElement?.textContent), 'Sign out')
    assert.deepEqual(await page.evaluate(() => JSON.stringify([{ ...localStorage }, { ...sessionStorage }]).match(/access1|refresh1|horse/)), null)
    await press('Enter')
    await bar().getByText('Not signed in').waitFor()
    assert.equal(clinic.log.findLast(entry => entry.operation === 'SignOut').authorization, 'Bearer access1')
    assert.equal((await run('Viewer')).authorization, undefined)
  })

  test('asks for a new password where the old one was for one time', async () => {
    await signIn('one time')
    await page.getByRole('heading', { name: 'Choose your password' }).waitFor()
    assert.equal(await page.getByLabel('New password').inputValue(), '')
    await picture('password')
    await page.keyboard.type('one time')
    await page.keyboard.press('Enter')
    await page.getByRole('alert').filter({ hasText: 'The new password is the old one.' }).waitFor()
    await page.keyboard.type('correct horse')
    await page.keyboard.press('Enter')
    await page.getByRole('dialog').waitFor({ state: 'hidden' })
    assert.equal((await run('Viewer')).authorization, 'Bearer access2')
  })

  test('closes the sign-in box on Escape and forgets what was typed', async () => {
    await bar().getByRole('button', { name: 'Sign in' }).click()
    await page.keyboard.type('robin')
    await page.keyboard.press('Escape')
    await bar().getByRole('button', { name: 'Sign in' }).click()
    assert.equal(await page.getByLabel('User name or e-mail').inputValue(), '')
  })

  test('replaces an access token that is about to expire', async () => {
    clinic.lifetimes = [20]
    await signIn()
    await bar().getByText('Signed in as robin').waitFor()
    assert.equal((await run('Viewer')).authorization, 'Bearer access2')
    assert.equal((await run('Viewer')).authorization, 'Bearer access2')
  })

  test('replaces a revoked access token once, and says when the session is over', async () => {
    await signIn()
    await bar().getByText('Signed in as robin').waitFor()
    clinic.revoke()
    assert.equal((await run('Viewer')).authorization, 'Bearer access2')
    clinic.revoke({ refreshTokens: true })
    assert.equal((await run('Viewer', { last: 'Refresh' })).authorization, 'Bearer access2')
    await bar().getByText('Your session has ended. Please sign in again.').waitFor()
    await signIn()
    await bar().getByText('Signed in as robin').waitFor()
    clinic.revoke()
    await bar().getByRole('button', { name: 'Sign out' }).click()
    await bar().getByText('Not signed in').waitFor()
    assert.equal(clinic.log.findLast(entry => entry.operation === 'SignOut').authorization, 'Bearer access4')
    // The browser itself writes each 401 to the console; nothing else may be there.
    complaints = complaints.filter(text => !text.includes('401'))
  })
})
