// SPDX-License-Identifier: GPL-2.0-only
// Made by scripts/generate/defs.mjs from native/include/hmmu/hmmu_defs.h; do not edit.

/** The flag bits of a src or dst word. The page frame number is in the bits above. */
export const PfnFlag = {
  /** A page frame number is present. */
  VALID: 1,
  /** src: this page can be, or was, migrated. */
  MIGRATE: 2,
  /** The page is locked, by migrate_vma() (src) or by the driver (dst). */
  LOCKED: 4,
  /** src: the CPU entry was writable. */
  WRITE: 8,
  /** The page is device memory. */
  DEVICE: 16,
  /** dst: the driver met an unrecoverable error for this page. */
  ERROR: 32,
} as const

/** A sentence on each {@link PfnFlag}. */
export const pfnFlagTexts: Readonly<Record<keyof typeof PfnFlag, string>> = {
  VALID: 'A page frame number is present.',
  MIGRATE: 'src: this page can be, or was, migrated.',
  LOCKED: 'The page is locked, by migrate_vma() (src) or by the driver (dst).',
  WRITE: 'src: the CPU entry was writable.',
  DEVICE: 'The page is device memory.',
  ERROR: 'dst: the driver met an unrecoverable error for this page.',
}

/** Page flags. A dump prints the first eleven in this order, and EXCLUSIVE behind them. */
export const PageFlag = {
  /** The page lock is taken. */
  LOCKED: 1,
  /** The contents are valid. */
  UPTODATE: 2,
  /** The contents differ from the backing store. */
  DIRTY: 4,
  /** The page is on one of the LRU lists. */
  LRU: 8,
  /** The page belongs to the active list. */
  ACTIVE: 16,
  /** The page was touched since it was last looked at. */
  REFERENCED: 32,
  /** The page is backed by swap: anonymous or shmem. */
  SWAPBACKED: 64,
  /** The page belongs to the unevictable list. */
  UNEVICTABLE: 128,
  /** A VM_LOCKED mapping maps the page. */
  MLOCKED: 256,
  /** First page of a compound page. */
  HEAD: 512,
  /** Later page of a compound page. */
  TAIL: 1024,
  /** Reading the contents failed. */
  ERROR: 2048,
  /** For the use of file systems. */
  CHECKED: 4096,
  /** Blocks are allocated on disk. */
  MAPPEDTODISK: 8192,
  /** The private field holds data of a file system. */
  PRIVATE: 16384,
  /** The page is being written back. */
  WRITEBACK: 32768,
  /** The page is in the swap cache. */
  SWAPCACHE: 65536,
  /** To be reclaimed as soon as possible. */
  RECLAIM: 131072,
  /** Idle page tracking: a page table entry was accessed. */
  YOUNG: 262144,
  /** Idle page tracking: not accessed since it was marked. */
  IDLE: 524288,
  /** Compound page mapped both by a huge pmd and by ptes. */
  DOUBLE_MAP: 1048576,
  /** Never allocated nor freed (the zero page). */
  RESERVED: 2097152,
  /** The frame is a page table. */
  TABLE: 4194304,
  /** The frame is free. */
  BUDDY: 8388608,
  /** ZONE_DEVICE: a page of a device. */
  DEVICE: 16777216,
  /** PageAnonExclusive of the page itself: anonymous, and of one mapping alone. Linux 6.12. */
  EXCLUSIVE: 33554432,
} as const

/** A sentence on each {@link PageFlag}. */
export const pageFlagTexts: Readonly<Record<keyof typeof PageFlag, string>> = {
  LOCKED: 'The page lock is taken.',
  UPTODATE: 'The contents are valid.',
  DIRTY: 'The contents differ from the backing store.',
  LRU: 'The page is on one of the LRU lists.',
  ACTIVE: 'The page belongs to the active list.',
  REFERENCED: 'The page was touched since it was last looked at.',
  SWAPBACKED: 'The page is backed by swap: anonymous or shmem.',
  UNEVICTABLE: 'The page belongs to the unevictable list.',
  MLOCKED: 'A VM_LOCKED mapping maps the page.',
  HEAD: 'First page of a compound page.',
  TAIL: 'Later page of a compound page.',
  ERROR: 'Reading the contents failed.',
  CHECKED: 'For the use of file systems.',
  MAPPEDTODISK: 'Blocks are allocated on disk.',
  PRIVATE: 'The private field holds data of a file system.',
  WRITEBACK: 'The page is being written back.',
  SWAPCACHE: 'The page is in the swap cache.',
  RECLAIM: 'To be reclaimed as soon as possible.',
  YOUNG: 'Idle page tracking: a page table entry was accessed.',
  IDLE: 'Idle page tracking: not accessed since it was marked.',
  DOUBLE_MAP: 'Compound page mapped both by a huge pmd and by ptes.',
  RESERVED: 'Never allocated nor freed (the zero page).',
  TABLE: 'The frame is a page table.',
  BUDDY: 'The frame is free.',
  DEVICE: 'ZONE_DEVICE: a page of a device.',
  EXCLUSIVE: 'PageAnonExclusive of the page itself: anonymous, and of one mapping alone. Linux 6.12.',
}

/** Kinds of entries that a page table walk can find. */
export type EntryKind =
  | 'nomap'
  | 'none'
  | 'zero'
  | 'sys'
  | 'huge'
  | 'hzero'
  | 'dev'
  | 'mig'
  | 'swap'
  | 'special'
  | 'excl'
  | 'marker'
  | 'coh'

/** Values of {@link EntryKind} in the C API. */
export const entryKindValues: Readonly<Record<EntryKind, number>> = {
  nomap: 0,
  none: 1,
  zero: 2,
  sys: 3,
  huge: 4,
  hzero: 5,
  dev: 6,
  mig: 7,
  swap: 8,
  special: 9,
  excl: 10,
  marker: 11,
  coh: 12,
}

/** {@link EntryKind} by value. */
export const entryKindNames: readonly EntryKind[] = [
  'nomap',
  'none',
  'zero',
  'sys',
  'huge',
  'hzero',
  'dev',
  'mig',
  'swap',
  'special',
  'excl',
  'marker',
  'coh',
]

/** A sentence on each {@link EntryKind}. */
export const entryKindTexts: Readonly<Record<EntryKind, string>> = {
  nomap: 'No mapping contains the address.',
  none: 'The entry is empty.',
  zero: 'A present pte of the shared zero page.',
  sys: 'A present pte of a system page (PROT_NONE entries are present).',
  huge: 'Present through a huge pmd.',
  hzero: 'The huge zero page.',
  dev: 'A device-private entry.',
  mig: 'A migration entry.',
  swap: 'A swap entry.',
  special: 'The mapping is special or hugetlb.',
  excl: 'A device-exclusive entry: a system page that only the device uses. Linux 6.12.',
  marker: 'A pte marker: no page, but a note that userfaultfd needs. Linux 6.12.',
  coh: 'A pte that maps a device-coherent page. Linux 6.12.',
}

/** Bits of an entry as a dump shows them. */
export const EntryBit = {
  /** Writable; a device-private or migration entry: of the write kind. */
  WRITE: 1,
  /** Dirty. */
  DIRTY: 2,
  /** Accessed. */
  ACCESSED: 4,
  /** Soft-dirty; a swap-type entry: the swap soft-dirty bit. */
  SOFT_DIRTY: 8,
  /** Write-protected by userfaultfd. Linux 6.12. */
  UFFD_WP: 16,
  /** A migration entry of the read-exclusive kind, or a swap entry: the mapping had the page alone. Linux 6.12. */
  EXCLUSIVE: 32,
} as const

/** Kinds of mappings. */
export type MapKind =
  | 'anon'
  | 'shmem'
  | 'file'
  | 'sharedfile'
  | 'hugetlb'
  | 'special'
  | 'mixed'

/** Values of {@link MapKind} in the C API. */
export const mapKindValues: Readonly<Record<MapKind, number>> = {
  anon: 0,
  shmem: 1,
  file: 2,
  sharedfile: 3,
  hugetlb: 4,
  special: 5,
  mixed: 6,
}

/** {@link MapKind} by value. */
export const mapKindNames: readonly MapKind[] = [
  'anon',
  'shmem',
  'file',
  'sharedfile',
  'hugetlb',
  'special',
  'mixed',
]

/** A sentence on each {@link MapKind}. */
export const mapKindTexts: Readonly<Record<MapKind, string>> = {
  anon: 'Private anonymous memory.',
  shmem: 'Shared anonymous memory.',
  file: 'Private mapping of a fresh tmpfs file.',
  sharedfile: 'Shared mapping of a fresh tmpfs file.',
  hugetlb: 'Private mapping of huge pages from the hugetlb pool.',
  special: 'VM_PFNMAP mapping.',
  mixed: 'Private VM_MIXEDMAP mapping: a driver has put pages of its own into it (vm_insert_page()).',
}

