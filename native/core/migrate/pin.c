/* SPDX-License-Identifier: GPL-2.0-only */
/* get_user_pages() and pin_user_pages() of one page, as the caller of the machine makes them, and their undoing. */
#include <errno.h>

#include "call/syscall.h"
#include "fault/gup.h"
#include "migrate/device_coherent.h"
#include "mm/mm.h"
#include "mm/vma.h"

static int check_flags(struct hmmu *m, u32 flags)
{
	if (flags & ~(u32)(HMMU_PIN_WRITE | HMMU_PIN_DMA | HMMU_PIN_LONGTERM))
		return hmmu_fail(m, -EINVAL, HMMU_ERR_INVALID_ARGUMENT,
				 "flags %#x of a pin: there are %d (write), %d (DMA) and %d (long-term)", flags,
				 HMMU_PIN_WRITE, HMMU_PIN_DMA, HMMU_PIN_LONGTERM);
	if ((flags & (HMMU_PIN_DMA | HMMU_PIN_LONGTERM)) == HMMU_PIN_LONGTERM)
		return hmmu_fail(m, -EINVAL, HMMU_ERR_INVALID_ARGUMENT, "a long-term pin is one for DMA: flags %#x",
				 flags);
	return 0;
}

static int check_kernel_has(struct hmmu *m, u32 flags)
{
	if (KERNEL >= V6_12 || !(flags & HMMU_PIN_DMA))
		return 0;
	return hmmu_fail(m, -EINVAL, HMMU_ERR_INVALID_ARGUMENT,
			 "a pin for DMA is one by pin_user_pages(): Linux 6.12 has it, and this kernel has not");
}

static int get_page_at(struct ctx *ctx, u64 address, u32 flags, u32 *pfn)
{
	struct hmmu *m = ctx->m;
	u32 foll = flags & HMMU_PIN_DMA ? FOLL_PIN : FOLL_TOUCH | FOLL_GET, vma;
	u64 page_mask;
	int err = down_read(ctx);

	if (err)
		return err;
	if (flags & HMMU_PIN_DMA)
		mm_of(m, ctx->mm)->has_pinned = 1;
	if (flags & HMMU_PIN_WRITE)
		foll |= FOLL_WRITE;
	if (flags & HMMU_PIN_LONGTERM)
		foll |= FOLL_LONGTERM;
	vma = vma_at(m, ctx->mm, address);
	if (!vma)
		return -EFAULT;
	return get_user_page(ctx, vma, address & PAGE_MASK, foll, pfn, &page_mask);
}

/* Give up what hmmu_pin() has got with these flags. */
static void put_user_page(struct hmmu *m, u32 page, u32 flags)
{
	if (KERNEL >= V6_12 && (flags & HMMU_PIN_DMA))
		page_unpin(m, page);
	else
		put_page(m, page);
}

/* migrate_longterm_unpinnable_folios(): the pin becomes a reference, so that the page can move. 0: GUP begins anew. */
static int move_unpinnable_page(struct ctx *ctx, u32 page)
{
	struct hmmu *m = ctx->m;

	get_page(m, page);
	page_unpin(m, page);
	if (!trylock_page(m, page))
		return wait_on_page(ctx, page, true, RESUME_RETRY);
	return migrate_device_coherent_page(ctx, page);
}

/* __gup_longterm_locked(). A page of RAM is pinned where it is, as there are no movable zones here. */
static int get_page_longterm(struct ctx *ctx, u64 address, u32 flags, u32 *pfn)
{
	for (;;) {
		int err = get_page_at(ctx, address, flags, pfn);

		if (err || !is_device_coherent_page(ctx->m, *pfn))
			return err;
		err = move_unpinnable_page(ctx, *pfn);
		if (err)
			return err;
		ctx->resume = RESUME_RETRY;
	}
}

/* The number of pins of this kind. */
static u16 *pins_of(struct hmmu *m, u32 page, u32 flags)
{
	return flags & HMMU_PIN_DMA ? &m->pins[page].dma : &m->pins[page].get;
}

int hmmu_pin(struct hmmu *m, uint32_t tid, uint64_t address, uint32_t flags, uint32_t *pfn)
{
	const struct call call = { .op = OP_PIN, .args = { address, flags } };
	struct ctx ctx;
	u32 page = 0;
	int err = check_span(m, address, 1);

	if (!err)
		err = check_flags(m, flags);
	if (!err)
		err = check_kernel_has(m, flags);
	if (!err)
		err = task_enter(m, tid, call, &ctx);
	if (err)
		return err;
	if (KERNEL >= V6_12 && flags & HMMU_PIN_LONGTERM)
		err = get_page_longterm(&ctx, address, flags, &page);
	else
		err = get_page_at(&ctx, address, flags, &page);
	if (!err && *pins_of(m, page, flags) == UINT16_MAX) {
		put_user_page(m, page, flags);
		hmmu_fail(m, -ENOMEM, HMMU_ERR_OUT_OF_SLOTS, "page %u has %u pins, and no room for more", page,
			  UINT16_MAX);
		err = -ENOMEM;
	} else if (!err) {
		++*pins_of(m, page, flags);
		*pfn = page;
	} else if (err != BLOCKED) {
		hmmu_fail(m, err, err == -ENOMEM ? out_of_memory_code(&ctx) : HMMU_ERR_SYSCALL,
			  "get_user_pages() of %#llx fails with %s", (unsigned long long)address, errno_name(err));
	}
	return task_leave(&ctx, call, err);
}

int hmmu_unpin(struct hmmu *m, uint32_t pfn, uint32_t flags)
{
	int err = m->in_notifier ? check_outside_notifier(m) : check_flags(m, flags);

	if (err)
		return err;
	if (!pfn || pfn >= m->pfn_end || !*pins_of(m, pfn, flags))
		return hmmu_fail(m, -EINVAL, HMMU_ERR_REFERENCE, "page %u is not pinned%s", pfn,
				 flags & HMMU_PIN_DMA ? " for DMA" : "");
	--*pins_of(m, pfn, flags);
	put_user_page(m, pfn, flags);
	return 0;
}
