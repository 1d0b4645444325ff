/* SPDX-License-Identifier: GPL-2.0-only */
/**
 * @file hmmu_defs.h
 * The lists: every flag, code, reason, event and quirk of hmmu is written here once.
 *
 * Each list is a macro that calls X once an item. The enumerations below, the constants of the TypeScript
 * API (scripts/generate/defs.mjs) and the tables of the documentation are made from them. The first argument is
 * the name, the last one a sentence for the reader. The comment above each list names the arguments between.
 */
#ifndef HMMU_DEFS_H
#define HMMU_DEFS_H

/** X(name, bit, text): the flag bits of a src or dst word. The page frame number is in the bits above. */
#define HMMU_PFN_FLAGS(X) \
	X(VALID, 0, "A page frame number is present.") \
	X(MIGRATE, 1, "src: this page can be, or was, migrated.") \
	X(LOCKED, 2, "The page is locked, by migrate_vma() (src) or by the driver (dst).") \
	X(WRITE, 3, "src: the CPU entry was writable.") \
	X(DEVICE, 4, "The page is device memory.") \
	X(ERROR, 5, "dst: the driver met an unrecoverable error for this page.")

/** X(name, bit, text): page flags. A dump prints the first eleven in this order, and EXCLUSIVE behind them. */
#define HMMU_PAGE_FLAGS(X) \
	X(LOCKED, 0, "The page lock is taken.") \
	X(UPTODATE, 1, "The contents are valid.") \
	X(DIRTY, 2, "The contents differ from the backing store.") \
	X(LRU, 3, "The page is on one of the LRU lists.") \
	X(ACTIVE, 4, "The page belongs to the active list.") \
	X(REFERENCED, 5, "The page was touched since it was last looked at.") \
	X(SWAPBACKED, 6, "The page is backed by swap: anonymous or shmem.") \
	X(UNEVICTABLE, 7, "The page belongs to the unevictable list.") \
	X(MLOCKED, 8, "A VM_LOCKED mapping maps the page.") \
	X(HEAD, 9, "First page of a compound page.") \
	X(TAIL, 10, "Later page of a compound page.") \
	X(ERROR, 11, "Reading the contents failed.") \
	X(CHECKED, 12, "For the use of file systems.") \
	X(MAPPEDTODISK, 13, "Blocks are allocated on disk.") \
	X(PRIVATE, 14, "The private field holds data of a file system.") \
	X(WRITEBACK, 15, "The page is being written back.") \
	X(SWAPCACHE, 16, "The page is in the swap cache.") \
	X(RECLAIM, 17, "To be reclaimed as soon as possible.") \
	X(YOUNG, 18, "Idle page tracking: a page table entry was accessed.") \
	X(IDLE, 19, "Idle page tracking: not accessed since it was marked.") \
	X(DOUBLE_MAP, 20, "Compound page mapped both by a huge pmd and by ptes.") \
	X(RESERVED, 21, "Never allocated nor freed (the zero page).") \
	X(TABLE, 22, "The frame is a page table.") \
	X(BUDDY, 23, "The frame is free.") \
	X(DEVICE, 24, "ZONE_DEVICE: a page of a device.") \
	X(EXCLUSIVE, 25, "PageAnonExclusive of the page itself: anonymous, and of one mapping alone. Linux 6.12.")

/** X(name, value, drill word, text): kinds of entries that a page table walk can find. */
#define HMMU_ENTRY_KINDS(X) \
	X(NOMAP, 0, "nomap", "No mapping contains the address.") \
	X(NONE, 1, "none", "The entry is empty.") \
	X(ZERO, 2, "zero", "A present pte of the shared zero page.") \
	X(SYS, 3, "sys", "A present pte of a system page (PROT_NONE entries are present).") \
	X(HUGE, 4, "huge", "Present through a huge pmd.") \
	X(HZERO, 5, "hzero", "The huge zero page.") \
	X(DEV, 6, "dev", "A device-private entry.") \
	X(MIG, 7, "mig", "A migration entry.") \
	X(SWAP, 8, "swap", "A swap entry.") \
	X(SPECIAL, 9, "special", "The mapping is special or hugetlb.") \
	X(EXCL, 10, "excl", "A device-exclusive entry: a system page that only the device uses. Linux 6.12.") \
	X(MARKER, 11, "marker", "A pte marker: no page, but a note that userfaultfd needs. Linux 6.12.") \
	X(COH, 12, "coh", "A pte that maps a device-coherent page. Linux 6.12.")

/** X(name, bit, text): bits of an entry as a dump shows them. */
#define HMMU_ENTRY_BITS(X) \
	X(WRITE, 0, "Writable; a device-private or migration entry: of the write kind.") \
	X(DIRTY, 1, "Dirty.") \
	X(ACCESSED, 2, "Accessed.") \
	X(SOFT_DIRTY, 3, "Soft-dirty; a swap-type entry: the swap soft-dirty bit.") \
	X(UFFD_WP, 4, "Write-protected by userfaultfd. Linux 6.12.") \
	X(EXCLUSIVE, 5, "A migration entry of the read-exclusive kind, or a swap entry: the mapping had the page alone. Linux 6.12.")

/** X(name, value, drill word, text): kinds of mappings. */
#define HMMU_MAP_KINDS(X) \
	X(ANON, 0, "anon", "Private anonymous memory.") \
	X(SHMEM, 1, "shmem", "Shared anonymous memory.") \
	X(FILE, 2, "file", "Private mapping of a fresh tmpfs file.") \
	X(SHAREDFILE, 3, "sharedfile", "Shared mapping of a fresh tmpfs file.") \
	X(HUGETLB, 4, "hugetlb", "Private mapping of huge pages from the hugetlb pool.") \
	X(SPECIAL, 5, "special", "VM_PFNMAP mapping.") \
	X(MIXED, 6, "mixed", "Private VM_MIXEDMAP mapping: a driver has put pages of its own into it (vm_insert_page()).")

/** X(name, bit, text): access rights of a mapping. */
#define HMMU_PROTS(X) \
	X(READ, 0, "Loads are allowed.") \
	X(WRITE, 1, "Stores are allowed (and loads, as on x86).")

