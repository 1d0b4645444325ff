/* SPDX-License-Identifier: GPL-2.0-only */
/** @file word.h The words of src and dst, and the pages in them. */
#ifndef HMMU_WORD_H
#define HMMU_WORD_H

#include <string.h>

#include "host/migration.h"
#include "page/devmem.h"
#include "page/lru.h"

/** The migration's last step with a page: put a device page, put any other page back on the LRU. */
static inline void put_page_or_lru(struct ctx *ctx, u32 page)
{
	if (is_zone_device_page(ctx->m, page))
		put_device_page(ctx->m, page);
	else
		putback_lru_page(ctx->m, ctx->cpu, page);
}
/** unlock_page(), and the last step. A page of RAM goes by the CPU's lru_add_pvec(). */
static ALWAYS_INLINE void unlock_and_put(struct hmmu_migration *mig, struct pagevec *pvec, u32 page)
{
	struct hmmu *m = mig->ctx.m;

	if (is_zone_device_page(m, page))
		unlock_and_put_device_page(m, page);
	else
		unlock_and_putback(m, mig->ctx.cpu, pvec, page);
}
/** The page in a word, or 0. */
static inline u32 migrate_pfn_to_page(u64 word)
{
	return word & HMMU_PFN_VALID ? (u32)(word >> HMMU_PFN_SHIFT) : 0;
}
/** The page of one of the migration's own words; the word must have one. */
static inline struct page *migrate_word_page(const struct hmmu *m, u64 word)
{
	return m->pages + (word >> HMMU_PFN_SHIFT);
}
/** Empty words. A fault has a single one, which is not worth a call of memset(). */
static inline void migrate_clear_words(u64 *words, u64 count)
{
	if (count == 1)
		*words = 0;
	else
		memset(words, 0, count * sizeof(u64));
}
/** Copy words. A fault has a single one, which is not worth a call of memcpy(). */
static inline void migrate_copy_words(u64 *to, const u64 *from, u64 count)
{
	if (count == 1)
		*to = *from;
	else
		memcpy(to, from, count * sizeof(u64));
}
/** Copy entries [from, to) to the request's arrays, where the driver sees them. */
static inline void migrate_publish(struct hmmu_migration *mig, u64 from, u64 to)
{
	migrate_copy_words(mig->request.src + from, mig->src + from, to - from);
	migrate_copy_words(mig->request.dst + from, mig->dst + from, to - from);
}

#endif
