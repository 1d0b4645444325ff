/* SPDX-License-Identifier: GPL-2.0-only */
/* The migrations of a machine that was restored or cloned: who they are, and how a driver takes one over. */
#include <errno.h>

#include "migrate/record.h"

/* Operations that are not known yet. Nothing calls them: the migration is barred. */
static int adopted_by_nobody(struct hmmu_migration *mig, void *data)
{
	(void)mig;
	(void)data;
	return -ECANCELED;
}

static const struct hmmu_migrate_ops ops_to_be_given = { .alloc_and_copy = adopted_by_nobody };

int hmmu_migrations(const struct hmmu *m, struct hmmu_migration **out, uint32_t capacity)
{
	u32 count = 0, place;

	for (const struct hmmu_migration *mig = m->migrations; mig; mig = mig->next)
		count++;
	place = count;
	for (struct hmmu_migration *mig = m->migrations; mig; mig = mig->next)
		if (--place < capacity)
			out[place] = mig;
	return (int)count;
}

void hmmu_migration_request(const struct hmmu_migration *mig, struct hmmu_migrate_request *out)
{
	*out = mig->request;
	out->start = mig->start;
	out->end = mig->end;
	out->why = mig->why;
}

static int check_adoption(struct hmmu_migration *mig, const struct hmmu_migrate_request *request)
{
	struct hmmu *m = mig->ctx.m;

	if (m->in_page_free)
		return check_outside_page_free(m);
	if (mig->barred != BAR_RESTORED)
		return hmmu_fail(m, -EINVAL, HMMU_ERR_ORDER, "the migration has its arrays and its driver already");
	if (!request->src || !request->dst || !request->why != !mig->why)
		return hmmu_fail(m, -EINVAL, HMMU_ERR_INVALID_ARGUMENT,
				 "src and dst are needed, and why if the migration began with one");
	if (!request->ops != !mig->request.ops)
		return hmmu_fail(m, -EINVAL, HMMU_ERR_INVALID_ARGUMENT,
				 request->ops ? "the migration began without operations: its driver calls"
					      : "the migration began with operations, which are missing");
	if (request->ops && !request->ops->alloc_and_copy)
		return hmmu_fail(m, -EINVAL, HMMU_ERR_INVALID_ARGUMENT, "the operations have no alloc_and_copy()");
	return 0;
}

int hmmu_migrate_adopt(struct hmmu_migration *mig, const struct hmmu_migrate_request *request)
{
	u64 pages = (mig->end - mig->start) >> PAGE_SHIFT;
	u64 *stand_ins = mig->request.src;
	int err = check_adoption(mig, request);

	if (err)
		return err;
	migrate_copy_words(request->src, mig->request.src, pages);
	migrate_copy_words(request->dst, mig->request.dst, pages);
	if (mig->why)
		memcpy(request->why, mig->why, pages);
	mig->request.src = request->src;
	mig->request.dst = request->dst;
	mig->request.why = mig->why = request->why;
	mig->request.ops = migrate_ops(request->ops);
	mig->request.data = request->data;
	mig->barred = BAR_NONE;
	array_give_back(&mig->ctx.m->migration_pool, stand_ins, stand_in_room(pages));
	return 0;
}
