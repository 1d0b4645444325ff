/* SPDX-License-Identifier: GPL-2.0-only */
/* The state hash of pages, and of what they refer to. */
#include "machine/state_hash.h"
#include "page/contents.h"
#include "page/devmem.h"

/* Flags say what the fields are that mean several things; the links of lists mean nothing here. */
static u64 special_of_page(const struct page *page)
{
	bool counts_mlocks = KERNEL >= V6_12 && page->flags & HMMU_PG_UNEVICTABLE;

	return page->flags & HMMU_PG_TAIL || counts_mlocks ? page->mlock_count : 0;
}

static void hash_contents(struct hasher *h, u32 pfn)
{
	const u64 *words = contents_of(h->m, pfn);

	for (u64 i = 0; i < contents_size(h->m) / sizeof(*words); i++)
		hash_word(h, words[i]);
}

/* @mapping is the number of the page's anon_vma or file, @slot that of its swap slot. */
static ALWAYS_INLINE void hash_page(struct hasher *h, u32 pfn, u32 mapping, u32 slot)
{
	const struct page *page = page_of(h->m, pfn);
	const struct pins *pins = &h->m->pins[pfn];

	hash_pair(h, page->flags, (u32)page->count);
	hash_pair(h, (u32)page->mapcount, mapping | (page->mapping & MAPPING_ANON));
	hash_word(h, page->index);
	hash_word(h, (u64)pins->leaked << 48 | (u64)pins->exclusive << 32 | (u64)pins->dma << 16 | pins->get);
	hash_pair(h, (u32)special_of_page(page), slot);
	if (is_device_page(h->m, pfn))
		hash_word(h, device_of_page(h->m, pfn));
	hash_contents(h, pfn);
}

u32 hash_new_page(struct hasher *h, u32 pfn)
{
	const struct page *page = page_of(h->m, pfn);
	u32 number = number_give(h->numbering, NUMBERED_PAGES, pfn), mapping = page->mapping & ~MAPPING_ANON;

	if (page->flags & HMMU_PG_TAIL)
		page_number(h, page->head);
	mapping = page->mapping & MAPPING_ANON ? anon_vma_number(h, mapping) : file_number(h, mapping);
	hash_page(h, pfn, mapping, page->flags & HMMU_PG_SWAPCACHE ? slot_number(h, page->private) : 0);
	return number;
}

/* An anon_vma, and those above it. What is above gets the next number, unless it has one: 0 stands for that. */
static void hash_anon_vmas_upward(struct hasher *h, u32 anon_vma)
{
	const struct interval_nodes nodes = avc_nodes(h->m);

	while (!number_known(h->numbering, NUMBERED_ANON_VMAS, anon_vma)) {
		const struct anon_vma *record = anon_vma_of(h->m, anon_vma);

		number_give(h->numbering, NUMBERED_ANON_VMAS, anon_vma);
		hash_pair(h, record->refcount, record->degree);
		hash_pair(h, record->locked, record->active_vmas);
		hash_pair(h, number_known(h->numbering, NUMBERED_ANON_VMAS, record->root),
			  number_known(h->numbering, NUMBERED_ANON_VMAS, record->parent));
		for (u32 avc = interval_tree_first(nodes, record->tree, 0, UINT64_MAX); avc;
		     avc = interval_tree_step(nodes, avc, 0, UINT64_MAX)) {
			const struct vma *v = vma_of(h->m, avc_of(h->m, avc)->vma);

			hash_word(h, v->start | v->mm);
		}
		anon_vma = record->parent;
	}
}

/* The root is the last one above, except in a machine from a snapshot that somebody made up. */
u32 hash_new_anon_vma(struct hasher *h, u32 anon_vma)
{
	hash_anon_vmas_upward(h, anon_vma);
	hash_anon_vmas_upward(h, anon_vma_of(h->m, anon_vma)->root);
	return number_known(h->numbering, NUMBERED_ANON_VMAS, anon_vma);
}

u32 file_number(struct hasher *h, u32 file)
{
	const struct file *record = file_of(h->m, file);
	u32 number = file ? number_known(h->numbering, NUMBERED_FILES, file) : 0;

	if (number || !file)
		return number;
	number = number_give(h->numbering, NUMBERED_FILES, file);
	hash_word(h, record->pages);
	hash_word(h, record->end);
	hash_word(h, record->nrpages);
	if (KERNEL >= V6_12 && record->swapped)
		hash_word(h, record->swapped);
	hash_pair(h, record->users, record->truncated_by);
	for (u32 vma = i_mmap_first(h->m, file, 0, UINT64_MAX); vma; vma = i_mmap_next(h->m, vma, 0, UINT64_MAX))
		hash_word(h, vma_of(h->m, vma)->start | vma_of(h->m, vma)->mm);
	return number;
}

