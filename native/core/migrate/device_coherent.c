/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A device-coherent page goes to RAM before a long-term pin of it ("mm/gup: migrate device coherent pages when pinning instead of
 * failing"): a device could not take its memory back while the pin lasts. Linux 6.12.
 */
#include "migrate/device_coherent.h"

#include <errno.h>

#include "migrate/record.h"
#include "migrate/stages.h"

/* A migration of the one page, which is past collect. Its driver is the built-in one. */
static void coherent_migration_init(struct hmmu_migration *mig, const struct ctx *ctx, u32 page, u64 *words,
				    struct hmmu_builtin *to_ram)
{
	mig->ctx = *ctx;
	mig->request =
		(struct hmmu_migrate_request){ .src = words, .dst = words + 1, .ops = &builtin_ops, .data = to_ram };
	mig->first = page;
	mig->start = (u64)page << PAGE_SHIFT;
	mig->end = mig->start + PAGE_SIZE;
	mig->allow_drain = true;
	mig->stage = HMMU_STAGE_UNMAP;
	mig->src[0] = hmmu_word(page, HMMU_PFN_MIGRATE);
	mig->dst[0] = 0;
	mig->npages = mig->cpages = 1;
}

int migrate_device_coherent_page(struct ctx *ctx, u32 page)
{
	struct hmmu *m = ctx->m;
	struct hmmu_builtin to_ram = { .to = HMMU_TO_SYSTEM };
	struct hmmu_migration *mig = migration_alloc(m, 1);
	u64 words[2] = { 0 };

	if (!mig) {
		unlock_page(m, page);
		put_page(m, page);
		return -ENOMEM;
	}
	coherent_migration_init(mig, ctx, page, words, &to_ram);
	stages_run(mig, HMMU_STAGE_DONE, false);
	migration_free(mig);
	return words[0] & HMMU_PFN_MIGRATE ? 0 : -EBUSY;
}
