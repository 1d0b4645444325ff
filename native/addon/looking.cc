// SPDX-License-Identifier: GPL-2.0-only
//
// Looking at a machine. Records go to JavaScript as they are, many in one typed array; lib/api/records.ts knows their
// layout, which is asserted here.
#include <algorithm>
#include <cerrno>
#include <cstddef>

#include "arguments.h"
#include "machine.h"

namespace hmmu_addon {

#define LAYOUT(type, field, offset) static_assert(offsetof(type, field) == (offset), "lib/api/records.ts reads " #field)

LAYOUT(hmmu_entry, address, 0);
LAYOUT(hmmu_entry, raw, 8);
LAYOUT(hmmu_entry, kind, 16);
LAYOUT(hmmu_entry, bits, 20);
LAYOUT(hmmu_entry, pfn, 24);
LAYOUT(hmmu_entry, alloc_id, 28);
LAYOUT(hmmu_entry, ref, 32);
LAYOUT(hmmu_entry, map, 36);
LAYOUT(hmmu_entry, flags, 40);
LAYOUT(hmmu_entry, device, 44);
LAYOUT(hmmu_entry, swap_users, 48);
static_assert(sizeof(struct hmmu_entry) == 56, "lib/native/layout.ts");

LAYOUT(hmmu_vma_info, start, 0);
LAYOUT(hmmu_vma_info, end, 8);
LAYOUT(hmmu_vma_info, kind, 16);
LAYOUT(hmmu_vma_info, prot, 20);
LAYOUT(hmmu_vma_info, locked, 24);
LAYOUT(hmmu_vma_info, soft_dirty, 25);
LAYOUT(hmmu_vma_info, huge, 26);
LAYOUT(hmmu_vma_info, nohuge, 27);
LAYOUT(hmmu_vma_info, dontfork, 28);
LAYOUT(hmmu_vma_info, uffd_missing, 29);
LAYOUT(hmmu_vma_info, has_anon_vma, 30);
static_assert(sizeof(struct hmmu_vma_info) == 32, "lib/native/layout.ts");

LAYOUT(struct hmmu_page_info, pfn, 0);
LAYOUT(struct hmmu_page_info, alloc_id, 4);
LAYOUT(struct hmmu_page_info, flags, 8);
LAYOUT(struct hmmu_page_info, ref, 12);
LAYOUT(struct hmmu_page_info, map, 16);
LAYOUT(struct hmmu_page_info, index, 24);
LAYOUT(struct hmmu_page_info, device, 32);
LAYOUT(struct hmmu_page_info, anon, 33);
LAYOUT(struct hmmu_page_info, has_mapping, 34);
LAYOUT(struct hmmu_page_info, free, 35);
LAYOUT(struct hmmu_page_info, mapping, 36);
LAYOUT(struct hmmu_page_info, byte, 40);
static_assert(sizeof(struct hmmu_page_info) == 48, "lib/native/layout.ts");

LAYOUT(hmmu_lru_page, pfn, 0);
LAYOUT(hmmu_lru_page, list, 4);
LAYOUT(hmmu_lru_page, cpu, 8);
LAYOUT(hmmu_lru_page, vec, 12);
static_assert(sizeof(hmmu_lru_page) == 16, "lib/native/layout.ts");

LAYOUT(hmmu_leak, pfn, 0);
LAYOUT(hmmu_leak, to, 4);
LAYOUT(hmmu_leak, alloc_id, 8);
LAYOUT(hmmu_leak, ref, 12);
LAYOUT(hmmu_leak, flags, 16);
LAYOUT(hmmu_leak, locked, 20);
static_assert(sizeof(hmmu_leak) == 24, "lib/native/layout.ts");

LAYOUT(hmmu_holder, pfn, 0);
LAYOUT(hmmu_holder, kind, 4);
LAYOUT(hmmu_holder, refs, 8);
LAYOUT(hmmu_holder, count, 12);
LAYOUT(hmmu_holder, at, 16);
LAYOUT(hmmu_holder, id, 24);
LAYOUT(hmmu_holder, lock, 28);
static_assert(sizeof(hmmu_holder) == 32, "lib/native/layout.ts");

LAYOUT(hmmu_tlb_entry, address, 0);
LAYOUT(hmmu_tlb_entry, pid, 8);
LAYOUT(hmmu_tlb_entry, pfn, 12);
LAYOUT(hmmu_tlb_entry, write, 16);
LAYOUT(hmmu_tlb_entry, dirty, 17);
LAYOUT(hmmu_tlb_entry, stale, 18);
static_assert(sizeof(hmmu_tlb_entry) == 24, "lib/native/layout.ts");

LAYOUT(hmmu_table, base, 0);
LAYOUT(hmmu_table, entry, 8);
LAYOUT(hmmu_table, pfn, 16);
LAYOUT(hmmu_table, level, 20);
LAYOUT(hmmu_table, parent, 24);
LAYOUT(hmmu_table, used, 28);
static_assert(sizeof(hmmu_table) == 32, "lib/native/layout.ts");

LAYOUT(hmmu_event, type, 0);
LAYOUT(hmmu_event, pid, 4);
LAYOUT(hmmu_event, a, 8);
LAYOUT(hmmu_event, b, 16);
static_assert(sizeof(struct hmmu_event) == 24, "lib/native/layout.ts");

static_assert(sizeof(struct hmmu_stats) == (HMMU_SPAN_COUNT * 3 + HMMU_STAT_COUNT + HMMU_WHY_COUNT + 1) * 8,
	      "lib/native/layout.ts");
LAYOUT(struct hmmu_stats, counts, HMMU_SPAN_COUNT * 24);
LAYOUT(hmmu_stats_node, runs, 8);
static_assert(sizeof(hmmu_stats_node) == 32, "lib/native/layout.ts");

#undef LAYOUT

void Machine::DefineLooking(Methods &methods)
{
	const Methods ours = {
		InstanceMethod<&Machine::Dump>("dump"),
		InstanceMethod<&Machine::Mappings>("mappings"),
		InstanceMethod<&Machine::Walk>("walk"),
		InstanceMethod<&Machine::MmCounters>("mmCounters"),
		InstanceMethod<&Machine::PageInfo>("pageInfo"),
		InstanceMethod<&Machine::DeviceInfo>("deviceInfo"),
		InstanceMethod<&Machine::Leaks>("leaks"),
		InstanceMethod<&Machine::PageRead>("pageRead"),
		InstanceMethod<&Machine::PageWrite>("pageWrite"),
		InstanceMethod<&Machine::TakeEvents>("takeEvents"),
		InstanceMethod<&Machine::Stats>("stats"),
		InstanceMethod<&Machine::StatsTree>("statsTree"),
		InstanceMethod<&Machine::Holders>("holders"),
		InstanceMethod<&Machine::Tlb>("tlb"),
		InstanceMethod<&Machine::Tables>("tables"),
		InstanceMethod<&Machine::Pages>("pages"),
		InstanceMethod<&Machine::Lru>("lru"),
	};

	methods.insert(methods.end(), ours.begin(), ours.end());
}

// A list of what belongs to a number: how many there are; fills in as many records as there is room for.
template <typename Record, typename Function> Napi::Value Machine::Listed(const Napi::CallbackInfo &info, Function list)
{
	if (!Open())
		return Result(-EBADF);
	auto capacity = static_cast<uint32_t>(TypedBytes(info, 1).length / sizeof(Record));
	auto *out = Records<Record>(info, 1, capacity);
	return Result(list(Core(), Uint32(info, 0), out, out ? capacity : 0));
}

// dump(pid, address, pages, array of pages records)
Napi::Value Machine::Dump(const Napi::CallbackInfo &info)
{
	uint64_t pages = Uint64(info, 2);

	if (!Open())
		return Result(-EBADF);
	auto *out = Records<hmmu_entry>(info, 3, pages);
	if (!out)
		return Result(Refuse(-EINVAL, HMMU_ERR_INVALID_ARGUMENT, "the array for the entries is too short"));
	return Result(hmmu_dump(Core(), Uint32(info, 0), Uint64(info, 1), pages, out));
}

// mappings(pid, array of records): how many there are; fills in as many as there is room for.
Napi::Value Machine::Mappings(const Napi::CallbackInfo &info)
{
	if (!Open())
		return Result(-EBADF);
	auto capacity = static_cast<uint32_t>(TypedBytes(info, 1).length / sizeof(hmmu_vma_info));
	auto *out = Records<hmmu_vma_info>(info, 1, capacity);
	return Result(hmmu_vmas(Core(), Uint32(info, 0), out, out ? capacity : 0));
}

// walk(pid, address, BigUint64Array of 5): how many levels were read.
Napi::Value Machine::Walk(const Napi::CallbackInfo &info)
{
	if (!Open())
		return Result(-EBADF);
	auto *out = Records<uint64_t>(info, 2, 5);
	if (!out)
		return Result(Refuse(-EINVAL, HMMU_ERR_INVALID_ARGUMENT, "the array for the entries is too short"));
	return Result(hmmu_walk(Core(), Uint32(info, 0), Uint64(info, 1), out));
}

// mmCounters(pid, Float64Array of 8): anon, file, shmem, swap, mapped, locked, tables, hugetlb.
Napi::Value Machine::MmCounters(const Napi::CallbackInfo &info)
{
	struct hmmu_mm_counters counters;

	if (!Open())
		return Result(-EBADF);
	auto *out = Records<double>(info, 1, 8);
	if (!out)
		return Result(Refuse(-EINVAL, HMMU_ERR_INVALID_ARGUMENT, "the array for the counters is too short"));
	int result = hmmu_mm_counters(Core(), Uint32(info, 0), &counters);
	if (result < 0)
		return Result(result);
	const uint64_t values[] = {counters.anon,   counters.file,   counters.shmem,  counters.swap,
				   counters.mapped, counters.locked, counters.tables, counters.hugetlb};
	std::copy(std::begin(values), std::end(values), out);
	return Result(0);
}

// pageInfo(pfn, array of one record)
Napi::Value Machine::PageInfo(const Napi::CallbackInfo &info)
{
	if (!Open())
		return Result(-EBADF);
	auto *out = Records<struct hmmu_page_info>(info, 1, 1);
	if (!out)
		return Result(Refuse(-EINVAL, HMMU_ERR_INVALID_ARGUMENT, "the array for the page is too short"));
	return Result(hmmu_page_info(Core(), Uint32(info, 0), out));
}

// deviceInfo(device, Float64Array of 5): first, pages, free, owner, kind.
Napi::Value Machine::DeviceInfo(const Napi::CallbackInfo &info)
{
	struct hmmu_device_info device;

	if (!Open())
		return Result(-EBADF);
	auto *out = Records<double>(info, 1, 5);
	if (!out)
		return Result(Refuse(-EINVAL, HMMU_ERR_INVALID_ARGUMENT, "the array for the device is too short"));
	int result = hmmu_device_info(Core(), Uint32(info, 0), &device);
	if (result < 0)
		return Result(result);
	const double values[] = {double(device.first), double(device.pages), double(device.free), double(device.owner),
				 double(device.kind)};
	std::copy(std::begin(values), std::end(values), out);
	return Result(0);
}

// leaks(array of records): how many there are; fills in as many as there is room for.
Napi::Value Machine::Leaks(const Napi::CallbackInfo &info)
{
	if (!Open())
		return Result(-EBADF);
	auto capacity = static_cast<uint32_t>(TypedBytes(info, 0).length / sizeof(hmmu_leak));
	auto *out = Records<hmmu_leak>(info, 0, capacity);
	return Result(hmmu_leaks(Core(), out, out ? capacity : 0));
}

// holders(pfn or 0, array of records): how many there are; fills in as many as there is room for.
Napi::Value Machine::Holders(const Napi::CallbackInfo &info)
{
	return Listed<hmmu_holder>(info, hmmu_holders);
}

// tlb(cpu, array of records): the same.
Napi::Value Machine::Tlb(const Napi::CallbackInfo &info)
{
	return Listed<hmmu_tlb_entry>(info, hmmu_tlb);
}

// tables(pid, array of records): the same.
Napi::Value Machine::Tables(const Napi::CallbackInfo &info)
{
	return Listed<hmmu_table>(info, hmmu_tables);
}

// pages(array of records): the same.
Napi::Value Machine::Pages(const Napi::CallbackInfo &info)
{
	if (!Open())
		return Result(-EBADF);
	auto capacity = static_cast<uint32_t>(TypedBytes(info, 0).length / sizeof(struct hmmu_page_info));
	auto *out = Records<struct hmmu_page_info>(info, 0, capacity);
	return Result(hmmu_pages(Core(), out, out ? capacity : 0));
}

// lru(array of records): the same.
Napi::Value Machine::Lru(const Napi::CallbackInfo &info)
{
	if (!Open())
		return Result(-EBADF);
	auto capacity = static_cast<uint32_t>(TypedBytes(info, 0).length / sizeof(hmmu_lru_page));
	auto *out = Records<hmmu_lru_page>(info, 0, capacity);
	return Result(hmmu_lru(Core(), out, out ? capacity : 0));
}

// pageRead(pfn, offset, typed array): copies bytes of the frame into the array.
Napi::Value Machine::PageRead(const Napi::CallbackInfo &info)
{
	if (!Open())
		return Result(-EBADF);
	Bytes bytes = TypedBytes(info, 2);
	return Result(hmmu_page_read(Core(), Uint32(info, 0), Uint32(info, 1), bytes.data, bytes.length));
}

// pageWrite(pfn, offset, typed array): copies the array into the frame.
Napi::Value Machine::PageWrite(const Napi::CallbackInfo &info)
{
	if (!Open())
		return Result(-EBADF);
	Bytes bytes = TypedBytes(info, 2);
	return Result(hmmu_page_write(Core(), Uint32(info, 0), Uint32(info, 1), bytes.data, bytes.length));
}

// takeEvents(array of records, array of their cycles or nothing): how many were filled in.
Napi::Value Machine::TakeEvents(const Napi::CallbackInfo &info)
{
	if (!Open())
		return Result(-EBADF);
	auto capacity = static_cast<uint32_t>(TypedBytes(info, 0).length / sizeof(hmmu_event));
	auto *out = Records<hmmu_event>(info, 0, capacity);
	auto *cycles = Records<uint64_t>(info, 1, capacity);
	return Result(out ? hmmu_events_read_timed(Core(), out, cycles, capacity) : 0);
}

// stats(array of one record)
Napi::Value Machine::Stats(const Napi::CallbackInfo &info)
{
	if (!Open())
		return Result(-EBADF);
	auto *out = Records<struct hmmu_stats>(info, 0, 1);
	if (!out)
		return Result(Refuse(-EINVAL, HMMU_ERR_INVALID_ARGUMENT, "the array for the statistics is too short"));
	hmmu_stats(Core(), out);
	return Result(0);
}

// statsTree(array of records): how many nodes there are; fills in as many as there is room for.
Napi::Value Machine::StatsTree(const Napi::CallbackInfo &info)
{
	if (!Open())
		return Result(-EBADF);
	auto capacity = static_cast<uint32_t>(TypedBytes(info, 0).length / sizeof(hmmu_stats_node));
	return Result(hmmu_stats_tree(Core(), Records<hmmu_stats_node>(info, 0, capacity), capacity));
}

} // namespace hmmu_addon
