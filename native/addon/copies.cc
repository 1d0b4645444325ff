// SPDX-License-Identifier: GPL-2.0-only
//
// Snapshots, copies and hashes, and who is there: for a machine that JavaScript did not see being made.
#include <cerrno>

#include "arguments.h"
#include "machine.h"

namespace hmmu_addon {

void Machine::DefineCopies(Methods &methods)
{
	const Methods ours = {
		InstanceMethod<&Machine::Snapshot>("snapshot"),   InstanceMethod<&Machine::Hash>("hash"),
		InstanceMethod<&Machine::StateHash>("stateHash"), InstanceMethod<&Machine::Options>("options"),
		InstanceMethod<&Machine::Processes>("processes"), InstanceMethod<&Machine::Tasks>("tasks"),
	};

	methods.insert(methods.end(), ours.begin(), ours.end());
}

void Machine::Restore(Bytes snapshot, uint32_t flags)
{
	struct hmmu_error error;

	if (reinterpret_cast<uintptr_t>(snapshot.data) % sizeof(uint64_t) != 0)
		Refuse(-EINVAL, HMMU_ERR_INVALID_ARGUMENT, "the array must be aligned to 8 bytes");
	else if (hmmu_restore_with(snapshot.data, snapshot.length, flags, &machine_, &error) < 0)
		Refuse(error.err, error.code, error.text);
}

// The handlers of devices stay behind: they would be called for the source.
void Machine::Clone(Machine &source)
{
	static const hmmu_pagemap_ops builtin = {nullptr, nullptr};

	if (!source.Open()) {
		Refuse(-EBADF, HMMU_ERR_DISPOSED, "the machine is disposed of");
		return;
	}
	int result = hmmu_clone(source.Core(), &machine_);
	if (result < 0) {
		const struct hmmu_error *error = hmmu_error(source.machine_);
		Refuse(result, error->code, error->text);
		return;
	}
	for (uint32_t i = 0; i < HMMU_MAX_DEVICES; i++)
		hmmu_device_driver(machine_, i, &builtin, nullptr);
	hmmu_set_notifier(machine_, nullptr, nullptr);
	hmmu_set_invalidate(machine_, nullptr, nullptr);
}

// snapshot(typed array or undefined): fills the array; how many bytes it takes.
Napi::Value Machine::Snapshot(const Napi::CallbackInfo &info)
{
	size_t size = 0;

	if (!Open())
		return Result(-EBADF);
	Bytes bytes = TypedBytes(info, 0);
	if (reinterpret_cast<uintptr_t>(bytes.data) % sizeof(uint64_t) != 0)
		return Result(Refuse(-EINVAL, HMMU_ERR_INVALID_ARGUMENT, "the array must be aligned to 8 bytes"));
	int result = hmmu_snapshot(Core(), bytes.data, bytes.length, &size);
	return Result(result < 0 ? result : static_cast<int64_t>(size));
}

// hash(BigUint64Array of 1)
Napi::Value Machine::Hash(const Napi::CallbackInfo &info)
{
	if (!Open())
		return Result(-EBADF);
	auto *out = Records<uint64_t>(info, 0, 1);
	if (!out)
		return Result(Refuse(-EINVAL, HMMU_ERR_INVALID_ARGUMENT, "the array for the hash is too short"));
	*out = hmmu_hash(Core());
	return Result(0);
}

// stateHash(Uint32Array of page numbers, BigUint64Array of 1)
Napi::Value Machine::StateHash(const Napi::CallbackInfo &info)
{
	if (!Open())
		return Result(-EBADF);
	auto count = static_cast<uint32_t>(TypedBytes(info, 0).length / sizeof(uint32_t));
	auto *pfns = Records<uint32_t>(info, 0, count);
	auto *out = Records<uint64_t>(info, 1, 1);
	if (!out || (count && !pfns))
		return Result(Refuse(-EINVAL, HMMU_ERR_INVALID_ARGUMENT, "the array for the hash is too short"));
	return Result(hmmu_state_hash_with(Core(), pfns, count, out));
}

// options(Float64Array of 11): what the constructor takes, in its order.
Napi::Value Machine::Options(const Napi::CallbackInfo &info)
{
	hmmu_options options;

	if (!Open())
		return Result(-EBADF);
	auto *out = Records<double>(info, 0, 11);
	if (!out)
		return Result(Refuse(-EINVAL, HMMU_ERR_INVALID_ARGUMENT, "the array for the options is too short"));
	hmmu_machine_options(Core(), &options);
	out[0] = options.ram_pages;
	out[1] = options.device_pages;
	out[2] = options.cpus;
	out[3] = options.profile;
	out[4] = options.quirks_on;
	out[5] = options.quirks_off;
	out[6] = static_cast<double>(options.memcg_limit);
	out[7] = options.swap_pages;
	out[8] = options.no_contents;
	out[9] = options.hugetlb_pages;
	out[10] = options.coherent_pages;
	return Result(0);
}

// processes(Uint32Array): how many there are; fills in as many pids as there is room for.
Napi::Value Machine::Processes(const Napi::CallbackInfo &info)
{
	if (!Open())
		return Result(-EBADF);
	auto capacity = static_cast<uint32_t>(TypedBytes(info, 0).length / sizeof(uint32_t));
	uint32_t *pids = Records<uint32_t>(info, 0, capacity);
	return Result(hmmu_processes(Core(), pids, pids ? capacity : 0));
}

// tasks(pid, Uint32Array): how many there are; fills in as many tids as there is room for.
Napi::Value Machine::Tasks(const Napi::CallbackInfo &info)
{
	if (!Open())
		return Result(-EBADF);
	auto capacity = static_cast<uint32_t>(TypedBytes(info, 1).length / sizeof(uint32_t));
	uint32_t *tids = Records<uint32_t>(info, 1, capacity);
	return Result(hmmu_tasks(Core(), Uint32(info, 0), tids, tids ? capacity : 0));
}

} // namespace hmmu_addon
