// SPDX-License-Identifier: GPL-2.0-only

import wasm from '../../../build-wasm/page.wasm?url'
import type { Profile } from '../../../lib/api'
import { DrillProblem, type Problem } from './library'
import type { Recording } from './types'

export interface Question {
  readonly id: number
  readonly name: string
  readonly profile: Profile
  readonly script: string
}

/** What a worker is told first: the emulator, or why there is none. */
export type Start = { readonly module: WebAssembly.Module } | { readonly missing: string }

export interface Answer {
  readonly id: number
  readonly recording?: Recording
  /** Why there is no recording. */
  readonly problem?: Problem
}

/** A drill that takes longer is given up; scripts come from anywhere. */
const MOST_TIME = 20_000

interface Waiting {
  readonly question: Question
  readonly resolve: (recording: Recording) => void
  readonly reject: (problem: DrillProblem) => void
}

/** Records drills in a worker, one after the other. The worker is started at once: it loads as the page is drawn. */
export class DrillRecorder {
  /** Loaded as the worker loads its script, and once for all workers. */
  readonly #module = startOf(new URL(wasm, import.meta.url))
  #worker: Worker | undefined = this.#start()
  #timer = 0
  readonly #waiting: Waiting[] = []
  #next = 0

  record(name: string, profile: string, script: string): Promise<Recording> {
    return new Promise((resolve, reject) => {
      const question = { id: this.#next++, name, profile: profile as Profile, script }
      this.#waiting.push({ question, resolve, reject })
      if (this.#waiting.length === 1) this.#ask()
    })
  }

  /** Has the worker do the first thing that waits. */
  #ask(): void {
    const [first] = this.#waiting
    if (!first) return
    this.#worker ??= this.#start()
    this.#worker.postMessage(first.question)
    this.#timer = setTimeout(() => this.#giveUp('the drill takes too long'), MOST_TIME) as unknown as number
  }

  #start(): Worker {
    if (!('Worker' in globalThis)) throw new Error('drills run in Web Workers, and this browser has none.')
    const worker = new Worker(new URL('./worker.ts', import.meta.url), { type: 'module' })
    worker.addEventListener('message', ({ data }: MessageEvent<Answer>) => this.#onAnswer(data))
    worker.addEventListener('error', ({ message }) => this.#giveUp(`the emulator stopped: ${message}`))
    this.#module.then((start) => worker.postMessage(start))
    return worker
  }

  #onAnswer({ id, recording, problem }: Answer): void {
    const first = this.#waiting[0]
    if (first?.question.id !== id) return
    clearTimeout(this.#timer)
    this.#waiting.shift()
    if (recording) first.resolve(recording)
    else first.reject(new DrillProblem(problem?.message ?? 'no recording', problem?.line, problem?.column))
    this.#ask()
  }

  #giveUp(reason: string): void {
    clearTimeout(this.#timer)
    this.#worker?.terminate()
    this.#worker = undefined
    this.#waiting.shift()?.reject(new DrillProblem(reason))
    this.#ask()
  }
}

async function startOf(url: URL): Promise<Start> {
  try {
    const response = await fetch(url)
    if (!response.ok) throw new Error(`status ${response.status}`)
    return { module: await WebAssembly.compile(await response.arrayBuffer()) }
  } catch (error) {
    return { missing: `the emulator can't be loaded: ${(error as Error).message}` }
  }
}
