// SPDX-License-Identifier: GPL-2.0-only
//
// The page as it records drills itself: the examples, a given file, and what is written in its editor.
import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { after, before, test } from 'node:test'
import { deflateRawSync } from 'node:zlib'
import { root } from '../../scripts/lib/run.mjs'
import { hashSays, openBrowser, openPage, place, serve } from './browser.mjs'

const examples = join(root, 'examples')
let browser
let server
let given

before(async () => {
  server = await serve()
  given = await serve(join(examples, 'racing-store.drill'))
  browser = await openBrowser()
})

after(async () => {
  await browser?.close()
  server?.stop()
  given?.stop()
})

const open = (address, size) => openPage(browser, address, size)

const packed = (script) => deflateRawSync(script).toString('base64url')

const main = join(root, 'dist/cli/main.js')

/** For each step of an example the line of the transcript that belongs to it, by `hmmu drill run --json`. */
function linesOfSteps(file) {
  const run = spawnSync(process.execPath, [main, 'drill', 'run', '--json', join(examples, file)], {
    maxBuffer: 2 ** 28,
  })
  return JSON.parse(run.stdout).recordings[0].steps.map(({ line }) => line)
}

for (const file of readdirSync(examples).filter((name) => name.endsWith('.drill'))) {
  test(`${file}: at each step the right line is the current one, and the transcript is that of hmmu drill run`, async () => {
    const transcript = readFileSync(join(examples, file.replace('.drill', '.expected')), 'utf8')
      .trimEnd()
      .split('\n')
    const steps = linesOfSteps(file)
    const last = steps.length - 1
    const page = await open(`${server.address}#drill=${file.slice(0, -6)}&step=0`)
    const seen = await page.evaluate(async (count) => {
      const shown = []
      const frame = () => new Promise((resolve) => requestAnimationFrame(() => setTimeout(resolve)))
      const placeIs = (n) => document.querySelector('.step .line > span').innerText.startsWith(`Step ${n} of `)
      for (let n = 0; n < count; n++) {
        for (let i = 0; i < 200 && !placeIs(n); i++) await frame()
        const buttons = [...document.querySelectorAll('.transcript button')]
        const current = buttons.filter((button) => button.getAttribute('aria-current') === 'step')
        shown.push({
          caption: document.querySelector('.caption').innerText,
          lines: current.map((button) => buttons.indexOf(button)),
        })
        document.body.dispatchEvent(new KeyboardEvent('keydown', { key: 'ArrowRight', bubbles: true }))
      }
      return shown
    }, steps.length)
    for (const [n, { caption, lines }] of seen.entries()) {
      assert.doesNotMatch(caption, /undefined|NaN|\[object|\?/, `step ${n}`)
      assert.deepEqual(lines, steps[n] === undefined ? [] : [steps[n]], `the current line at step ${n}`)
    }
    assert.match(await place(page), new RegExp(`^Step ${last} of ${last} `))
    const lines = await page.locator('.transcript button').allInnerTexts()
    assert.deepEqual(
      lines,
      transcript.map((line) => line.trim()),
    )
    await page.done()
  })
}

test('hmmu view FILE shows the file, at the reason why a page did not move', async () => {
  const page = await open(given.address)
  assert.match(await page.locator('.step .sentence').innerText(), /^Page 0 will not move: references\. Task A\.2/)
  await page.keyboard.press('ArrowDown')
  assert.match(await page.locator('section.followed .sentence').innerText(), /^It did not move: references\./)
  await page.done()
})

test('a drill is edited: errors at their place, a recording of its own, and a link with it', async () => {
  const page = await open(`${server.address}#drill=round-trip&step=1`)
  await page.keyboard.press('e')
  const editor = page.locator('.cm-content')
  await editor.waitFor()
  await page.keyboard.press('Control+End')
  await page.keyboard.type('\nA wobble buf')
  await page.locator('.trouble').waitFor()
  assert.match(await page.locator('.trouble').innerText(), /^Line \d+: expected a command \(map, .*found 'wobble'$/)
  assert.equal(await page.locator('.cm-lintRange-error').innerText(), 'wobble')
  for (let i = 0; i < 'wobble buf'.length; i++) await page.keyboard.press('Backspace')
  await page.keyboard.type('write buf 0x77')
  await page.locator('.trouble').waitFor({ state: 'detached' })
  await page.keyboard.press('Escape')
  await page.keyboard.press('Escape')
  await page.getByRole('button', { name: 'A write buf 0x77', exact: true }).waitFor()
  await page.waitForFunction(() => location.hash.includes('src='))
  const again = await open(page.url())
  await again.getByRole('button', { name: 'A write buf 0x77', exact: true }).waitFor()
  await again.done()
  await page.done()
})

test('an edited drill says so, has a way back, and what is shown while it has an error', async () => {
  const page = await open(`${server.address}#drill=round-trip&step=2`)
  const chosen = () =>
    page
      .locator('header select')
      .first()
      .evaluate((list) => list.selectedOptions[0].label)
  await page.keyboard.press('e')
  await page.locator('.cm-content:focus').waitFor()
  await page.keyboard.press('Control+A')
  await page.keyboard.insertText('A map other anon 1\nA write other 0x11\nA pin other as p\nA migrate other to dev\n')
  await page.getByLabel('Pages of A other').waitFor({ timeout: 5000 })
  assert.equal(await chosen(), 'round-trip, edited')
  const at = await place(page)
  assert.doesNotMatch(at, /^Step [012] /)
  assert.match(await page.locator('.step .sentence').innerText(), /will not move/)
  await hashSays(page, `step=${/\d+/.exec(at)[0]}`)
  await page.keyboard.insertText('wobble')
  await page.locator('.trouble').waitFor()
  assert.match(
    await page.locator('.step .sentence').innerText(),
    /^The drill has an error\. What is shown is its last run/,
  )
  await page.getByRole('button', { name: /^Save/ }).click()
  const [file] = await Promise.all([
    page.waitForEvent('download'),
    page.getByRole('button', { name: 'Drill', exact: true }).click(),
  ])
  assert.match(readFileSync(await file.path(), 'utf8'), /^A map other[\s\S]*wobble/)
  assert.equal(file.suggestedFilename(), 'round-trip.drill')
  await page.getByRole('button', { name: 'Reset' }).click()
  await page.locator('.trouble').waitFor({ state: 'detached' })
  assert.equal(await chosen(), 'round-trip')
  assert.doesNotMatch(await page.locator('.cm-content').innerText(), /wobble|other/)
  await page.waitForFunction(() => !location.hash.includes('src='))
  await page.done()
})

test('a script from a link is bounded, and becomes no HTML', async () => {
  const hostile = 'A map buf anon 2 # <img src=x onerror=alert(1)>\n# <script>alert(1)</script>\nA write buf 1\n'
  const page = await open(`${server.address}#src=${packed(hostile)}`)
  await page.getByText('<script>alert(1)</script>').waitFor()
  assert.equal(await page.locator('img, main script').count(), 0)
  await page.done()
  const bomb = await open(`${server.address}#src=${packed(Buffer.alloc(2 ** 24, 'A'))}`)
  assert.match(await place(bomb), / of \d+ /)
  await bomb.done()
})

test('two profiles of one drill are compared', async () => {
  const page = await open(`${server.address}#drill=racing-store&profile=linux-4.14&compare=1`)
  await page.locator('main.compared').waitFor()
  await page.getByRole('heading', { name: 'linux-4.14-fixed' }).first().waitFor()
  await page.keyboard.press('d')
  await page.waitForFunction(() => location.hash.includes('step=3'))
  await page.done()
})

test('hmmu view serves a drill with a mistake: it is printed, and shown at its place', async () => {
  const file = join(mkdtempSync(join(tmpdir(), 'hmmu-mistake-')), 'mistake.drill')
  writeFileSync(file, 'A map buf anon 1\nA mapp x\n')
  const child = spawn(process.execPath, [join(root, 'dist/cli/main.js'), 'view', file])
  const [[said], [address]] = await Promise.all([once(child.stderr, 'data'), once(child.stdout, 'data')])
  assert.match(String(said), /^error: .*mistake\.drill:2:3: .*\n$/)
  const page = await openPage(browser, String(address).trim())
  await page.locator('.trouble').waitFor()
  assert.match(await page.locator('.trouble').innerText(), /^Line 2: /)
  await page.done()
  child.kill()
  rmSync(dirname(file), { recursive: true })
})
