/* SPDX-License-Identifier: GPL-2.0-only */
/* make_device_exclusive_range() of one page. Linux 6.12. */
#include <errno.h>

#include "call/syscall.h"
#include "fault/gup.h"
#include "mm/vma.h"
#include "rmap/device_exclusive.h"

/* Lock the page that get_user_pages() has found, and make it exclusive; if that fails, put it. Later parts of a large page
 * are refused. */
static bool lock_exclusive(struct ctx *ctx, u32 page, u32 vma, u64 address, u64 owner)
{
	struct hmmu *m = ctx->m;

	if (!page_test(m, page, HMMU_PG_TAIL) && trylock_page(m, page)) {
		if (folio_make_device_exclusive(ctx, page, vma, address, owner))
			return true;
		unlock_page(m, page);
	}
	put_page(m, page);
	return false;
}

/* The counter of drivers' references has no room for one more. */
static int fail_full(struct hmmu *m, u32 page)
{
	put_page(m, page);
	hmmu_fail(m, -ENOMEM, HMMU_ERR_OUT_OF_SLOTS, "drivers have %u references to page %u, and no room for more",
		  UINT16_MAX, page);
	return -ENOMEM;
}

static int fail_gup(const struct ctx *ctx, u64 address, int err)
{
	if (err != BLOCKED)
		hmmu_fail(ctx->m, err, err == -ENOMEM ? out_of_memory_code(ctx) : HMMU_ERR_SYSCALL,
			  "make_device_exclusive_range() of %#llx fails with %s", (unsigned long long)address,
			  errno_name(err));
	return err;
}

/* *page becomes 0 for a page that can't be made exclusive. */
static int make_exclusive_at(struct ctx *ctx, u64 address, u64 owner, u32 *page)
{
	struct hmmu *m = ctx->m;
	u64 page_mask;
	u32 vma;
	int err = down_read(ctx);

	if (err)
		return err;
	vma = vma_at(m, ctx->mm, address);
	if (vma)
		err = get_user_page(ctx, vma, address, FOLL_TOUCH | FOLL_GET | FOLL_WRITE | FOLL_SPLIT_PMD, page,
				    &page_mask);
	else
		err = -EFAULT;
	if (err)
		return fail_gup(ctx, address, err);
	if (m->pins[*page].exclusive == UINT16_MAX)
		return fail_full(m, *page);
	if (!lock_exclusive(ctx, *page, vma, address, owner))
		*page = 0;
	return 0;
}

int hmmu_make_device_exclusive(struct hmmu *m, uint32_t tid, uint64_t address, uint64_t owner, uint32_t *pfn)
{
	const struct call call = { .op = OP_EXCLUSIVE, .args = { address, owner } };
	struct ctx ctx;
	u32 page = 0;
	int err = check_span(m, address, 1);

	if (!err && KERNEL < V6_12)
		err = hmmu_fail(m, -EINVAL, HMMU_ERR_INVALID_ARGUMENT,
				"Linux 6.12 has make_device_exclusive_range(), and this kernel has not");
	if (!err)
		err = task_enter(m, tid, call, &ctx);
	if (KERNEL < V6_12 || err)
		return err;
	err = make_exclusive_at(&ctx, address & PAGE_MASK, owner, &page);
	if (!err && page) {
		page_set(m, page, PAGE_USER_DRIVER_LOCK);
		m->pins[page].exclusive++;
	}
	if (!err)
		*pfn = page;
	return task_leave(&ctx, call, err);
}
