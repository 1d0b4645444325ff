// SPDX-License-Identifier: GPL-2.0-only
//
// What a driver may do: pages, their locks and contents, and the device's fault handler.
#include <cerrno>

#include "arguments.h"
#include "machine.h"

namespace hmmu_addon {

void Machine::DefineDriver(Methods &methods)
{
	const Methods ours = {
		InstanceMethod<&Machine::SetFaultHandler>("setFaultHandler"),
		InstanceMethod<&Machine::DeviceBase>("deviceBase"),
		InstanceMethod<&Machine::DeviceAlloc>("deviceAlloc"),
		InstanceMethod<&Machine::PageAlloc>("pageAlloc"),
		InstanceMethod<&Machine::PageTrylock>("pageTrylock"),
		InstanceMethod<&Machine::PageUnlock>("pageUnlock"),
		InstanceMethod<&Machine::PagePut>("pagePut"),
		InstanceMethod<&Machine::PageCopy>("pageCopy"),
		InstanceMethod<&Machine::PageZero>("pageZero"),
		InstanceMethod<&Machine::Destinations>("destinations"),
		InstanceMethod<&Machine::DestinationsLeft>("destinationsLeft"),
	};

	methods.insert(methods.end(), ours.begin(), ours.end());
}

// setFaultHandler(on): device faults go to the function in the property "pageFault" of this object, or to the built-in
// driver. The function is a property, not a reference held here, so that the garbage collector sees the whole circle.
Napi::Value Machine::SetFaultHandler(const Napi::CallbackInfo &info)
{
	static const hmmu_pagemap_ops ours = {Machine::OnPageFault, nullptr};
	static const hmmu_pagemap_ops builtin = {nullptr, nullptr};

	if (!Open())
		return Result(-EBADF);
	return Result(hmmu_device_set_ops(Core(), Flag(info, 0) ? &ours : &builtin, this));
}

int Machine::OnPageFault(hmmu *, uint32_t tid, uint64_t address, uint32_t pfn, void *data)
{
	auto *machine = static_cast<Machine *>(data);
	Napi::HandleScope scope(machine->Env());
	napi_value handler = nullptr;
	int32_t result = -EFAULT;

	napi_get_named_property(machine->Env(), machine->Value(), "pageFault", &handler);
	if (!handler || !IsFunction(machine->Env(), handler))
		return -EFAULT;
	if (!machine->CallJs(handler, {double(tid), double(address), double(pfn)}, &result))
		return -ECANCELED;
	return result < 0 ? result : 0;
}

Napi::Value Machine::DeviceBase(const Napi::CallbackInfo &)
{
	return Result(Open() ? int64_t{hmmu_device_base(Core())} : -EBADF);
}

Napi::Value Machine::DeviceAlloc(const Napi::CallbackInfo &)
{
	uint32_t pfn = 0;

	if (!Open())
		return Result(-EBADF);
	int result = hmmu_device_alloc(Core(), &pfn);
	return Numbered(result, pfn);
}

Napi::Value Machine::PageAlloc(const Napi::CallbackInfo &)
{
	uint32_t pfn = 0;

	if (!Open())
		return Result(-EBADF);
	int result = hmmu_page_alloc(Core(), &pfn);
	return Numbered(result, pfn);
}

Napi::Value Machine::PageTrylock(const Napi::CallbackInfo &info)
{
	return Result(Open() ? hmmu_page_trylock(Core(), Uint32(info, 0)) : -EBADF);
}

Napi::Value Machine::PageUnlock(const Napi::CallbackInfo &info)
{
	return Result(Open() ? hmmu_page_unlock(Core(), Uint32(info, 0)) : -EBADF);
}

Napi::Value Machine::PagePut(const Napi::CallbackInfo &info)
{
	return Result(Open() ? hmmu_page_put(Core(), Uint32(info, 0)) : -EBADF);
}

Napi::Value Machine::PageCopy(const Napi::CallbackInfo &info)
{
	return Result(Open() ? hmmu_page_copy(Core(), Uint32(info, 0), Uint32(info, 1)) : -EBADF);
}

Napi::Value Machine::PageZero(const Napi::CallbackInfo &info)
{
	return Result(Open() ? hmmu_page_zero(Core(), Uint32(info, 0)) : -EBADF);
}

// destinations(target, Uint32Array pages): sources give way to destinations.
Napi::Value Machine::Destinations(const Napi::CallbackInfo &info)
{
	size_t count = TypedBytes(info, 1).length / sizeof(uint32_t);

	if (!Open())
		return Result(-EBADF);
	uint32_t *pages = Records<uint32_t>(info, 1, count);
	if (!pages || count > INT32_MAX)
		return Result(Refuse(-EINVAL, HMMU_ERR_INVALID_ARGUMENT, "the array of pages is missing"));
	return Result(hmmu_destinations(Core(), Uint32(info, 0), pages, static_cast<uint32_t>(count)));
}

// destinationsLeft(target)
Napi::Value Machine::DestinationsLeft(const Napi::CallbackInfo &info)
{
	return Result(Open() ? static_cast<int64_t>(hmmu_destinations_left(Core(), Uint32(info, 0))) : -EBADF);
}

} // namespace hmmu_addon
