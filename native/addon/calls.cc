// SPDX-License-Identifier: GPL-2.0-only
//
// Processes, tasks and their system calls. First argument: the pid or tid.
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
		InstanceMethod<&Machine::ProcessCreate>("processCreate"),
		InstanceMethod<&Machine::ProcessAlive>("processAlive"),
		InstanceMethod<&Machine::ProcessTask>("processTask"),
		InstanceMethod<&Machine::Fork>("fork"),
		InstanceMethod<&Machine::Exit>("exit"),
		InstanceMethod<&Machine::OomReap>("oomReap"),
		InstanceMethod<&Machine::TaskCreate>("taskCreate"),
		InstanceMethod<&Machine::TaskDestroy>("taskDestroy"),
		InstanceMethod<&Machine::TaskCancel>("taskCancel"),
		InstanceMethod<&Machine::TaskSetCpu>("taskSetCpu"),
		InstanceMethod<&Machine::TaskState>("taskState"),
		InstanceMethod<&Machine::Map>("map"),
		InstanceMethod<&Machine::Unmap>("unmap"),
		InstanceMethod<&Machine::Remap>("remap"),
		InstanceMethod<&Machine::Protect>("protect"),
		InstanceMethod<&Machine::Advise>("advise"),
		InstanceMethod<&Machine::Lock>("lock"),
		InstanceMethod<&Machine::Unlock>("unlock"),
		InstanceMethod<&Machine::ClearSoftDirty>("clearSoftDirty"),
		InstanceMethod<&Machine::RegisterUserfault>("registerUserfault"),
		InstanceMethod<&Machine::Load>("load"),
		InstanceMethod<&Machine::Store>("store"),
		InstanceMethod<&Machine::TryLoad>("tryLoad"),
		InstanceMethod<&Machine::TryStore>("tryStore"),
		InstanceMethod<&Machine::Pin>("pin"),
		InstanceMethod<&Machine::Unpin>("unpin"),
		InstanceMethod<&Machine::Hold>("hold"),
		InstanceMethod<&Machine::Release>("release"),
		InstanceMethod<&Machine::Isolate>("isolate"),
		InstanceMethod<&Machine::Putback>("putback"),
		InstanceMethod<&Machine::Reclaim>("reclaim"),
	};

	methods.insert(methods.end(), ours.begin(), ours.end());
}

Napi::Value Machine::ProcessCreate(const Napi::CallbackInfo &)
{
	uint32_t pid = 0;

	if (!Open())
		return Result(-EBADF);
	int result = hmmu_process_create(Core(), &pid);
	return Numbered(result, pid);
}

Napi::Value Machine::ProcessAlive(const Napi::CallbackInfo &info)
{
	return Result(Open() ? int64_t{hmmu_process_alive(Core(), Uint32(info, 0))} : -EBADF);
}

Napi::Value Machine::ProcessTask(const Napi::CallbackInfo &info)
{
	return Result(Open() ? int64_t{hmmu_process_task(Core(), Uint32(info, 0))} : -EBADF);
}

Napi::Value Machine::Fork(const Napi::CallbackInfo &info)
{
	uint32_t child = 0;

	if (!Open())
		return Result(-EBADF);
	int result = hmmu_fork(Core(), Uint32(info, 0), &child);
	return Numbered(result, child);
}

Napi::Value Machine::Exit(const Napi::CallbackInfo &info)
{
	return Result(Open() ? hmmu_exit(Core(), Uint32(info, 0)) : -EBADF);
}

Napi::Value Machine::OomReap(const Napi::CallbackInfo &info)
{
	return Result(Open() ? hmmu_oom_reap(Core(), Uint32(info, 0)) : -EBADF);
}

Napi::Value Machine::TaskCreate(const Napi::CallbackInfo &info)
{
	uint32_t tid = 0;

	if (!Open())
		return Result(-EBADF);
	int result = hmmu_task_create(Core(), Uint32(info, 0), &tid);
	return Numbered(result, tid);
}

Napi::Value Machine::TaskDestroy(const Napi::CallbackInfo &info)
{
	return Result(Open() ? hmmu_task_destroy(Core(), Uint32(info, 0)) : -EBADF);
}

Napi::Value Machine::TaskCancel(const Napi::CallbackInfo &info)
{
	return Result(Open() ? hmmu_task_cancel(Core(), Uint32(info, 0)) : -EBADF);
}

Napi::Value Machine::TaskSetCpu(const Napi::CallbackInfo &info)
{
	return Result(Open() ? hmmu_task_set_cpu(Core(), Uint32(info, 0), Uint32(info, 1)) : -EBADF);
}

