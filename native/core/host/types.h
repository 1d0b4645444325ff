/* SPDX-License-Identifier: GPL-2.0-only */
/**
 * @file types.h
 * Glossary and the records of a machine.
 *
 * arena    one reservation that holds all state of a machine; records refer to each other by number, never by pointer
 * slot     the number of a record in its slab, from 1; 0 is "none"
 * pfn      page frame number; RAM first, the device's pages behind it; 0 is "none"
 * table    a frame that holds 512 page table entries
 * mm       an address space, that of one process; its slot is the process's number
 * task     a thread of a process; what waits, and what owns a semaphore
 * vma      a mapping: a range of addresses of one mm with one set of rights
 * avc      anon_vma_chain: the link between a vma and an anon_vma
 * file     a tmpfs inode with its page cache
 * interval an interval notifier: a range of addresses whose invalidations a driver hears of
 * swap slot  a place in the swap area for one page, from 1; it is in no slab
 */
#ifndef HMMU_TYPES_H
#define HMMU_TYPES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "hmmu/hmmu.h"
#include "host/interval_node.h"

typedef uint8_t u8;
typedef uint16_t u16;
typedef uint32_t u32;
typedef uint64_t u64;

/** For the few functions that are on every page's way, and that gcc finds too large. Where nothing is optimized they
 * stay functions, so that debuggers and gcov meet each line once. */
#ifdef __OPTIMIZE__
#define ALWAYS_INLINE inline __attribute__((always_inline))
#else
#define ALWAYS_INLINE inline
#endif
/** For rare branches, so that the common path needs fewer registers. */
#define NOINLINE __attribute__((noinline))

/** HMMU_PLAIN builds the core without its shortcuts, for tests: both must do the same. A shortcut stands beside the plain
 * way, and both are compiled: `if (SHORTCUTS && …)`. */
#ifndef HMMU_PLAIN
#define HMMU_PLAIN 0
#endif
#define SHORTCUTS (!HMMU_PLAIN)

/** 0, with a static assertion: for macros that are expressions. */
#define ASSERT_CONSTANT(condition, text) \
	(0 * sizeof(struct { \
		 _Static_assert(condition, text); \
		 char nothing; \
	 }))