/** Access rights of a mapping. */
export const ProtBit = {
  /** Loads are allowed. */
  READ: 1,
  /** Stores are allowed (and loads, as on x86). */
  WRITE: 2,
} as const

/** Advice to madvise(). */
export type Advice =
  | 'dontneed'
  | 'free'
  | 'hugepage'
  | 'nohugepage'
  | 'dontfork'
  | 'dofork'
  | 'unmergeable'
  | 'populate_read'
  | 'populate_write'
  | 'cold'
  | 'pageout'
  | 'collapse'

/** Values of {@link Advice} in the C API. */
export const adviceValues: Readonly<Record<Advice, number>> = {
  dontneed: 0,
  free: 1,
  hugepage: 2,
  nohugepage: 3,
  dontfork: 4,
  dofork: 5,
  unmergeable: 6,
  populate_read: 7,
  populate_write: 8,
  cold: 9,
  pageout: 10,
  collapse: 11,
}

/** {@link Advice} by value. */
export const adviceNames: readonly Advice[] = [
  'dontneed',
  'free',
  'hugepage',
  'nohugepage',
  'dontfork',
  'dofork',
  'unmergeable',
  'populate_read',
  'populate_write',
  'cold',
  'pageout',
  'collapse',
]

/** A sentence on each {@link Advice}. */
export const adviceTexts: Readonly<Record<Advice, string>> = {
  dontneed: 'Drop the pages now.',
  free: 'The pages may be dropped later, unless they are written to first.',
  hugepage: 'Huge pages are welcome.',
  nohugepage: 'No huge pages.',
  dontfork: 'A child does not get this range.',
  dofork: 'Undo DONTFORK.',
  unmergeable: 'Not for KSM.',
  populate_read: 'Bring the pages in as loads would. Linux 6.12.',
  populate_write: 'Bring the pages in as stores would. Linux 6.12.',
  cold: 'The pages are old, and not active. Linux 6.12.',
  pageout: 'Reclaim the pages. Linux 6.12.',
  collapse: 'Replace the pages by huge ones now. Linux 6.12.',
}

/** Flags of mremap(). */
export const RemapBit = {
  /** The mapping may move if it can't grow in place. */
  MAYMOVE: 1,
  /** The mapping moves to the new address; mappings there are unmapped first. Needs MAYMOVE. */
  FIXED: 2,
} as const

/** Flags of hmmu_pin() and hmmu_unpin(). */
export const PinBit = {
  /** FOLL_WRITE: as for a store. */
  WRITE: 1,
  /** FOLL_PIN: pin_user_pages(), undone by unpin_user_page(). Linux 6.12. */
  DMA: 2,
  /** FOLL_LONGTERM, with DMA: a device-coherent page goes to RAM first. Linux 6.12. */
  LONGTERM: 4,
} as const

/** Modes of hmmu_uffd_register(). */
export const UserfaultBit = {
  /** A fault on a missing page is a userfault. */
  MISSING: 1,
  /** A store to a page that is write-protected by userfaultfd is a userfault. Linux 6.12. */
  WP: 2,
} as const

/** Flags of hmmu_restore_with(). */
export const RestoreBit = {
  /** A machine that verify() complains of is restored, too. */
  UNVERIFIED: 1,
} as const

/** Which pages a migration selects, MIGRATE_VMA_SELECT_*. Linux 6.12. Empty entries are offered whatever is selected. */
export type SelectName =
  | 'system'
  | 'private'
  | 'coherent'

/** Bits of {@link SelectName} in the C API. */
export const selectValues: Readonly<Record<SelectName, number>> = {
  system: 1,
  private: 2,
  coherent: 4,
}

/** {@link SelectName} by bit number. */
export const selectNames: readonly SelectName[] = [
  'system',
  'private',
  'coherent',
]

/** A sentence on each {@link SelectName}. */
export const selectTexts: Readonly<Record<SelectName, string>> = {
  system: 'Pages of RAM, and entries that map the zero page.',
  private: "Device-private pages of the migration's owner.",
  coherent: "Device-coherent pages of the migration's owner.",
}

/** Kinds of devices, by the pages that they have. */
export type DeviceKind =
  | 'private'
  | 'coherent'

/** Values of {@link DeviceKind} in the C API. */
export const deviceKindValues: Readonly<Record<DeviceKind, number>> = {
  private: 0,
  coherent: 1,
}

/** {@link DeviceKind} by value. */
export const deviceKindNames: readonly DeviceKind[] = [
  'private',
  'coherent',
]

/** A sentence on each {@link DeviceKind}. */
export const deviceKindTexts: Readonly<Record<DeviceKind, string>> = {
  private: 'Device-private pages: a CPU that touches one faults, and the page has to come back.',
  coherent: 'Device-coherent pages: CPUs map them as they map RAM. Linux 6.12.',
}

/** Where a destination page comes from. */
export type TargetName =
  | 'device'
  | 'system'

/** Values of {@link TargetName} in the C API. */
export const targetValues: Readonly<Record<TargetName, number>> = {
  device: 0,
  system: 1,
}

/** {@link TargetName} by value. */
export const targetNames: readonly TargetName[] = [
  'device',
  'system',
]

/** A sentence on each {@link TargetName}. */
export const targetTexts: Readonly<Record<TargetName, string>> = {
  device: 'Move system pages and holes to device memory.',
  system: 'Move device pages and holes to system memory.',
}

/** Stages of a migration, in their order. */
export type StageName =
  | 'collect'
  | 'prepare'
  | 'unmap'
  | 'alloc_and_copy'
  | 'pages'
  | 'finalize_and_map'
  | 'finalize'
  | 'done'

/** Values of {@link StageName} in the C API. */
export const stageValues: Readonly<Record<StageName, number>> = {
  collect: 0,
  prepare: 1,
  unmap: 2,
  alloc_and_copy: 3,
  pages: 4,
  finalize_and_map: 5,
  finalize: 6,
  done: 7,
}

/** {@link StageName} by value. */
export const stageNames: readonly StageName[] = [
  'collect',
  'prepare',
  'unmap',
  'alloc_and_copy',
  'pages',
  'finalize_and_map',
  'finalize',
  'done',
]

/** A sentence on each {@link StageName}. */
export const stageTexts: Readonly<Record<StageName, string>> = {
  collect: 'Walk the page tables; lock and unmap pages whose lock is free.',
  prepare: 'Lock, isolate from the LRU, check for pins.',
  unmap: 'Replace all other mappings by migration entries.',
  alloc_and_copy: 'The driver provides destination pages.',
  pages: 'Move the struct page state; insert pages into empty entries.',
  finalize_and_map: 'The driver learns what moved.',
  finalize: 'Replace migration entries, unlock, put back.',
  done: 'Nothing is left to do.',
}

/** Reasons why an entry did not move, or was not offered. */
export type WhyName =
  | 'none'
  | 'huge_zero_unstable'
  | 'huge_locked'
  | 'huge_not_split'
  | 'bad_pmd'
  | 'swap_entry'
  | 'migration_entry'
  | 'other_entry'
  | 'no_struct_page'
  | 'compound'
  | 'page_locked'
  | 'isolation'
  | 'pinned'
  | 'still_mapped'
  | 'pinned_late'
  | 'no_page'
  | 'driver_error'
  | 'has_mapping'
  | 'unknown_device'
  | 'references'
  | 'insert_not_anonymous'
  | 'insert_no_table'
  | 'insert_huge_pmd'
  | 'insert_unstable_pmd'
  | 'insert_anon_vma'
  | 'insert_memcg'
  | 'insert_pte_present'
  | 'insert_pte_changed'
  | 'insert_userfaultfd'
  | 'insert_mm_unstable'
  | 'not_offered'
  | 'aborted'
  | 'not_selected'
  | 'other_owner'
  | 'maybe_pinned'
  | 'free_page'

/** Values of {@link WhyName} in the C API. */
export const whyValues: Readonly<Record<WhyName, number>> = {
  none: 0,
  huge_zero_unstable: 1,
  huge_locked: 2,
  huge_not_split: 3,
  bad_pmd: 4,
  swap_entry: 5,
  migration_entry: 6,
  other_entry: 7,
  no_struct_page: 8,
  compound: 9,
  page_locked: 10,
  isolation: 11,
  pinned: 12,
  still_mapped: 13,
  pinned_late: 14,
  no_page: 15,
  driver_error: 16,
  has_mapping: 17,
  unknown_device: 18,
  references: 19,
  insert_not_anonymous: 20,
  insert_no_table: 21,
  insert_huge_pmd: 22,
  insert_unstable_pmd: 23,
  insert_anon_vma: 24,
  insert_memcg: 25,
  insert_pte_present: 26,
  insert_pte_changed: 27,
  insert_userfaultfd: 28,
  insert_mm_unstable: 29,
  not_offered: 30,
  aborted: 31,
  not_selected: 32,
  other_owner: 33,
  maybe_pinned: 34,
  free_page: 35,
}

