// SPDX-License-Identifier: GPL-2.0-only
import assert from 'node:assert/strict'
import { readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { root } from '../../scripts/lib/run.mjs'
import { openBrowser } from './browser.mjs'
import { complaint, openPictured, PICTURE, serveDrill, shownOn } from './picture.mjs'

let browser
let server

before(async () => {
  server = await serveDrill()
  browser = await openBrowser()
})

after(async () => {
  await browser?.close()
  server?.stop()
})

test('README begins with a picture that shows what the page shows', async () => {
  const page = await openPictured(browser, server)
  assert.equal(complaint(await shownOn(page)), undefined)
  await page.evaluate(() => {
    document.querySelector('.sentence').firstChild.textContent += '?'
  })
  assert.match(complaint(await shownOn(page)), /npm run picture/)
  await page.close()
  assert.ok(statSync(PICTURE).size < 150_000)
  const [, alt] = /^!\[([^\]]+)\]\(docs\/page\.webp\)$/m.exec(readFileSync(join(root, 'README.md'), 'utf8'))
  assert.ok(alt.length > 100)
})
