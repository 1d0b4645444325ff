// SPDX-License-Identifier: GPL-2.0-only
//
// One of the threads of random-workers.ts. It takes drills as long as there are any.

import { workerData } from 'node:worker_threads'
import { NEXT, SENT, type WorkerMessage, type WorkerTask } from './random-messages'

const { options, shared, port } = workerData as WorkerTask

function send(message: WorkerMessage): void {
  port.postMessage(message)
  Atomics.add(shared, SENT, 1)
  Atomics.notify(shared, SENT)
}

function work(): void {
  let index = -1
  try {
    // Loaded here, so that an error is told.
    require('../index')
    const { exploreOne } = require('../explore') as typeof import('../explore')
    for (;;) {
      index = Atomics.add(shared, NEXT, 1)
      if (index >= options.programs) return
      send({ index, result: exploreOne(options, index) })
    }
  } catch (error) {
    send({ index, error })
  }
}

work()
