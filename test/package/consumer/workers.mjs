// SPDX-License-Identifier: GPL-2.0-only
import { isMainThread, parentPort, Worker } from 'node:worker_threads'
import * as hmmu from 'hmmu'
import { roundTrip } from './round-trip.cjs'

if (isMainThread) {
  const answers = [1, 2].map(() => {
    const worker = new Worker(new URL(import.meta.url))
    return new Promise((resolve, reject) => worker.once('message', resolve).once('error', reject))
  })
  const all = [roundTrip(hmmu), ...(await Promise.all(answers))].map((answer) => JSON.stringify(answer))
  if (new Set(all).size !== 1) throw new Error(`threads differ: ${all.join(' ')}`)
  console.log(all[0])
} else {
  parentPort.postMessage(roundTrip(hmmu))
}
