/* SPDX-License-Identifier: GPL-2.0-only */
/**
 * @file hmmu.h
 * hmmu: HMM in userspace, the one public header.
 *
 * Threads: a machine is single-threaded. Only one thread at a time may call into it. A driver callback runs on the
 * thread that made the call, and may make calls itself. Different machines share nothing.
 *
 * Results: functions that return int return 0 (or a count where they say so) and a negative errno on failure;
 * hmmu_error() then has the stable code and a text. Out-parameters come last and are untouched on failure.
 *
 * Units: addresses and lengths are bytes, ranges are [start, end), counts are 4 KiB pages unless a name says otherwise.
 *
 * Waiting: a call that would sleep in a kernel returns -EAGAIN with code BLOCKED. Its task then waits, and holds the
 * references and semaphores that the kernel would hold. To go on, repeat the call on that task with equal arguments.
 * Every other call of the task is refused (-EBUSY, code BUSY), even when the wait is over; the text names the blocked
 * call. hmmu_task_cancel() cancels the wait. Arguments are equal if all their numbers are; of a store also its bytes,
 * which are compared by a hash if there are more than 8. Pointers are not compared: the repeated call's are used, such
 * as the driver and the arrays of a migration. EAGAIN with code SYSCALL is different: mlock() and madvise() return it
 * when memory is short.
 */
#ifndef HMMU_H
#define HMMU_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

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
	X(DEVICE, 24, "ZONE_DEVICE: a device-private page.") \
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
	X(MARKER, 11, "marker", "A pte marker: no page, but a note that userfaultfd needs. Linux 6.12.")

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
	X(DMA, 1, "FOLL_PIN: pin_user_pages(), undone by unpin_user_page(). Linux 6.12.")

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
	X(DEVICE_PRIVATE, 1, "private", "Device-private pages of the migration's owner.")

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
	X(INODE_LOCK, 9, "The end of another truncation of its file. Linux 6.12.")

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
	X(LEAK, 16, "Nobody: the quirk thp-busy-leaks-ref has lost these references.") \
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
	X(SWAPIN_MISSES_MLOCK, 27, HMMU_IN_LINUX_6_12, "swapin-misses-mlock", "none that we know of")

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
	X(DEVICE_PAGES, 3, "Device pages.") \
	X(DEVICE_FREE, 4, "Free device pages.") \
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
	X(HUGETLB_RESERVED, 26, "Free huge pages that mappings have reserved.")

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

