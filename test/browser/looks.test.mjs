// SPDX-License-Identifier: GPL-2.0-only
//
// Each state of the page, wide and narrow, light and dark; and how large the page is.
import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { gzipSync } from 'node:zlib'
import { root } from '../../scripts/lib/run.mjs'
import { addAxe, findings, hashSays, openBrowser, openPage, serve } from './browser.mjs'
import { records } from './records.mjs'

let browser
let server

before(async () => {
  server = await serve(records)
  browser = await openBrowser()
})

after(async () => {
  await browser?.close()
  server?.stop()
})

/** What is looked at, and the keys that lead on from there. */
const STATES = {
  start: ['drill=racing-store&step=0'],
  'a page that is followed': ['drill=racing-store&step=11&page=A/buf[0]'],
  'two profiles': ['drill=racing-store&step=9&page=A/buf[0]&compare=1'],
  'reasons, at the end of a migration': ['drill=four-reasons&step=28&page=A/buf[1]'],
  'a huge page': ['drill=four-reasons&step=8&page=A/big[1]'],
  '10,000 pages': ['drill=ten-thousand&step=9&page=A/buf[2030]'],
  keys: ['drill=racing-store&step=11', '?'],
  'what can be saved': ['drill=racing-store&step=11', 's'],
}

const WIDTHS = [1600, 1280, 800]

for (const [state, [look, ...keys]] of Object.entries(STATES)) {
  test(`axe finds nothing, and the page is not wider than its window: ${state}`, async () => {
    const page = await openPage(browser, `${server.address}&${look}&theme=light`)
    await addAxe(page)
    for (const theme of ['light', 'dark']) {
      if (theme === 'dark') {
        await page.keyboard.press('t')
        await hashSays(page, 'theme=dark')
      }
      for (const key of keys) await page.keyboard.press(key)
      for (const width of WIDTHS) {
        await page.setViewportSize({ width, height: 1000 })
        assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), `${width} ${theme}`)
        // The middle has nothing that the others lack but its columns.
        if (width !== 1280) assert.deepEqual(await findings(page), [], `${width} ${theme}`)
      }
      if (keys.length === 0) continue
      await page.keyboard.press('Escape')
      await page.locator('dialog[open]').waitFor({ state: 'detached' })
    }
    await page.done()
  })
}

const MOST_SIZE = 400 * 1024

test('what the page loads before its first picture is small', async (t) => {
  const assets = join(root, 'dist/site/assets')
  const packed = readdirSync(assets).map((name) => [name, gzipSync(readFileSync(join(assets, name))).length])
  const size = (list) => list.reduce((sum, [, bytes]) => sum + bytes, 0)
  // The editor is loaded when somebody edits.
  const first = size(packed.filter(([name]) => !name.startsWith('editor-')))
  t.diagnostic(`${Math.round(first / 1024)} KiB compressed, with the editor ${Math.round(size(packed) / 1024)} KiB`)
  assert.ok(first <= MOST_SIZE)

  const page = await openPage(browser, server.address)
  const painted = await page.evaluate(() => performance.getEntriesByName('first-contentful-paint')[0]?.startTime)
  const begin = performance.now()
  for (let n = 0; n < 20; n++) await page.keyboard.press('ArrowLeft')
  const step = (performance.now() - begin) / 20
  t.diagnostic(`first picture after ${Math.round(painted)} ms, a key ${step.toFixed(1)} ms`)
  await page.done()
})
