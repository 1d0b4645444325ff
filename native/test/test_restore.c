/* SPDX-License-Identifier: GPL-2.0-only */
/* Snapshots from elsewhere: what is out of its bounds is refused, and the refusal says what. */
#include "support.h"

#include <stdlib.h>

#include "machine/snapshot.h"
#include "mm/pgtable.h"
#include "mm/vma.h"

/** A snapshot to be changed. */
struct forged {
	struct snapshot_header *header;
	struct piece *piece;
	size_t size;
};

static struct forged forge(struct hmmu *m)
{
	struct forged f;

	f.header = snapshot_of(m, &f.size);
	f.piece = (struct piece *)(f.header + 1);
	return f;
}

/* Where the snapshot has what the machine has at an address. */
static void *in_snapshot(const struct forged *f, const struct hmmu *m, const void *address)
{
	uint64_t offset = (uint64_t)((const char *)address - (const char *)m->st);

	for (uint64_t i = 0; i < f->header->pieces; i++)
		if (f->piece[i].number == offset / PAGE_SIZE)
			return f->piece[i].bytes + offset % PAGE_SIZE;
	fail_msg("the snapshot has nothing at offset %#llx", (unsigned long long)offset);
	return NULL;
}

static int restore(struct forged *f, uint32_t flags, struct hmmu_error *error)
{
	struct hmmu *m = NULL;
	int result;

	f->header->hash = hash_of_pieces(f->piece, f->header->pieces);
	result = hmmu_restore_with(f->header, f->size, flags, &m, error);
	if (!result)
		hmmu_destroy(m);
	return result;
}

/* Refused whether it is verified or not, with a text that has these words. */
static void assert_refused(struct forged *f, const char *words)
{
	for (uint32_t flags = 0; flags <= HMMU_RESTORE_UNVERIFIED; flags++) {
		struct hmmu_error error = { 0 };

		if (restore(f, flags, &error) != -EINVAL)
			fail_msg("restored, and not refused for \"%s\"", words);
		assert_int_equal(error.code, HMMU_ERR_SNAPSHOT);
		assert_says(error.text, words);
	}
}

/** A value of a machine that a snapshot has changed, and what the refusal says. */
#define REFUSED(field, value, words) \
	do { \
		struct forged f_ = forge(r->m); \
		*(__typeof__(field) *)in_snapshot(&f_, r->m, &(field)) = (value); \
		assert_refused(&f_, words); \
		free(f_.header); \
	} while (0)

static struct rig *rig_with_everything(uint64_t *buf)
{
	struct rig *r = open_rig(.swap_pages = 16);
	uint64_t swapped;

	*buf = map_at(r, BASE, 4, HMMU_MAP_ANON, HMMU_PROT_READ | HMMU_PROT_WRITE);
	write_pages(r, *buf, 4, 1);
	assert_ok(migrate(r, *buf, 1, HMMU_TO_DEVICE));
	write_pages(r, map_huge(r, 512), 1, 1);
	write_pages(r, map_at(r, 0, 2, HMMU_MAP_SHMEM, HMMU_PROT_READ | HMMU_PROT_WRITE), 2, 1);
	swapped = map_anon(r, 1);
	write_pages(r, swapped, 1, 7);
	hmmu_lru_add_drain_all(r->m);
	assert_ok(hmmu_reclaim(r->m, r->pid, swapped));
	assert_ok(store(r, r->tid, *buf + PAGES(1), 9));
	assert_ok(store(r, r->tid, map_anon(r, 1), 5)); /* in a pagevec */
	return r;
}

static uint64_t *pte_of(struct rig *r, uint64_t address)
{
	return pte_offset(r->m, *mm_find_pmd(r->m, r->pid, address), address);
}