/** {@link WhyName} by value. */
export const whyNames: readonly WhyName[] = [
  'none',
  'huge_zero_unstable',
  'huge_locked',
  'huge_not_split',
  'bad_pmd',
  'swap_entry',
  'migration_entry',
  'other_entry',
  'no_struct_page',
  'compound',
  'page_locked',
  'isolation',
  'pinned',
  'still_mapped',
  'pinned_late',
  'no_page',
  'driver_error',
  'has_mapping',
  'unknown_device',
  'references',
  'insert_not_anonymous',
  'insert_no_table',
  'insert_huge_pmd',
  'insert_unstable_pmd',
  'insert_anon_vma',
  'insert_memcg',
  'insert_pte_present',
  'insert_pte_changed',
  'insert_userfaultfd',
  'insert_mm_unstable',
  'not_offered',
  'aborted',
  'not_selected',
  'other_owner',
  'maybe_pinned',
  'free_page',
]

/** A sentence on each {@link WhyName}. */
export const whyTexts: Readonly<Record<WhyName, string>> = {
  none: 'The entry moved, or nothing has stopped it so far.',
  huge_zero_unstable: 'The pmd of the huge zero page was unstable after its split.',
  huge_locked: 'The huge page was locked by another task.',
  huge_not_split: 'The huge page could not be split, because it is pinned.',
  bad_pmd: 'The pmd is bad.',
  swap_entry: 'The page is swapped out.',
  migration_entry: 'Another migration has the page.',
  other_entry: 'The entry is of another non-present kind.',
  no_struct_page: 'The page has no struct page or no mapping.',
  compound: 'The page is a part of a compound page.',
  page_locked: 'The page was locked by another task.',
  isolation: 'The page could not be isolated from the LRU.',
  pinned: 'The page has more references than its mappings explain.',
  still_mapped: 'The page was still mapped after try_to_unmap().',
  pinned_late: 'The page was pinned after it had been unmapped.',
  no_page: 'The driver offered no page.',
  driver_error: 'The driver reported an error.',
  has_mapping: "A page-cache page can't go to device-private memory.",
  unknown_device: 'The destination is a ZONE_DEVICE page of an unsupported kind.',
  references: 'The page had an unexpected reference count when it was to move.',
  insert_not_anonymous: 'Insertion: the mapping is not anonymous.',
  insert_no_table: 'Insertion: a page table could not be allocated.',
  insert_huge_pmd: 'Insertion: the pmd is huge or devmap.',
  insert_unstable_pmd: 'Insertion: the pmd is unstable.',
  insert_anon_vma: 'Insertion: anon_vma could not be prepared.',
  insert_memcg: 'Insertion: the memcg charge failed.',
  insert_pte_present: 'Insertion: the pte is present now.',
  insert_pte_changed: 'Insertion: the pte is a non-present entry now.',
  insert_userfaultfd: 'Insertion: userfaultfd missing mode is armed.',
  insert_mm_unstable: 'Insertion: the mm was reaped.',
  not_offered: 'A hole of a mapping that is not anonymous (fixed kernels do not offer it).',
  aborted: 'The migration was abandoned.',
  not_selected: 'The migration did not select pages of this kind. Linux 6.12.',
  other_owner: 'The device page has another owner than the migration. Linux 6.12.',
  maybe_pinned: 'The page is exclusive, and may be pinned for DMA. Linux 6.12.',
  free_page: 'The device page is free. Linux 6.12, migrate_device_range().',
}

/** Kinds of waits of a blocked task. */
export type WaitName =
  | 'nothing'
  | 'page_lock'
  | 'mmap_sem_read'
  | 'mmap_sem_write'
  | 'vma_lock'
  | 'invalidation'
  | 'device_fault'
  | 'switch'
  | 'rmap_lock'
  | 'inode_lock'
  | 'memcg'

/** Values of {@link WaitName} in the C API. */
export const waitValues: Readonly<Record<WaitName, number>> = {
  nothing: 0,
  page_lock: 1,
  mmap_sem_read: 2,
  mmap_sem_write: 3,
  vma_lock: 4,
  invalidation: 5,
  device_fault: 6,
  switch: 7,
  rmap_lock: 8,
  inode_lock: 9,
  memcg: 10,
}

/** {@link WaitName} by value. */
export const waitNames: readonly WaitName[] = [
  'nothing',
  'page_lock',
  'mmap_sem_read',
  'mmap_sem_write',
  'vma_lock',
  'invalidation',
  'device_fault',
  'switch',
  'rmap_lock',
  'inode_lock',
  'memcg',
]

/** A sentence on each {@link WaitName}. */
export const waitTexts: Readonly<Record<WaitName, string>> = {
  nothing: 'The task is not waiting.',
  page_lock: 'A page lock.',
  mmap_sem_read: 'The mmap_sem of its process, for reading.',
  mmap_sem_write: 'The mmap_sem of its process, for writing.',
  vma_lock: 'The lock of a mapping, for writing. Linux 6.12.',
  invalidation: 'The end of the invalidations of an interval notifier. Linux 6.12.',
  device_fault: 'The handler of its fault on a device page, which runs in steps (HMMU_SWITCH_DEVICE_FAULT).',
  switch: 'Nothing: its call has stopped at a switching point, and goes on when it runs.',
  rmap_lock: "The lock of an anon_vma or of a file's mappings (i_mmap), which a call has that has stopped.",
  inode_lock: 'The end of another truncation of its file. Linux 6.12.',
  memcg: 'A page of the memory cgroup, which is at its limit. Linux 6.12.',
}

/** Switching points, where a call can be left alone in its middle. */
export type SwitchPoint =
  | 'device-fault'
  | 'fault'
  | 'insert-page'
  | 'late-flush'
  | 'gup'
  | 'fork'
  | 'unmap'
  | 'restore'
  | 'reclaim'
  | 'split'

/** Bits of {@link SwitchPoint} in the C API. */
export const switchPointValues: Readonly<Record<SwitchPoint, number>> = {
  'device-fault': 1,
  fault: 2,
  'insert-page': 4,
  'late-flush': 8,
  gup: 16,
  fork: 32,
  unmap: 64,
  restore: 128,
  reclaim: 256,
  split: 512,
}

/** {@link SwitchPoint} by bit number. */
export const switchPointNames: readonly SwitchPoint[] = [
  'device-fault',
  'fault',
  'insert-page',
  'late-flush',
  'gup',
  'fork',
  'unmap',
  'restore',
  'reclaim',
  'split',
]

/** A sentence on each {@link SwitchPoint}. */
export const switchPointTexts: Readonly<Record<SwitchPoint, string>> = {
  'device-fault': 'A fault on a device page waits until its handler has ended, which runs in steps.',
  fault: 'A page fault, when it has found its mapping and checked its rights. It looks at the entry later.',
  'insert-page': 'migrate_vma_insert_page(), before it locks the table and looks at the entry again.',
  'late-flush':
    'munmap(), madvise(), mprotect(), fork(), mremap() and clear_refs, between the change of entries and the flush of the TLBs. A translation that is stale by then is used.',
  gup: 'get_user_pages() of several pages, as by mlock(), between two pages.',
  fork: 'fork(), after the copy of each entry.',
  unmap: 'try_to_unmap() and try_to_migrate(), between two mappings of a page, with the lock of its reverse map.',
  restore: 'remove_migration_ptes(), between two mappings of a page, with the lock of its reverse map.',
  reclaim: 'Reclaim of a page: when it is isolated, before and behind its unmapping, and when it is written.',
  split:
    'The split of a huge page, with the lock of its anon_vma: before and behind the unmapping, and before and behind the parts are mapped.',
}

/** How a task has a lock that many may have for reading. */
export type LockMode =
  | 'none'
  | 'read'
  | 'write'

/** Values of {@link LockMode} in the C API. */
export const lockModeValues: Readonly<Record<LockMode, number>> = {
  none: 0,
  read: 1,
  write: 2,
}

/** {@link LockMode} by value. */
export const lockModeNames: readonly LockMode[] = [
  'none',
  'read',
  'write',
]

/** A sentence on each {@link LockMode}. */
export const lockModeTexts: Readonly<Record<LockMode, string>> = {
  none: 'It does not have it.',
  read: 'For reading, as others may at a time.',
  write: 'For writing, alone.',
}