/** X(name, value, drill word, text): advice to madvise(). */
#define HMMU_ADVICES(X) \
	X(DONTNEED, 0, "dontneed", "Drop the pages now.") \
	X(FREE, 1, "free", "The pages may be dropped later, unless they are written to first.") \
	X(HUGEPAGE, 2, "hugepage", "Huge pages are welcome.") \
	X(NOHUGEPAGE, 3, "nohugepage", "No huge pages.") \
	X(DONTFORK, 4, "dontfork", "A child does not get this range.") \
	X(DOFORK, 5, "dofork", "Undo DONTFORK.") \
	X(UNMERGEABLE, 6, "unmergeable", "Not for KSM.") \
	X(POPULATE_READ, 7, "populate_read", "Bring the pages in as loads would. Linux 6.12.") \
	X(POPULATE_WRITE, 8, "populate_write", "Bring the pages in as stores would. Linux 6.12.") \
	X(COLD, 9, "cold", "The pages are old, and not active. Linux 6.12.") \
	X(PAGEOUT, 10, "pageout", "Reclaim the pages. Linux 6.12.") \
	X(COLLAPSE, 11, "collapse", "Replace the pages by huge ones now. Linux 6.12.")

/** X(name, bit, text): flags of mremap(). */
#define HMMU_MREMAPS(X) \
	X(MAYMOVE, 0, "The mapping may move if it can't grow in place.") \
	X(FIXED, 1, "The mapping moves to the new address; mappings there are unmapped first. Needs MAYMOVE.")

/** X(name, bit, text): flags of hmmu_pin() and hmmu_unpin(). */
#define HMMU_PINS(X) \
	X(WRITE, 0, "FOLL_WRITE: as for a store.") \
	X(DMA, 1, "FOLL_PIN: pin_user_pages(), undone by unpin_user_page(). Linux 6.12.") \
	X(LONGTERM, 2, "FOLL_LONGTERM, with DMA: a device-coherent page goes to RAM first. Linux 6.12.")

/** X(name, bit, text): modes of hmmu_uffd_register(). */
#define HMMU_UFFDS(X) \
	X(MISSING, 0, "A fault on a missing page is a userfault.") \
	X(WP, 1, "A store to a page that is write-protected by userfaultfd is a userfault. Linux 6.12.")

/** X(name, bit, text): flags of hmmu_restore_with(). */
#define HMMU_RESTORES(X) X(UNVERIFIED, 0, "A machine that verify() complains of is restored, too.")

/** X(name, bit, drill word, text): which pages a migration selects, MIGRATE_VMA_SELECT_*. Linux 6.12. Empty entries are
 * offered whatever is selected. */
#define HMMU_SELECTS(X) \
	X(SYSTEM, 0, "system", "Pages of RAM, and entries that map the zero page.") \
	X(DEVICE_PRIVATE, 1, "private", "Device-private pages of the migration's owner.") \
	X(DEVICE_COHERENT, 2, "coherent", "Device-coherent pages of the migration's owner.")

/** X(name, value, word, text): kinds of devices, by the pages that they have. */
#define HMMU_DEVICE_KINDS(X) \
	X(PRIVATE, 0, "private", "Device-private pages: a CPU that touches one faults, and the page has to come back.") \
	X(COHERENT, 1, "coherent", "Device-coherent pages: CPUs map them as they map RAM. Linux 6.12.")

/** X(name, value, kernel value, text): where a destination page comes from. */
#define HMMU_TARGETS(X) \
	X(DEVICE, 0, "dev", "Move system pages and holes to device memory.") \
	X(SYSTEM, 1, "sys", "Move device pages and holes to system memory.")

/** X(name, value, text): stages of a migration, in their order. */
#define HMMU_STAGES(X) \
	X(COLLECT, 0, "Walk the page tables; lock and unmap pages whose lock is free.") \
	X(PREPARE, 1, "Lock, isolate from the LRU, check for pins.") \
	X(UNMAP, 2, "Replace all other mappings by migration entries.") \
	X(ALLOC_AND_COPY, 3, "The driver provides destination pages.") \
	X(PAGES, 4, "Move the struct page state; insert pages into empty entries.") \
	X(FINALIZE_AND_MAP, 5, "The driver learns what moved.") \
	X(FINALIZE, 6, "Replace migration entries, unlock, put back.") \
	X(DONE, 7, "Nothing is left to do.")

/** X(name, value, text): reasons why an entry did not move, or was not offered. */
#define HMMU_WHYS(X) \
	X(NONE, 0, "The entry moved, or nothing has stopped it so far.") \
	X(HUGE_ZERO_UNSTABLE, 1, "The pmd of the huge zero page was unstable after its split.") \
	X(HUGE_LOCKED, 2, "The huge page was locked by another task.") \
	X(HUGE_NOT_SPLIT, 3, "The huge page could not be split, because it is pinned.") \
	X(BAD_PMD, 4, "The pmd is bad.") \
	X(SWAP_ENTRY, 5, "The page is swapped out.") \
	X(MIGRATION_ENTRY, 6, "Another migration has the page.") \
	X(OTHER_ENTRY, 7, "The entry is of another non-present kind.") \
	X(NO_STRUCT_PAGE, 8, "The page has no struct page or no mapping.") \
	X(COMPOUND, 9, "The page is a part of a compound page.") \
	X(PAGE_LOCKED, 10, "The page was locked by another task.") \
	X(ISOLATION, 11, "The page could not be isolated from the LRU.") \
	X(PINNED, 12, "The page has more references than its mappings explain.") \
	X(STILL_MAPPED, 13, "The page was still mapped after try_to_unmap().") \
	X(PINNED_LATE, 14, "The page was pinned after it had been unmapped.") \
	X(NO_PAGE, 15, "The driver offered no page.") \
	X(DRIVER_ERROR, 16, "The driver reported an error.") \
	X(HAS_MAPPING, 17, "A page-cache page can't go to device-private memory.") \
	X(UNKNOWN_DEVICE, 18, "The destination is a ZONE_DEVICE page of an unsupported kind.") \
	X(REFERENCES, 19, "The page had an unexpected reference count when it was to move.") \
	X(INSERT_NOT_ANONYMOUS, 20, "Insertion: the mapping is not anonymous.") \
	X(INSERT_NO_TABLE, 21, "Insertion: a page table could not be allocated.") \
	X(INSERT_HUGE_PMD, 22, "Insertion: the pmd is huge or devmap.") \
	X(INSERT_UNSTABLE_PMD, 23, "Insertion: the pmd is unstable.") \
	X(INSERT_ANON_VMA, 24, "Insertion: anon_vma could not be prepared.") \
	X(INSERT_MEMCG, 25, "Insertion: the memcg charge failed.") \
	X(INSERT_PTE_PRESENT, 26, "Insertion: the pte is present now.") \
	X(INSERT_PTE_CHANGED, 27, "Insertion: the pte is a non-present entry now.") \
	X(INSERT_USERFAULTFD, 28, "Insertion: userfaultfd missing mode is armed.") \
	X(INSERT_MM_UNSTABLE, 29, "Insertion: the mm was reaped.") \
	X(NOT_OFFERED, 30, "A hole of a mapping that is not anonymous (fixed kernels do not offer it).") \
	X(ABORTED, 31, "The migration was abandoned.") \
	X(NOT_SELECTED, 32, "The migration did not select pages of this kind. Linux 6.12.") \
	X(OTHER_OWNER, 33, "The device page has another owner than the migration. Linux 6.12.") \
	X(MAYBE_PINNED, 34, "The page is exclusive, and may be pinned for DMA. Linux 6.12.") \
	X(FREE_PAGE, 35, "The device page is free. Linux 6.12, migrate_device_range().")

