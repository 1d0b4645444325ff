/* SPDX-License-Identifier: GPL-2.0-only */
/**
 * @file migrate.h
 * migrate_vma() as a context with a stage and a position. Each stage is a loop over a function for one entry; running
 * to the end and stepping use the same ones.
 */
#ifndef HMMU_MIGRATE_H
#define HMMU_MIGRATE_H

#include <string.h>

#include "devmem.h"
#include "lru.h"
#include "mm.h"

/** Up to so many pages need no arrays of their own. */
#define FEW_PAGES 16

struct hmmu_migration {
	struct ctx ctx;
	struct hmmu_migrate_request request;
	u32 vma;
	u32 stage; /**< enum hmmu_stage */
	u64 start, end;
	u64 pos;        /**< entry of the stage's loop */
	u64 npages;     /**< entries collected */
	u64 cpages;     /**< entries still to be migrated */
	u64 restore;    /**< entries whose mappings are to be restored by the stage */
	u64 *src, *dst; /**< the words acted upon; the request's arrays are copies that anyone may scribble over */
	u8 *why;
	u64 mmu_start;              /**< of the notifier range of the pages stage, once it is open */
	u32 fault_page;             /**< page that the fault being handled holds a reference to */
	u64 flush_start, flush_end; /**< what collect has still to flush: 4.14 does it when the table's lock is gone */
	bool restoring;             /**< the loop of prepare or unmap is over, that of its restores runs */
	/* What is known of the pages as long as one call goes on, and nobody else has seen them: */
	bool prepared; /**< collect has taken them all, they are on no LRU list, and none is mapped */
	bool settled;  /**< prepare has found all to be without unknown references, and none is mapped */
	bool allow_drain;
	bool notified;
	bool callbacks_ran;
	bool out_of_bounds;
	bool in_callback;
	bool aborted;
	int err;
	struct hmmu_migration *next;
	/* What follows does not begin as zeros. */
	struct hmmu_error error; /**< of err */
	u64 few[2 * FEW_PAGES];  /**< src and dst of a short range: a fault's, say */
};

/** The last step with a page: device pages lose a reference, others go back to the LRU. */
static inline void put_page_or_lru(struct ctx *ctx, u32 page)
{
	if (is_zone_device_page(ctx->m, page))
		put_device_page(ctx->m, page);
	else
		putback_lru_page(ctx->m, ctx->cpu, page);
}
/** The page in a word, or 0. */
static inline u32 migrate_pfn_to_page(u64 word)
{
	return word & HMMU_PFN_VALID ? (u32)(word >> HMMU_PFN_SHIFT) : 0;
}
/** The page in a word of the migration's own that has one. */
static inline struct page *migrate_word_page(const struct hmmu *m, u64 word)
{
	return m->pages + (word >> HMMU_PFN_SHIFT);
}
/** Entry i does not move, and why. */
__attribute__((cold)) void set_why(struct hmmu_migration *mig, u64 i, enum hmmu_why why);

/** Words of a whole range, or the one of a fault, which is not worth a call. */
static inline void migrate_copy_words(u64 *to, const u64 *from, u64 count)
{
	if (count == 1)
		*to = *from;
	else
		memcpy(to, from, count * sizeof(u64));
}
/** Show entries [from, to) to the request's arrays. */
static inline void migrate_publish(struct hmmu_migration *mig, u64 from, u64 to)
{
	migrate_copy_words(mig->request.src + from, mig->src + from, to - from);
	migrate_copy_words(mig->request.dst + from, mig->dst + from, to - from);
}

/** @name Stages, each over a part of its work: collect over the part of the range under one table, the others over
 * the entries [from, to). Stepping asks for one entry at a time, a run for all.
 * @{ */
/** True when all is collected. */
bool migrate_vma_collect_one(struct hmmu_migration *mig);
void migrate_vma_prepare(struct hmmu_migration *mig, u64 from, u64 to);
void migrate_vma_prepare_restore(struct hmmu_migration *mig, u64 from, u64 to);
void migrate_vma_unmap(struct hmmu_migration *mig, u64 from, u64 to);
void migrate_vma_unmap_restore(struct hmmu_migration *mig, u64 from, u64 to);
void migrate_vma_pages(struct hmmu_migration *mig, u64 from, u64 to);
void migrate_vma_finalize(struct hmmu_migration *mig, u64 from, u64 to);
void migrate_vma_insert_page(struct hmmu_migration *mig, u64 i, u64 address, u32 newpage);
/** @} */

/** Check what the driver left in the request's arrays after alloc_and_copy(), and take dst over. -EINVAL: a rule is
 * broken; then all destinations are taken back, and nothing will move. */
int migrate_accept_driver(struct hmmu_migration *mig);
/** The error of a broken rule. */
int migrate_rule_breach(struct hmmu_migration *mig, u64 i, enum hmmu_rule rule);
/** The migration's result, unless an error came before. */
void migrate_remember_error(struct hmmu_migration *mig, int err);
/** Take back what the driver put into the request's dst. */
void migrate_discard_destinations(struct hmmu_migration *mig);
/** After finalize_and_map() neither array may have changed. */
int migrate_check_unchanged(struct hmmu_migration *mig);

#endif