/** The call that a task waits in. The same call, repeated, goes on where it stood. */
export type TaskCall =
  | 'nothing'
  | 'load'
  | 'store'
  | 'pin'
  | 'map'
  | 'unmap'
  | 'protect'
  | 'advise'
  | 'lock'
  | 'unlock'
  | 'clearSoftDirty'
  | 'registerUserfault'
  | 'writeProtectUserfault'
  | 'fork'
  | 'migrate'
  | 'remap'
  | 'makeDeviceExclusive'
  | 'rangeFault'
  | 'mirror'
  | 'exit'
  | 'mmapLock'
  | 'truncate'
  | 'stopped'

/** Values of {@link TaskCall} in the C API. */
export const taskCallValues: Readonly<Record<TaskCall, number>> = {
  nothing: 0,
  load: 1,
  store: 2,
  pin: 3,
  map: 4,
  unmap: 5,
  protect: 6,
  advise: 7,
  lock: 8,
  unlock: 9,
  clearSoftDirty: 10,
  registerUserfault: 11,
  writeProtectUserfault: 12,
  fork: 13,
  migrate: 14,
  remap: 15,
  makeDeviceExclusive: 16,
  rangeFault: 17,
  mirror: 18,
  exit: 19,
  mmapLock: 20,
  truncate: 21,
  stopped: 22,
}

/** {@link TaskCall} by value. */
export const taskCallNames: readonly TaskCall[] = [
  'nothing',
  'load',
  'store',
  'pin',
  'map',
  'unmap',
  'protect',
  'advise',
  'lock',
  'unlock',
  'clearSoftDirty',
  'registerUserfault',
  'writeProtectUserfault',
  'fork',
  'migrate',
  'remap',
  'makeDeviceExclusive',
  'rangeFault',
  'mirror',
  'exit',
  'mmapLock',
  'truncate',
  'stopped',
]

/** A sentence on each {@link TaskCall}. */
export const taskCallTexts: Readonly<Record<TaskCall, string>> = {
  nothing: 'It is in no call that waits.',
  load: 'hmmu_load().',
  store: 'hmmu_store().',
  pin: 'get_user_pages().',
  map: 'mmap().',
  unmap: 'munmap().',
  protect: 'mprotect().',
  advise: 'madvise().',
  lock: 'mlock().',
  unlock: 'munlock().',
  clearSoftDirty: 'clear_refs.',
  registerUserfault: 'UFFDIO_REGISTER.',
  writeProtectUserfault: 'UFFDIO_WRITEPROTECT. Linux 6.12.',
  fork: 'fork().',
  migrate: 'migrate_vma().',
  remap: 'mremap().',
  makeDeviceExclusive: 'make_device_exclusive_range(). Linux 6.12.',
  rangeFault: 'hmm_range_fault() for an interval notifier. Linux 6.12.',
  mirror: 'hmmu_mirror().',
  exit: 'exit().',
  mmapLock: 'hmmu_mmap_lock(), of a driver.',
  truncate: 'ftruncate(). Linux 6.12.',
  stopped: 'One that has stopped at a switching point (hmmu_run()).',
}

/** Who holds references to a page, or its lock. */
export type HolderKind =
  | 'mapping'
  | 'exclusive_entry'
  | 'page_cache'
  | 'swap_cache'
  | 'pagevec'
  | 'migration'
  | 'destination'
  | 'driver'
  | 'wait'
  | 'fault'
  | 'pin'
  | 'dma_pin'
  | 'exclusive'
  | 'hold'
  | 'isolation'
  | 'huge_zero'
  | 'leak'
  | 'pagemap'

/** Values of {@link HolderKind} in the C API. */
export const holderValues: Readonly<Record<HolderKind, number>> = {
  mapping: 0,
  exclusive_entry: 1,
  page_cache: 2,
  swap_cache: 3,
  pagevec: 4,
  migration: 5,
  destination: 6,
  driver: 7,
  wait: 8,
  fault: 9,
  pin: 10,
  dma_pin: 11,
  exclusive: 12,
  hold: 13,
  isolation: 14,
  huge_zero: 15,
  leak: 16,
  pagemap: 17,
}

/** {@link HolderKind} by value. */
export const holderNames: readonly HolderKind[] = [
  'mapping',
  'exclusive_entry',
  'page_cache',
  'swap_cache',
  'pagevec',
  'migration',
  'destination',
  'driver',
  'wait',
  'fault',
  'pin',
  'dma_pin',
  'exclusive',
  'hold',
  'isolation',
  'huge_zero',
  'leak',
  'pagemap',
]

/** A sentence on each {@link HolderKind}. */
export const holderTexts: Readonly<Record<HolderKind, string>> = {
  mapping: 'An entry that maps it: id = process, at = address.',
  exclusive_entry: 'A device-exclusive entry in the place of a pte: id = process, at = address. Linux 6.12.',
  page_cache: 'The page cache: at = index in its file.',
  swap_cache: 'The swap cache: at = slot.',
  pagevec: 'A pagevec (in 6.12 a folio batch): id = CPU, at = which, by its number in HMMU_PAGEVECS.',
  migration: 'A migration that has collected it: id = task, 0 for a device range; at = entry.',
  destination: 'The migration that moves another page to it.',
  driver: 'A driver that has allocated it, and has not placed it.',
  wait: 'A task that waits for its lock: id = task.',
  fault: 'A fault on a device page, whose handler runs: id = task.',
  pin: 'A pin by get_user_pages().',
  dma_pin: 'A pin for DMA by pin_user_pages(). Linux 6.12.',
  exclusive: 'A driver that has made it exclusive, and has not put it. Linux 6.12.',
  hold: 'hold(): another user, with its lock.',
  isolation: 'isolate(): another user, who has taken it off its LRU list.',
  huge_zero: 'The kernel, which keeps the huge zero page.',
  leak: 'Nobody: the quirk thp-busy-leaks-ref or evict-loses-exclusive has lost these references.',
  pagemap: 'Its device, which has a reference to each of its pages. Linux 4.14.',
}

/** Where a page is on its way through the LRU. */
export type LruListName =
  | 'inactive_anon'
  | 'active_anon'
  | 'inactive_file'
  | 'active_file'
  | 'unevictable'
  | 'pagevec'

/** Values of {@link LruListName} in the C API. */
export const lruListValues: Readonly<Record<LruListName, number>> = {
  inactive_anon: 0,
  active_anon: 1,
  inactive_file: 2,
  active_file: 3,
  unevictable: 4,
  pagevec: 5,
}

/** {@link LruListName} by value. */
export const lruListNames: readonly LruListName[] = [
  'inactive_anon',
  'active_anon',
  'inactive_file',
  'active_file',
  'unevictable',
  'pagevec',
]

/** A sentence on each {@link LruListName}. */
export const lruListTexts: Readonly<Record<LruListName, string>> = {
  inactive_anon: 'Anonymous pages that reclaim takes first.',
  active_anon: 'Anonymous pages in use.',
  inactive_file: 'Pages of files that reclaim takes first.',
  active_file: 'Pages of files in use.',
  unevictable: 'Pages that reclaim leaves alone. Linux 6.12 only counts them.',
  pagevec: 'A pagevec (in 6.12 a folio batch), where a page waits for its list.',
}

/** Pagevecs of a CPU, where pages wait for their LRU list. */
export type PagevecName =
  | 'lru_add'
  | 'lazyfree'
  | 'activate'
  | 'deactivate'
  | 'mlock'

/** Values of {@link PagevecName} in the C API. */
export const pagevecValues: Readonly<Record<PagevecName, number>> = {
  lru_add: 0,
  lazyfree: 1,
  activate: 2,
  deactivate: 3,
  mlock: 4,
}

/** {@link PagevecName} by value. */
export const pagevecNames: readonly PagevecName[] = [
  'lru_add',
  'lazyfree',
  'activate',
  'deactivate',
  'mlock',
]

/** A sentence on each {@link PagevecName}. */
export const pagevecTexts: Readonly<Record<PagevecName, string>> = {
  lru_add: 'New pages, that go to a list.',
  lazyfree: 'Pages of MADV_FREE, that reclaim may drop.',
  activate: 'Pages that become active.',
  deactivate: 'Pages that become inactive. Linux 6.12.',
  mlock: 'Pages that are mlocked or munlocked. Linux 6.12.',
}

/** Events, in the order in which they happened. */
export type EventName =
  | 'invalidate_start'
  | 'invalidate_end'
  | 'invalidate_range'
  | 'tlb_flush'
  | 'stale_tlb'
  | 'page_fault'
  | 'stage'
  | 'out_of_bounds'
  | 'frame_free'
  | 'device_fault'
  | 'device_fault_end'
  | 'give_up'
  | 'unwritten'
  | 'references'