/** X(name, value, text): kinds of waits of a blocked task. */
#define HMMU_WAITS(X) \
	X(NOTHING, 0, "The task is not waiting.") \
	X(PAGE_LOCK, 1, "A page lock.") \
	X(MMAP_SEM_READ, 2, "The mmap_sem of its process, for reading.") \
	X(MMAP_SEM_WRITE, 3, "The mmap_sem of its process, for writing.") \
	X(VMA_LOCK, 4, "The lock of a mapping, for writing. Linux 6.12.") \
	X(INVALIDATION, 5, "The end of the invalidations of an interval notifier. Linux 6.12.") \
	X(DEVICE_FAULT, 6, "The handler of its fault on a device page, which runs in steps (HMMU_SWITCH_DEVICE_FAULT).") \
	X(SWITCH, 7, "Nothing: its call has stopped at a switching point, and goes on when it runs.") \
	X(RMAP_LOCK, 8, "The lock of an anon_vma or of a file's mappings (i_mmap), which a call has that has stopped.") \
	X(INODE_LOCK, 9, "The end of another truncation of its file. Linux 6.12.") \
	X(MEMCG, 10, "A page of the memory cgroup, which is at its limit. Linux 6.12.")

/** X(name, bit, word, text): switching points, where a call can be left alone in its middle. */
#define HMMU_SWITCH_POINTS(X) \
	X(DEVICE_FAULT, 0, "device-fault", "A fault on a device page waits until its handler has ended, which runs in steps.") \
	X(FAULT, 1, "fault", "A page fault, when it has found its mapping and checked its rights. It looks at the entry later.") \
	X(INSERT_PAGE, 2, "insert-page", "migrate_vma_insert_page(), before it locks the table and looks at the entry again.") \
	X(LATE_FLUSH, 3, "late-flush", \
	  "munmap(), madvise(), mprotect(), fork(), mremap() and clear_refs, between the change of entries and the flush of the TLBs. A translation that is stale by then is used.") \
	X(GUP, 4, "gup", "get_user_pages() of several pages, as by mlock(), between two pages.") \
	X(FORK, 5, "fork", "fork(), after the copy of each entry.") \
	X(UNMAP, 6, "unmap", "try_to_unmap() and try_to_migrate(), between two mappings of a page, with the lock of its reverse map.") \
	X(RESTORE, 7, "restore", "remove_migration_ptes(), between two mappings of a page, with the lock of its reverse map.") \
	X(RECLAIM, 8, "reclaim", "Reclaim of a page: when it is isolated, before and behind its unmapping, and when it is written.") \
	X(SPLIT, 9, "split", "The split of a huge page, with the lock of its anon_vma: before and behind the unmapping, and before and behind the parts are mapped.")

/** X(name, value, text): how a task has a lock that many may have for reading. */
#define HMMU_LOCK_MODES(X) \
	X(NONE, 0, "It does not have it.") \
	X(READ, 1, "For reading, as others may at a time.") \
	X(WRITE, 2, "For writing, alone.")

/** X(name, value, text): the call that a task waits in. The same call, repeated, goes on where it stood. */
#define HMMU_TASK_CALLS(X) \
	X(NOTHING, 0, "It is in no call that waits.") \
	X(LOAD, 1, "hmmu_load().") \
	X(STORE, 2, "hmmu_store().") \
	X(PIN, 3, "get_user_pages().") \
	X(MAP, 4, "mmap().") \
	X(UNMAP, 5, "munmap().") \
	X(PROTECT, 6, "mprotect().") \
	X(ADVISE, 7, "madvise().") \
	X(LOCK, 8, "mlock().") \
	X(UNLOCK, 9, "munlock().") \
	X(CLEAR_SOFT_DIRTY, 10, "clear_refs.") \
	X(REGISTER_USERFAULT, 11, "UFFDIO_REGISTER.") \
	X(WRITE_PROTECT_USERFAULT, 12, "UFFDIO_WRITEPROTECT. Linux 6.12.") \
	X(FORK, 13, "fork().") \
	X(MIGRATE, 14, "migrate_vma().") \
	X(REMAP, 15, "mremap().") \
	X(MAKE_DEVICE_EXCLUSIVE, 16, "make_device_exclusive_range(). Linux 6.12.") \
	X(RANGE_FAULT, 17, "hmm_range_fault() for an interval notifier. Linux 6.12.") \
	X(MIRROR, 18, "hmmu_mirror().") \
	X(EXIT, 19, "exit().") \
	X(MMAP_LOCK, 20, "hmmu_mmap_lock(), of a driver.") \
	X(TRUNCATE, 21, "ftruncate(). Linux 6.12.") \
	X(STOPPED, 22, "One that has stopped at a switching point (hmmu_run()).")

