// SPDX-License-Identifier: GPL-2.0-only
//
// The page in Debian's Chromium, as `hmmu view` serves it: npm run test:browser
import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { hashSays, openBrowser, openPage, place, serve } from './browser.mjs'
import { largeRecord } from './large.mjs'
import { records } from './records.mjs'

const folder = mkdtempSync(join(tmpdir(), 'hmmu-page-'))
let browser
let server

before(async () => {
  server = await serve(records)
  browser = await openBrowser()
})

after(async () => {
  await browser?.close()
  server?.stop()
  rmSync(folder, { recursive: true })
})

/** A page with what is looked at, in a window of a size. */
const open = (look, size) => openPage(browser, `${server.address}&${look}`, size)

const sentence = (page) => page.locator('.step .sentence').innerText()
const answer = (page) => page.locator('section.followed .sentence').innerText()

test('every recording is stepped to its end, and its transcript is the one of the record', async () => {
  const { recordings } = JSON.parse(readFileSync(records, 'utf8'))
  for (const { name, profile, steps, transcript } of recordings) {
    const page = await open(`drill=${name}&profile=${profile}&step=0`)
    for (let n = 0; n < steps.length; n++) {
      assert.match(await place(page), new RegExp(`^Step ${n} of ${steps.length - 1} `))
      const text = await page.locator('body').innerText()
      assert.doesNotMatch(text, /undefined|NaN|\[object/, `${name}, step ${n}`)
      await page.keyboard.press('ArrowRight')
    }
    const lines = await page.locator('.transcript button').allInnerTexts()
    assert.deepEqual(
      lines,
      transcript.map((line) => line.trim()),
    )
    await page.done()
  }
})

test('from the start to the reason of page 0, by keys alone', async () => {
  const page = await open('drill=racing-store&profile=linux-4.14&step=0')
  for (const key of ['ArrowRight', 'ArrowRight', 'ArrowDown', ...Array(5).fill(']')]) await page.keyboard.press(key)
  assert.match(await answer(page), /^It did not move: references\. Task A\.2 came in step 9 /)
  await hashSays(page, '&step=11&page=A/buf[0]')
  const row = page.locator('tr[data-page="A/buf[0]"]')
  assert.equal(await row.getAttribute('aria-selected'), 'true')
  assert.ok(await row.evaluate((element) => element === document.activeElement))
  const account = await page.locator('.account').innerText()
  assert.deepEqual(account.split('\n').filter(Boolean), ['expected', '1', 'found on #6', '2', 'task A.2 waiting', '1'])
  await page.keyboard.press('Escape')
  assert.equal(await page.locator('section.followed').count(), 0)
  await page.done()
})

test('keys go by step, command, stage, and to the ends', async () => {
  const page = await open('drill=racing-store&profile=linux-4.14&step=11')
  const steps = { 'Shift+ArrowRight': 32, 'Shift+ArrowLeft': 3, 'Alt+ArrowRight': 5, End: 39, Home: 0, ArrowLeft: 0 }
  for (const [key, step] of Object.entries(steps)) {
    await page.keyboard.press(key)
    assert.match(await place(page), new RegExp(`^Step ${step} `), key)
  }
  await page.keyboard.press('?')
  assert.equal(await page.locator('dialog[open]').count(), 1)
  await page.keyboard.press('Escape')
  await page.keyboard.press('Space')
  await hashSays(page, 'step=1')
  await page.done()
})

test('the mouse: a line of the transcript, a row, a frame, a place of the score', async () => {
  const page = await open('drill=racing-store&profile=linux-4.14&step=0')
  await page.getByRole('button', { name: '@alloc A write buf[0] 0x42', exact: true }).click()
  assert.match(await sentence(page), /^A write buf\[0\] 0x42: task A\.2 has to wait for the lock of #6/)
  await page.locator('tr[data-page="A/buf[1]"]').click()
  await hashSays(page, 'page=A/buf[1]')
  assert.ok((await page.locator('.wires path').count()) >= 2)
  await page.locator('tr[data-pfn="6"]').click()
  await hashSays(page, 'page=A/buf[0]')
  const box = await page.locator('.score').boundingBox()
  await page.mouse.click(box.x + box.width - 20, box.y + 60)
  await hashSays(page, 'step=39')
  await page.done()
})

test('an explanation comes with the pointer and with the focus, and goes with Escape', async () => {
  const page = await open('drill=racing-store&profile=linux-4.14&step=11')
  const shown = page.locator('#explanation')
  await page.locator('th .term[data-term="heads:src"]').hover()
  await shown.getByText('What migrate_vma() tells the driver').waitFor()
  await page.locator('.step .sentence .term').focus()
  await shown
    .getByText(/references/)
    .first()
    .waitFor()
  await page.keyboard.press('Escape')
  await shown.waitFor({ state: 'hidden' })
  await page.locator('tr[data-page="A/buf[0]"] [data-term="letters:bits:w--s"]').hover()
  await shown.getByText('s soft-dirty. The page was written to').waitFor()
  await page.locator('tr[data-page="A/buf[1]"] [data-term="letters:words:VMLW"]').hover()
  await shown.getByText('W write. src: the CPU entry was writable.').waitFor()
  await page.locator('th .term[data-term="heads:flags"]').first().focus()
  await shown.getByText('b swapbacked. The page is backed by swap').waitFor()
  await page.done()
})

test('two profiles side by side, and where they differ first', async () => {
  const page = await open('drill=racing-store&profile=linux-4.14&step=11&page=A/buf[0]')
  await page.keyboard.press('c')
  await page.locator('main.compared').waitFor()
  assert.equal(await page.locator('.score').count(), 2)
  await page.keyboard.press('d')
  await hashSays(page, 'step=3&page=A/buf[0]&compare=linux-4.14-fixed')
  assert.ok((await page.locator('td.differs').count()) > 0)
  await page.done()
})

test('transcript, picture, trace and record are saved', async () => {
  const page = await open('drill=racing-store&profile=linux-4.14&step=11')
  const saved = {}
  for (const title of ['Transcript', 'Picture (SVG)', 'Trace for Perfetto', 'Record (JSON)']) {
    await page.keyboard.press('s')
    const [file] = await Promise.all([page.waitForEvent('download'), page.getByRole('button', { name: title }).click()])
    saved[file.suggestedFilename()] = readFileSync(await file.path(), 'utf8')
  }
  const { recordings } = JSON.parse(readFileSync(records, 'utf8'))
  assert.equal(saved['racing-store.expected'], `${recordings[0].transcript.join('\n')}\n`)
  assert.ok(JSON.parse(saved['racing-store.trace.json']).traceEvents.length > 20)
  assert.deepEqual(JSON.parse(saved['racing-store.record.json']).recordings, [recordings[0]])
  const picture = await browser.newPage()
  await picture.setContent(saved['racing-store.svg'])
  assert.match(await picture.locator('svg').textContent(), /Page 0 will not move: references\./)
  const bar = picture.locator('.kind-sys').first()
  assert.equal(await bar.evaluate((element) => getComputedStyle(element).fill), 'rgb(47, 111, 174)')
  await picture.close()
  await page.done()
})

test('10,000 pages and 1,000 steps are few elements, whatever their histories', async () => {
  for (const most of [2_000, 2]) {
    const file = join(folder, `large-${most}.json`)
    writeFileSync(file, largeRecord(records, most))
    const own = await serve(file)
    const page = await browser.newPage({ viewport: { width: 1600, height: 1000 } })
    await page.goto(`${own.address}&step=500&page=A/buf[5000]`)
    await page.waitForSelector('main')
    assert.match(await place(page), /^Step 500 of 999 /)
    await page.keyboard.press('ArrowRight')
    assert.match(await place(page), /^Step 501 of 999 /)
    const count = await page.evaluate(() => document.querySelectorAll('*').length - 2 * 1_000)
    assert.ok(count < 4_000, `${count} elements besides the lines of the transcript`)
    await page.close()
    own.stop()
  }
})

test('a hash becomes no HTML, and what is wrong with it is ignored', async () => {
  const page = await open('drill=%3Cimg%20src=x%20onerror=alert(1)%3E&page=A/buf[0]%3Cb%3E&step=9999999&profile=x')
  assert.match(await place(page), /^Step 39 of 39 /)
  assert.equal(await page.locator('img').count(), 0)
  await page.done()
})

test('a browser without workers is told what is missing, in a sentence', async () => {
  const { address, stop } = await serve()
  const page = await browser.newPage()
  try {
    await page.addInitScript(() => {
      delete globalThis.Worker
    })
    await page.goto(address)
    const said = await page.locator('[role=alert]').innerText()
    assert.equal(said, "The page can't be shown: drills run in Web Workers, and this browser has none.")
  } finally {
    await page.close()
    stop()
  }
})
