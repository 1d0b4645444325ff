// SPDX-License-Identifier: GPL-2.0-only
//
// The machine below the timeline, and what surrounds it: how the page starts, profiles, keys of tables and trees.
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { pathToFileURL } from 'node:url'
import { root } from '../../scripts/lib/run.mjs'
import { openBrowser, records, serve } from './browser.mjs'

let browser
let recorded
let server

before(async () => {
  recorded = await serve(records)
  server = await serve()
  browser = await openBrowser()
})

after(async () => {
  await browser?.close()
  recorded?.stop()
  server?.stop()
})

/** A page. Errors of it fail the test that closes it. */
async function open(address, { width = 1600, height = 1000 } = {}) {
  const page = await browser.newPage({ viewport: { width, height } })
  const errors = []
  page.on('pageerror', (error) => errors.push(String(error)))
  page.on('console', (message) => message.type() === 'error' && errors.push(message.text()))
  await page.goto(address)
  await page.waitForSelector('main')
  return Object.assign(page, {
    done: async () => {
      assert.deepEqual(errors, [])
      await page.close()
    },
  })
}

const openRecord = (look, size) => open(`${recorded.address}&${look}`, size)

/** Waits until the address says something: it follows the page by a moment. */
const hashSays = (page, text) => page.waitForFunction((part) => location.hash.includes(part), text, { timeout: 5000 })

test('opened from disk, the page says why it does not start, and what to do', async () => {
  const page = await browser.newPage()
  await page.goto(pathToFileURL(join(root, 'dist/site/index.html')).href)
  const text = page.locator('.unopened')
  await text.waitFor()
  assert.match(await text.innerText(), /opened from disk: use npx hmmu view/)
  await page.close()
})

test('any two profiles are compared, and they change places', async () => {
  const page = await open(`${server.address}#drill=racing-store&profile=linux-4.14&compare=linux-6.12`)
  await page.locator('main.compared').waitFor()
  const heads = () => page.locator('.machine h2 span:first-child').allInnerTexts()
  assert.deepEqual(await heads(), ['linux-4.14', 'linux-6.12'])
  await page.getByLabel('Profile', { exact: true }).selectOption('linux-6.12')
  await hashSays(page, 'profile=linux-6.12')
  await hashSays(page, 'compare=linux-4.14')
  await page.getByLabel('Profile to compare with').selectOption('hmm-v25')
  await page.locator('.machine[aria-label="hmm-v25"]').waitFor()
  assert.deepEqual(await heads(), ['linux-6.12', 'hmm-v25'])
  await page.done()
})
