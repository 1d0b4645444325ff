/* SPDX-License-Identifier: GPL-2.0-only */
/** @file page.h struct page: flags, references, compound pages. */
#ifndef HMMU_PAGE_H
#define HMMU_PAGE_H

#include "page/quirk.h"

/** @name Flags. The head of a compound page has the flags of the whole page, except HEAD and TAIL.
 * @{ */
static inline bool page_test(const struct hmmu *m, u32 pfn, u32 flag)
{
	return page_of(m, pfn)->flags & flag;
}
static inline void page_set(struct hmmu *m, u32 pfn, u32 flag)
{
	page_of(m, pfn)->flags |= flag;
}
static inline void page_clear(struct hmmu *m, u32 pfn, u32 flag)
{
	page_of(m, pfn)->flags &= ~flag;
}
static inline bool page_test_and_clear(struct hmmu *m, u32 pfn, u32 flag)
{
	bool was = page_test(m, pfn, flag);

	page_clear(m, pfn, flag);
	return was;
}
static inline bool page_test_and_set(struct hmmu *m, u32 pfn, u32 flag)
{
	bool was = page_test(m, pfn, flag);

	page_set(m, pfn, flag);
	return was;
}
/** @} */

/** @name PageAnonExclusive: an anonymous page of one mapping alone, which needs no copy for a store. It is a flag of each
 * page, tails too; while a huge pmd maps the page, the head's stands for all. "mm: remember
 * exclusively mapped anonymous pages with PG_anon_exclusive": 4.14 has none, and goes by the map count.
 * @{ */
static inline bool PageAnonExclusive(const struct hmmu *m, u32 pfn)
{
	return KERNEL >= V6_12 && page_test(m, pfn, HMMU_PG_EXCLUSIVE);
}
static inline void SetPageAnonExclusive(struct hmmu *m, u32 pfn)
{
	if (KERNEL >= V6_12)
		page_set(m, pfn, HMMU_PG_EXCLUSIVE);
}
static inline void ClearPageAnonExclusive(struct hmmu *m, u32 pfn)
{
	if (KERNEL >= V6_12)
		page_clear(m, pfn, HMMU_PG_EXCLUSIVE);
}
/** @} */

static inline u32 compound_head(const struct hmmu *m, u32 pfn)
{
	return page_test(m, pfn, HMMU_PG_TAIL) ? page_of(m, pfn)->head : pfn;
}
static inline bool PageCompound(const struct hmmu *m, u32 pfn)
{
	return page_test(m, pfn, HMMU_PG_HEAD | HMMU_PG_TAIL);
}
static inline u32 hpage_nr_pages(const struct hmmu *m, u32 pfn)
{
	return page_test(m, pfn, HMMU_PG_HEAD) ? HPAGE_PMD_NR : 1;
}
/** Whether there is such a page: none has pfn 0, and there may be a gap before the hugetlb pool. */
static inline bool pfn_valid(const struct hmmu *m, u64 pfn)
{
	return pfn && pfn < m->pfn_end && (pfn < m->st->ram_pages || pfn >= m->hugetlb_base);
}
/** A page of the hugetlb pool. */
static inline bool PageHuge(const struct hmmu *m, u32 pfn)
{
	return pfn >= m->hugetlb_base && pfn < m->device_base;
}
/** PAGE_USER_UNWRITTEN for a page that a driver allocates. Without contents there are none of a former owner. */
static inline u32 unwritten_mark(const struct hmmu *m)
{
	return m->tags ? 0 : PAGE_USER_UNWRITTEN;
}
static inline bool is_device_private_page(const struct hmmu *m, u32 pfn)
{
	return pfn >= m->device_base && pfn < m->coherent_base;
}
static inline bool is_device_coherent_page(const struct hmmu *m, u32 pfn)
{
	return pfn >= m->coherent_base && pfn < m->other_device_base;
}
/** A page of a device: private or coherent. */
static inline bool is_device_page(const struct hmmu *m, u32 pfn)
{
	return pfn >= m->device_base && pfn < m->other_device_base;
}
static inline bool is_zone_device_page(const struct hmmu *m, u32 pfn)
{
	return pfn >= m->device_base;
}
static inline bool is_zero_pfn(const struct hmmu *m, u32 pfn)
{
	return pfn == m->zero_pfn;
}
static inline bool PageAnon(const struct hmmu *m, u32 pfn)
{
	return page_of(m, compound_head(m, pfn))->mapping & MAPPING_ANON;
}
/** The file whose page cache the page is in, or 0. */
static inline u32 page_mapping(const struct hmmu *m, u32 pfn)
{
	u32 mapping = page_of(m, compound_head(m, pfn))->mapping;

	return mapping & MAPPING_ANON ? 0 : mapping;
}
/** The anon_vma of an anonymous page, or 0. */
static inline u32 page_anon_vma(const struct hmmu *m, u32 pfn)
{
	u32 mapping = page_of(m, compound_head(m, pfn))->mapping;

	return mapping & MAPPING_ANON ? mapping & ~MAPPING_ANON : 0;
}
static inline int32_t page_count(const struct hmmu *m, u32 pfn)
{
	return page_of(m, compound_head(m, pfn))->count;
}
/** References of a free page of ZONE_DEVICE; here it has none before its first use. "mm: free device private pages have
 * zero refcount" */