/* The way to the host's memory: one number in an entry. */
static void test_entries(void **state)
{
	uint64_t buf, *pte;
	struct rig *r = rig_with_everything(&buf);
	const uint64_t rw = PAGE_SHARED;

	(void)state;
	pte = pte_of(r, buf + PAGES(1));
	REFUSED(*pte, mk_pte(r->m->pfn_end, rw), "leads to no page");
	REFUSED(*pte, mk_pte(1ull << 39, rw), "leads to no page");
	REFUSED(*pte, mk_pte((1ull << 32) + pte_pfn(*pte), rw), "leads to no page");
	REFUSED(*pte, mk_pte(r->m->mms[r->pid].pgd, rw), "can't be mapped");
	REFUSED(*pte, mk_pte(r->m->zero_pfn, rw), "zero page");
	REFUSED(*pte, mk_pte(r->m->device_base, rw), "can't be mapped");
	REFUSED(*pte, make_migration_entry(pte_pfn(*pte), true), "no migration will replace");
	REFUSED(*pte, make_device_private_entry(r->m->device_base + 1, true), "no device page");
	REFUSED(*pte, swp_entry_to_pte(0, 17), "no swap slot");
	REFUSED(*pte, *pte | 1ull << 52, "bits");
	REFUSED(pte[64], *pte, "in no mapping");
	REFUSED(*mm_find_pmd(r->m, r->pid, buf), mk_pte(r->m->pfn_end, _PAGE_TABLE), "page table");
	REFUSED(*mm_find_pmd(r->m, r->pid, buf), mk_pte(r->m->mms[r->pid].pgd, _PAGE_TABLE), "page table");
	REFUSED(*mm_find_pmd(r->m, r->pid, buf), mk_pte(pte_pfn(*pte), _PAGE_TABLE | _PAGE_PSE), "huge");
	REFUSED(r->m->mms[r->pid].pgd, pte_pfn(*pte), "top page table");
	rig_close(r);
}

static void test_state(void **state)
{
	uint64_t buf;
	struct rig *r = rig_with_everything(&buf);
	struct state *st = r->m->st;

	(void)state;
	REFUSED(st->next_block, 0, "blocks");
	REFUSED(st->next_block, st->blocks + 1, "blocks");
	REFUSED(st->slabs[SLAB_VMA].high, UINT32_MAX, "slab");
	REFUSED(st->slabs[SLAB_VMA].capacity, UINT32_MAX, "another version");
	REFUSED(st->slabs[SLAB_VMA].free_head, 1, "free records");
	REFUSED(st->device_high[0], UINT32_MAX, "device");
	REFUSED(st->swap_high, UINT32_MAX, "swap");
	REFUSED(st->cpu[0].pvecs[PVEC_LRU_ADD].nr, PAGEVEC_SIZE, "pagevec");
	REFUSED(st->cpu[0].pvecs[PVEC_LRU_ADD].pages[0], r->m->pfn_end, "pagevec");
	REFUSED(st->event_head, 1ull << 63, "events");
	event_record(r->m, HMMU_EVENT_TLB_FLUSH, r->pid, 0, 0);
	REFUSED(r->m->events[st->event_tail % EVENT_RING].type, 99, "does not exist");
	REFUSED(r->m->events[st->event_tail % EVENT_RING].kind, HMMU_NOTIFY_CLEAR, "do not go together");
	REFUSED(st->ram_pages, UINT32_MAX, "size");
	REFUSED(st->huge_zero_pfn, 5, "huge zero page");
	rig_close(r);
}