/** Values of {@link EventName} in the C API. */
export const eventValues: Readonly<Record<EventName, number>> = {
  invalidate_start: 0,
  invalidate_end: 1,
  invalidate_range: 2,
  tlb_flush: 3,
  stale_tlb: 4,
  page_fault: 5,
  stage: 6,
  out_of_bounds: 7,
  frame_free: 8,
  device_fault: 9,
  device_fault_end: 10,
  give_up: 11,
  unwritten: 12,
  references: 13,
}

/** {@link EventName} by value. */
export const eventNames: readonly EventName[] = [
  'invalidate_start',
  'invalidate_end',
  'invalidate_range',
  'tlb_flush',
  'stale_tlb',
  'page_fault',
  'stage',
  'out_of_bounds',
  'frame_free',
  'device_fault',
  'device_fault_end',
  'give_up',
  'unwritten',
  'references',
]

/** A sentence on each {@link EventName}. */
export const eventTexts: Readonly<Record<EventName, string>> = {
  invalidate_start: 'mmu_notifier invalidate_range_start: a = start, b = end.',
  invalidate_end: 'mmu_notifier invalidate_range_end: a = start, b = end.',
  invalidate_range:
    'mmu_notifier invalidate_range: a = start, b = end. In 4.14 each invalidate_range_end calls it as well; in 6.12 each TLB flush does, and nothing else.',
  tlb_flush: 'A TLB flush: a = start, b = end.',
  stale_tlb: 'An access met a stale translation: a = address, b = pfn.',
  page_fault: 'A page fault: a = address, b = 1 for a write.',
  stage: 'A migration entered a stage: a = start, b = stage.',
  out_of_bounds: 'The hole collector would have written dst outside of its array: a = index, b = page count.',
  frame_free: 'A frame was freed: a = pfn, b = alloc_id.',
  device_fault: 'The handler of a fault on a device page is called: a = address, b = pfn.',
  device_fault_end: 'The handler has returned: a = address, b = 0, or 1 for a SIGBUS.',
  give_up: 'An entry of a migration does not move, or is not offered: a = address, b = reason.',
  unwritten: 'A driver placed a page without having written to it: a = address, b = pfn.',
  references:
    'A page does not move since it has more references than can be explained: a = address, b = how many it has, and from bit 32 on how many it may have.',
}

/** Why a range is invalidated, MMU_NOTIFY_* of enum mmu_notifier_event; a kind of INVALIDATE_START and INVALIDATE_END. Linux 6.12. */
export type NotifyKind =
  | 'none'
  | 'unmap'
  | 'clear'
  | 'protection_vma'
  | 'protection_page'
  | 'soft_dirty'
  | 'migrate'
  | 'exclusive'
  | 'release'

/** Values of {@link NotifyKind} in the C API. */
export const notifyKindValues: Readonly<Record<NotifyKind, number>> = {
  none: 0,
  unmap: 1,
  clear: 2,
  protection_vma: 3,
  protection_page: 4,
  soft_dirty: 5,
  migrate: 6,
  exclusive: 7,
  release: 8,
}

/** {@link NotifyKind} by value. */
export const notifyKindNames: readonly NotifyKind[] = [
  'none',
  'unmap',
  'clear',
  'protection_vma',
  'protection_page',
  'soft_dirty',
  'migrate',
  'exclusive',
  'release',
]

/** A sentence on each {@link NotifyKind}. */
export const notifyKindTexts: Readonly<Record<NotifyKind, string>> = {
  none: 'No kind: another event, or a kernel that has no kinds (4.14).',
  unmap: 'Pages leave the address space: munmap(), mremap(), the OOM reaper.',
  clear: 'Entries are cleared: madvise(), copy on write, the reverse mapping, a split of a huge pmd.',
  protection_vma: 'The rights of a mapping change: mprotect(), write protection by userfaultfd.',
  protection_page: 'The rights of pages change, those of the mapping do not: fork().',
  soft_dirty: 'The soft-dirty bits are cleared.',
  migrate: 'A device migration takes pages.',
  exclusive: 'A device gets pages for itself, or they come back from that.',
  release: 'The process exits. Only interval notifiers hear of it.',
}

/** Stable error codes; the TypeScript error's code is HMMU_ + name. */
export type ErrorCode =
  | 'HMMU_OK'
  | 'HMMU_INVALID_ARGUMENT'
  | 'HMMU_OUT_OF_FRAMES'
  | 'HMMU_OUT_OF_DEVICE_PAGES'
  | 'HMMU_OUT_OF_SLOTS'
  | 'HMMU_NO_PROCESS'
  | 'HMMU_NO_TASK'
  | 'HMMU_NO_PAGE'
  | 'HMMU_SIGSEGV'
  | 'HMMU_SIGBUS'
  | 'HMMU_BLOCKED'
  | 'HMMU_BUSY'
  | 'HMMU_SYSCALL'
  | 'HMMU_MEMCG_LIMIT'
  | 'HMMU_DRIVER_RULE'
  | 'HMMU_DRIVER_THREW'
  | 'HMMU_DISPOSED'
  | 'HMMU_WRONG_MACHINE'
  | 'HMMU_HOST_MEMORY'
  | 'HMMU_REFERENCE'
  | 'HMMU_SNAPSHOT'
  | 'HMMU_ORDER'
  | 'HMMU_UNSUPPORTED'
  | 'HMMU_SELFCHECK'

/** Values of {@link ErrorCode} in the C API. */
export const errorCodeValues: Readonly<Record<ErrorCode, number>> = {
  HMMU_OK: 0,
  HMMU_INVALID_ARGUMENT: 1,
  HMMU_OUT_OF_FRAMES: 2,
  HMMU_OUT_OF_DEVICE_PAGES: 3,
  HMMU_OUT_OF_SLOTS: 4,
  HMMU_NO_PROCESS: 5,
  HMMU_NO_TASK: 6,
  HMMU_NO_PAGE: 7,
  HMMU_SIGSEGV: 8,
  HMMU_SIGBUS: 9,
  HMMU_BLOCKED: 10,
  HMMU_BUSY: 11,
  HMMU_SYSCALL: 12,
  HMMU_MEMCG_LIMIT: 13,
  HMMU_DRIVER_RULE: 14,
  HMMU_DRIVER_THREW: 15,
  HMMU_DISPOSED: 16,
  HMMU_WRONG_MACHINE: 17,
  HMMU_HOST_MEMORY: 18,
  HMMU_REFERENCE: 19,
  HMMU_SNAPSHOT: 20,
  HMMU_ORDER: 21,
  HMMU_UNSUPPORTED: 22,
  HMMU_SELFCHECK: 23,
}

/** {@link ErrorCode} by value. */
export const errorCodeNames: readonly ErrorCode[] = [
  'HMMU_OK',
  'HMMU_INVALID_ARGUMENT',
  'HMMU_OUT_OF_FRAMES',
  'HMMU_OUT_OF_DEVICE_PAGES',
  'HMMU_OUT_OF_SLOTS',
  'HMMU_NO_PROCESS',
  'HMMU_NO_TASK',
  'HMMU_NO_PAGE',
  'HMMU_SIGSEGV',
  'HMMU_SIGBUS',
  'HMMU_BLOCKED',
  'HMMU_BUSY',
  'HMMU_SYSCALL',
  'HMMU_MEMCG_LIMIT',
  'HMMU_DRIVER_RULE',
  'HMMU_DRIVER_THREW',
  'HMMU_DISPOSED',
  'HMMU_WRONG_MACHINE',
  'HMMU_HOST_MEMORY',
  'HMMU_REFERENCE',
  'HMMU_SNAPSHOT',
  'HMMU_ORDER',
  'HMMU_UNSUPPORTED',
  'HMMU_SELFCHECK',
]

