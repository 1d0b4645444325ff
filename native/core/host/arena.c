/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The arena: one reservation, laid out once. Each part has the size of its worst case, because untouched address space
 * costs nothing.
 */
#include <errno.h>
#include <string.h>

#include "host/arena.h"
#include "host/platform.h"

#define MIN_RAM_PAGES 64u
#define MAX_PAGES (1u << 28)

struct slab_size {
	u32 record, capacity;
};

static const struct slab_size slab_sizes[NR_SLABS] = {
	[SLAB_MM] = { sizeof(struct mm), 1u << 16 },
	[SLAB_TASK] = { sizeof(struct task), 1u << 18 },
	[SLAB_VMA] = { sizeof(struct vma), 1u << 22 },
	[SLAB_AVC] = { sizeof(struct avc), 1u << 23 },
	[SLAB_ANON_VMA] = { sizeof(struct anon_vma), 1u << 22 },
	[SLAB_FILE] = { sizeof(struct file), 1u << 20 },
	[SLAB_SUBSCRIPTIONS] = { sizeof(struct subscriptions), 1u << 16 },
	[SLAB_INTERVAL] = { sizeof(struct interval), 1u << 18 },
};

static u64 take(u64 *end, u64 bytes)
{
	u64 offset = *end;

	*end = (offset + bytes + PAGE_SIZE - 1) & PAGE_MASK;
	return offset;
}

static u32 hash_size(u32 pages)
{
	u32 size = 64;

	while (size < pages)
		size *= 2;
	return size;
}

/* A huge page of the pool starts at a multiple of 512 frames, since a huge pmd has no bits for less. */
static u32 hugetlb_base(const struct state *st)
{
	return st->hugetlb_pages ? (st->ram_pages + HPAGE_PMD_NR - 1) & ~(HPAGE_PMD_NR - 1) : st->ram_pages;
}

static u32 device_base(const struct state *st)
{
	return hugetlb_base(st) + st->hugetlb_pages * HPAGE_PMD_NR;
}

static u64 layout(struct state *st)
{
	u64 devices = (u64)st->device_pages + st->coherent_pages;
	u64 pages = device_base(st) + devices + st->other_device_pages;
	u64 end = 0;

	take(&end, sizeof(struct state));
	for (int kind = 0; kind < NR_SLABS; kind++) {
		struct slab *slab = &st->slabs[kind];

		slab->record = slab_sizes[kind].record;
		slab->capacity = slab_sizes[kind].capacity;
		slab->high = 1;
		slab->offset = take(&end, (u64)slab->record * slab->capacity);
	}
	st->blocks = (st->ram_pages + HPAGE_PMD_NR - 1) / HPAGE_PMD_NR;
	st->offsets[PART_VM_LOCK_SEQ] = take(&end, (u64)st->slabs[SLAB_VMA].capacity * sizeof(u32));
	st->offsets[PART_BLOCKS] = take(&end, (u64)st->blocks * sizeof(struct block));
	st->offsets[PART_TLB] = take(&end, (u64)st->cpus * TLB_ENTRIES * sizeof(struct tlb_entry));
	st->offsets[PART_EVENTS] = take(&end, (u64)EVENT_RING * sizeof(struct hmmu_event));
	st->offsets[PART_CACHE_HASH] = take(&end, (u64)hash_size(st->ram_pages) * sizeof(u32));
	st->offsets[PART_DEVICE_BITMAP] = take(&end, (devices + 63) / 64 * sizeof(u64));
	st->offsets[PART_PAGES] = take(&end, (pages + NR_LRU_LISTS) * sizeof(struct page));
	st->offsets[PART_PINS] = take(&end, pages * sizeof(struct pins));
	/* On a machine without contents, only page tables need their frames. */
	st->offsets[PART_FRAMES] = take(&end, (st->no_contents ? st->ram_pages : pages) * PAGE_SIZE);
	st->offsets[PART_TAGS] = take(&end, st->no_contents ? pages * TAG_SIZE : 0);
	st->offsets[PART_SWAP_SLOTS] = take(&end, (st->swap_pages + 1ull) * sizeof(struct swap_slot));
	st->offsets[PART_SWAP_FRAMES] = take(&end, st->swap_pages * (st->no_contents ? TAG_SIZE : PAGE_SIZE));
	st->bytes = end;
	return end;
}

static void *part(struct state *st, enum part which)
{
	return (u8 *)st + st->offsets[which];
}

