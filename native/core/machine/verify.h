/* SPDX-License-Identifier: GPL-2.0-only */
/** @file verify.h The tallies of verify(), and its parts. */
#ifndef HMMU_VERIFY_H
#define HMMU_VERIFY_H

#include "machine/snapshot.h"
#include "page/page.h"

/** Counts of a page. References and locks of tails are their head's. */
struct page_tally {
	int32_t refs;
	int32_t maps;   /**< by ptes and device-private entries */
	int32_t huge;   /**< by huge pmds, of a head */
	int32_t absent; /**< entries that do not map it: migration entries, device-exclusive ones */
	uint16_t locks;
	bool on_lru;
	bool mlock_explained; /**< something has a right to the mark PG_mlocked */
	bool huge_writer;     /**< the writer is a huge pmd */
	bool dirty;           /**< a pte is dirty: who unmaps the page marks it */
	u32 writer;           /**< the mapping of an entry that may write to the page, or 0 */
	u64 writer_address;   /**< of that entry */
};

struct verify {
	struct hmmu *m;
	struct page_tally *pages;    /**< of those that were ever used */
	u32 *chain_of;               /**< of each anon_vma: the mapping in whose chain it was met last */
	u32 too_few;                 /**< a page with fewer references than users, or 0 */
	u32 *swap_entries;           /**< of each slot */
	u32 swap_cached;             /**< pages that say they are in the swap cache */
	u64 tables;                  /**< frames that are page tables of some process */
	u64 hugetlb_reserved;        /**< reservations that mappings have not used */
	bool munlocks;               /**< some task is in a munlock() that waits */
	struct holder_list *holders; /**< hmmu_holders(): whom to list; NULL: nobody */
	int complaints;
	hmmu_report_fn report;
	void *data;
};

/** A list of holders that is being made: of one page and of those that share its references, or of all pages. */
struct holder_list {
	struct hmmu_holder *out;
	u32 capacity, count;
	u32 head; /**< of the pages in question, 0: all pages */
};

/** Room for the text of a complaint. */
#define VERIFY_TEXT 200

/** hmmu_verify(); @p *too_few is a page that has fewer references than users, or 0. -ENOMEM without an error. */
static int verify_machine(struct hmmu *m, hmmu_report_fn report, void *data, u32 *too_few);
static void complain(struct verify *v, const char *format, ...) __attribute__((format(printf, 2, 3)));
static inline struct page_tally *tally(struct verify *v, u32 pfn)
{
	return &v->pages[used_index(v->m, pfn)];
}
/** The next frame that was ever used: of RAM up to the last block opened, of the hugetlb pool and the devices up to the
 * highest page in use. */
static inline u32 next_used(const struct hmmu *m, u32 pfn)
{
	pfn++;
	if (pfn >= ram_used(m) && pfn < m->hugetlb_base)
		pfn = m->hugetlb_base;
	if (pfn >= m->hugetlb_base + pool_used(m) && pfn < m->device_base)
		pfn = m->device_base;
	if (pfn >= m->device_base + private_high(m->st) && pfn < m->coherent_base)
		pfn = m->coherent_base;
	if (pfn >= m->coherent_base + coherent_high(m->st) && pfn < m->other_device_base)
		pfn = m->other_device_base;
	return pfn;
}
/** Put a holder on the list, unless its page is none of those in question. */
static void note_holder(struct verify *v, const struct hmmu_holder *holder);
/** Somebody has references to a page, or its lock. */
static inline void tally_holder(struct verify *v, struct hmmu_holder holder)
{
	struct page_tally *t = tally(v, compound_head(v->m, holder.pfn));

	t->refs += holder.refs;
	t->locks += holder.lock;
	if (v->holders)
		note_holder(v, &holder);
}
/** One reference of a holder that is known by a number and a place; both may be 0. */
static inline void tally_ref(struct verify *v, u32 pfn, enum hmmu_holder_kind kind, u32 id, u64 at)
{
	tally_holder(v, (struct hmmu_holder){ .pfn = pfn, .kind = kind, .refs = 1, .count = 1, .at = at, .id = id });
}
/** Holders of one kind, of whom only the number is known. @p each: the references of one. */
static inline void tally_refs(struct verify *v, u32 pfn, enum hmmu_holder_kind kind, u32 count, int32_t each)
{
	if (count)
		tally_holder(v, (struct hmmu_holder){
					.pfn = pfn, .kind = kind, .refs = (int32_t)count * each, .count = count });
}

/** Memory for the tallies of a machine; false: the host has none. It is freed in both cases. */
static bool tallies_alloc(struct verify *v);
static void tallies_free(struct verify *v);
/** Recount all references, map counts and locks. */
static void tally_all(struct verify *v);

/** Mappings, tables, RSS, rmap of one process. */
static void verify_mm(struct verify *v, u32 mm);
/** An entry of private memory that may write: note it, for verify_writer(). @p pfn is 0 for an entry without a page. */
static void verify_write(struct verify *v, u32 vma, u64 address, u32 pfn, u64 entry);
/** Whether an entry may write to a page that has other users; each entry has been counted. */
static void verify_writer(struct verify *v, u32 pfn);
/** LRU lists and pagevecs. */
static void verify_lru(struct verify *v);
/** References that users, drivers, migrations and waiting tasks hold. */
static void verify_holders(struct verify *v);
/** Each page against its tally. */
static void verify_pages(struct verify *v);
/** mmap_sem, waiters. */
static void verify_locks(struct verify *v);
/** Whether no flush has made a cached translation void. */
static bool tlb_entry_counts(const struct hmmu *m, const struct tlb_entry *entry);
/** Translations that CPUs keep, against the tables. */
static void verify_tlb(struct verify *v);
/** Free lists, the device's bitmap, the lists of reverse maps. */
static void verify_lists(struct verify *v);
/** Interval notifiers. */
static void verify_intervals(struct verify *v);
/** The hugetlb pool: its free list and its counters. */
static void verify_hugetlb(struct verify *v);
/** Swap slots and the swap cache; and one swap entry. */
static void verify_swap(struct verify *v);
static void verify_swap_entry(struct verify *v, u32 mm, u64 address, u32 slot);

#endif