static void test_records(void **state)
{
	uint64_t buf;
	struct rig *r = rig_with_everything(&buf);
	struct hmmu *m = r->m;
	uint32_t vma = vma_at(m, r->pid, buf), shmem = vma_last(m, r->pid);

	(void)state;
	while (!m->vmas[shmem].file)
		shmem = m->vmas[shmem].prev;
	REFUSED(m->vmas[vma].page_prot, mk_pte(1ull << 30, PAGE_SHARED), "protection");
	REFUSED(m->vmas[vma].end, HMMU_TASK_SIZE, "mappings is broken");
	REFUSED(m->vmas[vma].next, vma, "mappings is broken");
	REFUSED(m->vmas[vma].left, vma, "tree");
	REFUSED(m->vmas[vma].anon_vma, 99999, "anon_vma");
	REFUSED(m->vmas[vma].pgoff, UINT64_MAX, "range");
	REFUSED(m->avcs[m->vmas[vma].avc_head].same_vma_next, m->vmas[vma].avc_head, "chain is broken");
	REFUSED(m->anon_vmas[m->vmas[vma].anon_vma].refcount, 0, "references");
	REFUSED(m->files[m->vmas[shmem].file].nrpages, 3, "pages, its counter says");
	REFUSED(m->files[m->vmas[shmem].file].pages, UINT64_MAX, "size");
	REFUSED(m->tasks[r->tid].wait, 4, "task");
	REFUSED(m->tasks[r->tid].cpu, 1, "task");
	REFUSED(m->tasks[r->tid].mm, 9, "process");
	REFUSED(m->mms[r->pid].main_task, 0, "first");
	REFUSED(m->mms[r->pid].mmap_sem.first_waiter, r->tid, "queue");
	REFUSED(m->mms[r->pid].mmap_sem.first_writer, r->tid, "queue");
	REFUSED(m->tasks[r->tid].queue_prev, r->tid, "state that is none");
	rig_close(r);
}

static void test_pages(void **state)
{
	uint64_t buf;
	struct rig *r = rig_with_everything(&buf);
	struct hmmu *m = r->m;
	uint32_t pfn = pfn_at(r, buf + PAGES(2)), block = pfn / HPAGE_PMD_NR, pinned;

	(void)state;
	assert_ok(hmmu_pin(m, r->tid, buf + PAGES(2), 0, &pinned));
	/* Freed while it is mapped, it could be a page table next. */
	REFUSED(m->pages[pfn].count, m->pages[pfn].count - 1, "fewer references than users");
	REFUSED(m->pages[pfn].count, INT32_MAX, "contradicts itself");
	REFUSED(m->pages[pfn].flags, m->pages[pfn].flags | HMMU_PG_TABLE, "contradicts itself");
	REFUSED(m->pages[pfn].flags, m->pages[pfn].flags | HMMU_PG_TAIL, "contradicts itself");
	REFUSED(m->pages[pfn].mapping, 77, "contradicts itself");
	REFUSED(m->pages[pfn].mapping, MAPPING_ANON, "contradicts itself");
	REFUSED(m->pages[pfn].next, pfn, "LRU list");
	REFUSED(m->block[block].fresh, m->block[block].fresh + 1, "frames");
	REFUSED(m->block[block].free_head, pfn, "list of free frames");
	REFUSED(m->device_bitmap[0], 0, "marked");
	REFUSED(m->swap_slots[1].page, pfn, "swap cache");
	assert_ok(hmmu_unpin(m, pinned, 0));
	rig_close(r);
}

/* What verify() complains of, and nothing else, is a question of taste. */
static void test_unverified(void **state)
{
	uint64_t buf;
	struct rig *r = rig_with_everything(&buf);
	struct forged f = forge(r->m);
	struct hmmu_error error = { 0 };

	(void)state;
	*(uint64_t *)in_snapshot(&f, r->m, &r->m->mms[r->pid].rss[MM_ANONPAGES]) += 1;
	assert_int_equal(restore(&f, 0, &error), -EINVAL);
	assert_non_null(strstr(error.text, "RSS"));
	assert_ok(restore(&f, HMMU_RESTORE_UNVERIFIED, &error));
	assert_int_equal(restore(&f, 2, &error), -EINVAL);
	assert_int_equal(error.code, HMMU_ERR_INVALID_ARGUMENT);
	free(f.header);
	rig_close(r);
}