// taskState(tid, Float64Array of 5): pid, cpu, wait, wait_pfn, ready.
Napi::Value Machine::TaskState(const Napi::CallbackInfo &info)
{
	struct hmmu_task_state state;

	if (!Open())
		return Result(-EBADF);
	auto *out = Records<double>(info, 1, 5);
	if (!out)
		return Result(Refuse(-EINVAL, HMMU_ERR_INVALID_ARGUMENT, "the array for the state is too short"));
	int result = hmmu_task_state(Core(), Uint32(info, 0), &state);
	if (result < 0)
		return Result(result);
	out[0] = state.pid;
	out[1] = state.cpu;
	out[2] = state.wait;
	out[3] = state.wait_pfn;
	out[4] = state.ready;
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
	return Address(result, address);
}

Napi::Value Machine::Unmap(const Napi::CallbackInfo &info)
{
	return Result(Open() ? hmmu_munmap(Core(), Uint32(info, 0), Uint64(info, 1), Uint64(info, 2)) : -EBADF);
}

// remap(tid, address, oldLength, newLength, flags, newAddress): the address.
Napi::Value Machine::Remap(const Napi::CallbackInfo &info)
{
	uint64_t address = 0;

	if (!Open())
		return Result(-EBADF);
	int result = hmmu_mremap(Core(), Uint32(info, 0), Uint64(info, 1), Uint64(info, 2), Uint64(info, 3),
				 Uint32(info, 4), Uint64(info, 5), &address);
	return Address(result, address);
}

Napi::Value Machine::Protect(const Napi::CallbackInfo &info)
{
	if (!Open())
		return Result(-EBADF);
	return Result(hmmu_mprotect(Core(), Uint32(info, 0), Uint64(info, 1), Uint64(info, 2), Uint32(info, 3)));
}

Napi::Value Machine::Advise(const Napi::CallbackInfo &info)
{
	if (!Open())
		return Result(-EBADF);
	return Result(hmmu_madvise(Core(), Uint32(info, 0), Uint64(info, 1), Uint64(info, 2), Uint32(info, 3)));
}

Napi::Value Machine::Lock(const Napi::CallbackInfo &info)
{
	return Result(Open() ? hmmu_mlock(Core(), Uint32(info, 0), Uint64(info, 1), Uint64(info, 2)) : -EBADF);
}

Napi::Value Machine::Unlock(const Napi::CallbackInfo &info)
{
	return Result(Open() ? hmmu_munlock(Core(), Uint32(info, 0), Uint64(info, 1), Uint64(info, 2)) : -EBADF);
}

Napi::Value Machine::ClearSoftDirty(const Napi::CallbackInfo &info)
{
	return Result(Open() ? hmmu_clear_soft_dirty(Core(), Uint32(info, 0)) : -EBADF);
}

Napi::Value Machine::RegisterUserfault(const Napi::CallbackInfo &info)
{
	if (!Open())
		return Result(-EBADF);
	return Result(hmmu_uffd_register(Core(), Uint32(info, 0), Uint64(info, 1), Uint64(info, 2)));
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

Napi::Value Machine::Pin(const Napi::CallbackInfo &info)
{
	uint32_t pfn = 0;

	if (!Open())
		return Result(-EBADF);
	int result = hmmu_pin(Core(), Uint32(info, 0), Uint64(info, 1), Flag(info, 2), &pfn);
	return Numbered(result, pfn);
}

Napi::Value Machine::Unpin(const Napi::CallbackInfo &info)
{
	return Result(Open() ? hmmu_unpin(Core(), Uint32(info, 0)) : -EBADF);
}

Napi::Value Machine::Hold(const Napi::CallbackInfo &info)
{
	uint32_t pfn = 0;

	if (!Open())
		return Result(-EBADF);
	int result = hmmu_hold(Core(), Uint32(info, 0), Uint64(info, 1), &pfn);
	return Numbered(result, pfn);
}

Napi::Value Machine::Release(const Napi::CallbackInfo &info)
{
	return Result(Open() ? hmmu_release(Core(), Uint32(info, 0)) : -EBADF);
}

Napi::Value Machine::Isolate(const Napi::CallbackInfo &info)
{
	uint32_t pfn = 0;

	if (!Open())
		return Result(-EBADF);
	int result = hmmu_isolate(Core(), Uint32(info, 0), Uint64(info, 1), &pfn);
	return Numbered(result, pfn);
}

Napi::Value Machine::Putback(const Napi::CallbackInfo &info)
{
	return Result(Open() ? hmmu_putback(Core(), Uint32(info, 0)) : -EBADF);
}

Napi::Value Machine::Reclaim(const Napi::CallbackInfo &info)
{
	return Result(Open() ? hmmu_reclaim(Core(), Uint32(info, 0), Uint64(info, 1)) : -EBADF);
}

} // namespace hmmu_addon