/** X(name, value, text): who holds references to a page, or its lock. */
#define HMMU_HOLDERS(X) \
	X(MAPPING, 0, "An entry that maps it: id = process, at = address.") \
	X(EXCLUSIVE_ENTRY, 1, "A device-exclusive entry in the place of a pte: id = process, at = address. Linux 6.12.") \
	X(PAGE_CACHE, 2, "The page cache: at = index in its file.") \
	X(SWAP_CACHE, 3, "The swap cache: at = slot.") \
	X(PAGEVEC, 4, "A pagevec (in 6.12 a folio batch): id = CPU, at = which, by its number in HMMU_PAGEVECS.") \
	X(MIGRATION, 5, "A migration that has collected it: id = task, 0 for a device range; at = entry.") \
	X(DESTINATION, 6, "The migration that moves another page to it.") \
	X(DRIVER, 7, "A driver that has allocated it, and has not placed it.") \
	X(WAIT, 8, "A task that waits for its lock: id = task.") \
	X(FAULT, 9, "A fault on a device page, whose handler runs: id = task.") \
	X(PIN, 10, "A pin by get_user_pages().") \
	X(DMA_PIN, 11, "A pin for DMA by pin_user_pages(). Linux 6.12.") \
	X(EXCLUSIVE, 12, "A driver that has made it exclusive, and has not put it. Linux 6.12.") \
	X(HOLD, 13, "hold(): another user, with its lock.") \
	X(ISOLATION, 14, "isolate(): another user, who has taken it off its LRU list.") \
	X(HUGE_ZERO, 15, "The kernel, which keeps the huge zero page.") \
	X(LEAK, 16, "Nobody: the quirk thp-busy-leaks-ref or evict-loses-exclusive has lost these references.") \
	X(PAGEMAP, 17, "Its device, which has a reference to each of its pages. Linux 4.14.")

/** X(name, value, text): where a page is on its way through the LRU. */
#define HMMU_LRU_LISTS(X) \
	X(INACTIVE_ANON, 0, "Anonymous pages that reclaim takes first.") \
	X(ACTIVE_ANON, 1, "Anonymous pages in use.") \
	X(INACTIVE_FILE, 2, "Pages of files that reclaim takes first.") \
	X(ACTIVE_FILE, 3, "Pages of files in use.") \
	X(UNEVICTABLE, 4, "Pages that reclaim leaves alone. Linux 6.12 only counts them.") \
	X(PAGEVEC, 5, "A pagevec (in 6.12 a folio batch), where a page waits for its list.")

/** X(name, value, text): pagevecs of a CPU, where pages wait for their LRU list. */
#define HMMU_PAGEVECS(X) \
	X(LRU_ADD, 0, "New pages, that go to a list.") \
	X(LAZYFREE, 1, "Pages of MADV_FREE, that reclaim may drop.") \
	X(ACTIVATE, 2, "Pages that become active.") \
	X(DEACTIVATE, 3, "Pages that become inactive. Linux 6.12.") \
	X(MLOCK, 4, "Pages that are mlocked or munlocked. Linux 6.12.")

/** X(name, value, text): events, in the order in which they happened. */
#define HMMU_EVENTS(X) \
	X(INVALIDATE_START, 0, "mmu_notifier invalidate_range_start: a = start, b = end.") \
	X(INVALIDATE_END, 1, "mmu_notifier invalidate_range_end: a = start, b = end.") \
	X(INVALIDATE_RANGE, 2, \
	  "mmu_notifier invalidate_range: a = start, b = end. In 4.14 each invalidate_range_end calls it as well; in " \
	  "6.12 each TLB flush does, and nothing else.") \
	X(TLB_FLUSH, 3, "A TLB flush: a = start, b = end.") \
	X(STALE_TLB, 4, "An access met a stale translation: a = address, b = pfn.") \
	X(PAGE_FAULT, 5, "A page fault: a = address, b = 1 for a write.") \
	X(STAGE, 6, "A migration entered a stage: a = start, b = stage.") \
	X(OUT_OF_BOUNDS, 7, \
	  "The hole collector would have written dst outside of its array: a = index, b = page count.") \
	X(FRAME_FREE, 8, "A frame was freed: a = pfn, b = alloc_id.") \
	X(DEVICE_FAULT, 9, "The handler of a fault on a device page is called: a = address, b = pfn.") \
	X(DEVICE_FAULT_END, 10, "The handler has returned: a = address, b = 0, or 1 for a SIGBUS.") \
	X(GIVE_UP, 11, "An entry of a migration does not move, or is not offered: a = address, b = reason.") \
	X(UNWRITTEN, 12, "A driver placed a page without having written to it: a = address, b = pfn.") \
	X(REFERENCES, 13, \
	  "A page does not move since it has more references than can be explained: a = address, b = how many it has, and " \
	  "from bit 32 on how many it may have.")

/** X(name, value, text): why a range is invalidated, MMU_NOTIFY_* of enum mmu_notifier_event; a kind of
 * INVALIDATE_START and INVALIDATE_END. Linux 6.12. */
#define HMMU_NOTIFIES(X) \
	X(NONE, 0, "No kind: another event, or a kernel that has no kinds (4.14).") \
	X(UNMAP, 1, "Pages leave the address space: munmap(), mremap(), the OOM reaper.") \
	X(CLEAR, 2, "Entries are cleared: madvise(), copy on write, the reverse mapping, a split of a huge pmd.") \
	X(PROTECTION_VMA, 3, "The rights of a mapping change: mprotect(), write protection by userfaultfd.") \
	X(PROTECTION_PAGE, 4, "The rights of pages change, those of the mapping do not: fork().") \
	X(SOFT_DIRTY, 5, "The soft-dirty bits are cleared.") \
	X(MIGRATE, 6, "A device migration takes pages.") \
	X(EXCLUSIVE, 7, "A device gets pages for itself, or they come back from that.") \
	X(RELEASE, 8, "The process exits. Only interval notifiers hear of it.")

