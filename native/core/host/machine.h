/* SPDX-License-Identifier: GPL-2.0-only */
/** @file machine.h The handle of a machine, its arena, and the short ways to the records in it. */
#ifndef HMMU_MACHINE_H
#define HMMU_MACHINE_H

#include "host/probe.h"
#include "host/types.h"

/** A device fault under way, on the C stack; callbacks nest. One that waits for a handler that runs in steps is the task's in
 * hmmu.waiting_faults. */
struct device_fault {
	u32 pfn;
	u32 task;
	bool locked; /**< the fault has locked the page for its handler */
	bool waits;  /**< it waits */
	bool ended;  /**< its handler has ended */
	bool no_ref; /**< it has no reference to the page, and is in no list */
	int err;     /**< of its handler */
	u64 address;
	struct device_fault *outer;
};

struct ctx;

/** What the calls above do about their waits. A task that waits is of the ground; what it waits for is not. */
struct wait_ops {
	/** The wait for a page's lock is over, or is given up: do what the call still owes the page (enum resume). */
	void (*settle)(struct hmmu *m, const struct task *task);
	/** A call is given up that waits: end what it has half done, so that the mappings agree with their pages. */
	void (*give_up)(struct hmmu *m, struct task *task);
	/** Whether a callback runs of a migration of the task that has the page's lock: the task would wait for itself. */
	bool (*waits_for_itself)(const struct hmmu *m, u32 task, u32 pfn);
	/** Linux 6.12: reclaim pages of the memory cgroup, until @p nr may be charged. False: there is no room for them. */
	bool (*reclaim_group)(struct ctx *ctx, u32 nr);
};

/** What was looked up last in an address space. It speeds up and changes nothing, so it is not in the arena. */
struct lookup {
	u32 mm;
	u32 vma;      /**< 0: none */
	u64 pmd_gib;  /**< number of the GiB whose pmd table is known + 1, 0: none */
	u64 *pmds;    /**< that table */
	u64 reserved; /**< 32 bytes are indexed by a shift */
};
#define LOOKUPS 16u

/** Arrays of migrations have a power of two of pages. */
#define ARRAY_SIZES 32
/** The records of migrations and their arrays. They are in a reservation of their own, so that they keep their addresses while
 * they come, go, and come back by hmmu_rollback(). */
struct migration_pool {
	struct hmmu_migration *records; /**< the reservation; NULL: there was no migration yet */
	u64 *words;                     /**< its second part */
	struct hmmu_migration *unused;  /**< records that were used before */
	u32 records_used;               /**< records from here on were never used */
	u64 words_used;                 /**< words from here on were never used */
	u64 *arrays[ARRAY_SIZES];       /**< unused arrays, by size; the first word of each is the next one's address */
};

