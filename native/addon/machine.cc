// SPDX-License-Identifier: GPL-2.0-only
#include "machine.h"

#include <cerrno>
#include <cstdio>
#include <string>

#include "arguments.h"
#include "migration.h"

namespace hmmu_addon {

namespace {

const napi_type_tag kMachineTag = {0x3b7f0c25d1a94e68u, 0x8a1d52c6e03f9b74u};

// By how many bytes the memory of a machine grows before the garbage collector is told again.
constexpr int64_t kTellStep = int64_t{1} << 20;

// Of a function of JavaScript that the addon calls.
constexpr size_t kMostArguments = 8;

} // namespace

Napi::Function Machine::Define(Napi::Env env)
{
	Methods methods;

	DefineMachine(methods);
	DefineCopies(methods);
	DefinePlainCalls(methods);
	DefineCalls(methods);
	DefineLooking(methods);
	DefineDriver(methods);
	DefineMigration(methods);
	DefineLanes(methods);
	DefineDrivers(methods);
	DefineSearch(methods);
	DefineOrder(methods);
	return DefineClass(env, "Machine", methods);
}

void Machine::DefineMachine(Methods &methods)
{
	const Methods ours = {
		InstanceMethod<&Machine::Dispose>("dispose"),
		InstanceMethod<&Machine::Error>("error"),
		InstanceMethod<&Machine::TakeException>("takeException"),
		InstanceMethod<&Machine::Verify>("verify"),
		InstanceMethod<&Machine::Counters>("counters"),
	};

	methods.insert(methods.end(), ours.begin(), ours.end());
}

// A constructor can't return an errno; error() tells whether the machine was made.
Machine::Machine(const Napi::CallbackInfo &info) : Napi::ObjectWrap<Machine>(info)
{
	Machine *source = Of(info[0]);

	for (uint32_t i = 0; i < HMMU_MAX_DEVICES; i++)
		devices_[i] = {this, i};
	napi_type_tag_object(info.Env(), info.This(), &kMachineTag);
	if (source)
		Clone(*source);
	else if (info[0].IsTypedArray())
		Restore(TypedBytes(info, 0), Uint32(info, 1));
	else
		Create(info);
	if (!Open())
		return;
	MeetMigrations();
	TellMemory();
}

Machine *Machine::Of(Napi::Value value)
{
	if (!HasTag(value, kMachineTag))
		return nullptr;
	return Unwrap(value.As<Napi::Object>());
}

void Machine::Create(const Napi::CallbackInfo &info)
{
	hmmu_options options = {};

	options.ram_pages = Uint32(info, 0);
	options.device_pages = Uint32(info, 1);
	options.cpus = Uint32(info, 2);
	options.profile = Uint32(info, 3);
	options.quirks_on = Uint32(info, 4);
	options.quirks_off = Uint32(info, 5);
	options.memcg_limit = Uint64(info, 6);
	options.swap_pages = Uint32(info, 7);
	options.no_contents = Flag(info, 8);
	options.hugetlb_pages = Uint32(info, 9);
	options.coherent_pages = Uint32(info, 10);
	int result = hmmu_create(&options, &machine_);
	if (result == -EINVAL)
		Refuse(result, HMMU_ERR_INVALID_ARGUMENT,
		       "an option of the machine is out of its range, or its kernel knows no such quirk");
	else if (result < 0)
		Refuse(result, HMMU_ERR_HOST_MEMORY, "the host has no memory for the machine");
}

Machine::~Machine()
{
	*self_ = nullptr;
	Close();
}

void Machine::Close()
{
	ForgetSearch();
	ForgetOrder();
	if (!Open())
		return;
	// Calls that wait in a driver are in the middle of what they do: nothing can be done in order any more.
	const bool in_order = !driver_ || (!driver_->AnyWaits() && !driver_->Dead());
	driver_.reset();
	if (in_order)
		AbandonAll();
	migrations_.clear();
	hmmu_destroy(machine_);
	machine_ = nullptr;
	refused_ = false;
	Tell(-told_);
}

// In a worker that is being terminated a machine may be wrapped by no object, and has no environment then. What
// node-addon-api has for this would end the process.
void Machine::Tell(int64_t change)
{
	napi_env env = Env();
	int64_t total = 0;

	if (env && napi_adjust_external_memory(env, change, &total) == napi_ok)
		told_ += change;
}

// The garbage collector is to know what a machine costs: the memory that it has used, not the address space that it
// has reserved, for which a full collection would run when a large machine is made.
void Machine::TellMemory()
{
	auto used = static_cast<int64_t>(hmmu_memory_used(machine_));

	if (used - told_ < kTellStep)
		return;
	Tell(used - told_);
}

Napi::Value Machine::Result(int64_t result)
{
	if (Open())
		TellMemory();
	return Number(Env(), static_cast<double>(Thrown(result)));
}

int64_t Machine::Thrown(int64_t result)
{
	if (exception_.IsEmpty())
		return result;
	exception_.Value().Set("result", static_cast<double>(result));
	return kThrown;
}

// Adding the memory up takes as long as a part of such a call.
int64_t Machine::Quick(int64_t result, uint32_t pages)
{
	untold_ += pages;
	if (untold_ >= kTellStep / HMMU_PAGE_SIZE && Open()) {
		untold_ = 0;
		TellMemory();
	}
	return Thrown(result);
}

int Machine::Refuse(int err, uint32_t code, const char *text)
{
	refusal_ = {};
	refusal_.err = err;
	refusal_.code = code;
	snprintf(refusal_.text, sizeof(refusal_.text), "%s", text);
	refused_ = true;
	return err;
}

hmmu *Machine::Core()
{
	refused_ = false;
	return machine_;
}

// A machine is not to go while C code of it is on the stack.
Napi::Value Machine::Dispose(const Napi::CallbackInfo &)
{
	if (callbacks_ > 0)
		return Result(Refuse(-EBUSY, HMMU_ERR_BUSY, "a callback of the machine is running"));
	Close();
	return Result(0);
}

const struct hmmu_error *Machine::LastError() const
{
	static const struct hmmu_error gone = {
		-EBADF, HMMU_ERR_DISPOSED, 0, 0, 0, 0, "the machine is disposed of",
	};

	return refused_ ? &refusal_ : Open() ? hmmu_error(machine_) : &gone;
}

// [err, code, rule, wait, index, address, text, done] of the last call that failed.
Napi::Value Machine::Error(const Napi::CallbackInfo &info)
{
	const struct hmmu_error *error = LastError();
	auto out = Napi::Array::New(info.Env(), 8);

	out.Set(uint32_t{0}, error->err);
	out.Set(uint32_t{1}, error->code);
	out.Set(uint32_t{2}, error->rule);
	out.Set(uint32_t{3}, error->wait);
	out.Set(uint32_t{4}, static_cast<double>(error->index));
	out.Set(uint32_t{5}, static_cast<double>(error->address));
	out.Set(uint32_t{6}, static_cast<const char *>(error->text));
	out.Set(uint32_t{7}, static_cast<double>(done_));
	return out;
}

// The function of a device, a notifier or a migration may be called on a thread of a driver, whose stack is small and unknown to
// the engine.
bool Machine::CallJs(napi_value function, std::initializer_list<double> arguments, int32_t *result)
{
	bool returned = false;

	Outside([&] { returned = CallJsHere(function, arguments, result); });
	return returned;
}

bool Machine::CallJsHere(napi_value function, std::initializer_list<double> arguments, int32_t *result)
{
	Napi::Env env = Env();
	Napi::HandleScope scope(env);
	napi_value argv[kMostArguments], returned = nullptr;
	size_t count = 0;

	for (double argument : arguments)
		if (count < kMostArguments)
			napi_create_double(env, argument, &argv[count++]);
	callbacks_++;
	napi_status status = napi_call_function(env, env.Undefined(), function, count, argv, &returned);
	callbacks_--;
	if (status != napi_ok) {
		KeepException(env);
		return false;
	}
	*result = 0;
	napi_get_value_int32(env, returned, result);
	return true;
}

// Only objects can be referred to, and anything can be thrown: the exception is wrapped. Of several the first counts.
// When the thread is being terminated all of this fails, which is why nothing here may raise an error of its own, and
// there is no JavaScript left that could miss the exception.
void Machine::KeepException(napi_env env)
{
	napi_value error = nullptr;
	napi_value box = nullptr;
	napi_ref reference = nullptr;

	if (napi_get_and_clear_last_exception(env, &error) != napi_ok || !exception_.IsEmpty())
		return;
	if (napi_create_object(env, &box) != napi_ok || napi_set_named_property(env, box, "error", error) != napi_ok)
		return;
	if (napi_create_reference(env, box, 1, &reference) == napi_ok)
		exception_ = Napi::ObjectReference(env, reference);
}

// The exception of the call that returned kThrown, as { error, result }: result is what the call has returned.
Napi::Value Machine::TakeException(const Napi::CallbackInfo &info)
{
	if (exception_.IsEmpty())
		return info.Env().Undefined();
	Napi::Value box = exception_.Value();
	exception_.Reset();
	return box;
}

// Complaints in an array of strings.
Napi::Value Machine::Verify(const Napi::CallbackInfo &info)
{
	std::vector<std::string> complaints;

	if (!Open())
		return Result(-EBADF);
	hmmu_verify(
		Core(),
		[](void *data, const char *text) { static_cast<std::vector<std::string> *>(data)->emplace_back(text); },
		&complaints);
	auto out = Napi::Array::New(info.Env(), complaints.size());
	for (uint32_t i = 0; i < complaints.size(); i++)
		out.Set(i, complaints[i]);
	return out;
}

// counters(Float64Array): every counter at the index that is its number.
Napi::Value Machine::Counters(const Napi::CallbackInfo &info)
{
	if (!Open())
		return Result(-EBADF);
	auto *out = Records<double>(info, 0, HMMU_COUNTER_COUNT);
	if (!out)
		return Result(Refuse(-EINVAL, HMMU_ERR_INVALID_ARGUMENT, "the array for the counters is too short"));
	for (uint32_t i = 0; i < HMMU_COUNTER_COUNT; i++)
		out[i] = static_cast<double>(hmmu_counter(Core(), i));
	return Result(0);
}

} // namespace hmmu_addon