/** A sentence on each {@link ErrorCode}. */
export const errorCodeTexts: Readonly<Record<ErrorCode, string>> = {
  HMMU_OK: 'No error.',
  HMMU_INVALID_ARGUMENT: 'An argument is out of its range or of the wrong type.',
  HMMU_OUT_OF_FRAMES: "The machine's RAM is used up.",
  HMMU_OUT_OF_DEVICE_PAGES: "The device's memory is used up.",
  HMMU_OUT_OF_SLOTS: 'A table of the machine (processes, tasks, mappings, ...) is full.',
  HMMU_NO_PROCESS: 'There is no such process.',
  HMMU_NO_TASK: 'There is no such task.',
  HMMU_NO_PAGE: 'There is no such page, or it is free.',
  HMMU_SIGSEGV: 'The access ends in a segmentation fault.',
  HMMU_SIGBUS: 'The access ends in a bus error.',
  HMMU_BLOCKED: 'The call would wait; repeat it to go on.',
  HMMU_BUSY: 'The thing is in use: a task that waits, a machine that migrates.',
  HMMU_SYSCALL: 'The kernel would refuse the call; errno says how.',
  HMMU_MEMCG_LIMIT: 'The memory cgroup is at its limit.',
  HMMU_DRIVER_RULE: 'The driver broke a rule; the detail names entry and rule.',
  HMMU_DRIVER_THREW: 'A driver callback failed.',
  HMMU_DISPOSED: 'The machine is disposed of.',
  HMMU_WRONG_MACHINE: 'A handle belongs to another machine.',
  HMMU_HOST_MEMORY: 'The host has no memory for the machine.',
  HMMU_REFERENCE: 'The page reference, lock or isolation to be given back is not held.',
  HMMU_SNAPSHOT: 'The bytes are no snapshot, of another version, damaged, or of a state in which no machine can be.',
  HMMU_ORDER:
    'The calls of a migration came in another order than setup, pages, finalize, or a restored one has no driver yet.',
  HMMU_UNSUPPORTED: "This host can't do it.",
  HMMU_SELFCHECK: 'hmmu has found a fault of its own: what must be equal is not.',
}

/** The rules for a driver; a breach is HMMU_ERR_DRIVER_RULE. */
export type RuleName =
  | 'none'
  | 'src_changed'
  | 'dst_flags'
  | 'dst_no_such_page'
  | 'dst_free_page'
  | 'dst_not_locked'
  | 'dst_kind'
  | 'dst_twice'
  | 'dst_is_source'
  | 'dst_in_use'
  | 'dst_changed'
  | 'dst_unknown_device'
  | 'fault_no_progress'
  | 'src_unread'

/** Values of {@link RuleName} in the C API. */
export const ruleValues: Readonly<Record<RuleName, number>> = {
  none: 0,
  src_changed: 1,
  dst_flags: 2,
  dst_no_such_page: 3,
  dst_free_page: 4,
  dst_not_locked: 5,
  dst_kind: 6,
  dst_twice: 7,
  dst_is_source: 8,
  dst_in_use: 9,
  dst_changed: 10,
  dst_unknown_device: 11,
  fault_no_progress: 12,
  src_unread: 13,
}

/** {@link RuleName} by value. */
export const ruleNames: readonly RuleName[] = [
  'none',
  'src_changed',
  'dst_flags',
  'dst_no_such_page',
  'dst_free_page',
  'dst_not_locked',
  'dst_kind',
  'dst_twice',
  'dst_is_source',
  'dst_in_use',
  'dst_changed',
  'dst_unknown_device',
  'fault_no_progress',
  'src_unread',
]

/** A sentence on each {@link RuleName}. */
export const ruleTexts: Readonly<Record<RuleName, string>> = {
  none: 'No rule was broken.',
  src_changed: 'A driver must not change src.',
  dst_flags: 'A word of dst must have VALID if it has a page, and must not have both VALID and ERROR.',
  dst_no_such_page: 'A page in dst must exist.',
  dst_free_page: 'A page in dst must be allocated by the driver, and not put.',
  dst_not_locked: 'A page in dst must be locked by the driver, and dst must have LOCKED.',
  dst_kind: 'dst must have DEVICE for a device page, and for no other page.',
  dst_twice: 'A page must not be in dst of two entries.',
  dst_is_source: 'A page in dst must not be one of the sources.',
  dst_in_use: 'A page in dst must be new: not mapped, not on an LRU list, not in the page cache.',
  dst_changed: 'A driver must not change dst after alloc_and_copy() has returned.',
  dst_unknown_device: 'A ZONE_DEVICE page for an empty entry must be device-private (4.14 would insert garbage).',
  fault_no_progress: 'A fault handler must not return 0 unless it has brought the page back.',
  src_unread:
    'After migrate_vma_pages() a driver must look at src of each page that has not moved. Checked in TypeScript.',
}

/** Quirks; profiles is an or of HMMU_IN_*: where the quirk is on; commit is the subject of the kernel commit that ended it, if there is one. */
export type QuirkName =
  | 'hole-dst-index'
  | 'collect-drops-dirty'
  | 'collect-flush-late'
  | 'device-write-lost'
  | 'device-soft-dirty'
  | 'map-pte-skips-device'
  | 'thp-busy-leaks-ref'
  | 'fault-without-ref'
  | 'wait-pins-page'
  | 'insert-ignores-reaped-mm'
  | 'insert-unknown-device'
  | 'file-holes-collected'
  | 'insert-device-as-pte'
  | 'pmd-split-soft-dirties'
  | 'mremap-moves-tables'
  | 'device-downgrade-drops-soft-dirty'
  | 'check-spares-device'
  | 'device-unmap-dirties'
  | 'faulters-livelock'
  | 'setup-counts-unrounded'
  | 'select-splits-huge'
  | 'exclusive-takes-folio'
  | 'exclusive-fork-enomem'
  | 'mirror-own-read-entry'
  | 'mirror-fault-overshoots'
  | 'clear-keeps-write-entries'
  | 'insert-device-not-soft-dirty'
  | 'swapin-misses-mlock'
  | 'munlock-batch-holds-device'
  | 'evict-loses-exclusive'

/** Bits of {@link QuirkName} in the C API. */
export const quirkValues: Readonly<Record<QuirkName, number>> = {
  'hole-dst-index': 1,
  'collect-drops-dirty': 2,
  'collect-flush-late': 4,
  'device-write-lost': 8,
  'device-soft-dirty': 16,
  'map-pte-skips-device': 32,
  'thp-busy-leaks-ref': 64,
  'fault-without-ref': 128,
  'wait-pins-page': 256,
  'insert-ignores-reaped-mm': 512,
  'insert-unknown-device': 1024,
  'file-holes-collected': 2048,
  'insert-device-as-pte': 4096,
  'pmd-split-soft-dirties': 8192,
  'mremap-moves-tables': 16384,
  'device-downgrade-drops-soft-dirty': 32768,
  'check-spares-device': 65536,
  'device-unmap-dirties': 131072,
  'faulters-livelock': 262144,
  'setup-counts-unrounded': 524288,
  'select-splits-huge': 1048576,
  'exclusive-takes-folio': 2097152,
  'exclusive-fork-enomem': 4194304,
  'mirror-own-read-entry': 8388608,
  'mirror-fault-overshoots': 16777216,
  'clear-keeps-write-entries': 33554432,
  'insert-device-not-soft-dirty': 67108864,
  'swapin-misses-mlock': 134217728,
  'munlock-batch-holds-device': 268435456,
  'evict-loses-exclusive': 536870912,
}

/** {@link QuirkName} by bit number. */
export const quirkNames: readonly QuirkName[] = [
  'hole-dst-index',
  'collect-drops-dirty',
  'collect-flush-late',
  'device-write-lost',
  'device-soft-dirty',
  'map-pte-skips-device',
  'thp-busy-leaks-ref',
  'fault-without-ref',
  'wait-pins-page',
  'insert-ignores-reaped-mm',
  'insert-unknown-device',
  'file-holes-collected',
  'insert-device-as-pte',
  'pmd-split-soft-dirties',
  'mremap-moves-tables',
  'device-downgrade-drops-soft-dirty',
  'check-spares-device',
  'device-unmap-dirties',
  'faulters-livelock',
  'setup-counts-unrounded',
  'select-splits-huge',
  'exclusive-takes-folio',
  'exclusive-fork-enomem',
  'mirror-own-read-entry',
  'mirror-fault-overshoots',
  'clear-keeps-write-entries',
  'insert-device-not-soft-dirty',
  'swapin-misses-mlock',
  'munlock-batch-holds-device',
  'evict-loses-exclusive',
]