/** X(name, value, text): stable error codes; the TypeScript error's code is HMMU_ + name. */
#define HMMU_ERRORS(X) \
	X(OK, 0, "No error.") \
	X(INVALID_ARGUMENT, 1, "An argument is out of its range or of the wrong type.") \
	X(OUT_OF_FRAMES, 2, "The machine's RAM is used up.") \
	X(OUT_OF_DEVICE_PAGES, 3, "The device's memory is used up.") \
	X(OUT_OF_SLOTS, 4, "A table of the machine (processes, tasks, mappings, ...) is full.") \
	X(NO_PROCESS, 5, "There is no such process.") \
	X(NO_TASK, 6, "There is no such task.") \
	X(NO_PAGE, 7, "There is no such page, or it is free.") \
	X(SIGSEGV, 8, "The access ends in a segmentation fault.") \
	X(SIGBUS, 9, "The access ends in a bus error.") \
	X(BLOCKED, 10, "The call would wait; repeat it to go on.") \
	X(BUSY, 11, "The thing is in use: a task that waits, a machine that migrates.") \
	X(SYSCALL, 12, "The kernel would refuse the call; errno says how.") \
	X(MEMCG_LIMIT, 13, "The memory cgroup is at its limit.") \
	X(DRIVER_RULE, 14, "The driver broke a rule; the detail names entry and rule.") \
	X(DRIVER_THREW, 15, "A driver callback failed.") \
	X(DISPOSED, 16, "The machine is disposed of.") \
	X(WRONG_MACHINE, 17, "A handle belongs to another machine.") \
	X(HOST_MEMORY, 18, "The host has no memory for the machine.") \
	X(REFERENCE, 19, "The page reference, lock or isolation to be given back is not held.") \
	X(SNAPSHOT, 20, \
	  "The bytes are no snapshot, of another version, damaged, or of a state in which no machine can be.") \
	X(ORDER, 21, "The calls of a migration came in another order than setup, pages, finalize, or a restored one has no driver yet.") \
	X(UNSUPPORTED, 22, "This host can't do it.") \
	X(SELFCHECK, 23, "hmmu has found a fault of its own: what must be equal is not.")

/** X(name, value, text): the rules for a driver; a breach is HMMU_ERR_DRIVER_RULE. */
#define HMMU_RULES(X) \
	X(NONE, 0, "No rule was broken.") \
	X(SRC_CHANGED, 1, "A driver must not change src.") \
	X(DST_FLAGS, 2, "A word of dst must have VALID if it has a page, and must not have both VALID and ERROR.") \
	X(DST_NO_SUCH_PAGE, 3, "A page in dst must exist.") \
	X(DST_FREE_PAGE, 4, "A page in dst must be allocated by the driver, and not put.") \
	X(DST_NOT_LOCKED, 5, "A page in dst must be locked by the driver, and dst must have LOCKED.") \
	X(DST_KIND, 6, "dst must have DEVICE for a device page, and for no other page.") \
	X(DST_TWICE, 7, "A page must not be in dst of two entries.") \
	X(DST_IS_SOURCE, 8, "A page in dst must not be one of the sources.") \
	X(DST_IN_USE, 9, "A page in dst must be new: not mapped, not on an LRU list, not in the page cache.") \
	X(DST_CHANGED, 10, "A driver must not change dst after alloc_and_copy() has returned.") \
	X(DST_UNKNOWN_DEVICE, 11, \
	  "A ZONE_DEVICE page for an empty entry must be device-private (4.14 would insert garbage).") \
	X(FAULT_NO_PROGRESS, 12, "A fault handler must not return 0 unless it has brought the page back.") \
	X(SRC_UNREAD, 13, \
	  "After migrate_vma_pages() a driver must look at src of each page that has not moved. Checked in TypeScript.")

/** Profiles in which a quirk is on: the first kernel that was released with it. */
#define HMMU_IN_LINUX_4_14 1u
/** The series as it was sent. */
#define HMMU_IN_HMM_V25 2u
/** Both. */
#define HMMU_IN_BOTH 3u
/** Today's kernel. */
#define HMMU_IN_LINUX_6_12 4u
/** All three. */
#define HMMU_IN_ALL 7u
/** X(name, bit, profiles, name in words, commit): quirks; profiles is an or of HMMU_IN_*: where the quirk is on;
 * commit is the subject of the kernel commit that ended it, if there is one. */