#define IS_ONE_BIT(bit) ((bit) > 0 && !((bit) & ((bit)-1)))
/** Bit @p from of a word as bit @p to, without a branch. Both are constants of one bit each. */
#define move_bit(word, from, to) \
	(((word) & (from)) * ((from) < (to) ? (to) / (from) : 1) / ((from) > (to) ? (from) / (to) : 1) + \
	 ASSERT_CONSTANT(IS_ONE_BIT(from) && IS_ONE_BIT(to), #from " and " #to " are one bit each"))

#define PAGE_SHIFT 12
#define PAGE_SIZE 4096ull
#define PAGE_MASK (~(PAGE_SIZE - 1))
#define PTRS_PER_TABLE 512u
#define PMD_SHIFT 21
#define PMD_SIZE (1ull << PMD_SHIFT)
#define PMD_MASK (~(PMD_SIZE - 1))
#define PUD_SHIFT 30
#define PUD_SIZE (1ull << PUD_SHIFT)
#define PGD_SHIFT 39
#define PGD_SIZE (1ull << PGD_SHIFT)
#define HPAGE_PMD_NR 512u
#define MAX_CPUS 64

/** A bit of page.mapping, besides the slot: the slot is an anon_vma's (PAGE_MAPPING_ANON), not a file's. */
#define MAPPING_ANON 0x80000000u

/** Who, besides the kernel, holds a page. These flags are above the kernel's, except one: pages are written at once, so
 * that no page waits with the flag RECLAIM. verify() explains references by them. */
enum page_user {
	PAGE_USER_HELD = HMMU_PG_RECLAIM, /**< hmmu_hold(): a reference and the page lock */
	PAGE_USER_ISOLATED = 1 << 26,     /**< hmmu_isolate(): a reference */
	PAGE_USER_DRIVER = 1 << 27,       /**< allocated by a driver: a reference */
	PAGE_USER_DRIVER_LOCK = 1 << 28,  /**< locked by a driver, which has allocated it or made it exclusive */
	PAGE_USER_CHARGED = 1 << 29,      /**< charged to the memory cgroup (page->mem_cgroup) */
	PAGE_USER_DESTINATION = 1 << 30,  /**< of a migration, which has its reference and lock */
};
/** A driver has allocated the page, and has not written to its bytes since. */
#define PAGE_USER_UNWRITTEN 0x80000000u
#define PAGE_USERS (0xfc000000u | PAGE_USER_HELD)
_Static_assert((u32)HMMU_PG_EXCLUSIVE < (u32)PAGE_USER_ISOLATED, "the flags of the kernel are the lower ones");

/**
 * struct page. All bits zero: a frame never used. mapcount counts from 0 (the kernel's _mapcount + 1). Of a compound
 * page the second page keeps compound_mapcount; head is valid in tails.
 */
struct page {
	u32 flags; /**< HMMU_PG_*, and enum page_user */
	int32_t count;
	int32_t mapcount;
	u32 mapping;
	u64 index;
	union {
		u32 prev;                     /**< LRU list */
		u32 mlock_count;              /**< of an unevictable page on the LRU: locked mappings. Linux 6.12 */
		u32 next_deposited;           /**< of a table that is deposited */
		int32_t mapcount_of_compound; /**< of the second page of a compound page */
		int32_t leaked;               /**< of the third: references that the quirk thp-busy-leaks-ref lost */
		int32_t pincount;             /**< of the fourth: references of FOLL_PIN. Linux 6.12 */
		int32_t large_mapcount;       /**< of the fifth: entries that map any part of it. Linux 6.12 */
	};
	u32 next; /**< LRU or free list; of a table: its first deposited table */
	union {
		u32 private;    /**< page->private: of a page in the swap cache its slot */
		u32 locked;     /**< of a table: its lock */
		u32 head;       /**< of a tail page: pfn of its head */
		u32 cache_next; /**< of a page cache page: next in its hash chain */
	};
	u32 alloc_id;
};
_Static_assert(sizeof(struct page) == 40, "the addresses of pages are computed most cheaply with this size");

/** References to a page that get_user_pages() has given to callers of the machine. */
struct pins {
	u16 get;       /**< hmmu_pin(): FOLL_GET */
	u16 dma;       /**< hmmu_pin(): FOLL_PIN */
	u16 exclusive; /**< hmmu_make_device_exclusive(): those that drivers have not put yet. Linux 6.12 */
	u16 leaked;    /**< references that the quirk evict-loses-exclusive has lost. Linux 6.12 */
};

/** A pageblock: 512 frames, the unit of huge allocations. */
struct block {
	u32 free_head;  /**< free frames that were used before */
	u32 prev, next; /**< list of blocks with free frames, or of whole free blocks */
	u16 free_count;
	u16 fresh; /**< frames from here on were never used, and so are zero */
};

/** VM_* flags of a vma. */
enum vm_flag {
	VM_READ = 0x1,
	VM_WRITE = 0x2,
	VM_SHARED = 0x8,
	VM_UFFD_MISSING = 0x200,
	VM_UFFD_WP = 0x1000,
	VM_PFNMAP = 0x400,
	VM_LOCKED = 0x2000,
	VM_IO = 0x4000,
	VM_DONTCOPY = 0x20000,
	VM_DONTEXPAND = 0x40000,
	VM_ACCOUNT = 0x100000,
	VM_HUGETLB = 0x400000,
	VM_SOFTDIRTY = 0x8000000,
	VM_MIXEDMAP = 0x10000000,
	VM_HUGEPAGE = 0x20000000,
	VM_NOHUGEPAGE = 0x40000000,
	VM_SPECIAL = VM_IO | VM_DONTEXPAND | VM_PFNMAP | VM_MIXEDMAP,
};

struct vma {
	u32 mm;
	u32 flags;
	u64 start, end;
	u64 pgoff;
	u64 page_prot;
	u32 prev, next;  /**< in address order */
	u32 left, right; /**< search tree */
	u32 anon_vma;
	u32 avc_head; /**< anon_vma_chain, newest first */
	u32 file;
	u32 kind : 8;     /**< enum hmmu_map_kind */
	u32 resv : 4;     /**< enum hpage_resv, of a hugetlb mapping */
	u32 readers : 20; /**< tasks that wait and hold its lock for reading; there are fewer than 2^18 tasks */
	struct interval_node node; /**< in its file's i_mmap, by page offset */
	u64 reserved[2];           /**< its size is a power of two, so that an index becomes an address most cheaply */
};

struct avc {
	u32 vma;
	u32 anon_vma;
	u32 same_vma_prev, same_vma_next;
	struct interval_node node; /**< in the anon_vma's tree, by page offset */
};

struct anon_vma {
	u32 root;
	u32 parent;
	u32 refcount;
	u32 degree;                /**< children, and vmas whose anon_vma it is */
	u32 locked;                /**< number of holders of the lock */
	u32 active_vmas;           /**< of these the vmas; Linux 6.12 */
	struct interval_root tree; /**< of avcs */
};

struct file {
	u64 pages;   /**< i_size */
	u64 end;     /**< indexes of pages in the cache are below; above i_size while a truncation is under way */
	u64 nrpages; /**< pages in the cache */
	u32 users;   /**< vmas, and tasks that truncate it */
	struct interval_root i_mmap; /**< tree of vmas */
	u32 next;                    /**< of a file that is to be closed: the one that its task closes after it */
	u32 truncated_by;            /**< the task that has i_rwsem, or 0 */
	u32 swapped;                 /**< pages in the swap area. Linux 6.12 */
};

/** A page-sized place in the swap area, with its place in the swap cache. */
struct swap_slot {
	u32 count; /**< users: entries that refer to it, and a file */
	u32 page;  /**< in the swap cache, or 0 */
	union {
		u32 next_free; /**< of a free slot. Linux 4.14 */
		u32 file;      /**< whose page it has, or 0. Linux 6.12 */
	};
	u32 next_swapped;  /**< of a slot of a file: next in its hash chain. Linux 6.12 */
	u64 index;         /**< of a slot of a file: the page's. Linux 6.12 */
	u32 first_swapped; /**< the hash chain that begins in this record, whatever its slot is used for. Linux 6.12 */
	u32 reserved;
};

enum { MM_FILEPAGES, MM_ANONPAGES, MM_SWAPENTS, MM_SHMEMPAGES, NR_MM_COUNTERS };

/** mmap_sem: holders are counted in tasks; waiters queue in the order of their coming. */
struct rwsem {
	u32 readers;
	u32 writer;       /**< task */
	u32 first_waiter; /**< task; its queue_prev is the last one */
	u32 first_writer; /**< the first task that waits for writing, or 0 */
};

/** What the notifier of an address space does: record events, call the machine's function. */
#define WATCH_EVENTS 1u
#define WATCH_CALLS 2u
#define WATCH_INTERVALS 4u /**< Linux 6.12: it has interval notifiers */
#define WATCH_RELEASED 8u  /**< Linux 6.12: they have been told that the process ends */

struct mm {
	union {
		u32 link;        /**< of a free slot */
		u32 mm_lock_seq; /**< mappings with this vm_lock_seq are marked by the writer, from 1 on. Linux 6.12 */
	};
	u8 state;    /**< enum mm_state */
	u8 handoff;  /**< 1: mmap_lock is for a writer that waits (RWSEM_FLAG_HANDOFF). Linux 6.12 */
	u16 watched; /**< WATCH_…: who has registered a notifier; 0: nobody */
	u32 pgd;     /**< pfn of the top table */
	u32 mmap;    /**< first vma */
	u32 tree;    /**< root of the search tree */
	u32 map_count;
	u64 rss[NR_MM_COUNTERS];
	u64 locked_vm;
	u64 tables;
	u64 tlb_gen; /**< translations of an older generation are void */
	struct rwsem mmap_sem;
	u32 main_task;
	u32 migrations; /**< under way */
	u32 tasks;
	u8 uffd; /**< a userfaultfd was made */
	u8 reaped;
	u8 vmas_marked;               /**< 1: a writer has marked mappings. Linux 6.12 */
	u8 has_pinned;                /**< MMF_HAS_PINNED: 1 after the first FOLL_PIN. Linux 6.12 */
	u32 hugetlb_usage;            /**< pages of hugetlb mappings, which rss leaves out */
	u32 vma_readers;              /**< tasks that wait and hold the lock of a mapping for reading. Linux 6.12 */
	u32 notifier_subscriptions;   /**< made with its first interval notifier. Linux 6.12 */
	u32 active_invalidate_ranges; /**< invalidations that have started and not ended. Linux 6.12 */
};
_Static_assert(sizeof(struct mm) == 128, "the addresses of address spaces are computed most cheaply with this size");

/** struct mmu_notifier_subscriptions: the interval notifiers of an address space. Linux 6.12 */
struct subscriptions {
	u32 link; /**< of free slots */
	u32 mm;
	u64 invalidate_seq;         /**< odd while intervals are being invalidated */
	struct interval_root itree; /**< tree of intervals */
	u32 deferred; /**< intervals to be inserted or removed when no invalidation is active, the newest first */
	u32 reserved;
};

enum interval_state {
	INTERVAL_FREE,
	INTERVAL_IN_TREE,
	INTERVAL_TO_INSERT, /**< not in the tree yet: deferred */
	INTERVAL_TO_REMOVE, /**< still in the tree: deferred, and its remover waits */
	INTERVAL_OUT,       /**< not in the tree any more: removed while its remover waits, or its process has exited */
};
/** struct mmu_interval_notifier. Linux 6.12 */
struct interval {
	u32 link;  /**< of free slots */
	u32 state; /**< enum interval_state */
	u32 mm;    /**< 0: its process has exited */
	u32 deferred_prev, deferred_next;
	struct interval_node node; /**< by address */
	u64 invalidate_seq;
	u64 owner; /**< MIGRATE invalidations by this owner are ignored, unless the machine has a function that decides */
	u64 read_seq; /**< of a hmmu_mirror() that waits: what read_begin() has returned */
	u32 task;     /**< whose hmmu_mirror() it is for; 0: it is a driver's */
	u32 reserved;
};
/** MM_COPIED: by a fork() that waits; nobody knows the process yet. Linux 6.12 */
enum mm_state { MM_FREE, MM_ALIVE, MM_DEAD, MM_COPIED };

enum sem_hold { SEM_NONE, SEM_READ, SEM_WRITE };

/** How far a call is. The call has it in its ctx while it runs; the task keeps it while the call is blocked. */
struct progress {
	u64 at;        /**< address, number of bytes, or place in a file from which on the work is left, 0: all of it */
	u64 gup_first; /**< where the get_user_pages() call began that waits at @p at */
	u64 munlock_at; /**< where the walk that takes mlock marks off waits */
	u64 result; /**< of a call that has only to populate; of a fork() its child's mm; of a truncation its file; of
		     * an access that waits for the memory cgroup memcg_uncharges as it was then; of hmm_range_fault()
		     * the end of the pages that it faults in, and in bit 0 whether for writing */
};

/** The most arguments that a call has. */
#define CALL_ARGS 7

struct task {
	u32 link; /**< of free slots */
	u32 mm;   /**< 0: the slot is free */
	u32 cpu;
	u32 op;       /**< enum op of the call that is blocked, 0: none */
	u32 sem_hold; /**< enum sem_hold */
	u32 wait;     /**< enum hmmu_wait */
	u32 wait_pfn;
	u32 wait_ref;    /**< the wait holds a reference to the page */
	u32 queue_next;  /**< of those who wait for mmap_sem; 0: it is the last */
	u32 queue_prev;  /**< 0: it is in no queue */
	u32 queue_place; /**< goes up from waiter to waiter */
	u32 migrations;
	u32 sem_of_migration; /**< mmap_sem is dropped when the last migration of the task ends */
	u32 nested;           /**< the blocked call was made from a callback, and mmap_sem is the outer call's */
	u32 resume;           /**< enum resume */
	u32 vma_lock;         /**< mapping whose lock it holds for reading while it waits, or waits for. Linux 6.12 */
	u32 task_works;       /**< the first file that is to be closed before the call returns */
	int32_t work_result;  /**< of a call that has only to close files */
	struct progress progress;
	u64 args[CALL_ARGS];          /**< of the blocked call; see call.c */
	u64 data_hash;                /**< of the bytes that a blocked store brings */
	u32 interval;                 /**< of a blocked hmmu_mirror() */
	u32 sem_of_driver;            /**< hmmu_mmap_lock() has taken mmap_sem */
	u32 thread_prev, thread_next; /**< the tasks of the process, in a circle */
};

/** Calls that can block, and so are found again when repeated. */
enum op {
	OP_NONE,
	OP_LOAD,
	OP_STORE,
	OP_PIN,
	OP_MMAP,
	OP_MUNMAP,
	OP_MPROTECT,
	OP_MADVISE,
	OP_MLOCK,
	OP_MUNLOCK,
	OP_CLEAR,
	OP_UFFD,
	OP_UFFD_WP,
	OP_FORK,
	OP_MIGRATE,
	OP_MREMAP,
	OP_EXCLUSIVE,
	OP_RANGE_FAULT,
	OP_MIRROR,
	OP_EXIT,
	OP_MMAP_LOCK,
	OP_TRUNCATE,
	OP_STOPPED, /**< it has stopped at a switching point */
	NR_OPS
};

/** What is to be done when a call's wait is over, besides trying again. */
enum resume {
	RESUME_RETRY,        /**< the fault ended with the wait: a CPU access starts anew, and takes mmap_sem anew */
	RESUME_LOCKED,       /**< lock_page() in the middle of a fault, which goes on with mmap_sem held */
	RESUME_DIRTY_SHARED, /**< the page, mapped for writing already, is marked dirty; then the fault ends */
	RESUME_MUNLOCK,      /**< the page, copied and unmapped already, is munlocked; then the fault ends */
	RESUME_TASK_WORK,    /**< the call is done except for the files that it closes: the page leaves its file */
	RESUME_FAULT_RETRY, /**< VM_FAULT_RETRY: the fault has given its mapping's lock up, and goes on with mmap_lock */
	RESUME_FAULT_TRIED,  /**< FAULT_FLAG_TRIED: it has given mmap_lock up as well, and does not do so again */
	RESUME_TRUNCATE,     /**< the page leaves its file, whose size has been set */
	RESUME_FAULT_FAILED, /**< in a ctx only: the handler of the device fault has failed, so the fault is SIGBUS */
};

/** The most pages of a pagevec, in any kernel. */
#define PAGEVEC_MAX 31
struct pagevec {
	u32 nr;
	u32 pages[PAGEVEC_MAX]; /**< of mlock's: each with what is to be done, enum mlock_work */
};

/** The kinds behind NR_PAGEVECS_4_14 are Linux 6.12's. */
enum pagevec_kind {
	PVEC_LRU_ADD,
	PVEC_LAZYFREE,
	PVEC_ACTIVATE,
	NR_PAGEVECS_4_14,
	PVEC_DEACTIVATE = NR_PAGEVECS_4_14,
	PVEC_MLOCK,
	NR_PAGEVECS
};

struct cpu {
	struct pagevec pvecs[NR_PAGEVECS];
};

enum lru_list { LRU_INACTIVE_ANON, LRU_ACTIVE_ANON, LRU_INACTIVE_FILE, LRU_ACTIVE_FILE, LRU_UNEVICTABLE, NR_LRU_LISTS };

/** An LRU list is a ring through struct page; the head is a struct page of its own behind the real ones. */
struct lru {
	u64 nr;
};

/** What a hugetlb mapping is to its reservations. */
enum hpage_resv {
	HPAGE_RESV_OWNER = 1,    /**< its mmap() made them; a child's copy has none */
	HPAGE_RESV_UNMAPPED = 2, /**< it lost a page to the owner, so that faults must not bring a new one */
};

/** Bytes that a machine without contents keeps of each page. */
#define TAG_SIZE 8u

#define TLB_ENTRIES 256u
struct tlb_entry {
	u64 vpn;
	u64 gen; /**< 0: empty */
	u32 mm;
	u32 pfn;
	u32 flags;    /**< enum tlb_flag */
	u32 alloc_id; /**< the next one when it was cached; a frame that was handed out since has a later one */
};
enum tlb_flag { TLB_WRITE = 1, TLB_DIRTY = 2, TLB_HUGE = 4 };

struct injection {
	u64 passes;
	u64 nth; /**< how many passes from now fail; 0: disarmed */
	u64 forever;
};

/** Numbered records of one kind. The first word of a free record links to the next free one. */
struct slab {
	u64 offset;
	u32 record;
	u32 capacity;
	u32 high; /**< records above were never used */
	u32 free_head;
	u32 used;
	u32 reserved;
};

enum slab_kind {
	SLAB_MM,
	SLAB_TASK,
	SLAB_VMA,
	SLAB_AVC,
	SLAB_ANON_VMA,
	SLAB_FILE,
	SLAB_SUBSCRIPTIONS,
	SLAB_INTERVAL,
	NR_SLABS
};

/** The parts of the arena behind its first page, besides the slabs. */
enum part {
	PART_VM_LOCK_SEQ,
	PART_BLOCKS,
	PART_TLB,
	PART_EVENTS,
	PART_CACHE_HASH,
	PART_DEVICE_BITMAP,
	PART_PAGES,
	PART_PINS,
	PART_FRAMES,
	PART_TAGS,
	PART_SWAP_SLOTS,
	PART_SWAP_FRAMES,
	NR_PARTS
};

/** A device: a run of device pages of one kind. The records are in no order. Pages of no record are of no device, and free. */
struct device {
	u64 owner;  /**< pgmap->owner; 0: no device has this record, and it is all zero */
	u32 first;  /**< index of its first page */
	u32 end;    /**< the index behind its last one */
	u32 hint;   /**< no page of it is free below this index */
	u32 free;   /**< how many of its pages are free */
	u32 kind;   /**< enum hmmu_device_kind */
	u32 window; /**< of the built-in handler of faults, in pages; 0: one page */
};

/** The arena's first page: everything of a machine that is not a record of a slab. */
struct state {
	u64 bytes;
	u32 ram_pages, other_device_pages;
	u32 device_pages;   /**< device-private ones; they have the first indexes */
	u32 coherent_pages; /**< device-coherent ones, behind them */
	u32 hugetlb_pages;  /**< of 2 MiB */
	u32 cpus;
	u32 profile;
	u32 no_contents;
	u32 quirks;
	u32 next_alloc_id;
	u32 write_gained; /**< 1: collect has let an entry write to a device page that others map (device-write-lost) */
	u64 tlb_gen;      /**< the last generation given to an address space */
	u64 offsets[NR_PARTS];
	struct slab slabs[NR_SLABS];
	/* frame allocator */
	u32 blocks;
	u32 next_block; /**< blocks from here on were never used */
	u32 partial_head, whole_head;
	u32 free_frames;
	u32 table_pages;
	u32 zero_pfn;
	u32 huge_zero_pfn;
	u32 huge_zero_refs;
	/* device */
	u32 device_high[2]; /**< by enum hmmu_device_kind: pages of the kind from this index on were never used */
	struct device devices[HMMU_MAX_DEVICES];
	/* hugetlb pool; counts of huge pages */
	u32 hugetlb_free;
	u32 hugetlb_reserved;  /**< of the free ones */
	u32 hugetlb_high;      /**< huge pages from here on were never used */
	u32 hugetlb_free_head; /**< pfn of a free one that was used before */
	/* swap area */
	u32 swap_pages; /**< slots */
	u32 swap_used;
	u32 swap_high;         /**< slots above were never used */
	u32 swap_free_head;    /**< Linux 4.14 */
	u32 swap_cached;       /**< pages in the swap cache */
	u32 swap_last;         /**< the slot that was given last, or 0. Linux 6.12 */
	u32 swap_reclaim_work; /**< 1: the area became full, and slots of pages in memory are to be freed. Linux 6.12 */
	/* memory cgroup */
	u64 memcg_limit;
	u64 memcg_charges, memcg_uncharges; /**< pages so far; the difference is charged now */
	struct lru lru[NR_LRU_LISTS];
	struct cpu cpu[MAX_CPUS];
	u64 counters[HMMU_COUNTER_COUNT];
	struct injection injections[HMMU_INJECTION_COUNT];
	u32 event_mask;
	u32 bugs; /**< internal contradictions met */
	u64 event_head, event_tail;
	u64 vma_top; /**< where the next mapping is placed by default */
};

#define EVENT_RING (1u << 18)

#endif