/* Bits of no type have no effect, so a mask of all bits does not spoil the snapshot. */
static void test_all_events_recorded(void **state)
{
	struct rig *r = open_rig();
	struct hmmu_error error = { 0 };
	struct forged f;

	(void)state;
	assert_ok(hmmu_events_record(r->m, UINT32_MAX));
	f = forge(r->m);
	assert_ok(restore(&f, 0, &error));
	free(f.header);
	rig_close(r);
}

/* Bytes that are no snapshot at all. */
static void test_other_bytes(void **state)
{
	uint64_t buf;
	struct rig *r = rig_with_everything(&buf);
	struct forged f = forge(r->m);
	struct hmmu_error error;
	struct hmmu *m;

	(void)state;
	assert_int_equal(hmmu_restore_with(NULL, 0, 0, &m, &error), -EINVAL);
	assert_int_equal(hmmu_restore_with(f.header, 8, 0, &m, &error), -EINVAL);
	assert_non_null(strstr(error.text, "no snapshot"));
	assert_int_equal(hmmu_restore_with(f.header, f.size - 8, 0, &m, &error), -EINVAL);
	assert_non_null(strstr(error.text, "not whole"));
	f.header->pieces = UINT64_MAX;
	assert_int_equal(hmmu_restore_with(f.header, f.size, 0, &m, &error), -EINVAL);
	f.header->pieces = 0;
	assert_int_equal(hmmu_restore_with(f.header, sizeof(*f.header), 0, &m, &error), -EINVAL);
	free(f.header);
	rig_close(r);
}

/* Special ptes have no reference. With a page that others map, they would outlive it: several words of a snapshot that
 * agree with each other. */
static void test_special_entries_of_shared_pages(void **state)
{
	struct rig *r = open_rig(0);
	uint64_t buf = map_at(r, BASE, 2, HMMU_MAP_SHMEM, HMMU_PROT_READ | HMMU_PROT_WRITE);
	uint32_t child, vma;
	struct forged f;

	(void)state;
	write_pages(r, buf, 2, 1);
	hmmu_lru_add_drain_all(r->m);
	child = do_fork_of(r, r->tid);
	for (int i = 0; i < 2; i++)
		assert_ok(hmmu_store(r->m, hmmu_process_task(r->m, child), buf + PAGES(i), "x", 1, NULL));
	vma = r->m->mms[child].mmap;
	f = forge(r->m);
#define IN(field) (*(__typeof__(field) *)in_snapshot(&f, r->m, &(field)))
	((struct vma *)in_snapshot(&f, r->m, &r->m->vmas[vma]))->kind = HMMU_MAP_SPECIAL;
	IN(r->m->vmas[vma].flags) |= VM_IO | VM_PFNMAP | VM_DONTEXPAND;
	for (int i = 0; i < 2; i++) {
		u64 address = buf + PAGES(i);
		u64 *pte = pte_offset(r->m, *mm_find_pmd(r->m, child, address), address);
		u32 page = pte_pfn(*pte);

		IN(*pte) |= _PAGE_SPECIAL;
		IN(r->m->pages[page].count)--;
		IN(r->m->pages[page].mapcount)--;
		IN(r->m->mms[child].rss[MM_SHMEMPAGES])--;
	}
#undef IN
	assert_refused(&f, "its tree of mappings is broken");
	free(f.header);
	rig_close(r);
}

/* An anon_vma that is free must not be what a mapped page leads to: it would be freed again. */
static void test_page_of_a_free_anon_vma(void **state)
{
	struct rig *r = open_rig(0);
	uint64_t gone = map_anon(r, 1), buf = map_anon(r, 1);
	u32 anon_vma, page;

	(void)state;
	write_pages(r, buf, 1, 1);
	write_pages(r, gone, 1, 1);
	anon_vma = r->m->pages[pfn_at(r, gone)].mapping;
	assert_ok(hmmu_munmap(r->m, r->tid, gone, PAGES(1)));
	page = pfn_at(r, buf);
	REFUSED(r->m->pages[page].mapping, anon_vma, "leads to a page that can't be mapped there");
	rig_close(r);
}

