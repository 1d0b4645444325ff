/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The three calls of a driver of Linux 6.12 ("mm: turn migrate_vma upside down"). Each runs the stages up to its own, so a
 * migration by calls and one by callbacks are the same to the stages.
 */
#include <errno.h>

#include "migrate/migrate.h"

static int fail_order(struct hmmu_migration *mig, const char *text)
{
	return hmmu_fail(mig->ctx.m, -EINVAL, HMMU_ERR_ORDER, "%s", text);
}

/* Collect and unmap. A setup cannot fail after its arguments are checked. */
static int set_up(int err, struct hmmu_migration **mig)
{
	return err ? err : hmmu_migrate_run(*mig, HMMU_STAGE_UNMAP);
}

static int fail_4_14(struct hmmu *m)
{
	return hmmu_fail(m, -EINVAL, HMMU_ERR_INVALID_ARGUMENT,
			 "Linux 4.14 has no migrate_vma_setup(): give operations to migrate_vma()");
}

int hmmu_migrate_vma_setup(struct hmmu *m, const struct hmmu_migrate_request *request, struct hmmu_migration **mig)
{
	return KERNEL >= V6_12 ? set_up(hmmu_migrate_begin(m, request, mig), mig) : fail_4_14(m);
}

int hmmu_migrate_device_range(struct hmmu *m, const struct hmmu_device_range *range, struct hmmu_migration **mig)
{
	return set_up(hmmu_migrate_device_begin(m, range, mig), mig);
}

int hmmu_migrate_vma_pages(struct hmmu_migration *mig)
{
	int err;

	if (mig->stage == HMMU_STAGE_DONE)
		return 0;
	if (mig->stage != HMMU_STAGE_ALLOC_AND_COPY)
		return fail_order(mig, mig->stage < HMMU_STAGE_ALLOC_AND_COPY
					       ? "migrate_vma_pages() comes after migrate_vma_setup()"
					       : "migrate_vma_pages() has been called before");
	mig->dst_is_ready = true;
	err = hmmu_migrate_run(mig, HMMU_STAGE_PAGES);
	mig->dst_is_ready = !err;
	if (err)
		return err;
	if (mig->err)
		mig->ctx.m->error = mig->error;
	return mig->err;
}

int hmmu_migrate_vma_finalize(struct hmmu_migration *mig)
{
	if (mig->stage <= HMMU_STAGE_PAGES)
		return fail_order(mig, "migrate_vma_finalize() comes after migrate_vma_pages()");
	return hmmu_migrate_end(mig);
}