/* How soon the slot is looked at when one is needed; and the place of its page in a file. */
static void hash_slot_place(struct hasher *h, u32 slot)
{
	const struct swap_slot *record = &h->m->swap_slots[slot];
	u32 pages = h->m->st->swap_pages;

	hash_pair(h, (slot + pages - h->m->st->swap_last - 1) % pages,
		  record->file ? number_known(h->numbering, NUMBERED_FILES, record->file) : 0);
	hash_word(h, record->index);
}

static void hash_slot(struct hasher *h, u32 slot, u32 page)
{
	u64 size = contents_size(h->m) / sizeof(u64);
	const u64 *words = (const u64 *)h->m->swap_frames + (slot - 1) * size;

	hash_pair(h, h->m->swap_slots[slot].count, page);
	if (KERNEL >= V6_12)
		hash_slot_place(h, slot);
	for (u64 i = 0; i < size; i++)
		hash_word(h, words[i]);
}

u32 slot_number(struct hasher *h, u32 slot)
{
	u32 number = number_known(h->numbering, NUMBERED_SLOTS, slot);

	if (number)
		return number;
	number = number_give(h->numbering, NUMBERED_SLOTS, slot);
	hash_slot(h, slot, page_number(h, h->m->swap_slots[slot].page));
	return number;
}

static NOINLINE u64 hash_other_page(const struct hasher *h, u32 pfn)
{
	const struct page *page = page_of(h->m, pfn);
	struct hasher other = { .m = h->m, .numbering = h->numbering };
	u32 mapping = page->mapping & ~MAPPING_ANON;

	if (mapping)
		mapping = number_known(h->numbering, page->mapping & MAPPING_ANON ? NUMBERED_ANON_VMAS : NUMBERED_FILES,
				       mapping);
	if (page->flags & HMMU_PG_TAIL)
		other.hash = (u64)number_known(h->numbering, NUMBERED_PAGES, page->head) << 10 | (pfn - page->head);
	hash_page(&other, pfn, mapping, 0);
	return other.hash;
}

/* The sum of hashes does not depend on their order. */
static u64 hash_others(const struct hasher *h, u32 pfn, u32 end)
{
	u64 sum = 0;

	for (; pfn < end; pfn++)
		if (!(page_of(h->m, pfn)->flags & (HMMU_PG_BUDDY | HMMU_PG_TABLE | HMMU_PG_RESERVED)) &&
		    !number_known(h->numbering, NUMBERED_PAGES, pfn))
			sum += hash_other_page(h, pfn);
	return sum;
}

/* There is no page 0. */
static u64 hash_ram(const struct hasher *h)
{
	u64 sum = 0;

	for (u32 block = 0, first = 0; block < h->m->st->next_block; block++, first += HPAGE_PMD_NR)
		sum += hash_others(h, first ? first : 1, first + h->m->block[block].fresh);
	return sum + hash_others(h, h->m->hugetlb_base, h->m->hugetlb_base + pool_used(h->m)) +
	       hash_others(h, h->m->other_device_base, h->m->other_device_base + h->m->st->other_device_pages);
}

/* Flags of free device pages stay, and the first free page is taken first. */
static u64 hash_device_pages(struct hasher *h, u32 pfn, u32 end)
{
	u64 sum = 0;

	for (; pfn < end; pfn++)
		if (device_in_use(h->m, pfn - h->m->device_base))
			sum += hash_others(h, pfn, pfn + 1);
		else
			hash_word(h, page_of(h->m, pfn)->flags);
	return sum;
}

void hash_other_pages(struct hasher *h)
{
	u64 slots = 0;

	for (u32 slot = 1; slot <= h->m->st->swap_high; slot++) {
		const struct swap_slot *record = &h->m->swap_slots[slot];
		struct hasher other = { .m = h->m, .numbering = h->numbering };

		if (!(record->count | record->page) || number_known(h->numbering, NUMBERED_SLOTS, slot))
			continue;
		hash_slot(&other, slot, number_known(h->numbering, NUMBERED_PAGES, record->page));
		slots += other.hash;
	}
	hash_word(h, slots);
	hash_word(h, hash_ram(h));
	hash_word(h, hash_device_pages(h, h->m->device_base, h->m->device_base + private_high(h->m->st)));
	if (coherent_high(h->m->st))
		hash_word(h, hash_device_pages(h, h->m->coherent_base, h->m->coherent_base + coherent_high(h->m->st)));
}
