/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Looking at a machine. Records go to JavaScript as they are; lib/api/records.ts knows their layout, which has no pointer
 * in it and so is the same here as in the addon, where native/addon/looking.cc asserts it. Arrays are the caller's.
 */
#include "instance.h"

_Static_assert(sizeof(struct hmmu_entry) == 56, "lib/native/layout.ts");
_Static_assert(sizeof(struct hmmu_vma_info) == 32, "lib/native/layout.ts");
_Static_assert(sizeof(struct hmmu_page_info) == 48, "lib/native/layout.ts");
_Static_assert(sizeof(struct hmmu_holder) == 32, "lib/native/layout.ts");
_Static_assert(sizeof(struct hmmu_tlb_entry) == 24, "lib/native/layout.ts");
_Static_assert(sizeof(struct hmmu_table) == 32, "lib/native/layout.ts");
_Static_assert(sizeof(struct hmmu_event) == 24, "lib/native/layout.ts");
_Static_assert(sizeof(struct hmmu_stats) == (HMMU_SPAN_COUNT * 3 + HMMU_STAT_COUNT + HMMU_WHY_COUNT + 1) * 8,
	       "lib/native/layout.ts");
_Static_assert(sizeof(struct hmmu_stats_node) == 32, "lib/native/layout.ts");

EXPORT(dump) int wasm_dump(uint32_t pid, double address, double pages, struct hmmu_entry *out)
{
	return hmmu_dump(instance.machine, pid, whole(address), whole(pages), out);
}

EXPORT(mappings) int wasm_mappings(uint32_t pid, struct hmmu_vma_info *out, uint32_t capacity)
{
	return hmmu_vmas(instance.machine, pid, out, capacity);
}

EXPORT(walk) int wasm_walk(uint32_t pid, double address, uint64_t *out)
{
	return hmmu_walk(instance.machine, pid, whole(address), out);
}

/* Tells anon, file, shmem, swap, mapped, locked, tables, hugetlb. */
EXPORT(mmCounters) int wasm_mm_counters(uint32_t pid)
{
	struct hmmu_mm_counters counters = { 0 };
	int err = hmmu_mm_counters(instance.machine, pid, &counters);

	instance.told[0] = (double)counters.anon;
	instance.told[1] = (double)counters.file;
	instance.told[2] = (double)counters.shmem;
	instance.told[3] = (double)counters.swap;
	instance.told[4] = (double)counters.mapped;
	instance.told[5] = (double)counters.locked;
	instance.told[6] = (double)counters.tables;
	instance.told[7] = (double)counters.hugetlb;
	return err;
}

EXPORT(pageInfo) int wasm_page_info(uint32_t pfn, struct hmmu_page_info *out)
{
	return hmmu_page_info(instance.machine, pfn, out);
}

/* Tells first, pages, free, owner, kind. */
EXPORT(deviceInfo) int wasm_device_info(uint32_t device)
{
	struct hmmu_device_info info = { 0 };
	int err = hmmu_device_info(instance.machine, device, &info);

	instance.told[0] = info.first;
	instance.told[1] = info.pages;
	instance.told[2] = info.free;
	instance.told[3] = (double)info.owner;
	instance.told[4] = info.kind;
	return err;
}

EXPORT(leaks) int wasm_leaks(struct hmmu_leak *out, uint32_t capacity)
{
	return hmmu_leaks(instance.machine, out, capacity);
}

EXPORT(holders) int wasm_holders(uint32_t pfn, struct hmmu_holder *out, uint32_t capacity)
{
	return hmmu_holders(instance.machine, pfn, out, capacity);
}

EXPORT(tlb) int wasm_tlb(uint32_t cpu, struct hmmu_tlb_entry *out, uint32_t capacity)
{
	return hmmu_tlb(instance.machine, cpu, out, capacity);
}

EXPORT(tables) int wasm_tables(uint32_t pid, struct hmmu_table *out, uint32_t capacity)
{
	return hmmu_tables(instance.machine, pid, out, capacity);
}

EXPORT(pages) int wasm_pages(struct hmmu_page_info *out, uint32_t capacity)
{
	return hmmu_pages(instance.machine, out, capacity);
}

EXPORT(lru) int wasm_lru(struct hmmu_lru_page *out, uint32_t capacity)
{
	return hmmu_lru(instance.machine, out, capacity);
}

EXPORT(pageRead) int wasm_page_read(uint32_t pfn, uint32_t offset, void *bytes, uint32_t length)
{
	return hmmu_page_read(instance.machine, pfn, offset, bytes, length);
}

EXPORT(pageWrite) int wasm_page_write(uint32_t pfn, uint32_t offset, const void *bytes, uint32_t length)
{
	return hmmu_page_write(instance.machine, pfn, offset, bytes, length);
}

EXPORT(takeEvents) int wasm_take_events(struct hmmu_event *out, uint32_t capacity)
{
	return hmmu_events_read(instance.machine, out, capacity);
}

EXPORT(stats) int wasm_stats(struct hmmu_stats *out)
{
	hmmu_stats(instance.machine, out);
	return 0;
}

EXPORT(statsTree) int wasm_stats_tree(struct hmmu_stats_node *out, uint32_t capacity)
{
	return hmmu_stats_tree(instance.machine, out, capacity);
}