/** A sentence on each {@link QuirkName}. */
export const quirkTexts: Readonly<Record<QuirkName, string>> = {
  'hole-dst-index': 'mm/migrate: fix indexing bug (off by one) and avoid out of bound access',
  'collect-drops-dirty': 'mm/migrate_device.c: copy pte dirty bit to page',
  'collect-flush-late': 'mm/migrate_device.c: flush TLB while holding PTL',
  'device-write-lost': 'mm/migrate: properly preserve write attribute in special migrate entry',
  'device-soft-dirty':
    'mm/rmap: fixup copying of soft dirty and uffd ptes; mm/migrate: preserve soft dirty in remove_migration_pte()',
  'map-pte-skips-device': 'mm/rmap: map_pte() was not handling private ZONE_DEVICE page properly',
  'thp-busy-leaks-ref': 'none that we know of',
  'fault-without-ref': 'mm/memory.c: fix race when faulting a device private page',
  'wait-pins-page': 'mm/migrate.c: rework migration_entry_wait() to not take a pageref',
  'insert-ignores-reaped-mm': 'mm/migrate: add stable check in migrate_vma_insert_page()',
  'insert-unknown-device': 'mm/migrate.c: fix potential indeterminate pte entry in migrate_vma_insert_page()',
  'file-holes-collected': 'mm/migrate: optimize migrate_vma_setup() for holes',
  'insert-device-as-pte': 'mm/device-public-memory: device memory cache coherent with CPU',
  'pmd-split-soft-dirties': 'none that we know of',
  'mremap-moves-tables': 'none that we know of',
  'device-downgrade-drops-soft-dirty': 'none that we know of',
  'check-spares-device': 'none that we know of',
  'device-unmap-dirties': 'none that we know of',
  'faulters-livelock': 'mm/migrate: Trylock device page in do_swap_page',
  'setup-counts-unrounded': 'none that we know of',
  'select-splits-huge': 'none that we know of',
  'exclusive-takes-folio': 'mm/rmap: implement make_device_exclusive() using folio_walk instead of rmap walk',
  'exclusive-fork-enomem': 'none that we know of',
  'mirror-own-read-entry': 'none that we know of',
  'mirror-fault-overshoots': 'none that we know of',
  'clear-keeps-write-entries': 'none that we know of',
  'insert-device-not-soft-dirty': 'none that we know of',
  'swapin-misses-mlock': 'none that we know of',
  'munlock-batch-holds-device': 'none that we know of',
  'evict-loses-exclusive': 'none that we know of',
}

/** Profiles, each a kernel and the quirks with the profile's bit HMMU_IN_* (0: no quirk). */
export type Profile =
  | 'linux-4.14'
  | 'hmm-v25'
  | 'linux-4.14-fixed'
  | 'linux-6.12'
  | 'linux-6.12-fixed'

/** Values of {@link Profile} in the C API. */
export const profileValues: Readonly<Record<Profile, number>> = {
  'linux-4.14': 0,
  'hmm-v25': 1,
  'linux-4.14-fixed': 2,
  'linux-6.12': 3,
  'linux-6.12-fixed': 4,
}

/** {@link Profile} by value. */
export const profileNames: readonly Profile[] = [
  'linux-4.14',
  'hmm-v25',
  'linux-4.14-fixed',
  'linux-6.12',
  'linux-6.12-fixed',
]

/** A sentence on each {@link Profile}. */
export const profileTexts: Readonly<Record<Profile, string>> = {
  'linux-4.14': 'Linux 4.14.5 as it is.',
  'hmm-v25': 'The HMM v25 series itself.',
  'linux-4.14-fixed': 'Linux 4.14 with no quirk.',
  'linux-6.12': 'Linux 6.12.117 as it is.',
  'linux-6.12-fixed': 'Linux 6.12 with no quirk.',
}

/** Allocations that can be made to fail, and races that can be made to happen. */
export type InjectionName =
  | 'frame'
  | 'table'
  | 'anon_vma'
  | 'vma'
  | 'memcg'
  | 'huge'
  | 'pmd_unstable'

/** Values of {@link InjectionName} in the C API. */
export const injectionValues: Readonly<Record<InjectionName, number>> = {
  frame: 0,
  table: 1,
  anon_vma: 2,
  vma: 3,
  memcg: 4,
  huge: 5,
  pmd_unstable: 6,
}

/** {@link InjectionName} by value. */
export const injectionNames: readonly InjectionName[] = [
  'frame',
  'table',
  'anon_vma',
  'vma',
  'memcg',
  'huge',
  'pmd_unstable',
]

/** A sentence on each {@link InjectionName}. */
export const injectionTexts: Readonly<Record<InjectionName, string>> = {
  frame: 'The allocation of a system page.',
  table: 'The allocation of a page table.',
  anon_vma: 'The allocation of an anon_vma or anon_vma_chain.',
  vma: 'The allocation of a mapping.',
  memcg: 'A memcg charge.',
  huge: 'The allocation of a huge page.',
  pmd_unstable: 'Insertion finds the pmd unstable: another thread won the race for its table.',
}

/** Counters of the machine. */
export type CounterName =
  | 'ramPages'
  | 'ramFree'
  | 'tablePages'
  | 'devicePages'
  | 'deviceFree'
  | 'lruInactiveAnon'
  | 'lruActiveAnon'
  | 'lruInactiveFile'
  | 'lruActiveFile'
  | 'lruUnevictable'
  | 'pageFaults'
  | 'migrated'
  | 'inserted'
  | 'tlbFlushes'
  | 'tlbStale'
  | 'eventsLost'
  | 'processes'
  | 'mappings'
  | 'anonVmas'
  | 'swapPages'
  | 'swapFree'
  | 'swapCached'
  | 'swapIns'
  | 'swapOuts'
  | 'hugetlbPages'
  | 'hugetlbFree'
  | 'hugetlbReserved'
  | 'coherentPages'
  | 'coherentFree'

/** Values of {@link CounterName} in the C API. */
export const counterValues: Readonly<Record<CounterName, number>> = {
  ramPages: 0,
  ramFree: 1,
  tablePages: 2,
  devicePages: 3,
  deviceFree: 4,
  lruInactiveAnon: 5,
  lruActiveAnon: 6,
  lruInactiveFile: 7,
  lruActiveFile: 8,
  lruUnevictable: 9,
  pageFaults: 10,
  migrated: 11,
  inserted: 12,
  tlbFlushes: 13,
  tlbStale: 14,
  eventsLost: 15,
  processes: 16,
  mappings: 17,
  anonVmas: 18,
  swapPages: 19,
  swapFree: 20,
  swapCached: 21,
  swapIns: 22,
  swapOuts: 23,
  hugetlbPages: 24,
  hugetlbFree: 25,
  hugetlbReserved: 26,
  coherentPages: 27,
  coherentFree: 28,
}

/** {@link CounterName} by value. */
export const counterNames: readonly CounterName[] = [
  'ramPages',
  'ramFree',
  'tablePages',
  'devicePages',
  'deviceFree',
  'lruInactiveAnon',
  'lruActiveAnon',
  'lruInactiveFile',
  'lruActiveFile',
  'lruUnevictable',
  'pageFaults',
  'migrated',
  'inserted',
  'tlbFlushes',
  'tlbStale',
  'eventsLost',
  'processes',
  'mappings',
  'anonVmas',
  'swapPages',
  'swapFree',
  'swapCached',
  'swapIns',
  'swapOuts',
  'hugetlbPages',
  'hugetlbFree',
  'hugetlbReserved',
  'coherentPages',
  'coherentFree',
]

/** A sentence on each {@link CounterName}. */
export const counterTexts: Readonly<Record<CounterName, string>> = {
  ramPages: 'Frames of RAM.',
  ramFree: 'Free frames.',
  tablePages: 'Frames in use as page tables.',
  devicePages: 'Device-private pages.',
  deviceFree: 'Free device-private pages.',
  lruInactiveAnon: 'Pages on the inactive anonymous list.',
  lruActiveAnon: 'Pages on the active anonymous list.',
  lruInactiveFile: 'Pages on the inactive file list.',
  lruActiveFile: 'Pages on the active file list.',
  lruUnevictable: 'Pages on the unevictable list.',
  pageFaults: 'Page faults so far.',
  migrated: 'Pages that migrate_vma() moved so far, insertions included.',
  inserted: 'Pages inserted into empty entries so far.',
  tlbFlushes: 'TLB flushes so far.',
  tlbStale: 'Stale translations met so far.',
  eventsLost: 'Events dropped because the ring was full.',
  processes: 'Living processes.',
  mappings: 'Mappings of all processes.',
  anonVmas: 'Live anon_vma objects.',
  swapPages: 'Swap slots.',
  swapFree: 'Free swap slots.',
  swapCached: 'Pages in the swap cache.',
  swapIns: 'Pages read from swap so far.',
  swapOuts: 'Pages written to swap so far.',
  hugetlbPages: 'Huge pages of the hugetlb pool.',
  hugetlbFree: 'Free huge pages of the pool, the reserved ones included.',
  hugetlbReserved: 'Free huge pages that mappings have reserved.',
  coherentPages: 'Device-coherent pages.',
  coherentFree: 'Free device-coherent pages.',
}

/** Spans of work that are counted and timed; the first ones are the stages of a migration. */
export type SpanName =
  | 'collect'
  | 'prepare'
  | 'unmap'
  | 'alloc_and_copy'
  | 'pages'
  | 'finalize_and_map'
  | 'finalize'
  | 'migrate'
  | 'page_fault'
  | 'device_fault'
  | 'fork'
  | 'munmap'
  | 'exit'

