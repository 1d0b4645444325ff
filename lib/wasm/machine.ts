// SPDX-License-Identifier: GPL-2.0-only
//
// The addon on the WebAssembly module: a machine is an instance. Nothing here knows of files or of Node.

import type { NativeAddon, NativeMachine, NativeOptions } from '../native/interface'
import { EINVAL, ENOMEM } from './errno'
import { type PlainName, plainNames } from './exports'
import { WasmInstance } from './instance'
import { WasmMigrations } from './migrations'
import { InstancePool, sizesKey } from './pool'
import type { WasmModule } from './webassembly'
import { Words } from './words'

/** What a machine is made of: options, a snapshot, or a machine to be copied. */
type Source = NativeOptions | [snapshot: Uint8Array, flags: number] | [source: NativeMachine]

/** The sizes of the machine to be, as far as they are known beforehand. */
function sizesOf([first, ...rest]: Source): string {
  if (typeof first === 'number') return sizesKey([first, ...rest] as NativeOptions)
  return first instanceof WasmMachine ? first.sizes() : ''
}

class WasmMachine extends WasmMigrations {
  /** A constructor can't return an errno; error() tells whether the machine was made. */
  constructor(pool: InstancePool, args: Source) {
    super(pool, sizesOf(args))
    if (!this.open) return
    const [first] = args
    if (first instanceof WasmMachine) this.clone(first)
    else if (ArrayBuffer.isView(first)) this.restore(first as Uint8Array, args[1] as number)
    else this.#create(args as NativeOptions)
    if (this.open && typeof first !== 'number') this.meetMigrations()
  }

  #create(options: NativeOptions): void {
    const result = this.call(({ exports }) => exports.create(...options))
    if (result >= 0) return
    this.close()
    if (result === -EINVAL) {
      this.refuse(
        -EINVAL,
        'HMMU_INVALID_ARGUMENT',
        'an option of the machine is out of its range, or its kernel knows no such quirk',
      )
    } else {
      this.refuse(
        -ENOMEM,
        'HMMU_HOST_MEMORY',
        'the host has no memory for the machine, or it is too large: in WebAssembly a machine has 4 GiB, its books included',
      )
    }
  }
}

// Functions that only pass numbers on are made from the list of their names.
for (const name of plainNames) {
  Object.defineProperty(WasmMachine.prototype, name, {
    value(this: WasmMachine, ...args: number[]) {
      return this.plain(name, args)
    },
  })
}

const Machine = WasmMachine as new (
  ...args: ConstructorParameters<typeof WasmMachine>
) => WasmMachine & Pick<NativeMachine, PlainName>

function versionOf(instance: WasmInstance): string {
  return instance.text(instance.exports.version())
}

/**
 * What the addon exports, of a compiled module.
 * @param protect keeps a buffer from being transferred to another thread, where the host can do that
 */
export function wasmAddon(module: WasmModule, protect?: (buffer: ArrayBuffer) => void): NativeAddon {
  const pool = new InstancePool(module)
  return {
    Machine: class extends Machine {
      constructor(...args: Source) {
        super(pool, args)
      }
    },
    Words: class extends Words {
      constructor(pages: number) {
        super(pages, protect)
      }
    },
    version: versionOf(new WasmInstance(module)),
    napiVersion: undefined,
  }
}
