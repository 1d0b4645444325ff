// SPDX-License-Identifier: GPL-2.0-only

/** What a fault is for. `unshare`: for a pin that only reads, but must see later stores of its process. */
export type Access = 'read' | 'write' | 'unshare'
