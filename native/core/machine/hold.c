/* SPDX-License-Identifier: GPL-2.0-only */
/* hold() and isolate(), which stand for other users of a page: those that lock it, and those that take it off its list. */
#include <errno.h>

#include "page/devmem.h"
#include "page/lru.h"

static int page_at(struct hmmu *m, u32 pid, u64 address, u32 *pfn)
{
	struct hmmu_entry entry;
	int err = check_outside_notifier(m);

	if (!err)
		err = hmmu_dump(m, pid, address, 1, &entry);
	if (err)
		return err;
	/* As the drills of 6.12 have it: also the page in the swap cache. */
	if (KERNEL >= V6_12 && entry.kind == HMMU_ENTRY_SWAP && entry.pfn) {
		*pfn = entry.pfn;
		return 0;
	}
	if (entry.kind != HMMU_ENTRY_SYS && entry.kind != HMMU_ENTRY_HUGE && entry.kind != HMMU_ENTRY_DEV &&
	    entry.kind != HMMU_ENTRY_COH && entry.kind != HMMU_ENTRY_EXCL)
		return hmmu_fail(m, -ENOENT, HMMU_ERR_SYSCALL, "no page is mapped at %#llx",
				 (unsigned long long)address);
	*pfn = entry.pfn;
	return 0;
}

static int no_such_reference(struct hmmu *m, u32 pfn, const char *what)
{
	return hmmu_fail(m, -EINVAL, HMMU_ERR_REFERENCE, "page %u is not %s", pfn, what);
}

static bool has_user(const struct hmmu *m, u32 pfn, enum page_user user)
{
	return pfn && pfn < m->pfn_end && (page_of(m, pfn)->flags & user);
}

int hmmu_hold(struct hmmu *m, uint32_t pid, uint64_t address, uint32_t *pfn)
{
	u32 page = 0;
	int err = page_at(m, pid, address, &page);

	if (err)
		return err;
	if (!trylock_page(m, page))
		return hmmu_fail(m, -EBUSY, HMMU_ERR_SYSCALL, "the page at %#llx is locked",
				 (unsigned long long)address);
	get_page(m, page);
	page_of(m, page)->flags |= PAGE_USER_HELD;
	*pfn = page;
	return 0;
}

int hmmu_release(struct hmmu *m, uint32_t pfn)
{
	if (m->in_notifier)
		return check_outside_notifier(m);
	if (!has_user(m, pfn, PAGE_USER_HELD))
		return no_such_reference(m, pfn, "held");
	page_of(m, pfn)->flags &= ~(u32)PAGE_USER_HELD;
	unlock_page(m, pfn);
	put_page(m, pfn);
	return 0;
}

int hmmu_isolate(struct hmmu *m, uint32_t pid, uint64_t address, uint32_t *pfn)
{
	u32 page = 0;
	int err = page_at(m, pid, address, &page);

	if (err)
		return err;
	page = compound_head(m, page);
	if (!isolate_lru_page(m, page))
		return hmmu_fail(m, -EBUSY, HMMU_ERR_SYSCALL, "the page at %#llx is on no LRU list",
				 (unsigned long long)address);
	page_of(m, page)->flags |= PAGE_USER_ISOLATED;
	*pfn = page;
	return 0;
}

int hmmu_putback(struct hmmu *m, uint32_t pfn)
{
	if (m->in_notifier)
		return check_outside_notifier(m);
	if (!has_user(m, pfn, PAGE_USER_ISOLATED))
		return no_such_reference(m, pfn, "isolated");
	page_of(m, pfn)->flags &= ~(u32)PAGE_USER_ISOLATED;
	putback_lru_page(m, 0, pfn);
	return 0;
}
