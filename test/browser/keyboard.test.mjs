// SPDX-License-Identifier: GPL-2.0-only
//
// The whole page without a mouse: nothing here clicks, or says to the page what a key does not say.
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { after, before, test } from 'node:test'
import { hashSays, openBrowser, openPage, place, serve } from './browser.mjs'

let browser
let server

before(async () => {
  server = await serve()
  browser = await openBrowser()
})

after(async () => {
  await browser?.close()
  server?.stop()
})

/** Tab until an element has the focus. A list that never comes to it is an error. */
async function tabTo(page, selector, most = 60) {
  for (let i = 0; i < most; i++) {
    await page.keyboard.press('Tab')
    if (await page.evaluate((wanted) => document.activeElement?.matches(wanted), selector)) return
  }
  assert.fail(`Tab does not lead to ${selector}`)
}

/** Chooses an option of the list that has the focus, by its first letters. */
async function choose(page, letters, name) {
  await page.keyboard.type(letters)
  await page.keyboard.press('Enter')
  await page.waitForFunction((value) => document.activeElement?.value === value, name)
}

async function savedBy(page, press) {
  const [file] = await Promise.all([page.waitForEvent('download'), press()])
  return readFileSync(await file.path(), 'utf8')
}

test('keys alone: open racing-store, find why page 0 did not move, compare, edit, save, change the theme', async () => {
  const page = await openPage(browser, server.address)
  const press = async (...keys) => {
    for (const key of keys) await page.keyboard.press(key)
  }
  await tabTo(page, 'select')
  await choose(page, 'rac', 'racing-store')
  await hashSays(page, 'drill=racing-store')
  await tabTo(page, 'button')
  assert.match(await page.locator('.step .sentence').innerText(), /^Page 0 will not move: references\./)
  assert.match(await place(page), /^Step 11 of /)

  await press('ArrowDown')
  const answer = page.locator('section.followed .sentence')
  assert.match(await answer.first().innerText(), /^It did not move: references\. Task A\.2 came in step 9 /)
  const focus = () => page.evaluate(() => document.activeElement.getAttribute('data-page'))
  await page.waitForFunction(() => document.activeElement?.hasAttribute('data-page'))
  assert.equal(await focus(), 'A/buf[0]')
  await press('[')
  assert.match(await place(page), /^Step 9 of /)
  await press(']')
  assert.match(await place(page), /^Step 11 of /)

  await press('c')
  await page.locator('main.compared').waitFor()
  await press('d')
  await hashSays(page, 'compare=')
  assert.ok((await page.locator('td.differs').count()) > 0)
  await press('c')
  await page.locator('main.compared').waitFor({ state: 'detached' })

  await press('e')
  await page.locator('.cm-content:focus').waitFor()
  await press('Control+End')
  await page.keyboard.type('\nA write buf[0] 0x77')
  await press('Escape', 'Escape')
  await page.getByRole('button', { name: 'A write buf[0] 0x77', exact: true }).waitFor()
  await hashSays(page, 'src=')

  const transcript = await savedBy(page, () => press('s', 'Enter'))
  assert.match(transcript, /\nA write buf\[0\] 0x77\n/)

  await page.locator('dialog[open]').waitFor({ state: 'detached' })

  const ground = () => page.evaluate(() => getComputedStyle(document.body).color)
  const grounds = []
  for (const theme of ['dark', 'light']) {
    await press('t')
    await hashSays(page, `theme=${theme}`)
    grounds.push(await ground())
  }
  assert.notEqual(grounds[0], grounds[1])
  await page.done()
})