#define HMMU_QUIRKS(X) \
	X(HOLE_DST_INDEX, 0, HMMU_IN_HMM_V25, "hole-dst-index", \
	  "mm/migrate: fix indexing bug (off by one) and avoid out of bound access") \
	X(COLLECT_DROPS_DIRTY, 1, HMMU_IN_BOTH, "collect-drops-dirty", \
	  "mm/migrate_device.c: copy pte dirty bit to page") \
	X(COLLECT_FLUSH_LATE, 2, HMMU_IN_BOTH, "collect-flush-late", \
	  "mm/migrate_device.c: flush TLB while holding PTL") \
	X(DEVICE_WRITE_LOST, 3, HMMU_IN_BOTH, "device-write-lost", \
	  "mm/migrate: properly preserve write attribute in special migrate entry") \
	X(DEVICE_SOFT_DIRTY, 4, HMMU_IN_BOTH, "device-soft-dirty", \
	  "mm/rmap: fixup copying of soft dirty and uffd ptes; mm/migrate: preserve soft dirty in " \
	  "remove_migration_pte()") \
	X(MAP_PTE_SKIPS_DEVICE, 5, HMMU_IN_BOTH, "map-pte-skips-device", \
	  "mm/rmap: map_pte() was not handling private ZONE_DEVICE page properly") \
	X(THP_BUSY_LEAKS_REF, 6, HMMU_IN_ALL, "thp-busy-leaks-ref", "none that we know of") \
	X(FAULT_WITHOUT_REF, 7, HMMU_IN_BOTH, "fault-without-ref", \
	  "mm/memory.c: fix race when faulting a device private page") \
	X(WAIT_PINS_PAGE, 8, HMMU_IN_BOTH, "wait-pins-page", \
	  "mm/migrate.c: rework migration_entry_wait() to not take a pageref") \
	X(INSERT_IGNORES_REAPED_MM, 9, HMMU_IN_BOTH, "insert-ignores-reaped-mm", \
	  "mm/migrate: add stable check in migrate_vma_insert_page()") \
	X(INSERT_UNKNOWN_DEVICE, 10, HMMU_IN_LINUX_4_14, "insert-unknown-device", \
	  "mm/migrate.c: fix potential indeterminate pte entry in migrate_vma_insert_page()") \
	X(FILE_HOLES_COLLECTED, 11, HMMU_IN_BOTH, "file-holes-collected", \
	  "mm/migrate: optimize migrate_vma_setup() for holes") \
	X(INSERT_DEVICE_AS_PTE, 12, HMMU_IN_HMM_V25, "insert-device-as-pte", \
	  "mm/device-public-memory: device memory cache coherent with CPU") \
	X(PMD_SPLIT_SOFT_DIRTIES, 13, HMMU_IN_LINUX_6_12, "pmd-split-soft-dirties", "none that we know of") \
	X(MREMAP_MOVES_TABLES, 14, HMMU_IN_LINUX_6_12, "mremap-moves-tables", "none that we know of") \
	X(DEVICE_DOWNGRADE_DROPS_SOFT_DIRTY, 15, HMMU_IN_LINUX_6_12, "device-downgrade-drops-soft-dirty", \
	  "none that we know of") \
	X(CHECK_SPARES_DEVICE, 16, HMMU_IN_LINUX_6_12, "check-spares-device", "none that we know of") \
	X(DEVICE_UNMAP_DIRTIES, 17, HMMU_IN_LINUX_6_12, "device-unmap-dirties", "none that we know of") \
	X(FAULTERS_LIVELOCK, 18, HMMU_IN_LINUX_6_12, "faulters-livelock", \
	  "mm/migrate: Trylock device page in do_swap_page") \
	X(SETUP_COUNTS_UNROUNDED, 19, HMMU_IN_LINUX_6_12, "setup-counts-unrounded", "none that we know of") \
	X(SELECT_SPLITS_HUGE, 20, HMMU_IN_LINUX_6_12, "select-splits-huge", "none that we know of") \
	X(EXCLUSIVE_TAKES_FOLIO, 21, HMMU_IN_LINUX_6_12, "exclusive-takes-folio", \
	  "mm/rmap: implement make_device_exclusive() using folio_walk instead of rmap walk") \
	X(EXCLUSIVE_FORK_ENOMEM, 22, HMMU_IN_LINUX_6_12, "exclusive-fork-enomem", "none that we know of") \
	X(MIRROR_OWN_READ_ENTRY, 23, HMMU_IN_LINUX_6_12, "mirror-own-read-entry", "none that we know of") \
	X(MIRROR_FAULT_OVERSHOOTS, 24, HMMU_IN_LINUX_6_12, "mirror-fault-overshoots", "none that we know of") \
	X(CLEAR_KEEPS_WRITE_ENTRIES, 25, HMMU_IN_ALL, "clear-keeps-write-entries", "none that we know of") \
	X(INSERT_DEVICE_NOT_SOFT_DIRTY, 26, HMMU_IN_ALL, "insert-device-not-soft-dirty", "none that we know of") \
	X(SWAPIN_MISSES_MLOCK, 27, HMMU_IN_LINUX_6_12, "swapin-misses-mlock", "none that we know of") \
	X(MUNLOCK_BATCH_HOLDS_DEVICE, 28, HMMU_IN_LINUX_6_12, "munlock-batch-holds-device", "none that we know of") \
	X(EVICT_LOSES_EXCLUSIVE, 29, HMMU_IN_LINUX_6_12, "evict-loses-exclusive", "none that we know of")

/** X(name, value, name in words, kernel, quirks, text): profiles, each a kernel and the quirks with the profile's bit
 * HMMU_IN_* (0: no quirk). */
#define HMMU_PROFILES(X) \
	X(LINUX_4_14, 0, "linux-4.14", 4_14, HMMU_IN_LINUX_4_14, "Linux 4.14.5 as it is.") \
	X(HMM_V25, 1, "hmm-v25", 4_14, HMMU_IN_HMM_V25, "The HMM v25 series itself.") \
	X(LINUX_4_14_FIXED, 2, "linux-4.14-fixed", 4_14, 0, "Linux 4.14 with no quirk.") \
	X(LINUX_6_12, 3, "linux-6.12", 6_12, HMMU_IN_LINUX_6_12, "Linux 6.12.117 as it is.") \
	X(LINUX_6_12_FIXED, 4, "linux-6.12-fixed", 6_12, 0, "Linux 6.12 with no quirk.")

/** X(name, value, text): allocations that can be made to fail, and races that can be made to happen. */
#define HMMU_INJECTIONS(X) \
	X(FRAME, 0, "The allocation of a system page.") \
	X(TABLE, 1, "The allocation of a page table.") \
	X(ANON_VMA, 2, "The allocation of an anon_vma or anon_vma_chain.") \
	X(VMA, 3, "The allocation of a mapping.") \
	X(MEMCG, 4, "A memcg charge.") \
	X(HUGE, 5, "The allocation of a huge page.") \
	X(PMD_UNSTABLE, 6, "Insertion finds the pmd unstable: another thread won the race for its table.")

