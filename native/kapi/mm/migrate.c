/* SPDX-License-Identifier: GPL-2.0-only */
/* Migration. The machine works on the driver's own arrays: words of Linux 6.12 are alike in both. */
#include <linux/migrate.h>

#include "host/host.h"
#include "log/report.h"
#include "mm/core.h"
#include "mm/mm.h"
#include "mm/page.h"

_Static_assert(MIGRATE_PFN_VALID == HMMU_PFN_VALID && MIGRATE_PFN_MIGRATE == HMMU_PFN_MIGRATE &&
		       MIGRATE_PFN_WRITE == HMMU_PFN_WRITE && MIGRATE_PFN_SHIFT == HMMU_PFN_SHIFT,
	       "the machine and the kernel have one kind of words");
_Static_assert((int)MIGRATE_VMA_SELECT_SYSTEM == (int)HMMU_SELECT_SYSTEM &&
		       (int)MIGRATE_VMA_SELECT_DEVICE_PRIVATE == (int)HMMU_SELECT_DEVICE_PRIVATE,
	       "the machine and the kernel select alike");

/* The driver's pages are the migration's from now on. */
static void take_over(const unsigned long *dst, unsigned long pages)
{
	for (unsigned long i = 0; i < pages; i++)
		if (dst[i] & MIGRATE_PFN_VALID && pfn_valid(dst[i] >> MIGRATE_PFN_SHIFT))
			page_note_taken_over(migrate_pfn_to_page(dst[i]));
}

/* --- by address --- */

int kapi_migrate_vma_setup(struct migrate_vma *args, const struct kapi_place *place)
{
	struct hmmu_migrate_request request = {
		.start = args->start,
		.end = args->end,
		.src = args->src,
		.dst = args->dst,
		.flags = (u32)args->flags,
		.fault_page = args->fault_page ? (u32)page_to_pfn(args->fault_page) : 0,
		.owner = (u64)args->pgmap_owner,
	};
	struct hmmu_migration_state state;
	int err;

	kapi_might_sleep(place);
	args->kapi_migration = NULL;
	if (!args->vma || !args->src || !args->dst)
		return -EINVAL;
	mm_need_lock(args->vma->vm_mm, "migrate_vma_setup", place);
	request.tid = mm_task(args->vma->vm_mm, place);
	if (!request.tid)
		return -EINVAL;
	err = CORE_CALL(request.tid, place, hmmu_migrate_vma_setup(machine, &request, &args->kapi_migration));
	if (err)
		return err;
	args->start &= PAGE_MASK;
	args->end &= PAGE_MASK;
	hmmu_migrate_state(args->kapi_migration, &state);
	args->npages = state.npages;
	args->cpages = state.cpages;
	return 0;
}

static bool is_set_up(const struct migrate_vma *args, const char *call, const struct kapi_place *place)
{
	if (args->kapi_migration)
		return true;
	report(KAPI_CHECK_BAD_CALL, place, "%s() without migrate_vma_setup()", call);
	return false;
}

void kapi_migrate_vma_pages(struct migrate_vma *args, const struct kapi_place *place)
{
	kapi_might_sleep(place);
	if (!is_set_up(args, "migrate_vma_pages", place))
		return;
	if (hmmu_migrate_vma_pages(args->kapi_migration))
		core_refused(place, "migrate_vma_pages");
	take_over(args->dst, args->npages);
}

/* A kernel finalizes whatever has been done; what has not, is given up. */
static void finalize(struct hmmu_migration *migration, const char *call, const struct kapi_place *place)
{
	struct hmmu_migration_state state;

	hmmu_migrate_state(migration, &state);
	if (state.stage <= HMMU_STAGE_PAGES && state.cpages) {
		report(KAPI_CHECK_BAD_CALL, place, "%s: the pages were never moved", call);
		hmmu_migrate_end(migration);
	} else if (hmmu_migrate_end(migration)) {
		core_refused(place, call);
	}
}

void kapi_migrate_vma_finalize(struct migrate_vma *args, const struct kapi_place *place)
{
	kapi_might_sleep(place);
	if (!is_set_up(args, "migrate_vma_finalize", place))
		return;
	finalize(args->kapi_migration, "migrate_vma_finalize", place);
	args->kapi_migration = NULL;
}

/* --- by page --- */

/** A migration of device pages. The driver gives its destinations later, in an array that is not known before. */
struct device_migration {
	struct list_head node;
	struct hmmu_migration *migration;
	const unsigned long *src; /**< the driver knows it by this */
	unsigned long *dst;
	unsigned long pages;
};

static LIST_HEAD(device_migrations);

static struct device_migration *find_device_migration(const unsigned long *src, unsigned long pages, const char *call,
						      const struct kapi_place *place)
{
	struct device_migration *migration;

	list_for_each_entry(migration, &device_migrations,
			    node) if (migration->src == src && migration->pages == pages) return migration;
	report(KAPI_CHECK_BAD_CALL, place, "%s() without migrate_device_range()", call);
	return NULL;
}

static void free_device_migration(struct device_migration *migration)
{
	host_free(migration->dst);
	host_free(migration);
}

int kapi_migrate_device_range(unsigned long *src, unsigned long first, unsigned long pages,
			      const struct kapi_place *place)
{
	struct device_migration *made = host_alloc(sizeof(*made));
	struct hmmu_device_range range = { .first = (u32)first, .pages = (u32)pages, .src = src };
	int err;

	kapi_might_sleep(place);
	if (made)
		made->dst = host_alloc(pages * sizeof(*made->dst));
	if (!made || !made->dst) {
		report(KAPI_CHECK_LIMIT, place, "the host has no memory for a migration");
		host_abort();
	}
	range.dst = made->dst;
	err = hmmu_migrate_device_range(machine, &range, &made->migration);
	if (err) {
		core_refused(place, "migrate_device_range");
		free_device_migration(made);
		return err;
	}
	made->src = src;
	made->pages = pages;
	list_add(&made->node, &device_migrations);
	return 0;
}

void kapi_migrate_device_pages(unsigned long *src, unsigned long *dst, unsigned long pages,
			       const struct kapi_place *place)
{
	struct device_migration *migration = find_device_migration(src, pages, "migrate_device_pages", place);

	kapi_might_sleep(place);
	if (!migration)
		return;
	memcpy(migration->dst, dst, pages * sizeof(*dst));
	if (hmmu_migrate_vma_pages(migration->migration))
		core_refused(place, "migrate_device_pages");
	take_over(dst, pages);
}

void kapi_migrate_device_finalize(unsigned long *src, unsigned long *dst, unsigned long pages,
				  const struct kapi_place *place)
{
	struct device_migration *migration = find_device_migration(src, pages, "migrate_device_finalize", place);

	(void)dst;
	kapi_might_sleep(place);
	if (!migration)
		return;
	list_del(&migration->node);
	finalize(migration->migration, "migrate_device_finalize", place);
	free_device_migration(migration);
}
