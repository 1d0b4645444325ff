// SPDX-License-Identifier: GPL-2.0-only
//
// System calls of tasks that take or fill arrays and records. First argument: the tid.
#include <algorithm>
#include <cerrno>
#include <memory>
#include <new>

#include "arguments.h"
#include "machine.h"

namespace hmmu_addon {

void Machine::DefineCalls(Methods &methods)
{
	const Methods ours = {
		InstanceMethod<&Machine::TaskState>("taskState"), InstanceMethod<&Machine::Map>("map"),
		InstanceMethod<&Machine::Load>("load"),           InstanceMethod<&Machine::Store>("store"),
		InstanceMethod<&Machine::TryLoad>("tryLoad"),     InstanceMethod<&Machine::TryStore>("tryStore"),
		InstanceMethod<&Machine::Mirror>("mirror"),       InstanceMethod<&Machine::RangeFault>("rangeFault"),
	};

	methods.insert(methods.end(), ours.begin(), ours.end());
}

// taskState(tid, Float64Array of 9): pid, cpu, wait, wait_pfn, ready; mmap_lock, queue_place, migrations, vma.
Napi::Value Machine::TaskState(const Napi::CallbackInfo &info)
{
	struct hmmu_task_state state;
	struct hmmu_task_locks locks = {};

	if (!Open())
		return Result(-EBADF);
	auto *out = Records<double>(info, 1, 9);
	if (!out)
		return Result(Refuse(-EINVAL, HMMU_ERR_INVALID_ARGUMENT, "the array for the state is too short"));
	int result = hmmu_task_state(Core(), Uint32(info, 0), &state);
	if (result >= 0)
		result = hmmu_task_locks(Core(), Uint32(info, 0), &locks);
	if (result < 0)
		return Result(result);
	const double values[] = {double(state.pid),         double(state.cpu),        double(state.wait),
				 double(state.wait_pfn),    double(state.ready),      double(locks.mmap_lock),
				 double(locks.queue_place), double(locks.migrations), double(locks.vma)};
	std::copy(std::begin(values), std::end(values), out);
	return Result(0);
}

// map(tid, address, pages, kind, prot, alignHuge): the address.
Napi::Value Machine::Map(const Napi::CallbackInfo &info)
{
	hmmu_map map = {};
	uint64_t address = 0;

	if (!Open())
		return Result(-EBADF);
	map.address = Uint64(info, 1);
	map.pages = Uint64(info, 2);
	map.kind = Uint32(info, 3);
	map.prot = Uint32(info, 4);
	map.align_huge = Flag(info, 5);
	int result = hmmu_mmap(Core(), Uint32(info, 0), &map, &address);
	return Result(result < 0 ? result : static_cast<int64_t>(address));
}

// load(tid, address, typed array): fills the array, which the caller must not have given to anybody yet: a fault
// handler that could detach it may run meanwhile.
Napi::Value Machine::Load(const Napi::CallbackInfo &info)
{
	if (!Open())
		return Result(-EBADF);
	Bytes bytes = TypedBytes(info, 2);
	done_ = 0;
	return Result(hmmu_load(Core(), Uint32(info, 0), Uint64(info, 1), bytes.data, bytes.length, &done_));
}

// store(tid, address, typed array). The bytes are copied first: a fault handler may do to the array whatever it likes.
Napi::Value Machine::Store(const Napi::CallbackInfo &info)
{
	if (!Open())
		return Result(-EBADF);
	Bytes bytes = TypedBytes(info, 2);
	std::unique_ptr<uint8_t[]> copy(new (std::nothrow) uint8_t[bytes.length]);
	done_ = 0;
	if (!copy)
		return Result(Refuse(-ENOMEM, HMMU_ERR_HOST_MEMORY, "the host has no memory for a copy of the bytes"));
	std::copy_n(bytes.data, bytes.length, copy.get());
	return Result(hmmu_store(Core(), Uint32(info, 0), Uint64(info, 1), copy.get(), bytes.length, &done_));
}

// tryLoad(tid, address): the byte, or the negated error code (not errno).
Napi::Value Machine::TryLoad(const Napi::CallbackInfo &info)
{
	uint8_t byte = 0;

	if (!Open())
		return Result(-HMMU_ERR_DISPOSED);
	int result = hmmu_load(Core(), Uint32(info, 0), Uint64(info, 1), &byte, 1, nullptr);
	return Outcome(result, byte);
}

// tryStore(tid, address, byte): 0, or the negated error code (not errno).
Napi::Value Machine::TryStore(const Napi::CallbackInfo &info)
{
	auto byte = static_cast<uint8_t>(Uint32(info, 2));

	if (!Open())
		return Result(-HMMU_ERR_DISPOSED);
	return Outcome(hmmu_store(Core(), Uint32(info, 0), Uint64(info, 1), &byte, 1, nullptr), 0);
}

Napi::Value Machine::Outcome(int result, int64_t value)
{
	return Result(result < 0 ? -int64_t{hmmu_error(machine_)->code} : value);
}

// What is asked of each page: 1 REQ_FAULT, 2 REQ_WRITE.
static uint64_t RangeFlags(uint32_t flags)
{
	return (flags & 1 ? HMMU_RANGE_REQ_FAULT : 0) | (flags & 2 ? HMMU_RANGE_REQ_WRITE : 0);
}

// mirror(tid, start, end, flags, owner, BigUint64Array of a word for each page)
Napi::Value Machine::Mirror(const Napi::CallbackInfo &info)
{
	uint64_t start = Uint64(info, 1), end = Uint64(info, 2);

	if (!Open())
		return Result(-EBADF);
	auto *words = Records<uint64_t>(info, 5, end > start ? (end - start) / HMMU_PAGE_SIZE : 0);
	if (!words)
		return Result(Refuse(-EINVAL, HMMU_ERR_INVALID_ARGUMENT, "the array for the words is too short"));
	return Result(
		hmmu_mirror(Core(), Uint32(info, 0), start, end, RangeFlags(Uint32(info, 3)), Uint64(info, 4), words));
}

// rangeFault(tid, notifier, seq, start, end, flags, owner, BigUint64Array of a word for each page)
Napi::Value Machine::RangeFault(const Napi::CallbackInfo &info)
{
	struct hmmu_range range = {};

	if (!Open())
		return Result(-EBADF);
	range.notifier = Uint32(info, 1);
	range.notifier_seq = Uint64(info, 2);
	range.start = Uint64(info, 3);
	range.end = Uint64(info, 4);
	range.default_flags = RangeFlags(Uint32(info, 5));
	range.owner = Uint64(info, 6);
	range.pfns =
		Records<uint64_t>(info, 7, range.end > range.start ? (range.end - range.start) / HMMU_PAGE_SIZE : 0);
	if (!range.pfns)
		return Result(Refuse(-EINVAL, HMMU_ERR_INVALID_ARGUMENT, "the array for the words is too short"));
	return Result(hmmu_range_fault(Core(), Uint32(info, 0), &range));
}

} // namespace hmmu_addon
