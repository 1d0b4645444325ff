// SPDX-License-Identifier: GPL-2.0-only
//
// System calls of tasks that take or fill arrays and records. First argument: the tid.
#include <algorithm>
#include <cerrno>
#include <memory>
#include <new>
#include <utility>

#include "arguments.h"
#include "machine.h"

namespace hmmu_addon {

void Machine::DefineCalls(Methods &methods)
{
	const Methods ours = {
		InstanceMethod<&Machine::TaskState>("taskState"),
		InstanceMethod<&Machine::Map>("map"),
		InstanceMethod<&Machine::Load>("load"),
		InstanceMethod<&Machine::Store>("store"),
		InstanceMethod<&Machine::TryLoad>("tryLoad"),
		InstanceMethod<&Machine::TryStore>("tryStore"),
		InstanceMethod<&Machine::Quick>("quick"),
		InstanceMethod<&Machine::Mirror>("mirror"),
		InstanceMethod<&Machine::RangeFault>("rangeFault"),
	};

	methods.insert(methods.end(), ours.begin(), ours.end());
}

// taskState(tid, Float64Array of 10): pid, cpu, wait, wait_pfn, ready; mmap_lock, queue_place, migrations, vma; in_call.
Napi::Value Machine::TaskState(const Napi::CallbackInfo &info)
{
	struct hmmu_task_state state;
	struct hmmu_task_locks locks = {};

	if (!Open())
		return Result(-EBADF);
	auto *out = Records<double>(info, 1, 10);
	if (!out)
		return Result(Refuse(-EINVAL, HMMU_ERR_INVALID_ARGUMENT, "the array for the state is too short"));
	int result = hmmu_task_state(Core(), Uint32(info, 0), &state);
	if (result >= 0)
		result = hmmu_task_locks(Core(), Uint32(info, 0), &locks);
	if (result < 0)
		return Result(result);
	const char *what = nullptr;
	bool ready = false;
	if (driver_ && driver_->Waits(Uint32(info, 0), &what, &ready))
		state.ready = ready;
	const double values[] = {double(state.pid),         double(state.cpu),        double(state.wait),
				 double(state.wait_pfn),    double(state.ready),      double(locks.mmap_lock),
				 double(locks.queue_place), double(locks.migrations), double(locks.vma),
				 double(state.in_call)};
	std::copy(std::begin(values), std::end(values), out);
	return Result(0);
}

// map(tid, address, pages, kind, prot, alignHuge): the address.
Napi::Value Machine::Map(const Napi::CallbackInfo &info)
{
	hmmu_map map = {};

	if (!Open())
		return Result(-EBADF);
	map.address = Uint64(info, 1);
	map.pages = Uint64(info, 2);
	map.kind = Uint32(info, 3);
	map.prot = Uint32(info, 4);
	map.align_huge = Flag(info, 5);
	const uint32_t tid = Uint32(info, 0);
	auto call = [map, tid](hmmu *m) {
		uint64_t mapped = 0;
		int result = hmmu_mmap(m, tid, &map, &mapped);
		return result < 0 ? result : static_cast<int64_t>(mapped);
	};
	return Result(driver_ ? OnThread(info, "map", tid, call) : call(Core()));
}

// load(tid, address, typed array): fills the array, which the caller must not have given to anybody yet: a fault
// handler that could detach it may run meanwhile.
Napi::Value Machine::Load(const Napi::CallbackInfo &info)
{
	if (!Open())
		return Result(-EBADF);
	Bytes bytes = TypedBytes(info, 2);
	done_ = 0;
	if (!driver_)
		return Result(hmmu_load(Core(), Uint32(info, 0), Uint64(info, 1), bytes.data, bytes.length, &done_));
	std::vector<uint8_t> loaded(bytes.length);
	int64_t result = LoadOnThread(info, loaded);
	bytes = TypedBytes(info, 2);
	std::copy_n(loaded.data(), std::min(loaded.size(), bytes.length), bytes.data);
	return Result(result);
}

// A driver may have the page. The bytes belong to the call while it waits.
int64_t Machine::LoadOnThread(const Napi::CallbackInfo &info, std::vector<uint8_t> &loaded)
{
	const uint32_t tid = Uint32(info, 0);
	const uint64_t address = Uint64(info, 1);
	auto bytes = std::make_shared<std::vector<uint8_t>>(loaded.size());
	std::shared_ptr<void> state = bytes;
	int64_t result = OnThread(
		info, "load", tid,
		[this, tid, address, bytes](hmmu *m) {
			return int64_t{hmmu_load(m, tid, address, bytes->data(), bytes->size(), &done_)};
		},
		&state);
	loaded = *static_cast<std::vector<uint8_t> *>(state.get());
	return result;
}

int64_t Machine::StoreOnThread(const Napi::CallbackInfo &info, std::vector<uint8_t> bytes)
{
	const uint32_t tid = Uint32(info, 0);
	const uint64_t address = Uint64(info, 1);
	auto stored = std::make_shared<std::vector<uint8_t>>(std::move(bytes));

	return OnThread(info, "store", tid, [this, tid, address, stored](hmmu *m) {
		return int64_t{hmmu_store(m, tid, address, stored->data(), stored->size(), &done_)};
	});
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
	if (driver_)
		return Result(StoreOnThread(info, {copy.get(), copy.get() + bytes.length}));
	return Result(hmmu_store(Core(), Uint32(info, 0), Uint64(info, 1), copy.get(), bytes.length, &done_));
}

// tryLoad(tid, address): the byte, or the negated error code (not errno).
Napi::Value Machine::TryLoad(const Napi::CallbackInfo &info)
{
	uint8_t byte = 0;

	if (!Open())
		return Result(-HMMU_ERR_DISPOSED);
	if (driver_) {
		std::vector<uint8_t> loaded(1);
		return Outcome(LoadOnThread(info, loaded), loaded[0]);
	}
	int result = hmmu_load(Core(), Uint32(info, 0), Uint64(info, 1), &byte, 1, nullptr);
	return Outcome(result, byte);
}

// tryStore(tid, address, byte): 0, or the negated error code (not errno).
Napi::Value Machine::TryStore(const Napi::CallbackInfo &info)
{
	auto byte = static_cast<uint8_t>(Uint32(info, 2));

	if (!Open())
		return Result(-HMMU_ERR_DISPOSED);
	if (driver_)
		return Outcome(StoreOnThread(info, {byte}), 0);
	return Outcome(hmmu_store(Core(), Uint32(info, 0), Uint64(info, 1), &byte, 1, nullptr), 0);
}

// A function takes most of its time to find out whose method it is, if it is one. These have their machine, and may outlive it.
static napi_value FunctionOf(napi_env env, const std::shared_ptr<Machine *> &machine, const char *name,
			     napi_callback call)
{
	auto *held = new std::shared_ptr<Machine *>(machine);
	const napi_finalize forget = [](napi_env, void *data, void *) {
		delete static_cast<std::shared_ptr<Machine *> *>(data);
	};
	napi_value function = nullptr;

	if (napi_create_function(env, name, NAPI_AUTO_LENGTH, call, held, &function) == napi_ok &&
	    napi_add_finalizer(env, function, held, forget, nullptr, nullptr) == napi_ok)
		return function;
	delete held;
	return nullptr;
}

// quick(): tryLoad() and tryStore() as functions of their own.
Napi::Value Machine::Quick(const Napi::CallbackInfo &info)
{
	auto out = Napi::Object::New(info.Env());
	napi_value load = FunctionOf(info.Env(), self_, "tryLoad", QuickTryLoad);
	napi_value store = FunctionOf(info.Env(), self_, "tryStore", QuickTryStore);

	if (!load || !store)
		return Value();
	out.Set("tryLoad", load);
	out.Set("tryStore", store);
	return out;
}

static uint32_t Uint32Of(napi_env env, napi_value value)
{
	uint32_t number = 0;

	napi_get_value_uint32(env, value, &number);
	return number;
}

static uint64_t AddressOf(napi_env env, napi_value value)
{
	double number = -1;

	napi_get_value_double(env, value, &number);
	return Uint64Of(number);
}

// Pages that an access may take. Few of them take a huge one.
constexpr uint32_t kPagesOfAccess = 32;

template <typename Body> napi_value Machine::OnFunction(napi_env env, napi_callback_info info, Body body)
{
	size_t count = 3;
	napi_value arguments[3] = {}, number = nullptr;
	void *data = nullptr;

	napi_get_cb_info(env, info, &count, arguments, nullptr, &data);
	Machine *machine = **static_cast<std::shared_ptr<Machine *> *>(data);
	int64_t result = -int64_t{HMMU_ERR_DISPOSED};
	if (machine && machine->driver_) {
		machine->Refuse(-EBUSY, HMMU_ERR_BUSY, "the machine has drivers: accesses are made on their threads");
		result = -int64_t{HMMU_ERR_BUSY};
	} else if (machine && machine->Open()) {
		result = body(*machine, Uint32Of(env, arguments[0]), AddressOf(env, arguments[1]),
			      Uint32Of(env, arguments[2]));
		result = machine->Quick(result, kPagesOfAccess);
	}
	napi_create_double(env, static_cast<double>(result), &number);
	return number;
}

napi_value Machine::QuickTryLoad(napi_env env, napi_callback_info info)
{
	return OnFunction(env, info, [](Machine &machine, uint32_t tid, uint64_t address, uint32_t) {
		uint8_t byte = 0;
		const int result = hmmu_load(machine.Core(), tid, address, &byte, 1, nullptr);
		return result < 0 ? -int64_t{machine.LastError()->code} : byte;
	});
}

napi_value Machine::QuickTryStore(napi_env env, napi_callback_info info)
{
	return OnFunction(env, info, [](Machine &machine, uint32_t tid, uint64_t address, uint32_t value) {
		const auto byte = static_cast<uint8_t>(value);
		const int result = hmmu_store(machine.Core(), tid, address, &byte, 1, nullptr);
		return result < 0 ? -int64_t{machine.LastError()->code} : int64_t{0};
	});
}

Napi::Value Machine::Outcome(int64_t result, int64_t value)
{
	return Result(result < 0 ? -int64_t{LastError()->code} : value);
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
	const uint32_t tid = Uint32(info, 0);
	const uint64_t flags = RangeFlags(Uint32(info, 3)), owner = Uint64(info, 4);
	if (!driver_)
		return Result(hmmu_mirror(Core(), tid, start, end, flags, owner, words));
	return Result(WordsOnThread(info, "mirror", 5, [=](hmmu *m, uint64_t *out) {
		return hmmu_mirror(m, tid, start, end, flags, owner, out);
	}));
}

// The words belong to the call while it waits.
int64_t Machine::WordsOnThread(const Napi::CallbackInfo &info, const char *name, size_t array,
			       const std::function<int(hmmu *, uint64_t *)> &body)
{
	const Bytes given = TypedBytes(info, array);
	const auto *first = reinterpret_cast<const uint64_t *>(given.data);
	auto words = std::make_shared<std::vector<uint64_t>>(first, first + given.length / sizeof(*first));
	std::shared_ptr<void> state = words;
	int64_t result = OnThread(
		info, name, Uint32(info, 0), [words, body](hmmu *m) { return int64_t{body(m, words->data())}; },
		&state);
	const auto &out = *static_cast<std::vector<uint64_t> *>(state.get());
	if (auto *back = Records<uint64_t>(info, array, out.size()))
		std::copy(out.begin(), out.end(), back);
	return result;
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
	if (!driver_)
		return Result(hmmu_range_fault(Core(), Uint32(info, 0), &range));
	const uint32_t tid = Uint32(info, 0);
	return Result(WordsOnThread(info, "rangeFault", 7, [range, tid](hmmu *m, uint64_t *words) {
		struct hmmu_range asked = range;
		asked.pfns = words;
		return hmmu_range_fault(m, tid, &asked);
	}));
}

} // namespace hmmu_addon