static void *slab_base(struct state *st, enum slab_kind kind)
{
	return (u8 *)st + st->slabs[kind].offset;
}

static void cache_addresses(struct hmmu *m, struct state *st)
{
	m->st = st;
	m->mms = slab_base(st, SLAB_MM);
	m->tasks = slab_base(st, SLAB_TASK);
	m->vmas = slab_base(st, SLAB_VMA);
	m->avcs = slab_base(st, SLAB_AVC);
	m->anon_vmas = slab_base(st, SLAB_ANON_VMA);
	m->files = slab_base(st, SLAB_FILE);
	m->subscriptions = slab_base(st, SLAB_SUBSCRIPTIONS);
	m->intervals = slab_base(st, SLAB_INTERVAL);
	m->vm_lock_seq = part(st, PART_VM_LOCK_SEQ);
	m->block = part(st, PART_BLOCKS);
	m->tlb = part(st, PART_TLB);
	m->events = part(st, PART_EVENTS);
	m->cache_hash = part(st, PART_CACHE_HASH);
	m->cache_mask = hash_size(st->ram_pages) - 1;
	m->device_bitmap = part(st, PART_DEVICE_BITMAP);
	m->pages = part(st, PART_PAGES);
	m->pins = part(st, PART_PINS);
	m->frames = part(st, PART_FRAMES);
	m->tags = st->no_contents ? part(st, PART_TAGS) : NULL;
	m->swap_slots = part(st, PART_SWAP_SLOTS);
	m->swap_frames = part(st, PART_SWAP_FRAMES);
	m->quirks = st->quirks;
	m->hugetlb_base = hugetlb_base(st);
	m->device_base = device_base(st);
	m->coherent_base = m->device_base + st->device_pages;
	m->other_device_base = m->coherent_base + st->coherent_pages;
	m->pfn_end = m->other_device_base + st->other_device_pages;
}

static bool sizes_valid(const struct state *sizes)
{
	return sizes->ram_pages >= MIN_RAM_PAGES && sizes->ram_pages <= MAX_PAGES && sizes->device_pages <= MAX_PAGES &&
	       sizes->coherent_pages <= MAX_PAGES && sizes->other_device_pages <= MAX_PAGES >> 8 &&
	       sizes->swap_pages <= MAX_PAGES && sizes->hugetlb_pages <= MAX_PAGES / HPAGE_PMD_NR && sizes->cpus &&
	       sizes->cpus <= MAX_CPUS;
}

int arena_create(struct hmmu *m, const struct state *sizes)
{
	struct state shape, *st;

	if (!sizes_valid(sizes))
		return -EINVAL;
	memset(&shape, 0, sizeof(shape));
	shape.ram_pages = sizes->ram_pages;
	shape.device_pages = sizes->device_pages;
	shape.coherent_pages = sizes->coherent_pages;
	shape.other_device_pages = sizes->other_device_pages;
	shape.swap_pages = sizes->swap_pages;
	shape.hugetlb_pages = sizes->hugetlb_pages;
	shape.cpus = sizes->cpus;
	shape.no_contents = sizes->no_contents != 0;
	layout(&shape);
	st = platform_reserve(shape.bytes);
	if (!st)
		return -ENOMEM;
	*st = shape;
	cache_addresses(m, st);
	return 0;
}

void arena_destroy(struct hmmu *m)
{
	u64 bytes = m->st->bytes;

	if (PLATFORM_REUSES_MEMORY)
		memset(m->st, 0, sizeof(*m->st));
	platform_release(m->st, bytes);
}

u32 slab_alloc(struct hmmu *m, enum slab_kind kind)
{
	struct slab *slab = &m->st->slabs[kind];
	u8 *base = slab_base(m->st, kind);
	u32 slot = slab->free_head;
	u8 *record;

	if (!slot && slab->high == slab->capacity)
		return 0;
	if (!slot)
		slot = slab->high++;
	record = base + (u64)slot * slab->record;
	memcpy(&slab->free_head, record, sizeof(u32));
	memset(record, 0, slab->record);
	slab->used++;
	return slot;
}

void slab_free(struct hmmu *m, enum slab_kind kind, u32 slot)
{
	struct slab *slab = &m->st->slabs[kind];
	u8 *record = (u8 *)slab_base(m->st, kind) + (u64)slot * slab->record;

	memset(record, 0, slab->record);
	memcpy(record, &slab->free_head, sizeof(u32));
	slab->free_head = slot;
	slab->used--;
}
