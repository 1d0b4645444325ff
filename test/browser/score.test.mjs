// SPDX-License-Identifier: GPL-2.0-only
//
// The timeline: zoom, folds, band and lens, the field to find with, the table.
import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { audit, hashSays, openBrowser, openPage, place, serve } from './browser.mjs'
import { largeRecord } from './large.mjs'
import { records } from './records.mjs'

/** Two migrations of 60 pages, entry by entry: more than 200 steps. */
const LONG = 'A map buf anon 60\nA write buf 1\nA migrate buf to dev\nA migrate buf to sys\nA dump buf\n'

const folder = mkdtempSync(join(tmpdir(), 'hmmu-score-'))
let browser
let servers

before(async () => {
  const [long, band] = [join(folder, 'long.drill'), join(folder, 'band.json')]
  writeFileSync(long, LONG)
  writeFileSync(band, largeRecord(records, 2))
  const [small, ofLong, ofBand] = await Promise.all([serve(records), serve(long), serve(band)])
  servers = { small, long: ofLong, band: ofBand }
  browser = await openBrowser()
})

after(async () => {
  await browser?.close()
  for (const { stop } of Object.values(servers ?? {})) stop()
  rmSync(folder, { recursive: true })
})

const open = (which, look, size) => openPage(browser, `${servers[which].address}&${look}`, size)

const press = async (page, ...keys) => {
  for (const key of keys) await page.keyboard.press(key)
}

/** The shares of the timeline at which the shown part begins and ends. */
const shownPart = (page) =>
  page
    .locator('.shown-part div')
    .evaluate(({ style }) => [style.left, style.width].map((text) => Number.parseFloat(text)))

const isPlayheadSeen = (page) =>
  page.evaluate(() => {
    const [head, score] = ['.playhead', '.score'].map((name) => document.querySelector(name).getBoundingClientRect())
    return head.left >= score.left + 80 && head.right <= score.right
  })

test('a long timeline zooms by keys, wheel and buttons, and the playhead stays in view', async () => {
  const page = await open('long', 'step=300')
  assert.deepEqual(await shownPart(page), [0, 100])
  await press(page, '+', '+')
  const [, width] = await shownPart(page)
  assert.ok(Math.abs(width - 25) < 0.5, `${width} % are shown`)
  for (const key of ['Home', 'End']) {
    await press(page, key)
    assert.ok(await isPlayheadSeen(page), key)
  }
  const box = await page.locator('.score').boundingBox()
  await page.mouse.move(box.x + box.width / 2, box.y + 60)
  await page.keyboard.down('Control')
  await page.mouse.wheel(0, -100)
  await page.keyboard.up('Control')
  await page.waitForFunction(
    (before) => Number.parseFloat(document.querySelector('.shown-part div').style.width) < before,
    width,
  )
  const [left] = await shownPart(page)
  await page.mouse.wheel(-200, 0)
  await page.waitForFunction(
    (before) => Number.parseFloat(document.querySelector('.shown-part div').style.left) < before,
    left,
  )
  for (let i = 0; i < 4; i++) await page.getByRole('button', { name: 'Show more steps' }).click()
  assert.deepEqual(await shownPart(page), [0, 100])
  await page.done()
})

test('entries of a migration fold to their stage until they are opened, by mouse or key, or zoomed in', async () => {
  const page = await open('long', 'step=10')
  const widthOfStep = () => page.locator('.score .column').evaluate((element) => element.getBoundingClientRect().width)
  const folded = await widthOfStep()
  assert.ok((await page.locator('.fold title').allTextContents()).includes('60 entries: open'))
  await press(page, 'f')
  const opened = await widthOfStep()
  assert.ok(opened > folded, `${folded} px folded, ${opened} px open`)
  await press(page, 'f')
  assert.equal(await widthOfStep(), folded)
  await page.locator('.fold').first().click()
  await page.locator('.fold title', { hasText: 'close' }).first().waitFor({ state: 'attached' })
  await page.locator('.fold').first().click()
  await press(page, '+', '+')
  assert.deepEqual(
    (await page.locator('.fold title').allTextContents()).filter((text) => !text.endsWith(': close')),
    [],
  )
  await page.done()
})

test('a step moves the playhead, and draws no bar again', async () => {
  const page = await open('long', 'step=100')
  const drawn = await page.evaluate(async () => {
    const nodes = []
    const observer = new MutationObserver((list) => nodes.push(...list.flatMap(({ addedNodes }) => [...addedNodes])))
    observer.observe(document.querySelector('.score > svg'), {
      childList: true,
      subtree: true,
      attributeFilter: ['d', 'x'],
    })
    for (let i = 0; i < 5; i++) {
      dispatchEvent(new KeyboardEvent('keydown', { key: 'ArrowRight', cancelable: true }))
      await new Promise(requestAnimationFrame)
    }
    return nodes.length
  })
  assert.equal(drawn, 0)
  assert.match(await place(page), /^Step 105 /)
  await page.done()
})

