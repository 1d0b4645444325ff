/* SPDX-License-Identifier: GPL-2.0-only */
/** @file gup.h follow_page() and get_user_pages() of one page; populating a range. */
#ifndef HMMU_GUP_H
#define HMMU_GUP_H

#include "mm/task.h"
#include "page/page.h"

enum foll_flags {
	FOLL_WRITE = 1,
	FOLL_TOUCH = 2,
	FOLL_GET = 4,
	FOLL_DUMP = 8,
	FOLL_FORCE = 16,
	FOLL_POPULATE = 64,
	FOLL_COW = 0x4000,
	FOLL_SPLIT_PMD = 0x20000, /**< Linux 6.12: split a huge pmd, and follow its ptes */
	FOLL_MLOCK = 0x1000,
	FOLL_UNLOCKABLE = 0x40000, /**< Linux 6.12: the fault may give mmap_lock up to wait for a page */
	FOLL_TRIED = 0x100000,     /**< Linux 6.12: it has done so, and does not do so again */
	FOLL_PIN = 0x80000,        /**< Linux 6.12: in place of FOLL_GET */
	FOLL_LONGTERM = 0x100,     /**< Linux 6.12: the pin may last for ever */
};
/** try_grab_folio(): take what the flags ask for of a page that was found. */
static inline void grab_page(struct hmmu *m, u32 page, u32 flags)
{
	if (flags & FOLL_GET)
		get_page(m, page);
	else if (KERNEL >= V6_12 && (flags & FOLL_PIN))
		page_pin(m, page);
}
/** The page mapped at an address, or 0. *err is -EFAULT for a page that may not be followed. */
static u32 follow_page(struct ctx *ctx, u32 vma, u64 address, u32 flags, int *err, u64 *page_mask);
/** Get the page at an address; fault it in as needed. 0, BLOCKED, -EFAULT, -ENOMEM, -EOPNOTSUPP; *page may be 0 without
 * FOLL_GET. */
static int get_user_page(struct ctx *ctx, u32 vma, u64 address, u32 flags, u32 *page, u64 *page_mask);
/** __mm_populate(), continued at the task's progress. */
static int mm_populate(struct ctx *ctx, u64 start, u64 end);
/** Populate a part of one mapping; *start moves on. 0 also if it ended early after at least one page. */
static int populate_vma_page_range(struct ctx *ctx, u32 vma, u64 *start, u64 end);
/** MADV_POPULATE_READ and _WRITE of a part of one mapping, as populate_vma_page_range(). -EINVAL: its rights forbid it. */
static int faultin_page_range(struct ctx *ctx, u32 vma, u64 *start, u64 end, bool write);

#endif
