// SPDX-License-Identifier: GPL-2.0-only
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { chromium } from 'playwright-core'
import { root } from '../../scripts/lib/run.mjs'

const CHROMIUM = '/usr/bin/chromium'

/** Debian's Chromium. Its sandbox needs a user of its own. */
export const openBrowser = () =>
  chromium.launch({ executablePath: CHROMIUM, args: process.getuid() === 0 ? ['--no-sandbox'] : [] })

/** `hmmu view [FILE]`: its address, and a function that ends it. */
export function serve(...files) {
  const child = spawn(process.execPath, [join(root, 'dist/cli/main.js'), 'view', ...files])
  child.stderr.pipe(process.stderr)
  return new Promise((resolve, reject) => {
    child.on('exit', (code) => reject(new Error(`hmmu view ended with ${code}`)))
    child.stdout.once('data', (line) => resolve({ address: String(line).trim(), stop: () => child.kill() }))
  })
}

/** A page in a window of a size. What it complains about fails the test that calls done(). */
export async function openPage(browser, address, { width = 1600, height = 1000, ...options } = {}) {
  const page = await browser.newPage({ viewport: { width, height }, ...options })
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

/** Waits until the address says something: it follows the page by a moment. */
export const hashSays = (page, text) =>
  page.waitForFunction((part) => location.hash.includes(part), text, { timeout: 5000 })

export const place = (page) => page.locator('.step .line > span').innerText()

const axe = createRequire(import.meta.url).resolve('axe-core/axe.min.js')

/**
 * Loads a page anew, with axe in it. The page's policy forbids scripts from elsewhere.
 * @param prepare what is done before, as the page is loaded anew
 */
export async function addAxe(page, prepare = () => undefined) {
  const session = await page.context().newCDPSession(page)
  await session.send('Page.setBypassCSP', { enabled: true })
  await page.reload()
  await page.waitForSelector('main')
  await prepare()
  await page.addScriptTag({ path: axe })
}

/** What axe, which is in the page, finds: rules, and the elements that break them. */
export async function findings(page) {
  const { violations } = await page.evaluate(() => window.axe.run({ resultTypes: ['violations'] }))
  return violations.map(({ id, nodes }) => `${id}: ${nodes.slice(0, 3).map(({ html }) => html.slice(0, 120))}`)
}

/** {@link addAxe}, and its {@link findings}. */
export async function audit(page, prepare) {
  await addAxe(page, prepare)
  return findings(page)
}
