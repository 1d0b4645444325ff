/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * tmpfs files: the page cache, found by a hash of file and index, and i_mmap, the mappings of a file by first page.
 */
#include "host/arena.h"
#include "mm/file.h"
#include "mm/interval_tree.h"
#include "mm/swapped_file.h"
#include "mm/vma.h"

u32 file_create(struct hmmu *m, u64 pages)
{
	u32 file = slab_alloc(m, SLAB_FILE);

	if (file) {
		file_of(m, file)->pages = file_of(m, file)->end = pages;
		file_of(m, file)->users = 1;
	}
	return file;
}

void file_free(struct hmmu *m, u32 file)
{
	slab_free(m, SLAB_FILE, file);
}

/* Whether a file has more indexes than there are hash chains. Then going over the chains costs less. */
static bool is_sparse(const struct hmmu *m, u32 file)
{
	return file_of(m, file)->end > m->cache_mask;
}

void truncate_page(struct hmmu *m, u32 pfn)
{
	page_clear(m, pfn, HMMU_PG_DIRTY);
	delete_from_page_cache(m, pfn);
	put_page(m, pfn);
}

static void truncate_sparse(struct hmmu *m, u32 file, u64 from, bool locked)
{
	for (u64 chain = 0; file_of(m, file)->nrpages && chain <= m->cache_mask; chain++) {
		for (u32 pfn = m->cache_hash[chain], next; pfn; pfn = next) {
			next = page_of(m, pfn)->cache_next;
			if (page_of(m, pfn)->mapping == file && page_of(m, pfn)->index >= from &&
			    (locked || !page_test(m, pfn, HMMU_PG_LOCKED)))
				truncate_page(m, pfn);
		}
	}
}

void truncate_pages(struct hmmu *m, u32 file, u64 from, bool locked)
{
	truncate_swapped(m, file, from);
	if (is_sparse(m, file)) {
		truncate_sparse(m, file, from, locked);
		return;
	}
	for (u64 index = from; file_of(m, file)->nrpages && index < file_of(m, file)->end; index++) {
		u32 pfn = find_page(m, file, index);

		if (pfn && (locked || !page_test(m, pfn, HMMU_PG_LOCKED)))
			truncate_page(m, pfn);
	}
}

static u32 lowest_page_of_sparse(const struct hmmu *m, u32 file, u64 from)
{
	u32 lowest = 0;

	for (u64 chain = 0; chain <= m->cache_mask; chain++)
		for (u32 pfn = m->cache_hash[chain]; pfn; pfn = page_of(m, pfn)->cache_next)
			if (page_of(m, pfn)->mapping == file && page_of(m, pfn)->index >= from &&
			    (!lowest || page_of(m, pfn)->index < page_of(m, lowest)->index))
				lowest = pfn;
	return lowest;
}

static u32 lowest_page(const struct hmmu *m, u32 file, u64 from)
{
	u32 pfn = 0;

	if (!file_of(m, file)->nrpages)
		return 0;
	if (is_sparse(m, file))
		return lowest_page_of_sparse(m, file, from);
	for (u64 index = from; !pfn && index < file_of(m, file)->end; index++)
		pfn = find_page(m, file, index);
	return pfn;
}

void truncate_unlocked(struct ctx *ctx, u32 file, u64 from)
{
	truncate_pages(ctx->m, file, from, false);
	ctx->progress.at = from << PAGE_SHIFT;
}

u32 first_to_truncate(struct ctx *ctx, u32 file)
{
	u32 page = lowest_page(ctx->m, file, ctx->progress.at >> PAGE_SHIFT);

	if (page)
		ctx->progress.at = page_of(ctx->m, page)->index << PAGE_SHIFT;
	return page;
}

int next_to_truncate(struct ctx *ctx, u32 file, enum resume resume, u32 *page)
{
	struct hmmu *m = ctx->m;

	*page = first_to_truncate(ctx, file);
	if (!*page || !page_test(m, *page, HMMU_PG_LOCKED))
		return 0;
	get_page(m, *page);
	return wait_on_page(ctx, *page, true, resume);
}

static struct interval_root *i_mmap_of(struct hmmu *m, u32 vma)
{
	struct vma *v = vma_of(m, vma);

	v->node.start = v->pgoff;
	v->node.last = v->pgoff + vma_pages(v) - 1;
	return &file_of(m, v->file)->i_mmap;
}

void i_mmap_insert(struct hmmu *m, u32 vma)
{
	interval_tree_insert(i_mmap_nodes(m), i_mmap_of(m, vma), vma);
}

void i_mmap_insert_after(struct hmmu *m, u32 vma, u32 prev)
{
	interval_tree_insert_after(i_mmap_nodes(m), i_mmap_of(m, vma), vma, prev);
}

void i_mmap_remove(struct hmmu *m, u32 vma)
{
	interval_tree_remove(i_mmap_nodes(m), &file_of(m, vma_of(m, vma)->file)->i_mmap, vma);
}

u32 i_mmap_first(const struct hmmu *m, u32 file, u64 first, u64 last)
{
	return interval_tree_first(i_mmap_nodes(m), file_of(m, file)->i_mmap, first, last);
}

u32 i_mmap_next(const struct hmmu *m, u32 vma, u64 first, u64 last)
{
	return interval_tree_step(i_mmap_nodes(m), vma, first, last);
}

u32 *hash_chain(const struct hmmu *m, u32 file, u64 index)
{
	u64 hash = (index + (u64)file * 0x9e3779b97f4a7c15ull) * 0xff51afd7ed558ccdull;

	return &m->cache_hash[(hash >> 32) & m->cache_mask];
}

u32 find_page(const struct hmmu *m, u32 file, u64 index)
{
	for (u32 pfn = *hash_chain(m, file, index); pfn; pfn = page_of(m, pfn)->cache_next)
		if (page_of(m, pfn)->mapping == file && page_of(m, pfn)->index == index)
			return pfn;
	return 0;
}

void add_to_page_cache(struct hmmu *m, u32 file, u64 index, u32 pfn)
{
	struct page *page = page_of(m, pfn);
	u32 *chain = hash_chain(m, file, index);

	page->mapping = file;
	page->index = index;
	page->cache_next = *chain;
	*chain = pfn;
	file_of(m, file)->nrpages++;
}

void delete_from_page_cache(struct hmmu *m, u32 pfn)
{
	struct page *page = page_of(m, pfn);
	u32 *link = hash_chain(m, page->mapping, page->index);

	while (*link != pfn)
		link = &page_of(m, *link)->cache_next;
	*link = page->cache_next;
	file_of(m, page->mapping)->nrpages--;
	page->cache_next = 0;
	page->mapping = 0;
}

void replace_page_cache(struct hmmu *m, u32 old_pfn, u32 new_pfn)
{
	u32 file = page_of(m, old_pfn)->mapping;
	u64 index = page_of(m, old_pfn)->index;

	delete_from_page_cache(m, old_pfn);
	add_to_page_cache(m, file, index, new_pfn);
}
