// SPDX-License-Identifier: GPL-2.0-only
//
// What drivers need besides plain calls: handlers of the device, notifications, and destinations.
#include "kernel/move_all.h"

#include <cerrno>

#include "arguments.h"
#include "machine.h"

namespace hmmu_addon {

void Machine::DefineDriver(Methods &methods)
{
	const Methods ours = {
		InstanceMethod<&Machine::SetDeviceHandlers>("setDeviceHandlers"),
		InstanceMethod<&Machine::Notify>("notify"),
		InstanceMethod<&Machine::NotifyIntervals>("notifyIntervals"),
		InstanceMethod<&Machine::Destinations>("destinations"),
		InstanceMethod<&Machine::MoveAll>("moveAll"),
	};

	methods.insert(methods.end(), ours.begin(), ours.end());
}

// setDeviceHandlers(device, pageFault, pageFree): which functions of this object are called by a device. Device faults go
// to the built-in driver otherwise. The functions are properties, not references held here, so that the garbage
// collector sees the whole circle.
Napi::Value Machine::SetDeviceHandlers(const Napi::CallbackInfo &info)
{
	const uint32_t device = Uint32(info, 0);
	const hmmu_pagemap_ops ops = {
		Flag(info, 1) ? Machine::OnPageFault : nullptr,
		Flag(info, 2) ? Machine::OnPageFree : nullptr,
	};

	if (!Open())
		return Result(-EBADF);
	return Result(hmmu_device_driver(Core(), device, &ops, &devices_[device % HMMU_MAX_DEVICES]));
}

// notify(pid, on): invalidations of the process go to the function in the property "invalidate".
Napi::Value Machine::Notify(const Napi::CallbackInfo &info)
{
	if (!Open())
		return Result(-EBADF);
	hmmu_set_notifier(Core(), Machine::OnInvalidate, this);
	return Result(hmmu_notify(Core(), Uint32(info, 0), Flag(info, 1)));
}

// notifyIntervals(): invalidations of interval notifiers go to the function in the property "intervalInvalidate".
Napi::Value Machine::NotifyIntervals(const Napi::CallbackInfo & /* info */)
{
	if (!Open())
		return Result(-EBADF);
	// A library of drivers passes on what is not for its drivers.
	return Result(driver_ ? 0 : hmmu_set_invalidate(Core(), Machine::OnIntervalInvalidate, this));
}

int Machine::CallHandler(const char *name, std::initializer_list<double> arguments)
{
	int result = -EFAULT;

	Outside([&] { result = CallHandlerHere(name, arguments); });
	return result;
}

int Machine::CallHandlerHere(const char *name, std::initializer_list<double> arguments)
{
	Napi::HandleScope scope(Env());
	napi_value handler = nullptr;
	int32_t result = -EFAULT;

	napi_get_named_property(Env(), Value(), name, &handler);
	if (!handler || !IsFunction(Env(), handler))
		return -EFAULT;
	if (!CallJs(handler, arguments, &result))
		return -ECANCELED;
	return result < 0 ? result : 0;
}

int Machine::OnPageFault(hmmu *, uint32_t tid, uint64_t address, uint32_t pfn, void *data)
{
	const auto *device = static_cast<const DeviceOf *>(data);

	return device->machine->CallHandler("pageFault",
					    {double(device->number), double(tid), double(address), double(pfn)});
}

// Once a callback of a call has thrown, the call makes no more calls of handlers that can't fail.
void Machine::OnPageFree(hmmu *, uint32_t pfn, void *data)
{
	const auto *device = static_cast<const DeviceOf *>(data);

	if (device->machine->exception_.IsEmpty())
		device->machine->CallHandler("pageFree", {double(device->number), double(pfn)});
}

void Machine::OnInvalidate(hmmu *, const hmmu_event *event, void *data)
{
	auto *machine = static_cast<Machine *>(data);

	if (machine->exception_.IsEmpty())
		machine->CallHandler("invalidate", {double(event->pid), double(event->type), double(event->kind),
						    double(event->a), double(event->b)});
}

// The handler sets the sequence itself, and returns 0, or -EAGAIN: it would wait. Any other result stands for what the core
// does without a handler: the interval has none, or a handler has thrown.
bool Machine::OnIntervalInvalidate(hmmu *m, const hmmu_invalidation *told, void *data)
{
	auto *machine = static_cast<Machine *>(data);
	int result = -ECANCELED;

	if (machine->exception_.IsEmpty())
		result = machine->CallHandler("intervalInvalidate",
					      {double(told->notifier), double(told->kind), double(told->owner),
					       double(told->start), double(told->end), double(told->seq),
					       double(told->blockable)});
	if (result < 0 && result != -EAGAIN && !told->own)
		hmmu_mmu_interval_set_seq(m, told->notifier, told->seq);
	return result != -EAGAIN;
}

// destinations(target, device, Uint32Array pages): sources give way to destinations.
Napi::Value Machine::Destinations(const Napi::CallbackInfo &info)
{
	size_t count = TypedBytes(info, 2).length / sizeof(uint32_t);

	if (!Open())
		return Result(-EBADF);
	uint32_t *pages = Records<uint32_t>(info, 2, count);
	if (!pages || count > INT32_MAX)
		return Result(Refuse(-EINVAL, HMMU_ERR_INVALID_ARGUMENT, "the array of pages is missing"));
	return Result(hmmu_destinations(Core(), Uint32(info, 0), Uint32(info, 1), pages, static_cast<uint32_t>(count)));
}

// moveAll(Uint32Array request, Uint8Array words, Uint8Array moved, Uint8Array only): how many entries have got a page. The
// request: entries, target, device, kinds, flags, mark.
Napi::Value Machine::MoveAll(const Napi::CallbackInfo &info)
{
	if (!Open())
		return Result(-EBADF);
	const auto *request = Records<uint32_t>(info, 0, 6);
	if (!request)
		return Result(Refuse(-EINVAL, HMMU_ERR_INVALID_ARGUMENT, "the request is too short"));
	struct move_all all = {};
	all.count = request[0];
	all.to = request[1];
	all.device = request[2];
	all.from = request[3];
	all.flags = request[4];
	all.mark = request[5];
	auto *words = Records<uint64_t>(info, 1, all.count * 2);
	all.src = words;
	all.dst = words + all.count;
	all.moved = Records<uint8_t>(info, 2, all.count);
	all.only = Records<uint8_t>(info, 3, all.count);
	if (!words || !all.moved || (info[3].IsTypedArray() && !all.only))
		return Result(Refuse(-EINVAL, HMMU_ERR_INVALID_ARGUMENT, "the arrays of the migration are too short"));
	return Result(move_all(Core(), &all));
}

} // namespace hmmu_addon