test('a band: a click follows a page, a drag goes to a step, the lens follows pointer and keys', async () => {
  const page = await open('band', 'step=300')
  const canvas = page.locator('.band-area canvas')
  const colours = await canvas.evaluate((element) => {
    const { data } = element.getContext('2d').getImageData(0, 0, element.width, element.height)
    return new Set(new Uint32Array(data.buffer)).size
  })
  assert.ok(colours >= 4, `${colours} colours`)
  const box = await canvas.boundingBox()
  assert.equal(box.height, 150)
  await page.mouse.move(box.x + box.width / 2, box.y + 75)
  assert.match(await page.locator('.lens').getAttribute('aria-label'), /^Pages 49\d\d to 50\d\d in steps \d+ to \d+\./)
  await page.mouse.click(box.x + box.width / 2, box.y + 75)
  await hashSays(page, 'step=300&page=A/buf[50')
  await page.mouse.down()
  await page.mouse.move(box.x + box.width - 1, box.y + 70, { steps: 3 })
  await page.mouse.up()
  await hashSays(page, 'step=999&page=A/buf[50')
  await page.mouse.move(5, 5)
  await page.locator('.lens').waitFor({ state: 'detached' })
  await press(page, '/')
  await page.keyboard.type('buf[123]')
  await press(page, 'Enter', 'l', 'ArrowDown')
  await hashSays(page, 'page=A/buf[124]')
  await page.locator('.lens[aria-label*="A buf[124] in step 999: "]').waitFor()
  await press(page, 'Escape')
  await page.locator('.lens').waitFor({ state: 'detached' })
  await hashSays(page, 'page=A/buf[124]')
  await page.done()
})

test('/ finds a page, a frame, a step and a text, or says what is not there', async () => {
  const page = await open('small', 'drill=racing-store&profile=linux-4.14&step=11')
  const field = page.getByRole('textbox', { name: 'Find' })
  const look = async (text) => {
    await press(page, '/')
    await field.fill(text)
    await press(page, 'Enter')
  }
  await look('A buf[3]')
  await hashSays(page, 'page=A/buf[3]')
  assert.equal(await field.count(), 0)
  await look('#6')
  await hashSays(page, 'step=11&page=A/buf[0]')
  await look('25')
  await hashSays(page, 'step=25')
  await look('buf[9]')
  assert.equal(await page.locator('.find [role=status]').innerText(), 'There is no A buf[9]: buf has 4 pages.')
  await field.fill('insert_pte')
  await press(page, 'Enter')
  await hashSays(page, 'step=14')
  assert.equal(await field.count(), 0)
  await look('@alloc')
  assert.equal(await page.locator('.find [role=status]').innerText(), '3 of 3 steps')
  await press(page, 'Escape')
  assert.equal(await field.count(), 0)
  await page.done()
})

test('the timeline as a table: a row for each history, its steps are links', async () => {
  const page = await open('small', 'drill=racing-store&profile=linux-4.14&step=11')
  await page.getByRole('button', { name: 'Show as table' }).click()
  const rows = page.getByRole('table', { name: /^Histories of pages/ }).getByRole('row')
  assert.match(
    await rows.nth(1).innerText(),
    /A buf\[0\]\s+1\s*none\s+2\s*sys #6\s+3–16\s*mig #6\s+17–\d+\s*sys #6\s+11 references/,
  )
  await rows.nth(2).getByRole('button', { name: '2 sys #7' }).click()
  await hashSays(page, 'step=2')
  await page.getByRole('button', { name: 'Show as score' }).click()
  const score = page.getByRole('slider')
  assert.match(await score.getAttribute('aria-valuetext'), /^Step 2, command: A write buf\[0-2\] 0x41/)
  await page.done()
})

test('the score and the sentence stay in view; a high score scrolls in itself', async () => {
  const page = await open('small', 'drill=racing-store&profile=linux-4.14&compare=1&step=3', { height: 700 })
  assert.ok((await page.locator('.timeline').evaluate(({ clientHeight }) => clientHeight)) <= 280)
  const boxes = await page
    .locator('.score-box')
    .evaluateAll((all) => all.map(({ clientHeight, scrollHeight }) => [clientHeight, scrollHeight]))
  assert.equal(boxes.length, 2)
  for (const [height, whole] of boxes) assert.ok(height >= 100 && whole > height, `${height} of ${whole}`)
  assert.equal(await page.locator('.difference').count(), 2)
  await page.evaluate(() => scrollTo(0, 400))
  assert.equal(await page.locator('.pinned').evaluate((element) => element.getBoundingClientRect().top), 0)
  await page.done()
})

test('a drill without a command says so; one that could not go on ends at a red line', async () => {
  const { recordings, ...document } = JSON.parse(readFileSync(records, 'utf8'))
  const [whole] = recordings
  const empty = { ...whole, name: 'empty', transcript: [], steps: whole.steps.slice(0, 1) }
  const failed = { ...whole, name: 'failed', failure: 'line 4: out of memory', steps: whole.steps.slice(0, 3) }
  const file = join(folder, 'ends.json')
  writeFileSync(file, JSON.stringify({ ...document, recordings: [empty, failed] }))
  servers.ends = await serve(file)
  const page = await open('ends', 'drill=empty')
  await page.getByText('This drill has no command.').waitFor()
  await page.done()
  const other = await open('ends', 'drill=failed')
  // The line is drawn once the record is read.
  await other.locator('.failure').waitFor({ state: 'attached' })
  assert.equal(await other.locator('.failure').count(), 1)
  assert.match(await other.locator('.step .sentence').innerText(), /Here the drill ended: line 4: out of memory\.$/)
  await other.done()
})

test('axe finds nothing in the table and the field to find with', async () => {
  const page = await open('long', 'step=100&theme=dark')
  const prepare = async () => {
    await page.getByRole('button', { name: 'Show as table' }).click()
    await press(page, '/')
  }
  assert.deepEqual(await audit(page, prepare), [])
  await page.done()
})