#define FREE_DEVICE_REFS (KERNEL >= V6_12 ? 0 : 1)
/** References that a page has by itself, besides those that somebody holds. */
static inline int32_t page_own_refs(const struct hmmu *m, u32 pfn)
{
	return is_zone_device_page(m, pfn) ? FREE_DEVICE_REFS : 0;
}
/** Nobody has the page. */
static inline bool page_is_free(const struct hmmu *m, u32 pfn)
{
	return page_count(m, pfn) <= page_own_refs(m, pfn) && !page_test(m, pfn, HMMU_PG_RESERVED);
}
/** The third page of a compound page counts references that the quirk thp-busy-leaks-ref has leaked. */
#define LEAK_TAIL 2
/** The fourth counts its pins, each of which is a reference, too (folio->_pincount). */
#define PIN_TAIL 3
/** The fifth counts all entries that map any part of it, huge ones once (folio->_large_mapcount). */
#define MAPCOUNT_TAIL 4
static inline int32_t *compound_mapcount_ptr(struct hmmu *m, u32 head)
{
	return &page_of(m, head + 1)->mapcount_of_compound;
}
static int32_t compound_mapcount(const struct hmmu *m, u32 pfn);
static int32_t compound_page_mapcount(const struct hmmu *m, u32 pfn);
/** The number of ptes and huge pmds that map this page itself. */
static inline int32_t page_mapcount(const struct hmmu *m, u32 pfn)
{
	return PageCompound(m, pfn) ? compound_page_mapcount(m, pfn) : page_of(m, pfn)->mapcount;
}
/** The number of ptes and huge pmds that map any part of its compound page. */
static int32_t total_mapcount(const struct hmmu *m, u32 pfn);
/** Whether mappings of other processes may map parts of a page, too. Of a large page it is a guess by the first part,
 * if no huge pmd maps it. Linux 6.12. */
static inline bool folio_likely_mapped_shared(const struct hmmu *m, u32 head)
{
	int32_t mapcount = total_mapcount(m, head);

	if (!page_test(m, head, HMMU_PG_HEAD) || mapcount <= 1)
		return mapcount > 1;
	return compound_mapcount(m, head) > 0 || mapcount > (int32_t)HPAGE_PMD_NR || page_of(m, head)->mapcount > 1;
}
static bool compound_page_mapped(const struct hmmu *m, u32 pfn);
static inline bool page_mapped(const struct hmmu *m, u32 pfn)
{
	return PageCompound(m, pfn) ? compound_page_mapped(m, pfn) : page_of(m, pfn)->mapcount > 0;
}
/** The page's index in units of pages; tails have indexes of their own. */
static inline u64 page_to_pgoff(const struct hmmu *m, u32 pfn)
{
	u32 head = compound_head(m, pfn);

	return page_of(m, head)->index + (pfn - head);
}