/* Memory that nobody has used is zero, and is so after a restore. */
static void test_unused_parts(void **state)
{
	uint64_t buf;
	struct rig *r = rig_with_everything(&buf);
	struct hmmu *m = r->m;
	struct forged f = forge(m);

	(void)state;
	/* The last piece moves to the end of the arena. */
	f.piece[f.header->pieces - 1].number = m->st->bytes / PAGE_SIZE - 1;
	assert_refused(&f, "where nothing was ever used");
	f.piece[f.header->pieces - 1].number = m->st->bytes / PAGE_SIZE + 1;
	assert_refused(&f, "out of order");
	/* Behind the arena is what is under way. */
	f.piece[f.header->pieces - 1].number = m->st->bytes / PAGE_SIZE;
	assert_refused(&f, "not as they are written");
	free(f.header);
	REFUSED(m->vmas[m->st->slabs[SLAB_VMA].high].start, 1, "never used");
	REFUSED(m->vmas[0].start, 1, "record 0");
	rig_close(r);
}
/* No page is of two devices, and each device knows how many are free. */
static void test_devices(void **state)
{
	struct rig *r = open_rig();
	struct device *d = r->m->st->devices;
	uint32_t first, second, gone, pfn;

	(void)state;
	assert_ok(hmmu_device_create(r->m, 16, 7, &first));
	assert_ok(hmmu_device_create(r->m, 8, 8, &second));
	assert_ok(hmmu_device_create(r->m, 4, 9, &gone));
	assert_ok(hmmu_device_alloc_of(r->m, second, &pfn));
	assert_ok(hmmu_device_remove(r->m, gone));
	/* Pages of another device, pages that there are not, and a wrong number of free ones. */
	REFUSED(d[first].first, 40, "device 2 has");
	REFUSED(d[first].first, UINT32_MAX, "device 1 has");
	REFUSED(d[first].end, 65, "device 1 has");
	REFUSED(d[first].free, 15, "device 1: 0 pages");
	REFUSED(d[first].free, 17, "device 1 has");
	REFUSED(d[first].hint, 47, "device 1 has");
	REFUSED(d[first].hint, 65, "device 1 has");
	REFUSED(d[first].owner, 0, "device 1 has");
	REFUSED(d[gone].owner, 9, "device 3 has");
	REFUSED(d[gone].free, 4, "device 3 has");
	/* A record of no device, and device 0. */
	REFUSED(d[gone + 1].owner, 5, "device 4 has");
	REFUSED(d[gone + 1].hint, 1, "device 4 has");
	REFUSED(d[gone + 1].window, 8, "device 4 has");
	REFUSED(d[first].window, 1, "a window of 1,");
	REFUSED(d[first].window, 6, "a window of 6,");
	REFUSED(d[first].window, 1024, "a window of 1024,");
	REFUSED(d[0], ((struct device){ .owner = d[0].owner, .first = 1, .end = d[0].end, .hint = 1 }), "device 0 has");
	/* A page in use is one of a device that is there. */
	REFUSED(d[second], (struct device){ 0 }, "no device has");
	assert_ok(hmmu_page_put(r->m, pfn));
	rig_close(r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_entries),
		cmocka_unit_test(test_state),
		cmocka_unit_test(test_records),
		cmocka_unit_test(test_pages),
		cmocka_unit_test(test_devices),
		cmocka_unit_test(test_unverified),
		cmocka_unit_test(test_other_bytes),
		cmocka_unit_test(test_all_events_recorded),
		cmocka_unit_test(test_unused_parts),
		cmocka_unit_test(test_special_entries_of_shared_pages),
		cmocka_unit_test(test_page_of_a_free_anon_vma),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