/** Values of {@link SpanName} in the C API. */
export const spanValues: Readonly<Record<SpanName, number>> = {
  collect: 0,
  prepare: 1,
  unmap: 2,
  alloc_and_copy: 3,
  pages: 4,
  finalize_and_map: 5,
  finalize: 6,
  migrate: 7,
  page_fault: 8,
  device_fault: 9,
  fork: 10,
  munmap: 11,
  exit: 12,
}

/** {@link SpanName} by value. */
export const spanNames: readonly SpanName[] = [
  'collect',
  'prepare',
  'unmap',
  'alloc_and_copy',
  'pages',
  'finalize_and_map',
  'finalize',
  'migrate',
  'page_fault',
  'device_fault',
  'fork',
  'munmap',
  'exit',
]

/** A sentence on each {@link SpanName}. */
export const spanTexts: Readonly<Record<SpanName, string>> = {
  collect: 'Stage collect: walk the page tables; lock and unmap pages whose lock is free.',
  prepare: 'Stage prepare: lock, isolate from the LRU, check for pins.',
  unmap: 'Stage unmap: replace all other mappings by migration entries.',
  alloc_and_copy: 'Stage alloc_and_copy: the driver provides destination pages; dst is checked.',
  pages: 'Stage pages: move the struct page state; insert pages into empty entries.',
  finalize_and_map: 'Stage finalize_and_map: the driver learns what moved.',
  finalize: 'Stage finalize: replace migration entries, unlock, put back.',
  migrate: 'migrate_vma(), around its stages.',
  page_fault: 'handle_mm_fault().',
  device_fault: 'The handler of a fault on a device page.',
  fork: 'fork().',
  munmap: 'munmap().',
  exit: 'exit_mmap().',
}

/** Counts besides spans. Faults are counted by their kind in handle_mm_fault(). */
export type StatName =
  | 'faultAnon'
  | 'faultZero'
  | 'faultWp'
  | 'faultFile'
  | 'faultHuge'
  | 'faultSwap'
  | 'faultMigration'
  | 'faultDevice'
  | 'faultAccess'
  | 'faultNone'
  | 'wait'
  | 'tlbFlush'
  | 'pagevecDrain'
  | 'splitPmd'
  | 'splitPage'
  | 'faultExclusive'

/** Values of {@link StatName} in the C API. */
export const statValues: Readonly<Record<StatName, number>> = {
  faultAnon: 0,
  faultZero: 1,
  faultWp: 2,
  faultFile: 3,
  faultHuge: 4,
  faultSwap: 5,
  faultMigration: 6,
  faultDevice: 7,
  faultAccess: 8,
  faultNone: 9,
  wait: 10,
  tlbFlush: 11,
  pagevecDrain: 12,
  splitPmd: 13,
  splitPage: 14,
  faultExclusive: 15,
}

/** {@link StatName} by value. */
export const statNames: readonly StatName[] = [
  'faultAnon',
  'faultZero',
  'faultWp',
  'faultFile',
  'faultHuge',
  'faultSwap',
  'faultMigration',
  'faultDevice',
  'faultAccess',
  'faultNone',
  'wait',
  'tlbFlush',
  'pagevecDrain',
  'splitPmd',
  'splitPage',
  'faultExclusive',
]

/** A sentence on each {@link StatName}. */
export const statTexts: Readonly<Record<StatName, string>> = {
  faultAnon: 'Faults that brought an anonymous page.',
  faultZero: 'Faults that mapped the zero page.',
  faultWp: 'Writes to a page that was mapped read-only.',
  faultFile: 'Faults in shared memory and files.',
  faultHuge: 'Faults of huge pages.',
  faultSwap: 'Faults on swap entries.',
  faultMigration: 'Faults on migration entries.',
  faultDevice: 'Faults on device pages.',
  faultAccess: 'Faults that found the page mapped, and set its bits.',
  faultNone: 'Faults that ended before their kind was known.',
  wait: 'Calls that had to wait.',
  tlbFlush: 'TLB flushes.',
  pagevecDrain: 'LRU pagevecs emptied.',
  splitPmd: 'Huge pmds split into tables.',
  splitPage: 'Huge pages split into pages.',
  faultExclusive: 'Faults on device-exclusive entries. Linux 6.12.',
}

/** What a task of a program does. */
export type ActionKind =
  | 'read'
  | 'write'
  | 'migrate'
  | 'unmap'
  | 'protect'
  | 'advise'
  | 'lock'
  | 'unlock'
  | 'clear'
  | 'fork'
  | 'exit'
  | 'pin'
  | 'hold'
  | 'isolate'
  | 'drop'
  | 'reclaim'
  | 'oom-reap'
  | 'truncate'

/** Values of {@link ActionKind} in the C API. */
export const actionValues: Readonly<Record<ActionKind, number>> = {
  read: 0,
  write: 1,
  migrate: 2,
  unmap: 3,
  protect: 4,
  advise: 5,
  lock: 6,
  unlock: 7,
  clear: 8,
  fork: 9,
  exit: 10,
  pin: 11,
  hold: 12,
  isolate: 13,
  drop: 14,
  reclaim: 15,
  'oom-reap': 16,
  truncate: 17,
}

/** {@link ActionKind} by value. */
export const actionNames: readonly ActionKind[] = [
  'read',
  'write',
  'migrate',
  'unmap',
  'protect',
  'advise',
  'lock',
  'unlock',
  'clear',
  'fork',
  'exit',
  'pin',
  'hold',
  'isolate',
  'drop',
  'reclaim',
  'oom-reap',
  'truncate',
]

/** A sentence on each {@link ActionKind}. */
export const actionTexts: Readonly<Record<ActionKind, string>> = {
  read: 'A load of the first byte of a page.',
  write: 'A store to the first byte of a page.',
  migrate: 'migrate_vma() with the built-in driver, entry by entry.',
  unmap: 'munmap().',
  protect: 'mprotect().',
  advise: 'madvise().',
  lock: 'mlock().',
  unlock: 'munlock().',
  clear: 'The soft-dirty bits are cleared.',
  fork: 'fork(): the tasks of the child begin.',
  exit: 'A process ends.',
  pin: 'A page is pinned.',
  hold: 'A page is taken and locked, as by another task.',
  isolate: 'A page is taken off its LRU list.',
  drop: 'A page is given back that was pinned, held or isolated.',
  reclaim: 'A page is reclaimed.',
  'oom-reap': 'The OOM reaper takes the private pages of a process.',
  truncate: 'ftruncate() of a file that is mapped from its beginning. Linux 6.12.',
}

/** Findings of an exploration, by the judge that makes them. */
export type Judge =
  | 'verify'
  | 'deadlock'
  | 'livelock'
  | 'wrong-value'
  | 'lost-write'
  | 'stale-translation'
  | 'stuck-page'
  | 'leak'
  | 'soft-dirty-lost'
  | 'dead-space'
  | 'use-after-free'

/** Values of {@link Judge} in the C API. */
export const judgeValues: Readonly<Record<Judge, number>> = {
  verify: 0,
  deadlock: 1,
  livelock: 2,
  'wrong-value': 3,
  'lost-write': 4,
  'stale-translation': 5,
  'stuck-page': 6,
  leak: 7,
  'soft-dirty-lost': 8,
  'dead-space': 9,
  'use-after-free': 10,
}

/** {@link Judge} by value. */
export const judgeNames: readonly Judge[] = [
  'verify',
  'deadlock',
  'livelock',
  'wrong-value',
  'lost-write',
  'stale-translation',
  'stuck-page',
  'leak',
  'soft-dirty-lost',
  'dead-space',
  'use-after-free',
]

/** A sentence on each {@link Judge}. */
export const judgeTexts: Readonly<Record<Judge, string>> = {
  verify: 'The machine is out of balance.',
  deadlock: 'All tasks that have not ended wait.',
  livelock: 'The tasks go round without end, although each task that could run does run.',
  'wrong-value': 'A load reads a value that no order of the stores allows.',
  'lost-write': 'At the end a page has a value that no order of the stores leaves there.',
  'stale-translation': 'An access uses a translation to a page that was freed, or used again.',
  'stuck-page': "At the end a load of a mapped page is SIGBUS: the page can't leave the device.",
  leak: 'Pages are not free after all processes have exited.',
  'soft-dirty-lost': 'A page was written to since the soft-dirty bits were cleared, and is clean.',
  'dead-space': 'An address space that the OOM reaper has emptied has pages again.',
  'use-after-free': 'A device page is free when the handler of the fault on it begins.',
}