/** The host's handle: where the arena is, and what can't be state (callbacks, the last error). */
struct hmmu {
	struct state *st;
	const struct kernel_ops *kernel;
	/* Cached addresses of the arena's parts. */
	struct page *pages;
	struct pins *pins; /**< of each page */
	u8 *frames;
	struct block *block;
	struct mm *mms;
	struct task *tasks;
	struct vma *vmas;
	struct avc *avcs;
	struct anon_vma *anon_vmas;
	struct file *files;
	struct subscriptions *subscriptions;
	struct interval *intervals;
	struct tlb_entry *tlb;
	struct hmmu_event *events;
	u32 *vm_lock_seq; /**< of each mapping: mm_lock_seq of its process when a writer marked it last. Linux 6.12 */
	u32 *cache_hash;
	u64 *device_bitmap;
	u64 *tags; /**< of a machine without contents, one a page; else NULL */
	struct swap_slot *swap_slots;
	u8 *swap_frames; /**< contents of slot 1 and those behind */
	u32 cache_mask;
	u32 zero_pfn;
	u32 hugetlb_base;      /**< first pfn of the hugetlb pool, a multiple of 512: pfns below may be of no page */
	u32 device_base;       /**< first pfn of the devices: the private ones, then the coherent ones */
	u32 coherent_base;     /**< first pfn of the coherent devices */
	u32 other_device_base; /**< first pfn of ZONE_DEVICE pages of no device */
	u32 pfn_end;
	u32 quirks;
	hmmu_notifier_fn notifier;
	void *notifier_data;
	hmmu_invalidate_fn invalidate; /**< of interval notifiers */
	void *invalidate_data;
	const struct hmmu_invalidation *invalidation; /**< what it is being told, or NULL */
	u32 in_page_free;       /**< calls of page_free() and of the notifier that run: page table locks may be held */
	u32 in_notifier;        /**< those of the notifier, and of on_event() */
	u32 in_callback;        /**< those of page_fault() and of verify()'s report */
	bool page_frees_matter; /**< there is more than one device, or a driver with page_free() */
	struct hmmu_migration *migrations; /**< all that are under way */
	struct migration_pool migration_pool;
	struct numbering *numbering; /**< NULL: none was needed yet */
	struct marks *marks;         /**< NULL: there were none yet */
	u64 moved_mappings; /**< goes up when a mapping comes, gets another range, gets a page table or goes, or a file another length */
	struct device_fault *faults;         /**< those whose handlers run and hold a reference, the innermost first */
	struct device_fault *waiting_faults; /**< by task; NULL: none has waited yet */
	u32 switch_points;                   /**< enum hmmu_switch_point */
	struct stops *stops;                 /**< NULL: no call has had a stack of its own yet */
	struct lookup lookups[LOOKUPS];
	const struct wait_ops *wait_ops;
	hmmu_notifier_fn on_event; /**< NULL: events go to the ring */
	void *on_event_data;
	u64 *event_cycles;        /**< times of the events in the ring; NULL: nobody wants them */
	struct stats *stats;      /**< NULL: nobody wants any */
	struct stats *stats_kept; /**< the same, or what was counted before it was stopped */
	struct hmmu_error error;
	char first_bug[120]; /**< the first internal contradiction, in words */
	/* Behind the fields that each call needs: it is large. */
	struct {
		struct hmmu_pagemap_ops ops;
		void *data;
	} drivers[HMMU_MAX_DEVICES]; /**< of the devices */
	/* Of HMMU_SELFCHECK: */
	const char *last_call; /**< that was checked, or could have been */
	u64 calls_unchecked;   /**< since the last one that was checked */
};

/** Record what went wrong and return @p err, a negative errno. */
int hmmu_fail(struct hmmu *m, int err, u32 code, const char *format, ...) __attribute__((format(printf, 4, 5)));
/** -EBUSY for what page_free() and the notifier must not call, else 0. */
int check_outside_page_free(struct hmmu *m);
/** -EBUSY for what only the notifier must not call, else 0. */
static inline int check_outside_notifier(struct hmmu *m)
{
	return m->in_notifier ? check_outside_page_free(m) : 0;
}
/** An internal contradiction: counted, and reported by verify(). */
void hmmu_bug(struct hmmu *m, const char *what);

/** How many pages were ever used, of the first ones of a kind: of private ones, of coherent ones. @{ */
static inline u32 private_high(const struct state *st)
{
	return st->device_high[HMMU_DEVICE_PRIVATE];
}
static inline u32 coherent_high(const struct state *st)
{
	return st->device_high[HMMU_DEVICE_COHERENT] - st->device_pages;
}
/** @} */
/** The lookups of an address space; those of another one that were in their place are forgotten. */
static inline struct lookup *lookup_of(const struct hmmu *m, u32 mm)
{
	struct lookup *lookup = (struct lookup *)&m->lookups[mm % LOOKUPS];

	if (lookup->mm != mm)
		*lookup = (struct lookup){ .mm = mm };
	return lookup;
}
/** @name The record of a number. Functions take numbers, which are named for the record; pointers stay within a function.
 * @{ */
static inline struct page *page_of(const struct hmmu *m, u32 pfn)
{
	return m->pages + pfn;
}
static inline struct mm *mm_of(const struct hmmu *m, u32 mm)
{
	return m->mms + mm;
}
static inline struct task *task_of(const struct hmmu *m, u32 task)
{
	return m->tasks + task;
}
static inline struct vma *vma_of(const struct hmmu *m, u32 vma)
{
	return m->vmas + vma;
}
static inline struct avc *avc_of(const struct hmmu *m, u32 avc)
{
	return m->avcs + avc;
}
static inline struct anon_vma *anon_vma_of(const struct hmmu *m, u32 anon_vma)
{
	return m->anon_vmas + anon_vma;
}
static inline struct file *file_of(const struct hmmu *m, u32 file)
{
	return m->files + file;
}
static inline struct interval *interval_of(const struct hmmu *m, u32 interval)
{
	return m->intervals + interval;
}
/** @} */
static inline void *frame_of(const struct hmmu *m, u32 pfn)
{
	return m->frames + (u64)pfn * PAGE_SIZE;
}
static inline u64 *table_of(const struct hmmu *m, u32 pfn)
{
	return (u64 *)frame_of(m, pfn);
}

#endif
