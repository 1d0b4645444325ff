// SPDX-License-Identifier: GPL-2.0-only
//
// Threads that explore random drills. The calling thread only waits: the command is one long call.

import { join } from 'node:path'
import { MessageChannel, type MessagePort, receiveMessageOnPort, Worker } from 'node:worker_threads'
import { exploreEach, type ProgramResult, type RandomOptions } from '../explore'
import { SENT, type WorkerMessage, type WorkerTask } from './random-messages'

/** A thread takes some tenths of a second to begin. */
const PROGRAMS_FOR_ONE = 64

/** The results of all drills, in the order of their seeds. */
export function exploreInThreads(options: RandomOptions, workers: number): Iterable<ProgramResult> {
  const count = Math.min(workers, Math.ceil(options.programs / PROGRAMS_FOR_ONE))
  return count > 1 ? resultsOfThreads(options, count) : exploreEach(options)
}

function* resultsOfThreads(options: RandomOptions, count: number): Generator<ProgramResult> {
  const shared = new Int32Array(new SharedArrayBuffer(8))
  const ports = Array.from({ length: count }, () => beginThread(options, shared))
  const early = new Map<number, ProgramResult>()
  for (let next = 0; next < options.programs; ) {
    const sent = Atomics.load(shared, SENT)
    for (const { index, result, error } of received(ports)) {
      if (result === undefined) throw error
      early.set(index, result)
    }
    const result = early.get(next)
    if (result === undefined) {
      Atomics.wait(shared, SENT, sent)
      continue
    }
    early.delete(next++)
    yield result
  }
}

function beginThread(options: RandomOptions, shared: Int32Array): MessagePort {
  const { port1, port2 } = new MessageChannel()
  const task: WorkerTask = { options, shared, port: port2 }
  new Worker(join(__dirname, 'random-worker.js'), { workerData: task, transferList: [port2] }).unref()
  return port1
}

function* received(ports: readonly MessagePort[]): Generator<WorkerMessage> {
  for (const port of ports)
    for (let got = receiveMessageOnPort(port); got !== undefined; got = receiveMessageOnPort(port))
      yield got.message as WorkerMessage
}
