// SPDX-License-Identifier: GPL-2.0-only
//
// The explorer in a terminal: the alternate screen, keys, signals. However it ends, the terminal is as it was.

import { emitKeypressEvents } from 'node:readline'
import type { PageKey } from '../../view/pages'
import { ExitCode } from '../exit-codes'
import { type Colors, colorsFor, print } from '../output'
import { afterKey, type Key, type View, viewOf } from './explorer'
import { screenLines } from './screen'
import { painted } from './span'
import type { Subject } from './subject'

const ESC = '\x1b['
/** The alternate screen, without a cursor, lines cut at the border. */
const ENTER = `${ESC}?1049h${ESC}?25l${ESC}?7l`
const LEAVE = `${ESC}?7h${ESC}?25h${ESC}?1049l`

const SIGNALS = ['SIGTERM', 'SIGHUP', 'SIGINT', 'SIGQUIT'] as const
const FALLBACK = { columns: 80, rows: 24 }

/** Shows a step and lets keys go to others, until one quits. Returns at once; the process ends when it is over. */
export function explore(subject: Subject, n: number, page: PageKey | undefined, onEnd: () => void): void {
  new Terminal(viewOf(subject, n, page), onEnd).start()
}

class Terminal {
  #view: View
  readonly #onEnd: () => void
  readonly #colors: Colors = colorsFor(process.stdout)
  #isOn = false
  #isOver = false
  #isDrawDue = false
  /** The terminal is closed. */
  #isGone = false

  constructor(view: View, onEnd: () => void) {
    this.#view = view
    this.#onEnd = onEnd
  }

  start(): void {
    emitKeypressEvents(process.stdin)
    process.stdin.on('keypress', this.#onKey)
    process.stdin.on('end', this.#quit)
    process.stdin.on('error', this.#onError)
    process.stdout.on('resize', this.#onResize)
    process.on('SIGTSTP', this.#stop)
    process.on('SIGCONT', this.#onContinue)
    process.on('exit', this.#onExit)
    for (const signal of SIGNALS) process.on(signal, this.#onSignal)
    this.#guarded(() => this.#enter())
  }

  #enter(): void {
    this.#isOn = true
    process.stdin.setRawMode(true)
    print(ENTER)
    this.#draw()
    process.stdin.resume()
  }

  /** As often as one likes. */
  #leave(): void {
    if (!this.#isOn) return
    this.#isOn = false
    try {
      process.stdin.setRawMode(false)
      print(LEAVE)
    } catch {
      this.#isGone = true
    }
  }

  #draw(): void {
    const { columns, rows } = process.stdout.columns > 0 ? process.stdout : FALLBACK
    const lines = screenLines(this.#view, { columns, rows })
    print(`${ESC}H${lines.map((spans) => `${painted(spans, this.#colors)}${ESC}K`).join('\r\n')}${ESC}J`)
  }

  /** Keys that come together, as from the clipboard, are drawn once. */
  #drawSoon(): void {
    if (this.#isDrawDue) return
    this.#isDrawDue = true
    setImmediate(() => {
      this.#isDrawDue = false
      if (this.#isOn) this.#guarded(() => this.#draw())
    })
  }

  readonly #onKey = (text: string | undefined, key: Key): void => {
    this.#guarded(() => {
      if (key.ctrl && key.name === 'z') return this.#stop()
      const next = afterKey(this.#view, text, key)
      if (next === undefined) return this.#quit()
      this.#view = next
      this.#drawSoon()
    })
  }

  readonly #onResize = (): void => this.#drawSoon()

  /** Until SIGCONT. */
  readonly #stop = (): void => {
    this.#leave()
    process.kill(process.pid, 'SIGSTOP')
  }

  readonly #onContinue = (): void => {
    this.#guarded(() => this.#enter())
  }

  /** The process ends by the signal, as if nobody had handled it. */
  readonly #onSignal = (signal: NodeJS.Signals): void => {
    this.#leave()
    process.removeListener(signal, this.#onSignal)
    process.kill(process.pid, signal)
  }

  readonly #onExit = (): void => {
    this.#leave()
    if (this.#isGone) hangUp()
  }

  /** Also of setRawMode(), which does not throw. */
  readonly #onError = (): void => {
    this.#isGone = true
    this.#quit()
  }

  readonly #quit = (): void => {
    if (this.#isOver) return
    this.#isOver = true
    this.#leave()
    process.removeListener('SIGTSTP', this.#stop)
    process.removeListener('SIGCONT', this.#onContinue)
    for (const signal of SIGNALS) process.removeListener(signal, this.#onSignal)
    process.stdout.removeListener('resize', this.#onResize)
    process.stdin.removeAllListeners('keypress')
    process.stdin.pause()
    this.#onEnd()
    if (this.#isGone) hangUp()
  }

  /** An error is shown when the terminal is as it was. */
  #guarded(work: () => void): void {
    try {
      work()
    } catch (error) {
      this.#quit()
      process.exitCode = ExitCode.FAILED
      throw error
    }
  }
}

/** Ends the process without Node's own end, which sets the modes of all terminals, and aborts if one is gone. */
function hangUp(): void {
  process.kill(process.pid, 'SIGHUP')
  process.kill(process.pid, 'SIGKILL')
}