/** X(name, arguments, text): USDT probes of the provider hmmu; an entry's address is start + index * 4096. */
#define HMMU_PROBES(X) \
	X(migrate_begin, "tid, pid, start, end", "migrate_vma() has accepted its arguments.") \
	X(migrate_end, "tid, pid, start, result", "migrate_vma() has ended; the result is 0 or a negative errno.") \
	X(stage_begin, "pid, start, stage", "A stage begins; stages have the numbers of spans.") \
	X(stage_end, "pid, start, stage, entries", "A stage has ended; entries is the number that can still migrate.") \
	X(collect, "pid, start, index, src", "collect has taken a page; src is its word.") \
	X(collect_hole, "pid, start, index", "collect offers an empty entry, or one of the zero page.") \
	X(unmap, "pid, start, index, pfn", "unmap removes a page from the mappings that collect has left.") \
	X(move, "pid, start, index, pfn, new pfn", "A page has moved.") \
	X(insert, "pid, start, index, new pfn", "A page was inserted into an empty entry.") \
	X(give_up, "pid, start, index, reason", "An entry does not move, or is not offered.") \
	X(map, "pid, start, index, pfn, new pfn", "finalize maps a page; if it did not move, new pfn is pfn.") \
	X(page_fault, "pid, address, write", "handle_mm_fault() begins.") \
	X(page_fault_end, "pid, address, result", "handle_mm_fault() ends; 0: the access is tried again.") \
	X(device_fault, "tid, address, pfn", "The handler of a fault on a device page is called.") \
	X(device_fault_end, "tid, address, result", "The handler has returned.") \
	X(invalidate_start, "pid, start, end", "mmu_notifier_invalidate_range_start().") \
	X(invalidate_end, "pid, start, end", "mmu_notifier_invalidate_range_end().") \
	X(tlb_flush, "pid, start, end", "A range is flushed from the TLBs.") \
	X(wait, "tid, kind, pfn", \
	  "A task has to wait: for a page lock (1), for mmap_sem to read (2) or write (3), " \
	  "for the lock of a mapping (4).") \
	X(pagevec_drain, "cpu, pages", "An LRU pagevec is emptied.") \
	X(split_pmd, "pid, address", "A huge pmd is split.") \
	X(split_page, "pfn", "A huge page was split.")

/** X(name, value, text): counters of the machine. */
#define HMMU_COUNTERS(X) \
	X(RAM_PAGES, 0, "Frames of RAM.") \
	X(RAM_FREE, 1, "Free frames.") \
	X(TABLE_PAGES, 2, "Frames in use as page tables.") \
	X(DEVICE_PAGES, 3, "Device-private pages.") \
	X(DEVICE_FREE, 4, "Free device-private pages.") \
	X(LRU_INACTIVE_ANON, 5, "Pages on the inactive anonymous list.") \
	X(LRU_ACTIVE_ANON, 6, "Pages on the active anonymous list.") \
	X(LRU_INACTIVE_FILE, 7, "Pages on the inactive file list.") \
	X(LRU_ACTIVE_FILE, 8, "Pages on the active file list.") \
	X(LRU_UNEVICTABLE, 9, "Pages on the unevictable list.") \
	X(PAGE_FAULTS, 10, "Page faults so far.") \
	X(MIGRATED, 11, "Pages that migrate_vma() moved so far, insertions included.") \
	X(INSERTED, 12, "Pages inserted into empty entries so far.") \
	X(TLB_FLUSHES, 13, "TLB flushes so far.") \
	X(TLB_STALE, 14, "Stale translations met so far.") \
	X(EVENTS_LOST, 15, "Events dropped because the ring was full.") \
	X(PROCESSES, 16, "Living processes.") \
	X(MAPPINGS, 17, "Mappings of all processes.") \
	X(ANON_VMAS, 18, "Live anon_vma objects.") \
	X(SWAP_PAGES, 19, "Swap slots.") \
	X(SWAP_FREE, 20, "Free swap slots.") \
	X(SWAP_CACHED, 21, "Pages in the swap cache.") \
	X(SWAP_INS, 22, "Pages read from swap so far.") \
	X(SWAP_OUTS, 23, "Pages written to swap so far.") \
	X(HUGETLB_PAGES, 24, "Huge pages of the hugetlb pool.") \
	X(HUGETLB_FREE, 25, "Free huge pages of the pool, the reserved ones included.") \
	X(HUGETLB_RESERVED, 26, "Free huge pages that mappings have reserved.") \
	X(COHERENT_PAGES, 27, "Device-coherent pages.") \
	X(COHERENT_FREE, 28, "Free device-coherent pages.")

/** X(name, value, text): spans of work that are counted and timed; the first ones are the stages of a migration. */
#define HMMU_SPANS(X) \
	X(COLLECT, 0, "Stage collect: walk the page tables; lock and unmap pages whose lock is free.") \
	X(PREPARE, 1, "Stage prepare: lock, isolate from the LRU, check for pins.") \
	X(UNMAP, 2, "Stage unmap: replace all other mappings by migration entries.") \
	X(ALLOC_AND_COPY, 3, "Stage alloc_and_copy: the driver provides destination pages; dst is checked.") \
	X(PAGES, 4, "Stage pages: move the struct page state; insert pages into empty entries.") \
	X(FINALIZE_AND_MAP, 5, "Stage finalize_and_map: the driver learns what moved.") \
	X(FINALIZE, 6, "Stage finalize: replace migration entries, unlock, put back.") \
	X(MIGRATE, 7, "migrate_vma(), around its stages.") \
	X(PAGE_FAULT, 8, "handle_mm_fault().") \
	X(DEVICE_FAULT, 9, "The handler of a fault on a device page.") \
	X(FORK, 10, "fork().") \
	X(MUNMAP, 11, "munmap().") \
	X(EXIT, 12, "exit_mmap().")

/** X(name, value, text): counts besides spans. Faults are counted by their kind in handle_mm_fault(). */
#define HMMU_STATS(X) \
	X(FAULT_ANON, 0, "Faults that brought an anonymous page.") \
	X(FAULT_ZERO, 1, "Faults that mapped the zero page.") \
	X(FAULT_WP, 2, "Writes to a page that was mapped read-only.") \
	X(FAULT_FILE, 3, "Faults in shared memory and files.") \
	X(FAULT_HUGE, 4, "Faults of huge pages.") \
	X(FAULT_SWAP, 5, "Faults on swap entries.") \
	X(FAULT_MIGRATION, 6, "Faults on migration entries.") \
	X(FAULT_DEVICE, 7, "Faults on device pages.") \
	X(FAULT_ACCESS, 8, "Faults that found the page mapped, and set its bits.") \
	X(FAULT_NONE, 9, "Faults that ended before their kind was known.") \
	X(WAIT, 10, "Calls that had to wait.") \
	X(TLB_FLUSH, 11, "TLB flushes.") \
	X(PAGEVEC_DRAIN, 12, "LRU pagevecs emptied.") \
	X(SPLIT_PMD, 13, "Huge pmds split into tables.") \
	X(SPLIT_PAGE, 14, "Huge pages split into pages.") \
	X(FAULT_EXCLUSIVE, 15, "Faults on device-exclusive entries. Linux 6.12.")