/** @name References
 * @{ */
static inline void get_page(struct hmmu *m, u32 pfn)
{
	page_of(m, compound_head(m, pfn))->count++;
}
static void put_page_slow(struct hmmu *m, u32 head);
/** Drop a reference. The last reference frees the page; in 4.14 a device page is freed with the last but one. */
static inline void put_page(struct hmmu *m, u32 pfn)
{
	u32 head = compound_head(m, pfn);
	int32_t count = --page_of(m, head)->count;

	if (count <= FREE_DEVICE_REFS && (count <= 0 || is_zone_device_page(m, head)))
		put_page_slow(m, head);
}
/** Drop a reference to each of many pages. */
static NOINLINE void release_pages(struct hmmu *m, const u32 *pages, u32 nr);
/** @} */

/** What a pin adds to the count of a page that is not compound. */
#define GUP_PIN_COUNTING_BIAS 1024
/** try_grab_folio() with FOLL_PIN, and gup_put_folio(). The zero page is not counted. Linux 6.12. @{ */
static inline void page_pin(struct hmmu *m, u32 pfn)
{
	u32 head = compound_head(m, pfn);
	bool large = page_test(m, head, HMMU_PG_HEAD);

	if (is_zero_pfn(m, pfn))
		return;
	page_of(m, head)->count += large ? 1 : GUP_PIN_COUNTING_BIAS;
	if (large)
		page_of(m, head + PIN_TAIL)->pincount++;
}
static inline void page_unpin(struct hmmu *m, u32 pfn)
{
	u32 head = compound_head(m, pfn);

	if (is_zero_pfn(m, pfn))
		return;
	if (page_test(m, head, HMMU_PG_HEAD))
		page_of(m, head + PIN_TAIL)->pincount--;
	else
		page_of(m, head)->count -= GUP_PIN_COUNTING_BIAS - 1;
	put_page(m, head);
}
/** @} */
/** folio_maybe_dma_pinned(). So many references look like a pin, too. */
static inline bool page_maybe_dma_pinned(const struct hmmu *m, u32 pfn)
{
	u32 head = compound_head(m, pfn);

	if (KERNEL < V6_12)
		return false;
	return page_test(m, head, HMMU_PG_HEAD) ? page_of(m, head + PIN_TAIL)->pincount > 0
						: page_of(m, head)->count >= GUP_PIN_COUNTING_BIAS;
}

/** The RSS counter of the page. */
static inline int mm_counter_file(const struct hmmu *m, u32 pfn)
{
	return page_test(m, compound_head(m, pfn), HMMU_PG_SWAPBACKED) ? MM_SHMEMPAGES : MM_FILEPAGES;
}
static inline int mm_counter(const struct hmmu *m, u32 pfn)
{
	return PageAnon(m, pfn) ? MM_ANONPAGES : mm_counter_file(m, pfn);
}

/** @name The page lock
 * @{ */
static inline bool trylock_page(struct hmmu *m, u32 pfn)
{
	return !page_test_and_set(m, compound_head(m, pfn), HMMU_PG_LOCKED);
}
/** Unlock a page that is not a tail page. */
static inline void unlock_single_page(struct hmmu *m, struct page *page)
{
	if (!(page->flags & HMMU_PG_LOCKED))
		hmmu_bug(m, "a page was unlocked that was not locked");
	page->flags &= ~(u32)HMMU_PG_LOCKED;
}
static inline void unlock_page(struct hmmu *m, u32 pfn)
{
	unlock_single_page(m, page_of(m, compound_head(m, pfn)));
}
/** @} */

#endif
