/* SPDX-License-Identifier: GPL-2.0-only */
/* get_user_pages() and pin_user_pages(). */
#include <linux/kernel.h>
#include <linux/mm.h>
#include <linux/sched.h>

#include "log/report.h"
#include "mm/core.h"
#include "mm/mm.h"
#include "mm/page.h"

static bool arguments_fit(unsigned int how, unsigned int flags, struct page **pages, const struct kapi_place *place)
{
	if (flags & ~(FOLL_WRITE | FOLL_LONGTERM))
		report(KAPI_CHECK_LIMIT, place, "flags %#x are not emulated: FOLL_WRITE and FOLL_LONGTERM are", flags);
	else if (flags & FOLL_LONGTERM && !(how & KAPI_GUP_PIN))
		report(KAPI_CHECK_BAD_CALL, place, "FOLL_LONGTERM is for pin_user_pages()");
	else if (!pages)
		report(how & KAPI_GUP_PIN ? KAPI_CHECK_BAD_CALL : KAPI_CHECK_LIMIT, place,
		       "there is no array for pages");
	else
		return true;
	return false;
}

static void check_lock(unsigned int how, const struct mm_struct *mm, const struct kapi_place *place)
{
	kapi_might_sleep(place);
	if (!(how & KAPI_GUP_FAST))
		mm_need_lock(mm, how & KAPI_GUP_PIN ? "pin_user_pages" : "get_user_pages", place);
	else
		mm_might_lock(mm, place);
}

long kapi_gup(unsigned int how, unsigned long start, unsigned long count, unsigned int flags, struct page **pages,
	      const struct kapi_place *place)
{
	u32 core_flags = (flags & FOLL_WRITE ? HMMU_PIN_WRITE : 0) | (how & KAPI_GUP_PIN ? HMMU_PIN_DMA : 0) |
			 (flags & FOLL_LONGTERM ? HMMU_PIN_LONGTERM : 0);
	struct mm_struct *mm = current->mm;
	u32 tid, pfn;
	unsigned long i;

	if (!arguments_fit(how, flags, pages, place))
		return -EINVAL;
	check_lock(how, mm, place);
	tid = mm_task(mm, place);
	if (!tid)
		return -EFAULT;
	for (i = 0; i < count; i++) {
		int err = CORE_CALL(tid, place, hmmu_pin(machine, tid, start + i * PAGE_SIZE, core_flags, &pfn));

		if (err)
			return i ? (long)i : err;
		pages[i] = pfn_to_page(pfn);
		page_note_allocated(pages[i], place);
	}
	return (long)count;
}

void kapi_unpin_user_pages(struct page **pages, unsigned long count, bool dirty, const struct kapi_place *place)
{
	for (unsigned long i = 0; i < count; i++) {
		u32 pfn = (u32)page_to_pfn(pages[i]);

		if (dirty)
			hmmu_page_set_flags(machine, pfn, HMMU_PG_DIRTY);
		if (hmmu_unpin(machine, pfn, HMMU_PIN_DMA))
			core_refused_put(place, "unpin_user_pages");
	}
}

#define HUGE_PAGES (PMD_SIZE / PAGE_SIZE)

struct folio *page_folio(const struct page *page)
{
	struct hmmu_page_info info;
	unsigned long pfn = page_to_pfn(page);

	/* A large page of the machine is a huge one. */
	if (!hmmu_page_info(machine, (u32)pfn, &info) && info.flags & HMMU_PG_TAIL)
		pfn -= pfn % HUGE_PAGES;
	return (struct folio *)pfn_to_page(pfn);
}

bool folio_maybe_dma_pinned(const struct folio *folio)
{
	unsigned long pfn = page_to_pfn(&folio->page);
	struct hmmu_page_info info;
	u32 pins = 0;

	for (unsigned long i = 0; i < HUGE_PAGES; i++) {
		if (hmmu_page_info(machine, (u32)(pfn + i), &info) || (i && !(info.flags & HMMU_PG_TAIL)))
			break;
		pins += info.dma_pins;
	}
	return pins;
}

void dump_page(const struct page *page, const char *reason)
{
	struct hmmu_page_info info;

	if (hmmu_page_info(machine, (u32)page_to_pfn(page), &info))
		pr_warn("page:%#lx is no page: %s\n", page_to_pfn(page), reason);
	else
		pr_warn("page: refcount:%d mapcount:%d index:%#llx pfn:%#x flags:%#x dumped because: %s\n", info.ref,
			info.map, (unsigned long long)info.index, info.pfn, info.flags, reason);
}