/** @name The enumerations, each made of its list
 * @{ */
enum hmmu_pfn_flag {
#define X(name, bit, text) HMMU_PFN_##name = 1 << (bit),
	HMMU_PFN_FLAGS(X)
#undef X
};
enum hmmu_page_flag {
#define X(name, bit, text) HMMU_PG_##name = 1 << (bit),
	HMMU_PAGE_FLAGS(X)
#undef X
};
enum hmmu_entry_kind {
#define X(name, value, word, text) HMMU_ENTRY_##name = (value),
	HMMU_ENTRY_KINDS(X)
#undef X
};
enum hmmu_entry_bit {
#define X(name, bit, text) HMMU_BIT_##name = 1 << (bit),
	HMMU_ENTRY_BITS(X)
#undef X
};
enum hmmu_map_kind {
#define X(name, value, word, text) HMMU_MAP_##name = (value),
	HMMU_MAP_KINDS(X)
#undef X
};
enum hmmu_prot {
#define X(name, bit, text) HMMU_PROT_##name = 1 << (bit),
	HMMU_PROTS(X)
#undef X
};
enum hmmu_advice {
#define X(name, value, word, text) HMMU_MADV_##name = (value),
	HMMU_ADVICES(X)
#undef X
};
enum hmmu_mremap {
#define X(name, bit, text) HMMU_MREMAP_##name = 1 << (bit),
	HMMU_MREMAPS(X)
#undef X
};
enum hmmu_pin_flag {
#define X(name, bit, text) HMMU_PIN_##name = 1 << (bit),
	HMMU_PINS(X)
#undef X
};
enum hmmu_uffd_mode {
#define X(name, bit, text) HMMU_UFFD_##name = 1 << (bit),
	HMMU_UFFDS(X)
#undef X
};
enum hmmu_restore {
#define X(name, bit, text) HMMU_RESTORE_##name = 1 << (bit),
	HMMU_RESTORES(X)
#undef X
};
enum hmmu_select {
#define X(name, bit, word, text) HMMU_SELECT_##name = 1 << (bit),
	HMMU_SELECTS(X)
#undef X
};
enum hmmu_device_kind {
#define X(name, value, word, text) HMMU_DEVICE_##name = (value),
	HMMU_DEVICE_KINDS(X)
#undef X
};
enum hmmu_target {
#define X(name, value, word, text) HMMU_TO_##name = (value),
	HMMU_TARGETS(X)
#undef X
};
enum hmmu_stage {
#define X(name, value, text) HMMU_STAGE_##name = (value),
	HMMU_STAGES(X)
#undef X
};
enum hmmu_span {
#define X(name, value, text) HMMU_SPAN_##name = (value),
	HMMU_SPANS(X)
#undef X
		HMMU_SPAN_COUNT
};
enum hmmu_stat {
#define X(name, value, text) HMMU_STAT_##name = (value),
	HMMU_STATS(X)
#undef X
		HMMU_STAT_COUNT
};
enum hmmu_why {
#define X(name, value, text) HMMU_WHY_##name = (value),
	HMMU_WHYS(X)
#undef X
		HMMU_WHY_COUNT
};
enum hmmu_wait {
#define X(name, value, text) HMMU_WAIT_##name = (value),
	HMMU_WAITS(X)
#undef X
};
enum hmmu_switch_point {
#define X(name, bit, word, text) HMMU_SWITCH_##name = 1 << (bit),
	HMMU_SWITCH_POINTS(X)
#undef X
};
enum hmmu_lock_mode {
#define X(name, value, text) HMMU_LOCK_##name = (value),
	HMMU_LOCK_MODES(X)
#undef X
};
enum hmmu_task_call {
#define X(name, value, text) HMMU_TASK_CALL_##name = (value),
	HMMU_TASK_CALLS(X)
#undef X
};
enum hmmu_lru_list {
#define X(name, value, text) HMMU_LRU_LIST_##name = (value),
	HMMU_LRU_LISTS(X)
#undef X
};
enum hmmu_holder_kind {
#define X(name, value, text) HMMU_HOLDER_##name = (value),
	HMMU_HOLDERS(X)
#undef X
};
enum hmmu_pagevec {
#define X(name, value, text) HMMU_PAGEVEC_##name = (value),
	HMMU_PAGEVECS(X)
#undef X
};
enum hmmu_event_type {
#define X(name, value, text) HMMU_EVENT_##name = (value),
	HMMU_EVENTS(X)
#undef X
};
enum hmmu_notify_kind {
#define X(name, value, text) HMMU_NOTIFY_##name = (value),
	HMMU_NOTIFIES(X)
#undef X
		HMMU_NOTIFY_COUNT
};
enum hmmu_error_code {
#define X(name, value, text) HMMU_ERR_##name = (value),
	HMMU_ERRORS(X)
#undef X
};
enum hmmu_rule {
#define X(name, value, text) HMMU_RULE_##name = (value),
	HMMU_RULES(X)
#undef X
};
enum hmmu_quirk {
#define X(name, bit, profiles, word, text) HMMU_QUIRK_##name = 1 << (bit),
	HMMU_QUIRKS(X)
#undef X
};
enum hmmu_profile {
#define X(name, value, word, kernel, quirks, text) HMMU_PROFILE_##name = (value),
	HMMU_PROFILES(X)
#undef X
		HMMU_PROFILE_COUNT
};
enum hmmu_injection {
#define X(name, value, text) HMMU_INJECT_##name = (value),
	HMMU_INJECTIONS(X)
#undef X
		HMMU_INJECTION_COUNT
};
enum hmmu_counter {
#define X(name, value, text) HMMU_COUNT_##name = (value),
	HMMU_COUNTERS(X)
#undef X
		HMMU_COUNTER_COUNT
};
/** @} */

#endif