#ifdef __cplusplus
extern "C" {
#endif

/** Marks exported functions. Define HMMU_STATIC if the core becomes a part of a library of your own. */
#ifndef HMMU_API
#if defined(__GNUC__) && !defined(HMMU_STATIC)
#define HMMU_API __attribute__((visibility("default")))
#else
#define HMMU_API
#endif
/** HMMU_API of what does not depend on the kernel. */
#define HMMU_COMMON_API HMMU_API
#endif

/** Number of the bits of an address within its page. */
#define HMMU_PAGE_SHIFT 12
/** Bytes of a page. */
#define HMMU_PAGE_SIZE 4096u
/** Pages of a huge page, which a pmd maps. */
#define HMMU_HUGE_PAGES 512u
/** First address that can't be mapped: user addresses have 47 bits. */
#define HMMU_TASK_SIZE 0x7ffffffff000ull
/** Number of flag bits in a word of src or dst. The page frame number is in the bits above. */
#define HMMU_PFN_SHIFT 6
/** Owner (dev_pagemap.owner) of the machine's device, unless the device was created with another one. Owner 0 is NULL, and
 * owns nothing. */
#define HMMU_DEFAULT_OWNER 1u
/** How many devices a machine can have. */
#define HMMU_MAX_DEVICES 64
/** Number of the binary interface: goes up whenever something compiled against an older header would misbehave with the
 * library (a structure, a signature or the value of a constant changed; additions behind what exists do not count). */
#define HMMU_ABI 1

/** @name Machine
 * @{ */

/** A machine: RAM, a device, processes. Each object below belongs to exactly one machine. */
struct hmmu;

/** Options of a machine. All zero: Linux 4.14 with 256 MiB, one CPU and no device memory. */
struct hmmu_options {
	uint32_t ram_pages;    /**< frames of RAM, 64 … 2^28; 0: 65536 (256 MiB) */
	uint32_t device_pages; /**< device-private pages, 0 … 2^28 */
	uint32_t cpus;         /**< CPUs, 1 … 64; 0: 1 */
	uint32_t profile;      /**< enum hmmu_profile */
	uint32_t
		quirks_on; /**< HMMU_QUIRK_* switched on, besides the profile's; -EINVAL: its kernel has no such quirk */
	uint32_t quirks_off; /**< quirks switched off */
	/** Keep no contents of pages but the first 8 bytes of each, so that a machine may be larger than the host. */
	bool no_contents;
	uint64_t memcg_limit; /**< pages that may be charged, 0: no limit */
	/** ZONE_DEVICE pages that are not device-private, after all other pages. No migration supports them. 0 …
	 * 2^20 */
	uint32_t other_device_pages;
	uint32_t swap_pages; /**< slots of the swap area, 0 … 2^28; 0: no swap */
	/** Pages of 2 MiB in the hugetlb pool, 1 … 2^19; 0: 4; HMMU_HUGETLB_NONE: no pool. They come on top of RAM. */
	uint32_t hugetlb_pages;
};
/** hugetlb_pages of a machine without a pool. */
#define HMMU_HUGETLB_NONE UINT32_MAX

/** Make a machine. @p options may be NULL. -EINVAL; -ENOMEM: the host has no address space for it. */
HMMU_API int hmmu_create(const struct hmmu_options *options, struct hmmu **machine);
/**
 * Take a machine down; NULL is allowed. Migrations under way are dropped: no driver is called, and the arrays of their
 * requests are not touched. Their handles are dead with the machine, so call hmmu_migrate_end() before if the driver has
 * to hear of the end. -EBUSY: a callback of the machine runs; nothing has happened.
 */
HMMU_API int hmmu_destroy(struct hmmu *m);
struct hmmu_error;
/**
 * @name Copies
 * A machine's state is bytes without pointers. What is not state does not go along: the last error; a snapshot has no
 * device operations either. Calls that wait, faults that wait for their handlers (hmmu_device_fault()) and migrations in steps go
 * along, with their src, dst and why. A migration of a copy has a handle of its own (hmmu_migrations()), and goes on once its
 * driver is given again (hmmu_migrate_adopt()). -EBUSY: a callback of the machine runs; a call has stopped on its stack (hmmu_run());
 * a task has mmap_lock by hmmu_mmap_lock().
 * @{ */
/** Write the state to @p buffer. -ENOSPC: @p capacity is too small. With NULL only @p size is set. */
HMMU_API int hmmu_snapshot(struct hmmu *m, void *buffer, size_t capacity, size_t *size);
/**
 * A machine that goes on exactly as the one the snapshot was taken of. The bytes must be aligned to 8; they may come from
 * anyone: each number in them is checked before it is used, and hmmu_verify() must have nothing to say of the machine.
 * -EINVAL: not a snapshot, of another version, damaged, or of a state in which no machine can be; -ENOMEM.
 */
HMMU_COMMON_API int hmmu_restore(const void *bytes, size_t size, struct hmmu **machine);
/** hmmu_restore() with flags (bits of enum hmmu_restore). With UNVERIFIED a machine is restored that hmmu_verify() complains
 * of, to look at it; what could lead a call out of the machine's memory, or have it run for ever, is refused all the same.
 * @p error, which may be NULL, learns what is wrong when it fails: code SNAPSHOT, HOST_MEMORY or INVALID_ARGUMENT. */
HMMU_API int hmmu_restore_with(const void *bytes, size_t size, uint32_t flags, struct hmmu **machine,
			       struct hmmu_error *error);
/** A second machine with the same state, device operations and notifier. */
HMMU_API int hmmu_clone(struct hmmu *m, struct hmmu **clone);
/** Hash of all state: equal for machines of the same options that saw the same calls, on any host. */
HMMU_API uint64_t hmmu_hash(const struct hmmu *m);
/** @} */

/** "MAJOR.MINOR.PATCH". */
HMMU_COMMON_API const char *hmmu_version(void);
/** The HMMU_ABI that the library was compiled with; callers that do not read this header should compare it. */
HMMU_COMMON_API int hmmu_abi(void);

/** The error of the last call that failed. Valid until the next call into the machine. */
struct hmmu_error {
	int err;          /**< the negative errno that was returned */
	uint32_t code;    /**< enum hmmu_error_code */
	uint32_t rule;    /**< enum hmmu_rule, for DRIVER_RULE */
	uint32_t wait;    /**< enum hmmu_wait, for BLOCKED */
	uint64_t index;   /**< entry of src and dst, for DRIVER_RULE */
	uint64_t address; /**< the address in question, else 0 */
	char text[200];   /**< a sentence: the fault, and the allowed values */
};
/** The last error of a machine; its code is OK if no call has failed yet. When hmmu_create() fails there is no machine,
 * and so only the errno. */
HMMU_COMMON_API const struct hmmu_error *hmmu_error(const struct hmmu *m);

/** The options that make a machine like this one. The memory cgroup's limit is the present one. */
HMMU_API void hmmu_machine_options(const struct hmmu *m, struct hmmu_options *out);
/** About how many bytes of the host's memory the machine has used at most so far: it reserves address space for all of
 * its pages, and the host gives memory for those that were used. */
HMMU_API uint64_t hmmu_memory_used(const struct hmmu *m);
/** The quirks (enum hmmu_quirk) that are on. */
HMMU_API uint32_t hmmu_quirks(const struct hmmu *m);
/** One counter (enum hmmu_counter); 0 for an unknown one. */
HMMU_API uint64_t hmmu_counter(const struct hmmu *m, uint32_t counter);

/** Receives one complaint of hmmu_verify(). */
typedef void (*hmmu_report_fn)(void *data, const char *text);
/**
 * Walk the whole machine and report every imbalance: references, map counts, reverse maps, LRU, RSS, memcg, locks,
 * page tables, free lists, TLB, mlock marks. It also reports what a debug kernel would: a writable entry to a private
 * page that other entries share, a writable private entry to the zero page or to a page of a file, and an entry that
 * the reverse map of its page misses. Returns the number of complaints. @p report may be NULL. Changes nothing.
 * References that users hold (pins, holds, isolations, migrations under way, driver pages, blocked tasks) are accounted
 * for.
 * -EBUSY in page_free(): the call around it is in the middle of a page table. -ENOMEM.
 */
HMMU_API int hmmu_verify(struct hmmu *m, hmmu_report_fn report, void *data);

/** lru_add_drain_all(): empty the LRU pagevecs of every CPU. Nothing happens in page_free() and in a notifier. */
HMMU_API void hmmu_lru_add_drain_all(struct hmmu *m);

/** Make the @p nth next allocation of a kind (enum hmmu_injection) fail; 1 is the next one, 0 disarms. With @p forever
 * all later ones fail, too. */
HMMU_COMMON_API int hmmu_inject(struct hmmu *m, uint32_t injection, uint64_t nth, bool forever);
/** The number of passes of an injection site since the machine was made. */
HMMU_COMMON_API uint64_t hmmu_inject_passes(const struct hmmu *m, uint32_t injection);
/** Charge limit of the memory cgroup in pages, 0: none. */
HMMU_API int hmmu_memcg_set_limit(struct hmmu *m, uint64_t pages);
/** Pages charged to the memory cgroup. */
HMMU_API uint64_t hmmu_memcg_charged(const struct hmmu *m);
/** Set the bits (enum hmmu_page_flag: REFERENCED, CHECKED, MAPPEDTODISK, ERROR, YOUNG, IDLE, DIRTY) of a page that is
 * in use, for tests of what a migration carries along. */
HMMU_API int hmmu_page_set_flags(struct hmmu *m, uint32_t pfn, uint32_t flags);
/** @} */

/** @name Processes and tasks
 * A process (pid) is an address space; a task (tid) is a thread of one. Numbers start at 1. A later process or
 * task may get the number of one that has ended. Every process has a first task, which ends with the process.
 * @{ */
/** A new process with an empty address space. -ENOMEM. */
HMMU_API int hmmu_process_create(struct hmmu *m, uint32_t *pid);
/** Whether @p pid is a living process. */
HMMU_API bool hmmu_process_alive(const struct hmmu *m, uint32_t pid);
/** The first task of a process, 0 if there is no such process. */
HMMU_API uint32_t hmmu_process_task(const struct hmmu *m, uint32_t pid);
/** The living processes in ascending order. Returns how many there are; writes at most @p capacity. */
HMMU_API int hmmu_processes(const struct hmmu *m, uint32_t *pids, uint32_t capacity);
/** The tasks of a process in ascending order. Returns how many there are; writes at most @p capacity. */
HMMU_API int hmmu_tasks(const struct hmmu *m, uint32_t pid, uint32_t *tids, uint32_t capacity);
/** fork(): the child has its own first task. Blocks. */
HMMU_API int hmmu_fork(struct hmmu *m, uint32_t tid, uint32_t *child_pid);
/** do_exit() and reaping. Blocks for locked pages of files that lose their last mapping: then the process has no mappings
 * any more, and of its tasks only the first one, which waits. -EBUSY: the process migrates, a task of it is in the middle
 * of a call, or on 4.14 somebody has locked a page that it has mlocked. */
HMMU_API int hmmu_exit(struct hmmu *m, uint32_t pid);

/** __oom_reap_task_mm(): free the private pages of a process. From then on, page faults that need a new page end in
 * SIGBUS. 4.14 leaves locked mappings alone. -EBUSY: mmap_sem is taken for writing, or on 4.14 the process is watched
 * (that reaper skips processes with notifiers). */
HMMU_API int hmmu_oom_reap(struct hmmu *m, uint32_t pid);

/** A further task of a process, on CPU 0. -ESRCH: no such process; -EBUSY: it is in hmmu_exit(); -ENOMEM. */
HMMU_API int hmmu_task_create(struct hmmu *m, uint32_t pid, uint32_t *tid);
/** -EBUSY: the task waits or migrates; the first task goes with its process only. */
HMMU_API int hmmu_task_destroy(struct hmmu *m, uint32_t tid);
/** Cancel the wait of a blocked task, and drop its references and semaphores. 0 also if the task does not wait. Files that
 * the task would have closed are closed at once, also if somebody has locked pages of them. A process whose exit is
 * cancelled stays, without mappings. */
HMMU_API int hmmu_task_cancel(struct hmmu *m, uint32_t tid);
/** Move a task to a CPU. */
HMMU_API int hmmu_task_set_cpu(struct hmmu *m, uint32_t tid, uint32_t cpu);

/** The CPU and the wait of a task. */
struct hmmu_task_state {
	uint32_t pid;      /**< its process */
	uint32_t cpu;      /**< the CPU it runs on */
	uint32_t wait;     /**< enum hmmu_wait */
	uint32_t wait_pfn; /**< for PAGE_LOCK and DEVICE_FAULT */
	bool ready;        /**< the wait is over: repeating the call makes progress */
	uint32_t in_call;  /**< enum hmmu_task_call: the call that waits, also when it is ready and not repeated yet */
};
/** The state of a task. -ESRCH: no such task. */
HMMU_API int hmmu_task_state(const struct hmmu *m, uint32_t tid, struct hmmu_task_state *state);

/** Counters of an address space, in pages. */
struct hmmu_mm_counters {
	uint64_t anon;    /**< MM_ANONPAGES, those on the device included */
	uint64_t file;    /**< MM_FILEPAGES */
	uint64_t shmem;   /**< MM_SHMEMPAGES */
	uint64_t swap;    /**< MM_SWAPENTS */
	uint64_t mapped;  /**< pages of all mappings */
	uint64_t locked;  /**< pages of VM_LOCKED mappings */
	uint64_t tables;  /**< frames of page tables */
	uint64_t hugetlb; /**< mm->hugetlb_usage: pages of hugetlb mappings, which the counters above leave out */
};
/** The counters of a process. -ESRCH: no such process. */
HMMU_API int hmmu_mm_counters(const struct hmmu *m, uint32_t pid, struct hmmu_mm_counters *out);
/** @} */

/** @name System calls
 * They act on the address space of the task. Besides the errors named, all can return -EAGAIN (BLOCKED), and -ENOMEM
 * with code OUT_OF_FRAMES, OUT_OF_SLOTS or SYSCALL.
 * @{ */
/** The arguments of hmmu_mmap(). */
struct hmmu_map {
	uint64_t address; /**< page aligned; 0: chosen, above all mappings */
	uint64_t pages;   /**< 1 … */
	uint32_t kind;    /**< enum hmmu_map_kind */
	uint32_t prot;    /**< enum hmmu_prot */
	bool align_huge;  /**< a chosen address is on a 2 MiB boundary (else 1 MiB above one) */
	bool no_pages;    /**< of MIXED: it begins without pages; a driver puts them in with hmmu_vm_insert_page() */
};
/** mmap(). A given address must be free (-EEXIST). A hugetlb mapping reserves its pages: -ENOMEM also if the pool has
 * too few left. */
HMMU_API int hmmu_mmap(struct hmmu *m, uint32_t tid, const struct hmmu_map *map, uint64_t *address);
/** munmap(): also ranges that are partly or not mapped. A file that loses its last mapping is closed: when the range is
 * unmapped already, the call blocks for each page of the file that somebody has locked. -EINVAL: not page aligned, empty,
 * or beyond user addresses. */
HMMU_API int hmmu_munmap(struct hmmu *m, uint32_t tid, uint64_t address, uint64_t length);
/**
 * mremap(): give [@p old_address, + @p old_length) the length @p new_length; @p flags are enum hmmu_mremap. @p address
 * is set to the new place: @p old_address, with FIXED @p new_address, or with MAYMOVE a place above all mappings. An
 * @p old_length of 0 maps shared memory a second time. Lengths are rounded up to pages.
 * -EFAULT: no mapping contains the old range, or it may not grow. -EINVAL: no new length, FIXED without MAYMOVE, a new
 * range that is not page aligned or overlaps the old one, a hugetlb mapping. -ENOMEM also: the mapping can't grow in
 * place, and MAYMOVE is not given. Blocks; a file that was mapped in the way is closed as by hmmu_munmap().
 */
HMMU_API int hmmu_mremap(struct hmmu *m, uint32_t tid, uint64_t old_address, uint64_t old_length, uint64_t new_length,
			 uint32_t flags, uint64_t new_address, uint64_t *address);
/** mprotect(); @p prot is enum hmmu_prot. -ENOMEM also: not all of the range is mapped. */
HMMU_API int hmmu_mprotect(struct hmmu *m, uint32_t tid, uint64_t address, uint64_t length, uint32_t prot);
/** madvise(); @p advice is enum hmmu_advice. -ENOMEM also: not all of the range is mapped; the rest was advised.
 * -EINVAL (SYSCALL) also: the machine's kernel does not have this advice. */
HMMU_API int hmmu_madvise(struct hmmu *m, uint32_t tid, uint64_t address, uint64_t length, uint32_t advice);
/**
 * ftruncate() of the file that is mapped at an address (HMMU_MAP_SHMEM, FILE, SHAREDFILE), to @p pages pages; it may grow. What is
 * mapped behind the new end is unmapped in all processes, private copies too, and an access to it is SIGBUS. Linux 6.12.
 * -ENOENT: no file is mapped there. -EINVAL (INVALID_ARGUMENT): more than HMMU_TASK_SIZE, or Linux 4.14. Blocks while a page
 * behind the end is locked, or another task truncates the file. If the call is given up then, the pages go all the same.
 */
HMMU_API int hmmu_truncate(struct hmmu *m, uint32_t tid, uint64_t address, uint64_t pages);
/** mlock(): the mappings are VM_LOCKED, and their pages brought in. -ENOMEM also: not all of the range is mapped. */
HMMU_API int hmmu_mlock(struct hmmu *m, uint32_t tid, uint64_t address, uint64_t length);
/** munlock(). -ENOMEM also: not all of the range is mapped. */
HMMU_API int hmmu_munlock(struct hmmu *m, uint32_t tid, uint64_t address, uint64_t length);
/** echo 4 > /proc/self/clear_refs */
HMMU_API int hmmu_clear_soft_dirty(struct hmmu *m, uint32_t tid);
/** UFFDIO_REGISTER with UFFD_FEATURE_SIGBUS; one userfaultfd a process. @p modes is an or of enum hmmu_uffd_mode.
 * -EINVAL (SYSCALL) also: no mode, or one that the machine's kernel does not have. */
HMMU_API int hmmu_uffd_register(struct hmmu *m, uint32_t tid, uint64_t address, uint64_t length, uint32_t modes);
/** UFFDIO_WRITEPROTECT, @p on or off, of a range that is registered with HMMU_UFFD_WP. -EINVAL (SYSCALL): the machine's
 * kernel does not have it. -ENOENT: a part of the range is not registered so. */
HMMU_API int hmmu_uffd_writeprotect(struct hmmu *m, uint32_t tid, uint64_t address, uint64_t length, bool on);

/**
 * Load bytes as the CPU would, faulting as needed. -EFAULT with code SIGSEGV or SIGBUS. @p done (may be NULL) is
 * the number of bytes moved so far, also on failure. A load that is blocked goes on behind these: repeat it with the
 * @p buffer that has them.
 */
HMMU_API int hmmu_load(struct hmmu *m, uint32_t tid, uint64_t address, void *buffer, size_t length, size_t *done);
/** Store bytes as the CPU would; see hmmu_load(). A store that goes on does not store its first bytes again. */
HMMU_API int hmmu_store(struct hmmu *m, uint32_t tid, uint64_t address, const void *buffer, size_t length,
			size_t *done);

/** get_user_pages() with FOLL_TOUCH | FOLL_GET of one page; @p flags is an or of enum hmmu_pin_flag. With HMMU_PIN_DMA
 * pin_user_pages(), FOLL_PIN in place of both. -EFAULT: no mapping, missing rights, or a fault that ends in SIGBUS.
 * -EINVAL (INVALID_ARGUMENT): an unknown flag, or one that the machine's kernel does not have. The reference is the
 * caller's. */
HMMU_API int hmmu_pin(struct hmmu *m, uint32_t tid, uint64_t address, uint32_t flags, uint32_t *pfn);
/** put_page() of a pin, or unpin_user_page() if @p flags is HMMU_PIN_DMA (HMMU_PIN_WRITE changes nothing). -EINVAL
 * (REFERENCE) if the page has no such pin. */
HMMU_API int hmmu_unpin(struct hmmu *m, uint32_t pfn, uint32_t flags);
/** Take a reference to the page mapped at an address and lock it, as another task would. Neither faults nor waits.
 * -ENOENT: no page there; -EBUSY: it is locked. */
HMMU_API int hmmu_hold(struct hmmu *m, uint32_t pid, uint64_t address, uint32_t *pfn);
/** Unlock and put a held page. */
HMMU_API int hmmu_release(struct hmmu *m, uint32_t pfn);
/** isolate_lru_page() of the page mapped at an address. -ENOENT; -EBUSY: not on an LRU list. */
HMMU_API int hmmu_isolate(struct hmmu *m, uint32_t pid, uint64_t address, uint32_t *pfn);
/** putback_lru_page() of an isolated page. */
HMMU_API int hmmu_putback(struct hmmu *m, uint32_t pfn);
/**
 * Reclaim the page mapped at an address as shrink_page_list() would, even if it was used recently: unmap it everywhere, write it to
 * a swap slot, free its frame. A page under MADV_FREE that was not written to is dropped. -ENOENT: no page of RAM there;
 * -EINVAL: it is not anonymous; -ENOSPC: no slot is free; -EBUSY: it is locked, mlocked, on no LRU list, or pinned. The entries
 * of a pinned page are swapped out nevertheless, and the page stays in the swap cache.
 *
 * A huge page is split first. Linux 4.14 reclaims only this page of it; Linux 6.12 all of them, and of an unmapped page also the
 * one in the swap cache, and pages of files: -EINVAL does not occur.
 */
HMMU_API int hmmu_reclaim(struct hmmu *m, uint32_t pid, uint64_t address);
/** Reclaim all pages of a range that can be reclaimed, in the order of addresses. Linux 6.12 takes all of up to 512 pages off their
 * LRU lists first. Pages that stay are no error. -EINVAL: the range does not end below HMMU_TASK_SIZE. */
HMMU_API int hmmu_reclaim_pages(struct hmmu *m, uint32_t pid, uint64_t address, uint64_t pages);
/** @} */

/** @name Looking
 * Nothing here changes the machine, waits or faults.
 * @{ */
/** One page of an address space: its entry, and its struct page. */
struct hmmu_entry {
	uint64_t address; /**< of the page's first byte */
	uint64_t raw;     /**< the entry itself, a pte or a huge pmd */
	uint32_t kind;    /**< enum hmmu_entry_kind */
	uint32_t bits;    /**< enum hmmu_entry_bit */
	uint32_t pfn; /**< of sys, huge (this subpage), dev, mig and excl; of swap its page in the swap cache; else 0 */
	uint32_t alloc_id; /**< changes whenever the frame is allocated; of device pages: their number in the device */
	int32_t ref;       /**< page_count() */
	int32_t map;       /**< page_mapcount() */
	uint32_t flags;    /**< enum hmmu_page_flag; of a tail page its head's, with TAIL for HEAD */
	bool device;       /**< the page is device memory */
	uint32_t swap_users; /**< of swap: how many entries, of all processes, refer to its slot */
};
/** The state of @p pages pages from @p address on; @p out has room for as many. */
HMMU_API int hmmu_dump(const struct hmmu *m, uint32_t pid, uint64_t address, uint64_t pages, struct hmmu_entry *out);

/** One mapping (VMA) of a process. */
struct hmmu_vma_info {
	uint64_t start;    /**< first byte */
	uint64_t end;      /**< first byte after it */
	uint32_t kind;     /**< enum hmmu_map_kind */
	uint32_t prot;     /**< enum hmmu_prot */
	bool locked;       /**< VM_LOCKED */
	bool soft_dirty;   /**< VM_SOFTDIRTY */
	bool huge;         /**< VM_HUGEPAGE */
	bool nohuge;       /**< VM_NOHUGEPAGE */
	bool dontfork;     /**< VM_DONTCOPY */
	bool uffd_missing; /**< VM_UFFD_MISSING */
	bool has_anon_vma; /**< it has an anon_vma */
};
/** The mappings in address order. Returns how many there are; writes at most @p capacity. */
HMMU_API int hmmu_vmas(const struct hmmu *m, uint32_t pid, struct hmmu_vma_info *out, uint32_t capacity);

/** vma_lookup(): the mapping that contains an address. -ENOENT (SYSCALL): none does. */
HMMU_API int hmmu_vma_at(const struct hmmu *m, uint32_t pid, uint64_t address, struct hmmu_vma_info *out);

/** The entries that translate an address, [0] of the pgd … [4] the pte; levels not reached are 0. Returns how many
 * levels were read (a huge pmd ends the walk). */
HMMU_API int hmmu_walk(const struct hmmu *m, uint32_t pid, uint64_t address, uint64_t entries[5]);

/** The struct page of a frame or device page. */
struct hmmu_page_info {
	uint32_t pfn;      /**< page frame number */
	uint32_t alloc_id; /**< as in struct hmmu_entry */
	uint32_t flags;    /**< enum hmmu_page_flag */
	int32_t ref;       /**< page_count() */
	int32_t map;       /**< page_mapcount() */
	uint32_t dma_pins; /**< how often hmmu_pin() has pinned it with HMMU_PIN_DMA */
	uint64_t index;    /**< offset in the page's mapping or file, in pages */
	bool device;       /**< device memory */
	bool anon;         /**< PageAnon() */
	bool has_mapping;  /**< it belongs to the page cache */
	bool free;         /**< nobody has it; a free page of the device has one reference, its pagemap's */
	uint32_t mapping;  /**< which anon_vma (if anon) or file it belongs to: a number from 1 on; 0: none */
	uint8_t byte;      /**< the first byte of its contents; 0 for a page table and a free page */
};
/** The struct page of a frame or device page. -EINVAL (NO_PAGE): there is no such frame. */
HMMU_API int hmmu_page_info(const struct hmmu *m, uint32_t pfn, struct hmmu_page_info *out);
/** The 4096 bytes of a frame or device page in use. NULL: what hmmu_page_write() refuses, or the machine keeps no contents.
 * For drivers and devices; CPUs use hmmu_load(). The pointer is good as long as the page is in use. Who writes by it to a
 * page of the swap cache has to set DIRTY (hmmu_page_set_flags()), as a kernel's driver calls set_page_dirty(). */
HMMU_API void *hmmu_page_data(struct hmmu *m, uint32_t pfn);
/** Copy @p length bytes of a frame or device page from @p offset on, as a device would read them. A machine without
 * contents has the first 8 bytes and zeroes. -EINVAL: no such page (NO_PAGE), or more than 4096 bytes. */
HMMU_API int hmmu_page_read(struct hmmu *m, uint32_t pfn, uint32_t offset, void *buffer, size_t length);
/** Write them, as a device would; what the machine has no room for is lost. A page of the swap cache is dirty then, as its
 * copy in the swap area is older. -EINVAL also: the page is a page table or the zero page, or free (NO_PAGE). */
HMMU_API int hmmu_page_write(struct hmmu *m, uint32_t pfn, uint32_t offset, const void *buffer, size_t length);
/** First pfn of the device's memory; device page i has pfn base + i. */
HMMU_API uint32_t hmmu_device_base(const struct hmmu *m);

/** An event; the list of event types describes a and b. */
struct hmmu_event {
	uint16_t type; /**< enum hmmu_event_type */
	uint16_t kind; /**< enum hmmu_notify_kind, of INVALIDATE_START and INVALIDATE_END in Linux 6.12; else 0 */
	uint32_t pid;  /**< 0: none in particular */
	uint64_t a;    /**< first number */
	uint64_t b;    /**< second number */
};
/** Record events of the types in @p mask (1 << enum hmmu_event_type) from now on; 0: none, UINT32_MAX:
 * all. The INVALIDATE types are recorded for watched processes only, INVALIDATE_START of those whatever the mask says.
 * When the ring of 2^18 events is full, new ones are lost and counted. */
HMMU_COMMON_API int hmmu_events_record(struct hmmu *m, uint32_t mask);
/** The types of events that are recorded, as a mask. */
HMMU_API uint32_t hmmu_events_recorded(const struct hmmu *m);
/** mmu_notifier_register(): invalidations of the process's mm are recorded from now on. */
HMMU_API int hmmu_watch(struct hmmu *m, uint32_t pid);
/**
 * struct mmu_notifier_ops: pages from @p event's a to its b of the process pid lose their meaning for those who have
 * translations of their own. Its type is HMMU_EVENT_INVALIDATE_START, _RANGE or _END. The kernel calls it under page table
 * locks, too: it may look, and call the functions for drivers. All else is refused (-EBUSY, HMMU_ERR_BUSY).
 */
typedef void (*hmmu_notifier_fn)(struct hmmu *m, const struct hmmu_event *event, void *data);
/** Set the function that is called for processes with hmmu_notify(); NULL: none. @p data is passed to it. It is not a part
 * of snapshots. */
HMMU_COMMON_API int hmmu_set_notifier(struct hmmu *m, hmmu_notifier_fn notifier, void *data);
/**
 * Have a function called for each event that is recorded, at once, in the middle of the call that leads to it; none goes to
 * the ring then. NULL: they go to the ring. Somebody who has translations of his own, as a TLB has, drops them when he is
 * told of HMMU_EVENT_TLB_FLUSH. The function may do as much as hmmu_notifier_fn. It is not a part of snapshots.
 */
HMMU_COMMON_API int hmmu_set_event_function(struct hmmu *m, hmmu_notifier_fn function, void *data);
/** mmu_notifier_register(), or mmu_notifier_unregister(): have the machine's notifier called for a process, or no more.
 * -ESRCH: there is no such process. The OOM reaper leaves a process with a notifier alone. A process loses its notifier
 * when it exits, before its pages go: mmu_notifier_release(). */
HMMU_API int hmmu_notify(struct hmmu *m, uint32_t pid, bool on);
/** Take the oldest events out of the ring. Returns how many were written to @p out. */
HMMU_COMMON_API int hmmu_events_read(struct hmmu *m, struct hmmu_event *out, uint32_t capacity);
/** Start or stop recording the host's time of every event, in cycles as in hmmu_stats(). Times are no state of the
 * machine. -ENOMEM. */
HMMU_COMMON_API int hmmu_events_time(struct hmmu *m, bool on);
/** As hmmu_events_read(), with the time of each event, or 0 if no time was recorded. */
HMMU_COMMON_API int hmmu_events_read_timed(struct hmmu *m, struct hmmu_event *out, uint64_t *cycles, uint32_t capacity);
/** @} */

/** @name Statistics
 * Counts and times of the machine's work. Statistics are no state of the machine: no snapshot and no hash includes
 * them, and a copy starts without. Runs, entries and counts are equal in every run of a program; cycles are the host's
 * time.
 * @{ */

/** Start counting and timing at zero; or stop, and keep the results. Spans that are open at the start do not count.
 * -ENOMEM. */
HMMU_COMMON_API int hmmu_stats_enable(struct hmmu *m, bool on);

/** Runs, entries and cycles of one kind of span. */
struct hmmu_span_stats {
	uint64_t runs;    /**< number of complete runs */
	uint64_t entries; /**< of stages: processed entries of src and dst, without restores; else pages */
	uint64_t cycles;  /**< of the time stamp counter, without those of inner spans; 0 if the host has none */
};
/** All statistics of a machine. */
struct hmmu_stats {
	struct hmmu_span_stats spans[HMMU_SPAN_COUNT]; /**< by enum hmmu_span */
	uint64_t counts[HMMU_STAT_COUNT];              /**< by enum hmmu_stat */
	uint64_t whys[HMMU_WHY_COUNT];                 /**< entries that did not move or were not offered, by reason */
	bool enabled;                                  /**< the machine goes on counting */
};
/** The statistics so far; all zero if they were never on. */
HMMU_COMMON_API void hmmu_stats(const struct hmmu *m, struct hmmu_stats *out);

/** The tree of spans: one node for each kind of span within another node. */
struct hmmu_stats_node {
	uint32_t span;    /**< enum hmmu_span */
	uint32_t parent;  /**< 0: none; else the number of a node that comes before, from 1 */
	uint64_t runs;    /**< as in struct hmmu_span_stats */
	uint64_t entries; /**< as in struct hmmu_span_stats */
	uint64_t cycles;  /**< with those of the nodes below */
};
/** There are fewer nodes than this. A span without room for a node counts as a part of the node around it. */
#define HMMU_STATS_NODES 256
/** The nodes. Returns how many there are; writes at most @p capacity. */
HMMU_COMMON_API int hmmu_stats_tree(const struct hmmu *m, struct hmmu_stats_node *out, uint32_t capacity);
/** @} */

/** @name Migration
 * @{ */

/** A migration under way. */
struct hmmu_migration;

/** struct migrate_vma_ops. A callback returns 0, or a negative errno. After an error the migration is undone as far as
 * possible: pages that have not moved go back, and the pages in dst are unlocked and dropped. It ends with -ECANCELED,
 * code DRIVER_THREW. */
struct hmmu_migrate_ops {
	/** Give pages for entries with MIGRATE: allocate, copy, lock, write a word into dst. NULL is -EINVAL. */
	int (*alloc_and_copy)(struct hmmu_migration *mig, void *data);
	/** Entries that still have MIGRATE have moved: set the device's own page tables. May be NULL. */
	int (*finalize_and_map)(struct hmmu_migration *mig, void *data);
};

/** The arguments of migrate_vma(). Everything pointed to is the caller's, and has to last as long as the migration. */
struct hmmu_migrate_request {
	uint32_t tid;   /**< the task that migrates, in whose address space the range is */
	uint64_t start; /**< first byte, rounded down to a page */
	uint64_t end;   /**< first byte behind the range, rounded down to a page */
	uint64_t *src;  /**< (end - start) / 4096 words, which are written */
	uint64_t *dst;  /**< as many, written by the driver; collect clears them, but see the quirk hole-dst-index */
	uint8_t *why;   /**< enum hmmu_why an entry, as many; may be NULL */
	const struct hmmu_migrate_ops *ops; /**< the driver's callbacks; NULL for a driver that calls */
	void *data;                         /**< passed to the callbacks */
	uint32_t flags;                     /**< enum hmmu_select: which pages; 0 in Linux 4.14, which has no choice */
	uint32_t fault_page;                /**< pfn of the page whose fault is being handled, or 0. Linux 6.12 */
	/** pgmap_owner: whose device pages are selected, and the owner of the notifier events; HMMU_DEFAULT_OWNER is that of
	 * device 0. Linux 6.12 */
	uint64_t owner;
};

/**
 * migrate_vma() of Linux 4.14; in Linux 6.12 its three functions, with the callbacks between them. Takes mmap_sem for reading unless the task has it. -EINVAL: the range (not within one
 * mapping, special or hugetlb mapping, empty), or NULL pointers. -EINVAL with code DRIVER_RULE: the driver broke a
 * rule; all is undone. 0 also if nothing moved.
 */
HMMU_API int hmmu_migrate_vma(struct hmmu *m, const struct hmmu_migrate_request *request);

/** The same in steps. On success @p mig is to be given to hmmu_migrate_end(), unless hmmu_destroy() drops it before. */
HMMU_API int hmmu_migrate_begin(struct hmmu *m, const struct hmmu_migrate_request *request,
				struct hmmu_migration **mig);
/** Do one entry of the current stage, or the step from a stage to the next. Returns 1 while there is more, 0 at
 * DONE. */
HMMU_API int hmmu_migrate_step(struct hmmu_migration *mig);
/** Go on until @p stage is over (a callback stage: until the callback has returned) or the migration is DONE. */
HMMU_API int hmmu_migrate_run(struct hmmu_migration *mig, uint32_t stage);
/** Finish what is left to do, and free. Returns what hmmu_migrate_vma() would have. */
HMMU_API int hmmu_migrate_end(struct hmmu_migration *mig);

/** All migrations under way, in the order in which they began. Returns how many there are; writes at most @p capacity. */
HMMU_API int hmmu_migrations(const struct hmmu *m, struct hmmu_migration **out, uint32_t capacity);
/** What a migration began with, start and end rounded. tid is 0 for one of device pages: start is the first pfn × 4096 then. ops is
 * NULL if the driver calls. Of a migration that is not adopted yet, src, dst and why are readable copies, and ops and data of no use. */
HMMU_API void hmmu_migration_request(const struct hmmu_migration *mig, struct hmmu_migrate_request *out);
/**
 * Take over a migration of a machine that was restored or cloned: give it arrays, operations and data of the new machine. src, dst,
 * why, ops and data of @p request count; the rest is as it was. The arrays are filled with what was in them when the copy was made.
 * Before this, all calls that drive the migration fail (-EINVAL, ORDER); it holds its pages and locks all the same.
 * -EINVAL: it was not restored, or is adopted already (ORDER); no src or dst; why, or ops, where it began without, or the other way
 * round (INVALID_ARGUMENT).
 */
HMMU_API int hmmu_migrate_adopt(struct hmmu_migration *mig, const struct hmmu_migrate_request *request);

/**
 * @name Migration as drivers of Linux 6.12 do it
 * hmmu_migrate_vma_setup(), then the driver writes dst; hmmu_migrate_vma_pages(), then it programs its tables;
 * hmmu_migrate_vma_finalize(). The task has mmap_lock for reading from the first call to the last. The callbacks of
 * hmmu_migrate_vma() are possible as well: they run between the three calls. hmmu_migrate_step(), _run() and _end() work
 * with both styles.
 * @{ */
/**
 * migrate_vma_setup(): collect and unmap. ops of the request may be NULL. On success @p mig is to be given to
 * hmmu_migrate_vma_finalize() or hmmu_migrate_end(); src is written, and the state's cpages tells how many entries may
 * move. If it is 0, nothing is left to do but to finalize. -EINVAL: the range has no page, is not within one mapping, or the
 * mapping is special or hugetlb; fault_page is no device-private page (SYSCALL); unknown flags, or a machine of Linux 4.14
 * (INVALID_ARGUMENT). An owner of no device selects no device page. start and end are rounded down to pages, but the kernel counts the pages before (quirk
 * setup-counts-unrounded): give as many words as pages after rounding.
 */
HMMU_API int hmmu_migrate_vma_setup(struct hmmu *m, const struct hmmu_migrate_request *request,
				    struct hmmu_migration **mig);
/** migrate_vma_pages() and migrate_device_pages(): take dst over and move the pages. Entries of src that keep MIGRATE have
 * moved. -EINVAL: called twice (ORDER), or the driver broke a rule (DRIVER_RULE), then nothing has moved. The migration is
 * to be finalized in any case. */
HMMU_API int hmmu_migrate_vma_pages(struct hmmu_migration *mig);
/** migrate_vma_finalize() and migrate_device_finalize(): map the pages, unlock and put them. Frees the migration, and
 * returns the first error of it. -EINVAL (ORDER): hmmu_migrate_vma_pages() was not called; the migration stays. A driver
 * that gives up calls hmmu_migrate_end(), which moves nothing and frees the pages in dst. */
HMMU_API int hmmu_migrate_vma_finalize(struct hmmu_migration *mig);

/** The arguments of migrate_device_range(). Everything pointed to is the caller's, and has to last as long as the
 * migration. */
struct hmmu_device_range {
	uint32_t first;                     /**< pfn of the first device page */
	uint32_t pages;                     /**< how many, at least 1; all of one device */
	uint64_t *src;                      /**< as many words, which are written */
	uint64_t *dst;                      /**< as many, written by the driver */
	uint8_t *why;                       /**< enum hmmu_why an entry, as many; may be NULL */
	const struct hmmu_migrate_ops *ops; /**< the driver; may be NULL */
	void *data;                         /**< for the driver */
};
/**
 * migrate_device_range(): pages of the device are taken from whoever maps them, as for a device that goes. No task does it,
 * and under no mmap_lock. Then hmmu_migrate_vma_pages() and hmmu_migrate_vma_finalize(). Pages that are free or locked have
 * an empty src. -EINVAL: no such pages of a device (NO_PAGE); a machine of Linux 4.14, no arrays (INVALID_ARGUMENT).
 */
HMMU_API int hmmu_migrate_device_range(struct hmmu *m, const struct hmmu_device_range *range,
				       struct hmmu_migration **mig);
/** The same, but nothing is done yet: for hmmu_migrate_step() and hmmu_migrate_run(). */
HMMU_API int hmmu_migrate_device_begin(struct hmmu *m, const struct hmmu_device_range *range,
				       struct hmmu_migration **mig);
/** @} */

/** The progress of a migration. */
struct hmmu_migration_state {
	struct hmmu *machine; /**< the machine in which it goes on */
	uint32_t tid;         /**< the task that migrates */
	uint32_t pid;         /**< the task's process */
	uint32_t stage;       /**< enum hmmu_stage: the current one */
	uint64_t position;    /**< the next entry of the stage */
	uint64_t start;       /**< of the request */
	uint64_t end;         /**< of the request */
	uint64_t npages;      /**< entries collected */
	uint64_t cpages;      /**< entries still to be migrated */
	uint64_t *src;        /**< of the request */
	uint64_t *dst;        /**< of the request */
	bool callbacks_ran;   /**< alloc_and_copy was called */
	bool out_of_bounds;   /**< quirk hole-dst-index: a word after dst would have been written */
};
/** The progress of a migration. Callbacks, which only get the migration, can call this, too. */
HMMU_API void hmmu_migrate_state(const struct hmmu_migration *mig, struct hmmu_migration_state *out);
/** @} */

/**
 * @file hmmu_driver.h
 * What drivers call: pages for destinations, devices and their operations, the built-in driver. A part of hmmu.h, which
 * includes it.
 */
#ifndef HMMU_DRIVER_H
#define HMMU_DRIVER_H

/** @name For drivers
 * @{ */
/** The pfn in a word of src or dst. */
static inline uint32_t hmmu_word_pfn(uint64_t word)
{
	return (uint32_t)(word >> HMMU_PFN_SHIFT);
}
/** A word for a page: pfn, VALID and the given flags. */
static inline uint64_t hmmu_word(uint32_t pfn, uint64_t flags)
{
	return ((uint64_t)pfn << HMMU_PFN_SHIFT) | HMMU_PFN_VALID | flags;
}

/** Take the lowest free device page. The caller has one reference, in Linux 4.14 besides the one that every device page
 * has. In Linux 6.12 the page comes locked, as zone_device_page_init() gives it. -ENOMEM. */
HMMU_API int hmmu_device_alloc(struct hmmu *m, uint32_t *pfn);
/** As hmmu_device_alloc(), from a given device; that one takes from device 0. -EINVAL: no such device. */
HMMU_API int hmmu_device_alloc_of(struct hmmu *m, uint32_t device, uint32_t *pfn);
/** Take a device page by its pfn, as hmmu_device_alloc() does. -EBUSY: it is in use; -EINVAL (NO_PAGE): it is no
 * device-private page. */
HMMU_API int hmmu_device_alloc_page(struct hmmu *m, uint32_t pfn);
/** Take a ZONE_DEVICE page that is not device-private, if the machine has any; for tests of its refusal. -ENOMEM. */
HMMU_API int hmmu_other_device_alloc(struct hmmu *m, uint32_t *pfn);
/** alloc_page(GFP_HIGHUSER_MOVABLE): a system page with one reference, contents undefined. -ENOMEM. */
HMMU_API int hmmu_page_alloc(struct hmmu *m, uint32_t *pfn);
/** trylock_page() of a page that the driver allocated or made exclusive. -EBUSY; -EINVAL (REFERENCE): it is not the
 * driver's. */
HMMU_API int hmmu_page_trylock(struct hmmu *m, uint32_t pfn);
/** unlock_page() of a page that the driver locked, or that hmmu_make_device_exclusive() did. */
HMMU_API int hmmu_page_unlock(struct hmmu *m, uint32_t pfn);
/** put_page() of a page that the driver allocated, or that hmmu_make_device_exclusive() gave it. -EBUSY: the driver has
 * locked it. */
HMMU_API int hmmu_page_put(struct hmmu *m, uint32_t pfn);
/** get_page(): a reference more to a page that is in use. It is given back with hmmu_unpin() and no flags, as one of
 * hmmu_pin(). -EINVAL (NO_PAGE): there is no such page. -ENOMEM (OUT_OF_SLOTS): it has 65535 such references. */
HMMU_API int hmmu_page_get(struct hmmu *m, uint32_t pfn);
/**
 * make_device_exclusive_range() of Linux 6.12 over the one page at @p address, for @p owner: its entry becomes a
 * device-exclusive one, so that the device has the page for itself until a CPU touches it. Takes mmap_lock for reading
 * unless the task has it, and faults as a store does. @p pfn is the page, locked and with a reference: the driver writes
 * its tables, then calls hmmu_page_unlock() and hmmu_page_put(). 0 in @p pfn: the page can't be exclusive, as it is locked,
 * not anonymous, or a later part of a huge page. Notifiers hear of it with HMMU_NOTIFY_EXCLUSIVE, and again when a CPU gets
 * the page back. -EFAULT: no mapping, no right to write, or a fault that ends in SIGBUS. -EOPNOTSUPP: a hugetlb mapping.
 * -ENOMEM. -EINVAL (INVALID_ARGUMENT): the machine's kernel is 4.14, which has no such entries.
 */
HMMU_API int hmmu_make_device_exclusive(struct hmmu *m, uint32_t tid, uint64_t address, uint64_t owner, uint32_t *pfn);
/** A page that a driver has allocated, and has neither placed by a migration nor put; or one that it has made exclusive,
 * and has not put. */
struct hmmu_leak {
	uint32_t pfn;      /**< page frame number */
	uint32_t to;       /**< enum hmmu_target: DEVICE for a page of ZONE_DEVICE, else SYSTEM */
	uint32_t alloc_id; /**< as in struct hmmu_entry */
	int32_t ref;       /**< page_count(), with the reference that every device page has */
	uint32_t flags;    /**< enum hmmu_page_flag */
	bool locked;       /**< its page lock is taken */
};
/**
 * The pages that drivers have allocated or made exclusive, and not yet placed or put, in ascending order. While a driver
 * works, its pages are among them. When no migration is under way, each is a page that a driver has lost or keeps for later.
 * The end of a process does not free them. Returns how many there are; writes at most @p capacity. Looks at each page that
 * was ever used.
 */
HMMU_API int hmmu_leaks(const struct hmmu *m, struct hmmu_leak *out, uint32_t capacity);
/** copy_highpage(): the contents of one page to another. -EINVAL (NO_PAGE): there is no such page. */
HMMU_API int hmmu_page_copy(struct hmmu *m, uint32_t to, uint32_t from);
/** clear_highpage(). -EINVAL (NO_PAGE): there is no such page. */
HMMU_API int hmmu_page_zero(struct hmmu *m, uint32_t pfn);
/**
 * Make destinations for many sources in one call. For each source this does what hmmu_device_alloc_of() (or
 * hmmu_page_alloc(), if @p to is the system, which needs no @p device), hmmu_page_copy() and hmmu_page_trylock() do. Each
 * source in @p pages is replaced by its destination. A source of 0 means no source; its destination is zeroed. Returns the
 * number of destinations, fewer than @p count if memory is used up. -EINVAL: a source is not in use (NO_PAGE), or there is
 * no such device; nothing is done.
 */
HMMU_API int hmmu_destinations(struct hmmu *m, uint32_t to, uint32_t device, uint32_t *pages, uint32_t count);
/** The number of pages that a driver can certainly allocate now, one by one; @p to is enum hmmu_target. 0: no such device. */
HMMU_API uint64_t hmmu_destinations_left(const struct hmmu *m, uint32_t to, uint32_t device);

/**
 * mmap_read_lock(), or mmap_write_lock() if @p write: take mmap_lock (mmap_sem) of the task's process until
 * hmmu_mmap_unlock(). Calls of the task between use it; so the mappings that a driver looks up stay as they are. Blocks.
 * Snapshots are refused meanwhile. -EDEADLK (BUSY): the task has it already, by this call or in a callback.
 */
HMMU_API int hmmu_mmap_lock(struct hmmu *m, uint32_t tid, bool write);
/** mmap_read_unlock(), mmap_write_unlock(). A migration that the task has begun keeps the lock until it ends. -EINVAL
 * (REFERENCE): the task has not called hmmu_mmap_lock(). -EBUSY: a call of the task waits. */
HMMU_API int hmmu_mmap_unlock(struct hmmu *m, uint32_t tid);
/**
 * vm_insert_page(): put a driver's page into a mapping of kind MIXED, with the rights of the mapping. The task has taken
 * mmap_lock with hmmu_mmap_lock(). The mapping gets a reference of its own. -EFAULT (SYSCALL): no such mapping contains
 * the address. -EBUSY (SYSCALL): something is there. -EINVAL (REFERENCE): the page is not a driver's, or the task does not
 * have the lock. -ENOMEM (OUT_OF_FRAMES).
 */
HMMU_API int hmmu_vm_insert_page(struct hmmu *m, uint32_t tid, uint64_t address, uint32_t pfn);

/** dev_pagemap operations of the device. */
struct hmmu_pagemap_ops {
	/** dev_page_fault_t: the CPU touched a device page. Returns 0 (the access is retried), or a negative errno
	 * (SIGBUS). NULL: the built-in driver migrates the page back. */
	int (*page_fault)(struct hmmu *m, uint32_t tid, uint64_t address, uint32_t pfn, void *data);
	/** dev_page_free_t: a device page is free again, and already on the core's list. May be NULL. The kernel calls
	 * it under page table locks, too: it may look, and allocate, put and hold pages. All other calls into the
	 * kernel are refused (-EBUSY, HMMU_ERR_BUSY). */
	void (*page_free)(struct hmmu *m, uint32_t pfn, void *data);
};
/** Set the operations of the device, which are copied; NULL: those of the built-in driver. @p data is passed to
 * them. */
HMMU_API int hmmu_device_set_ops(struct hmmu *m, const struct hmmu_pagemap_ops *ops, void *data);

/** @name Several devices
 * A machine begins with device 0, which has all of its device pages. Others get the last ones of them, and leave them to it.
 * @{ */
/**
 * memremap_pages(): make a device of pages that a removed one has left, or of the last @p pages pages of device 0. @p owner is
 * the dev_pagemap.owner of its pages; devices may share one, and 0 is not allowed. Its driver is the built-in one. @p device
 * is its number, 1 … HMMU_MAX_DEVICES - 1, the lowest that is free. Once there is a second device, snapshots and verify()
 * look at every device page. -EINVAL: no pages, more than the machine has, or owner 0.
 * -ENOMEM: there are not so many free pages in a row (OUT_OF_DEVICE_PAGES), or no number is left (OUT_OF_SLOTS). -EBUSY: in
 * page_free().
 */
HMMU_API int hmmu_device_create(struct hmmu *m, uint32_t pages, uint64_t owner, uint32_t *device);
/** memunmap_pages(): the device and its driver are gone. Pages behind device 0 are its own again. -EBUSY: pages of it are in
 * use, and hmmu_migrate_device_range() brings them to system memory; or in page_free(). -EINVAL: no such device. */
HMMU_API int hmmu_device_remove(struct hmmu *m, uint32_t device);
/** Give a device another owner: its driver sets dev_pagemap.owner behind hmmu_device_create(), which reserves the pages.
 * -EBUSY: pages of it are in use. -EINVAL: no such device, or owner 0. */
HMMU_API int hmmu_device_set_owner(struct hmmu *m, uint32_t device, uint64_t owner);
/** A device. */
struct hmmu_device_info {
	uint32_t first; /**< pfn of its first page */
	uint32_t pages; /**< how many it has */
	uint32_t free;  /**< how many of them are free */
	uint64_t owner; /**< dev_pagemap.owner */
};
/** What a device has. -EINVAL: no such device. */
HMMU_API int hmmu_device_info(const struct hmmu *m, uint32_t device, struct hmmu_device_info *out);
/** As hmmu_device_set_ops(), of a given device; that one sets those of device 0. -EINVAL: no such device. */
HMMU_API int hmmu_device_driver(struct hmmu *m, uint32_t device, const struct hmmu_pagemap_ops *ops, void *data);
/** @} */

/** The built-in driver: what to do with which entry. Rules, first fit: no MIGRATE or listed in skip: nothing; the
 * source is in system memory or on the wanted device already: nothing; listed in error: ERROR; else take a page (none left: nothing), copy
 * or zero, lock, store. It goes by src as the migration has it, whatever stands in the caller's array. */
struct hmmu_builtin {
	uint32_t to;           /**< enum hmmu_target */
	uint32_t skip_count;   /**< entries in skip */
	uint32_t error_count;  /**< entries in error */
	uint32_t device;       /**< to DEVICE: the device that gives the pages. One that does not exist has none */
	const uint64_t *skip;  /**< indexes of src, any order */
	const uint64_t *error; /**< indexes of src, any order */
};
/** The operations of the built-in driver; its data pointer is a struct hmmu_builtin. It has no tables to program, so
 * finalize_and_map is NULL. */
HMMU_COMMON_API extern const struct hmmu_migrate_ops hmmu_builtin_ops;
/** @} */

#endif
/**
 * @file hmmu_explore.h
 * What a search through many orders of calls needs: marks to which a machine is rolled back in place, and hashes that tell
 * whether two states have the same future. A part of hmmu.h, which includes it.
 */
#ifndef HMMU_EXPLORE_H
#define HMMU_EXPLORE_H

/** @name Marks
 * A mark is a copy of the machine's state. Marks are a stack. They work at any time outside of callbacks, also in the middle of
 * migrations and of blocked calls. Handles of migrations that were under way at the mark are valid again after a rollback;
 * those of migrations that began later are not. The arrays of a request under way (src, dst and why) are a part of the mark,
 * and must stay where they are as long as it is there. What a driver has of its own is not. Statistics, recorded times of
 * events and the last error are no state: a rollback leaves them.
 * @{ */
/** Mark the present state. -EBUSY: a callback of the machine runs. -ENOMEM. */
HMMU_API int hmmu_mark(struct hmmu *m);
/** Go back to the state of the newest mark, which stays. Takes time in proportion to what the machine uses. -EINVAL
 * (INVALID_ARGUMENT): there is no mark. -EBUSY: a callback of the machine runs. */
HMMU_API int hmmu_rollback(struct hmmu *m);
/** Forget the newest mark; the state stays as it is. -EINVAL (INVALID_ARGUMENT): there is no mark. */
HMMU_API int hmmu_mark_drop(struct hmmu *m);
/** The number of marks. */
HMMU_API uint32_t hmmu_marks(const struct hmmu *m);
/** @} */

/**
 * Hash of what can make a difference to later calls, and of nothing else: machines with equal hashes have equal futures. Page
 * frames, swap slots and anon_vmas are numbered by their first appearance, so it does not matter which of the free ones were
 * taken. (In Linux 6.12 the order of swap slots counts: it decides which page gives its slot up.) Counters, alloc_ids, generations of TLBs, the order of LRU lists, and events do not count. Hidden state does: TLBs,
 * pagevecs, queues for locks, calls that wait, and migrations under way. The hash is equal on each host. Not in the hash: what a driver has of its own, the request's operations, the values of mmu_interval_read_begin(), and
 * bytes that the last user of a free device page has left there; a driver that hands out such a page unwritten would see them.
 * -EBUSY: a callback of the machine runs. -ENOMEM.
 */
HMMU_API int hmmu_state_hash(struct hmmu *m, uint64_t *hash);
/** The hash of the state together with @p count pages that the caller knows by number, such as those that he has pinned: it
 * makes a difference which ones they are. A pfn of 0 is no page. -EINVAL (NO_PAGE) also: there is no such page. */
HMMU_API int hmmu_state_hash_with(struct hmmu *m, const uint32_t *pfns, uint32_t count, uint64_t *hash);

/** @name Switching points
 * A call does its work at once, unless it has to wait. In a kernel others run in its middle. At the points of a machine's mask
 * a call stops, so that others can.
 * @{ */
/** Stop at these points from now on: an or of enum hmmu_switch_point; 0: nowhere. -EINVAL (INVALID_ARGUMENT): an unknown point.
 * The mask is not a part of marks and copies. */
HMMU_API int hmmu_set_switch_points(struct hmmu *m, uint32_t points);
/** The mask. */
HMMU_API uint32_t hmmu_switch_points(const struct hmmu *m);

/**
 * Run calls of a task on a stack of its own, so that they can stop in their middle: work(m, data) is called, and should make calls of
 * this task only. 0: it has returned. -EAGAIN (BLOCKED, with wait SWITCH): a call has stopped at a switching point. Others can run
 * now; hmmu_run() with the same task goes on, and its other arguments are of no meaning then. A call that waits for something
 * returns -EAGAIN to @p work, as ever; but for the lock of a reverse map, which another call has that has stopped, it waits in its
 * middle: hmmu_run() then says -EAGAIN with wait RMAP_LOCK. A call without a stack makes the one that has the lock go on until it
 * gives the lock up, where that one stops once more. The stack is a part of marks: hmmu_rollback() brings it back, and what is on it. A state hash
 * has the point and what the call has at hand there; which work it is only the caller knows. All points except
 * HMMU_SWITCH_DEVICE_FAULT stop only in here, and not in callbacks.
 * -EOPNOTSUPP (UNSUPPORTED): the host has no stacks (WebAssembly), or the task's number is 1024 or more. -ESRCH. -EBUSY: in a callback,
 * or in another hmmu_run(). -ENOMEM.
 */
HMMU_API int hmmu_run(struct hmmu *m, uint32_t tid, void (*work)(struct hmmu *m, void *data), void *data);
/** The point (one of enum hmmu_switch_point) at which a task has stopped, or 0. */
HMMU_API uint32_t hmmu_stopped_at(const struct hmmu *m, uint32_t tid);

/** A fault on a device page that waits for its handler. */
struct hmmu_device_fault {
	uint64_t address; /**< of the page */
	uint32_t pfn;     /**< the device page. On Linux 6.12 it is the fault_page of a migration by the handler */
	uint32_t device;  /**< its device */
	bool ended;       /**< the handler has ended; the call that faulted has to be repeated */
};
/**
 * With HMMU_SWITCH_DEVICE_FAULT a fault on a device page calls no handler. It leaves its task waiting (DEVICE_FAULT) with all
 * that a kernel's fault has then: mmap_lock, and depending on the kernel a reference to the page and its lock. The caller is the
 * handler (migrate_to_ram()): it migrates the page by hmmu_migrate_begin() and steps, on the same task, and then calls
 * hmmu_device_fault_end(). So several tasks stand in the middle of faults on one page. No other call of the task is possible.
 * -ENOENT (SYSCALL): the task is in no such fault. -ESRCH: no such task.
 */
HMMU_API int hmmu_device_fault(const struct hmmu *m, uint32_t tid, struct hmmu_device_fault *out);
/** The handler returns @p err: 0, or a negative errno for SIGBUS. The wait of the task is over: repeat its call. After 0 it faults
 * again if the page is still there. -ENOENT (SYSCALL): as above, or it has ended already. -EBUSY: the task still migrates.
 * -EINVAL: @p err is positive. */
HMMU_API int hmmu_device_fault_end(struct hmmu *m, uint32_t tid, int err);
/** @} */

#endif
/**
 * @file hmmu_program.h
 * Programs of tasks that run at the same time, and a search through all orders in which their steps can follow each other. A
 * part of hmmu.h, which includes it.
 */
#ifndef HMMU_PROGRAM_H
#define HMMU_PROGRAM_H

/** @name Lists
 * As those of hmmu_defs.h.
 * @{ */
/** X(name, value, name in words, text): what a task of a program does. */
#define HMMU_ACTIONS(X) \
	X(READ, 0, "read", "A load of the first byte of a page.") \
	X(WRITE, 1, "write", "A store to the first byte of a page.") \
	X(MIGRATE, 2, "migrate", "migrate_vma() with the built-in driver, entry by entry.") \
	X(UNMAP, 3, "unmap", "munmap().") \
	X(PROTECT, 4, "protect", "mprotect().") \
	X(ADVISE, 5, "advise", "madvise().") \
	X(LOCK, 6, "lock", "mlock().") \
	X(UNLOCK, 7, "unlock", "munlock().") \
	X(CLEAR, 8, "clear", "The soft-dirty bits are cleared.") \
	X(FORK, 9, "fork", "fork(): the tasks of the child begin.") \
	X(EXIT, 10, "exit", "A process ends.") \
	X(PIN, 11, "pin", "A page is pinned.") \
	X(HOLD, 12, "hold", "A page is taken and locked, as by another task.") \
	X(ISOLATE, 13, "isolate", "A page is taken off its LRU list.") \
	X(DROP, 14, "drop", "A page is given back that was pinned, held or isolated.") \
	X(RECLAIM, 15, "reclaim", "A page is reclaimed.") \
	X(OOM_REAP, 16, "oom-reap", "The OOM reaper takes the private pages of a process.") \
	X(TRUNCATE, 17, "truncate", "ftruncate() of a file that is mapped from its beginning. Linux 6.12.")

/** X(name, value, name in words, text): findings of an exploration, by the judge that makes them. */
#define HMMU_JUDGES(X) \
	X(VERIFY, 0, "verify", "The machine is out of balance.") \
	X(DEADLOCK, 1, "deadlock", "All tasks that have not ended wait.") \
	X(LIVELOCK, 2, "livelock", "The tasks go round without end, although each task that could run does run.") \
	X(WRONG_VALUE, 3, "wrong-value", "A load reads a value that no order of the stores allows.") \
	X(LOST_WRITE, 4, "lost-write", "At the end a page has a value that no order of the stores leaves there.") \
	X(STALE_TRANSLATION, 5, "stale-translation", \
	  "An access uses a translation to a page that was freed, or used again.") \
	X(STUCK_PAGE, 6, "stuck-page", \
	  "At the end a load of a mapped page is SIGBUS: the page can't leave the device.") \
	X(LEAK, 7, "leak", "Pages are not free after all processes have exited.") \
	X(SOFT_DIRTY_LOST, 8, "soft-dirty-lost", \
	  "A page was written to since the soft-dirty bits were cleared, and is clean.") \
	X(DEAD_SPACE, 9, "dead-space", "An address space that the OOM reaper has emptied has pages again.") \
	X(USE_AFTER_FREE, 10, "use-after-free", "A device page is free when the handler of the fault on it begins.")

enum hmmu_action_kind {
#define X(name, value, word, text) HMMU_ACTION_##name = (value),
	HMMU_ACTIONS(X)
#undef X
		HMMU_ACTION_COUNT
};
enum hmmu_judge {
#define X(name, value, word, text) HMMU_JUDGE_##name = (value),
	HMMU_JUDGES(X)
#undef X
		HMMU_JUDGE_COUNT
};
/** @} */

/** @name Programs
 * A task does its actions in their order, each in steps: a migration has a step for each entry of each stage, any other action
 * goes on until it has to wait. Between two steps other tasks may run. All fields are 64 bits wide, so that a program is bytes.
 * @{ */
/** Tasks of a program. */
#define HMMU_PROGRAM_TASKS 16
/** Processes of a program. */
#define HMMU_PROGRAM_PROCESSES 16
/** References of a program (handles of pins, holds and isolations). */
#define HMMU_PROGRAM_HANDLES 64
/** Pages of a migration. */
#define HMMU_PROGRAM_ENTRIES 64
/** Bytes that loads can tell apart: 0, those of stores, and those that the pages have at first. */
#define HMMU_PROGRAM_VALUES 64

/** What a task does. */
struct hmmu_action {
	uint64_t kind;  /**< enum hmmu_action_kind */
	uint64_t at;    /**< address of the first page, page aligned; 0 if the action has no place */
	uint64_t pages; /**< how many; READ, WRITE, PIN, HOLD, ISOLATE and RECLAIM: 1 */
	uint64_t
		value; /**< WRITE: the byte; MIGRATE: enum hmmu_target; ADVISE: enum hmmu_advice; PROTECT: enum hmmu_prot; FORK:
			    the number of the child; EXIT: the number of the process; PIN: enum hmmu_pin_flag;
			    TRUNCATE: the new length in pages */
	uint64_t handle; /**< PIN, HOLD, ISOLATE, DROP: the number of the reference */
	uint64_t skip;   /**< MIGRATE: a bit for each entry to which the driver gives no page */
	uint64_t error;  /**< MIGRATE: a bit for each entry with a driver's error */
	uint64_t select; /**< MIGRATE: enum hmmu_select; 0 in Linux 4.14 */
};

/** A thread. */
struct hmmu_program_task {
	uint64_t process; /**< the number of its process in the program */
	uint64_t cpu;     /**< where it runs */
	uint64_t first;   /**< its first action */
	uint64_t count;   /**< how many actions follow each other from there */
};

/** A page whose values the judges know. */
struct hmmu_program_page {
	uint64_t address; /**< of its first byte */
	uint64_t shared;  /**< 1: all processes that map it have one page */
};

/** Tasks that run at the same time on a machine. */
struct hmmu_program {
	const uint32_t *processes;             /**< pid of each process, 0 for one that a task forks */
	const struct hmmu_program_task *tasks; /**< the tasks */
	const struct hmmu_action *actions;     /**< the actions of all tasks */
	const struct hmmu_program_page *pages; /**< the pages that are looked at, ascending */
	uint32_t process_count;                /**< 1 … HMMU_PROGRAM_PROCESSES */
	uint32_t task_count;                   /**< 1 … HMMU_PROGRAM_TASKS */
	uint32_t action_count;                 /**< of all tasks */
	uint32_t page_count;                   /**< at most 4096 */
};
/** @} */

/** @name Searching
 * @{ */
/** Told how far a search is, some ten times a second, in the thread that has called hmmu_search(): how many states it has met, and in
 * how many of them steps are still to be tried. false: the search ends, cut off by STOPPED. It must not use the machine. */
typedef bool (*hmmu_search_progress_fn)(void *data, uint64_t states, uint64_t open);

/** Threads of a search. */
#define HMMU_SEARCH_WORKERS 64

/** How far a search goes. */
struct hmmu_search_options {
	uint64_t states; /**< stop behind so many states; 0: 1,000,000 */
	uint64_t bytes;  /**< stop when states and what was found need so much memory, by estimate; 0: 1 GiB */
	uint32_t
		preemptions; /**< a task that could go on is put aside at most so often; UINT32_MAX: any number of times */
	bool all_twins;      /**< also try the orders in which two tasks that do the same change places */
	uint32_t points;     /**< enum hmmu_switch_point: where calls stop in their middle */
	bool handler_retries; /**< a fault handler that could not move its page returns 0, so that the access faults again */
	bool verify;          /**< hmmu_verify() in each state, and not only at the end */
	uint32_t
		workers; /**< threads that search, at most HMMU_SEARCH_WORKERS, each on a machine of its own; 0: 1. What is found is
				 equal for any number. Where there are no threads (WebAssembly), and on machines with functions of the caller
				 (hmmu_device_set_ops(), hmmu_set_notifier(), …) it is always 1. A small search stays with one */
	bool selfcheck; /**< many states to which rollbacks have led are also made from the begin, and compared: hash, whole state and
				 hmmu_verify(). Takes twice the time. A difference is -EIO (SELFCHECK) */
	uint64_t time; /**< stop behind so many milliseconds; 0: never. What is found then differs from run to run */
	hmmu_search_progress_fn progress; /**< told how far the search is; NULL: nobody wants to know */
	void *progress_data;              /**< for it */
};

/** A fault that some order shows. */
struct hmmu_finding {
	uint32_t judge;   /**< enum hmmu_judge */
	uint32_t task;    /**< the task in whose step it was found; UINT32_MAX: at the end */
	uint32_t action;  /**< its action, of all tasks' actions; UINT32_MAX: none */
	uint32_t page;    /**< the page of the program; UINT32_MAX: none */
	uint32_t process; /**< the process of the program; UINT32_MAX: none */
	uint32_t found; /**< the value found; LIVELOCK and DEADLOCK: a bit for each task that takes part; LEAK: pages */
	uint64_t times; /**< how many steps and ends show it */
	uint64_t choices; /**< where the shortest order that leads to it begins in hmmu_search_result.choices */
	uint64_t length;  /**< the steps of that order */
	uint64_t cycle;   /**< LIVELOCK: the last so many steps of that order are the cycle; else 0 */
	char text[120];   /**< VERIFY: the complaint */
};

/** One of the ways in which all actions can end. */
struct hmmu_search_outcome {
	uint64_t choices; /**< as in a finding */
	uint64_t length;  /**< as in a finding */
};

/** What a search has found. */
struct hmmu_search_result {
	double schedules;       /**< the number of orders; with cycles fewer than there are */
	uint64_t states;        /**< different states */
	uint64_t steps;         /**< steps that were made */
	uint64_t ends;          /**< states in which all tasks have ended */
	uint32_t depth;         /**< steps to the state that is farthest from the begin, by the shortest way */
	uint32_t cut_off;       /**< 0: all orders were tried; else enum hmmu_cut_off */
	bool has_cycles;        /**< some order comes back to a state */
	uint32_t finding_count; /**< of findings */
	uint32_t outcome_count; /**< of outcomes */
	uint64_t choice_count;  /**< of choices */
	const struct hmmu_finding *findings;        /**< by judge, then by the length of the order */
	const struct hmmu_search_outcome *outcomes; /**< by the length of the order */
	const uint64_t *results; /**< of each outcome, the result of each action; see hmmu_trace_step */
	const uint8_t *choices;  /**< of each order, the task of each step */
};

/** Why a search has not tried all orders. */
enum hmmu_cut_off {
	HMMU_CUT_NOT,     /**< all orders were tried */
	HMMU_CUT_STATES,  /**< hmmu_search_options.states */
	HMMU_CUT_BYTES,   /**< hmmu_search_options.bytes, or the host has no memory */
	HMMU_CUT_TIME,    /**< hmmu_search_options.time */
	HMMU_CUT_STOPPED, /**< hmmu_search_options.progress */
};

/**
 * Try all orders of a program's steps from the machine's present state, which it has again at the end. Two states with one
 * hash count as one. What is found depends on nothing but machine, program and options. @p result is to be given to
 * hmmu_search_free(). -EINVAL (INVALID_ARGUMENT): the program is wrong; the error's text says how. -EBUSY: a migration is under
 * way, a task waits, or a callback runs. -EIO (SELFCHECK): the same steps have led to different states, which is a fault of hmmu.
 * -ENOMEM.
 */
HMMU_COMMON_API int hmmu_search(struct hmmu *m, const struct hmmu_program *program,
				const struct hmmu_search_options *options, struct hmmu_search_result **result);
/** Free what a search has found; NULL is allowed. */
HMMU_COMMON_API void hmmu_search_free(struct hmmu_search_result *result);

/** What a step of a task did. */
enum hmmu_trace_event {
	HMMU_TRACE_WAITS,   /**< the action waits */
	HMMU_TRACE_STEP,    /**< a migration has made a step, which is not its last */
	HMMU_TRACE_ENDS,    /**< the action has ended */
	HMMU_TRACE_HANDLER, /**< the handler of its fault on a device page has begun, or made a step */
	HMMU_TRACE_STOPS,   /**< the call has stopped in its middle, so that others can run */
};
/** A step of an order. */
struct hmmu_trace_step {
	uint32_t task;     /**< of the program */
	uint32_t action;   /**< of all tasks' actions */
	uint32_t event;    /**< enum hmmu_trace_event */
	uint32_t wait;     /**< WAITS: enum hmmu_wait; STOPS: enum hmmu_switch_point */
	uint32_t stage;    /**< STEP, HANDLER: enum hmmu_stage, that of the step */
	uint32_t position; /**< STEP, HANDLER: its entry */
	/** ENDS: bits 0 to 15 a positive errno or 0. READ: the byte from bit 16 on. MIGRATE: how many entries have moved from bit
	 * 16 on, the first enum hmmu_why from bit 24 on, and a hash of all from bit 32 on. */
	uint64_t result;
};
/** Make the steps of an order, and go back. Returns how many steps were made: fewer than @p count if a task can't run. */
HMMU_COMMON_API int hmmu_replay(struct hmmu *m, const struct hmmu_program *program,
				const struct hmmu_search_options *options, const uint8_t *choices, uint32_t count,
				struct hmmu_trace_step *steps);
/** @} */

/** @name One order, step by step
 * The machine stands in the middle of an order until hmmu_order_end(), and can be looked at between the steps: that is all that is
 * allowed meanwhile.
 * @{ */
/** An order under way. */
struct hmmu_order;
/** Begin an order; the program has to stay where it is. Errors as those of hmmu_search(). */
HMMU_COMMON_API int hmmu_order_begin(struct hmmu *m, const struct hmmu_program *program,
				     const struct hmmu_search_options *options, struct hmmu_order **order);
/** Go back to where the machine was, and free the order. */
HMMU_COMMON_API void hmmu_order_end(struct hmmu_order *order);
/** A bit for each task that can make the next step. */
HMMU_COMMON_API uint32_t hmmu_order_enabled(const struct hmmu_order *order);
/** Make a step. -EINVAL (INVALID_ARGUMENT): the task can't run. -ENOMEM. */
HMMU_COMMON_API int hmmu_order_step(struct hmmu_order *order, uint32_t task, struct hmmu_trace_step *step);
/** Judge the state as the end of the order: all tasks have ended, or wait for each other, or the last steps are a round that could go on
 * for ever. The machine stays as it is. -EBUSY, -ENOMEM. */
HMMU_COMMON_API int hmmu_order_judge(struct hmmu_order *order);
/** What was found so far, in the order of the steps; it stays where it is until the next call. length is the number of steps
 * that lead there, choices is 0. Returns how many. */
HMMU_COMMON_API uint32_t hmmu_order_findings(const struct hmmu_order *order, const struct hmmu_finding **findings);

/** A migration under way in an order. */
struct hmmu_open_migration {
	struct hmmu_migration_state state; /**< where it stands, and its arrays */
	const uint8_t *why;                /**< enum hmmu_why of each entry */
};
/** The migration of a task, or that of the handler of its fault on a device page. False: there is none. */
HMMU_COMMON_API bool hmmu_order_migration(const struct hmmu_order *order, uint32_t task, bool handler,
					  struct hmmu_open_migration *out);
/** @} */

#endif
/**
 * @file hmmu_look.h
 * Looking at a machine as a whole: who holds what, translations of CPUs, page tables, all pages in use. A part of hmmu.h,
 * which includes it. Nothing here changes the machine, waits or faults. Each call takes time in proportion to what it
 * looks at; hmmu_holders() looks at the whole machine, as hmmu_verify() does, and with the same code.
 */
#ifndef HMMU_LOOK_H
#define HMMU_LOOK_H

/** Somebody who has references to a page, or its lock. */
struct hmmu_holder {
	uint32_t
		pfn; /**< the page; of a huge page the part in question, which has its references in common with the others */
	uint32_t kind;  /**< enum hmmu_holder_kind, which says what id and at are */
	int32_t refs;   /**< references */
	uint32_t count; /**< how many such holders this stands for; a DMA_PIN of a small page is 1024 references */
	uint64_t at;    /**< of the kinds that say so, else 0 */
	uint32_t id;    /**< of the kinds that say so, else 0 */
	bool lock;      /**< has the page's lock */
};
/**
 * Who holds page @p pfn, and the huge page that it is a part of; 0: all pages. The references of all holders are
 * page_count(), unless hmmu_verify() complains. A page that is free, a page table and the zero page have no holders. A
 * migration entry and a swap entry hold no reference. Returns how many holders there are; writes at most @p capacity.
 * -EINVAL (NO_PAGE): there is no such page. -EBUSY in page_free(). -ENOMEM.
 */
HMMU_API int hmmu_holders(struct hmmu *m, uint32_t pfn, struct hmmu_holder *out, uint32_t capacity);

/** The locks of an address space that a task has, and how it waits for them. */
struct hmmu_task_locks {
	uint32_t mmap_lock; /**< enum hmmu_lock_mode: how it has mmap_sem (6.12: mmap_lock) of its process */
	uint32_t
		queue_place; /**< of those who wait for mmap_sem the ones with lower numbers came before; 0: it is not among them */
	uint32_t migrations; /**< how many migrations it has under way */
	uint64_t
		vma; /**< first address of a mapping: the task waits and has its lock for reading, or waits for it; 0: none */
};
/** The locks of a task. -ESRCH: no such task. */
HMMU_API int hmmu_task_locks(const struct hmmu *m, uint32_t tid, struct hmmu_task_locks *out);

/** A translation that a CPU keeps. */
struct hmmu_tlb_entry {
	uint64_t address; /**< of the page's first byte */
	uint32_t pid;     /**< the process */
	uint32_t pfn;     /**< the page that it leads to */
	bool write;       /**< stores need no walk of the tables */
	bool dirty;       /**< the entry was dirty when it was read */
	bool stale;       /**< the tables say something else: a flush is missing, or will come before the next access */
	bool reused;      /**< the frame was allocated anew since */
};
/** The translations of a CPU that a flush has not made void, in the order of their places. Returns how many there are;
 * writes at most @p capacity. -EINVAL: there is no such CPU. */
HMMU_API int hmmu_tlb(struct hmmu *m, uint32_t cpu, struct hmmu_tlb_entry *out, uint32_t capacity);

/** A frame that is a page table. */
struct hmmu_table {
	uint64_t base;   /**< first address that it translates */
	uint64_t entry;  /**< the entry of the table above it, as hmmu_walk() shows it; 0 for the pgd */
	uint32_t pfn;    /**< its frame */
	uint32_t level;  /**< as in hmmu_walk(): 0 pgd, 2 pud, 3 pmd, 4 pte */
	uint32_t parent; /**< the frame of the table above; 0 for the pgd */
	uint32_t used;   /**< how many of its 512 entries are not empty */
};
/** The page tables of a process, each one before those below it, in the order of addresses. A table that is deposited for the
 * split of a huge pmd translates nothing, and is not among them. Returns how many there are; writes at most @p capacity.
 * -ESRCH: no such process. */
HMMU_API int hmmu_tables(const struct hmmu *m, uint32_t pid, struct hmmu_table *out, uint32_t capacity);

/** The struct page of each frame and device page that is in use, in the order of their numbers; of a huge page each part.
 * Returns how many there are; writes at most @p capacity. */
HMMU_API int hmmu_pages(const struct hmmu *m, struct hmmu_page_info *out, uint32_t capacity);

/** A page in the LRU. */
struct hmmu_lru_page {
	uint32_t pfn;  /**< the page; of a huge page the first part */
	uint32_t list; /**< enum hmmu_lru_list */
	uint32_t cpu;  /**< of PAGEVEC: whose it is; else 0 */
	uint32_t vec;  /**< of PAGEVEC: enum hmmu_pagevec; else 0 */
};
/** The pages of all LRU lists, each from its head on, so that reclaim would take the last one first; then those of the pagevecs of
 * each CPU, in the order in which they came. A page can be in several pagevecs, and on a list besides. The unevictable
 * pages of Linux 6.12 are on no list. Returns how many there are; writes at most @p capacity. */
HMMU_API int hmmu_lru(const struct hmmu *m, struct hmmu_lru_page *out, uint32_t capacity);

#endif
/**
 * @file hmmu_mirror.h
 * Mirroring the page tables of a process in a device: interval notifiers and hmm_range_fault() of Linux 6.12. A part of
 * hmmu.h, which includes it.
 */
#ifndef HMMU_MIRROR_H
#define HMMU_MIRROR_H

/** @name Interval notifiers
 * mmu_interval_notifier of Linux 6.12; on other kernels all of these calls are -EINVAL (SYSCALL). An interval is a range of
 * addresses of a process that a driver mirrors. Its number belongs to the machine's state.
 *
 * Each invalidation that meets the interval gives it a new sequence number. A driver that mirrors pages goes round a loop:
 * hmmu_mmu_interval_read_begin(), hmmu_range_fault(), take its own lock, hmmu_mmu_interval_read_retry(): if that is 1,
 * drop the lock and begin anew; if it is 0, program the device.
 * @{ */
/** struct mmu_notifier_range: an invalidation that meets an interval. */
struct hmmu_invalidation {
	uint32_t notifier; /**< the interval */
	uint32_t pid;      /**< its process */
	uint32_t kind;     /**< enum hmmu_notify_kind */
	bool blockable;    /**< the function may wait; false for the OOM reaper */
	uint64_t owner;    /**< of MIGRATE and EXCLUSIVE: of the device for which it is done; 0: of none */
	uint64_t start;    /**< first byte that is invalidated */
	uint64_t end;      /**< first byte behind; UINT64_MAX for RELEASE */
	uint64_t seq;      /**< what the driver has to give to hmmu_mmu_interval_set_seq() */
	bool own;          /**< MIGRATE by the owner that the interval was inserted with: a driver may ignore it */
};
/**
 * mmu_interval_notifier_ops.invalidate(), for all intervals of a machine. The function takes the driver's lock, calls
 * hmmu_mmu_interval_set_seq(), and removes the range from the device's tables. It may ignore the invalidation instead: a
 * driver does so with MIGRATE of its own owner (own). Returns true; false: it would have to wait, and must not (the invalidation
 * is then given up). As for hmmu_notifier_fn, page table locks may be held, so it can only look and call the functions for
 * drivers.
 */
typedef bool (*hmmu_invalidate_fn)(struct hmmu *m, const struct hmmu_invalidation *invalidation, void *data);
/** Set the function of all intervals; NULL: none. Without a function each invalidation sets the interval's sequence, except
 * MIGRATE by the owner that the interval was inserted with. @p data is passed to it. It is not a part of snapshots. */
HMMU_COMMON_API int hmmu_set_invalidate(struct hmmu *m, hmmu_invalidate_fn invalidate, void *data);
/**
 * mmu_interval_notifier_insert(): mirror [@p start, + @p length) of a process. @p owner is that of the driver's device, 0:
 * none; see hmmu_set_invalidate(). A kernel takes mmap_lock for writing for the first interval of a process; this does not.
 * -ESRCH: there is no such process. -EOVERFLOW: no length, or beyond the last address. -ENOMEM (OUT_OF_SLOTS).
 */
HMMU_API int hmmu_mmu_interval_notifier_insert(struct hmmu *m, uint32_t pid, uint64_t start, uint64_t length,
					       uint64_t owner, uint32_t *notifier);
/**
 * mmu_interval_notifier_remove(). An interval outlives its process, which has called it with RELEASE, until it is removed.
 * -EAGAIN (BLOCKED): an invalidation of the process's intervals is under way, and a kernel would wait for its end; repeat
 * the call then. -EINVAL (INVALID_ARGUMENT): there is no such interval.
 */
HMMU_API int hmmu_mmu_interval_notifier_remove(struct hmmu *m, uint32_t notifier);
/** mmu_interval_read_begin(): the sequence for hmmu_range_fault() and hmmu_mmu_interval_read_retry(). -EAGAIN (BLOCKED): the
 * interval is being invalidated, and a kernel would wait for the end. That is only seen in the middle of another call: in a
 * migration that goes on in steps, or in a callback. -EINVAL (INVALID_ARGUMENT): there is no such interval. */
HMMU_API int hmmu_mmu_interval_read_begin(struct hmmu *m, uint32_t notifier, uint64_t *seq);
/** mmu_interval_read_retry(): 1 if the interval was invalidated since @p seq was read, else 0. -EINVAL
 * (INVALID_ARGUMENT): there is no such interval. */
HMMU_API int hmmu_mmu_interval_read_retry(struct hmmu *m, uint32_t notifier, uint64_t seq);
/** mmu_interval_set_seq(): in the function of hmmu_set_invalidate(), with what that was given. -EINVAL
 * (INVALID_ARGUMENT): elsewhere, or with other numbers. */
HMMU_API int hmmu_mmu_interval_set_seq(struct hmmu *m, uint32_t notifier, uint64_t seq);
/** @} */

/** @name hmm_range_fault()
 * The words of hmmu_range_fault() have the page frame number in the bits below HMMU_RANGE_ORDER_SHIFT.
 * @{ */
#define HMMU_RANGE_VALID (1ull << 63) /**< output: the page may be read */
#define HMMU_RANGE_WRITE (1ull << 62) /**< output: it may be written to */
#define HMMU_RANGE_ERROR (1ull << 61) /**< output: nothing can be there: no mapping, no right to read, no struct page */
/** Output: the order of the CPU's mapping is in 5 bits from here on: 9 for a huge page, else 0. */
#define HMMU_RANGE_ORDER_SHIFT 56
#define HMMU_RANGE_FLAGS (0xffull << HMMU_RANGE_ORDER_SHIFT) /**< the bits that are not of the page frame number */
#define HMMU_RANGE_REQ_FAULT HMMU_RANGE_VALID                /**< input: fault the page in */
#define HMMU_RANGE_REQ_WRITE HMMU_RANGE_WRITE                /**< input, with REQ_FAULT: for writing */

/** struct hmm_range. */
struct hmmu_range {
	uint32_t notifier;       /**< an interval of the task's process that contains the range */
	uint64_t notifier_seq;   /**< from hmmu_mmu_interval_read_begin() */
	uint64_t start;          /**< address of the first byte, a multiple of 4096 */
	uint64_t end;            /**< address behind the last byte, a multiple of 4096 */
	uint64_t *pfns;          /**< a word for each page */
	uint64_t default_flags;  /**< HMMU_RANGE_REQ_*: what is asked of every page */
	uint64_t pfn_flags_mask; /**< which bits of a page's word are asked of it, too */
	uint64_t owner;          /**< dev_private_owner: pages of its devices are reported where they are; 0: of none */
};
/**
 * hmm_range_fault() of Linux 6.12, with mmap_lock for reading unless the task has it. Each word becomes what the CPU's
 * tables say of its page; a page that was asked for is faulted in first. Words are inputs until they are results, so a call
 * that is blocked is repeated with the array as it is. Blocks: on page locks and migration entries.
 *
 * -EBUSY (SYSCALL): the interval was invalidated since notifier_seq; read the sequence, set the words, and begin anew. Faults
 * of this call do that, too: copy on write, and pages that come back from a device. -EFAULT (SYSCALL): a page that was asked
 * for can't be brought in. -EPERM (SYSCALL): it was asked for writing, and its mapping may not be written to. -EINVAL
 * (INVALID_ARGUMENT): the range, the flags, the interval; -EINVAL (SYSCALL): this kernel does not have the call.
 */
HMMU_API int hmmu_range_fault(struct hmmu *m, uint32_t tid, struct hmmu_range *range);
/**
 * What a driver does to mirror a range once, in one call: an interval notifier of [@p start, @p end) that ignores MIGRATE by
 * @p owner; then read_begin, hmmu_range_fault() with default_flags of @p flags, read_retry, until it is good; then the
 * interval is removed. @p pfns are results only. The function of hmmu_set_invalidate() does not hear of it. Blocks as
 * hmmu_range_fault(), and while the range is being invalidated. Its errors are those of hmmu_range_fault(); -EBUSY only if
 * there is no end to it. To have a retry happen between two steps, call the functions one by one.
 */
HMMU_API int hmmu_mirror(struct hmmu *m, uint32_t tid, uint64_t start, uint64_t end, uint64_t flags, uint64_t owner,
			 uint64_t *pfns);
/** @} */

#endif

#ifdef __cplusplus
}
#endif
#endif
