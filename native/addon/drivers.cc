// SPDX-License-Identifier: GPL-2.0-only
//
// Drivers from their own source: loading a library of them, their files, and calls of the machine that may reach them.
#include <cerrno>
#include <cstdio>
#include <cstring>

#include "machine.h"

#if HMMU_HAS_DRIVERS
#include "library/library.h"
#endif

namespace hmmu_addon {

#if HMMU_HAS_DRIVERS

void Machine::DefineDrivers(Methods &methods)
{
	const Methods ours = {
		InstanceMethod<&Machine::DriverAttach>("driverAttach"),
		InstanceMethod<&Machine::DriverDetach>("driverDetach"),
		InstanceMethod<&Machine::DriverParams>("driverParams"),
		InstanceMethod<&Machine::DriverSetParam>("driverSetParam"),
		InstanceMethod<&Machine::DriverLoad>("driverLoad"),
		InstanceMethod<&Machine::DriverUnload>("driverUnload"),
		InstanceMethod<&Machine::DriverOpen>("driverOpen"),
		InstanceMethod<&Machine::DriverClose>("driverClose"),
		InstanceMethod<&Machine::DriverIoctl>("driverIoctl"),
		InstanceMethod<&Machine::DriverFaults>("driverFaults"),
		InstanceMethod<&Machine::DriverInject>("driverInject"),
		InstanceMethod<&Machine::DriverPasses>("driverPasses"),
		InstanceMethod<&Machine::DriverRun>("driverRun"),
		InstanceMethod<&Machine::DriverReports>("driverReports"),
		InstanceMethod<&Machine::DriverLog>("driverLog"),
	};

	methods.insert(methods.end(), ours.begin(), ours.end());
}

namespace {

// A string; empty if it is none.
std::string Text(const Napi::CallbackInfo &info, size_t i)
{
	size_t length = 0;

	if (napi_get_value_string_utf8(info.Env(), info[i], nullptr, 0, &length) != napi_ok)
		return {};
	std::string text(length, 0);
	napi_get_value_string_utf8(info.Env(), info[i], &text[0], length + 1, &length);
	return text;
}

// A call and its arguments, to recognise it when it is repeated. Of an array its length counts.
std::string KeyOf(const Napi::CallbackInfo &info, const char *name)
{
	std::string key = name;

	for (size_t i = 0; i < info.Length(); i++) {
		double number = 0;
		bool flag = false;
		napi_value value = info[i];

		if (napi_get_value_double(info.Env(), value, &number) == napi_ok)
			key += ' ' + std::to_string(number);
		else if (napi_get_value_bool(info.Env(), value, &flag) == napi_ok)
			key += flag ? " true" : " false";
		else
			key += ' ' + std::to_string(TypedBytes(info, i).length);
	}
	return key;
}

} // namespace

// --- calls on threads ---

// True: the call has ended, with its result. False: it has not, and its result is an errno that error() explains.
bool Machine::RunOnThread(const Napi::CallbackInfo &info, const char *name, uint32_t tid,
			  std::shared_ptr<ThreadCall> &call)
{
	Core();
	call->key = KeyOf(info, name);
	auto outcome = driver_->Call(tid, call);
	// The core tells what is wrong with the number.
	if (outcome == KernelDriver::Outcome::kNoTask)
		outcome = driver_->Call(0, call);
	if (outcome == KernelDriver::Outcome::kDone)
		return true;
	call = std::make_shared<ThreadCall>();
	call->result = RefuseThread(tid, outcome);
	return false;
}

int64_t Machine::OnThread(const Napi::CallbackInfo &info, const char *name, uint32_t tid,
			  std::function<int64_t(hmmu *)> body, std::shared_ptr<void> *state)
{
	auto call = std::make_shared<ThreadCall>();

	call->body = std::move(body);
	if (state)
		call->state = *state;
	if (!RunOnThread(info, name, tid, call))
		return call->result;
	if (state)
		*state = call->state;
	if (call->result < 0) {
		refusal_ = call->error;
		refused_ = true;
	}
	return call->result;
}

std::shared_ptr<void> Machine::Waiting(const Napi::CallbackInfo &info, const char *name, uint32_t tid)
{
	return driver_->StateOf(tid, KeyOf(info, name));
}

// exit(): the address space stays as long as a driver uses it.
int64_t Machine::ExitOnThread(const Napi::CallbackInfo &info, uint32_t pid)
{
	const kapi_library &library = driver_->Library();

	return OnThread(info, "exit", hmmu_process_task(Core(), pid), [pid, &library](hmmu *m) {
		return int64_t{hmmu_process_alive(m, pid) ? library.exit(pid) : hmmu_exit(m, pid)};
	});
}

// What a call has failed with that has not ended.
int Machine::RefuseThread(uint32_t tid, KernelDriver::Outcome outcome)
{
	const char *what = "something";
	bool ready = false;
	char text[sizeof(refusal_.text)];

	driver_->Waits(tid, &what, &ready);
	switch (outcome) {
	case KernelDriver::Outcome::kWaits:
		snprintf(text, sizeof(text), "the call waits in the driver for %s; repeat it to go on", what);
		Refuse(-EAGAIN, HMMU_ERR_BLOCKED, text);
		if (strcmp(what, "a page lock") == 0)
			refusal_.wait = HMMU_WAIT_PAGE_LOCK;
		return -EAGAIN;
	case KernelDriver::Outcome::kDeadlock:
		snprintf(text, sizeof(text),
			 "the call waits in the driver for %s, and nothing ends that; see its reports", what);
		return Refuse(-EDEADLK, HMMU_ERR_SYSCALL, text);
	case KernelDriver::Outcome::kDead:
		return Refuse(-EIO, HMMU_ERR_SYSCALL,
			      "the driver has met a BUG(), where a kernel ends; the machine can only be disposed of");
	case KernelDriver::Outcome::kOtherCall:
		snprintf(text, sizeof(text), "another call of the task waits in the driver for %s", what);
		return Refuse(-EBUSY, HMMU_ERR_BUSY, text);
	default:
		return Refuse(-ENOMEM, HMMU_ERR_HOST_MEMORY, "the host has no memory for a thread");
	}
}

int64_t Machine::DriverResult(int64_t result, const char *call)
{
	char text[sizeof(refusal_.text)];

	if (result >= 0)
		return result;
	snprintf(text, sizeof(text), "%s of the driver returns %d", call, static_cast<int>(result));
	return Refuse(static_cast<int>(result), HMMU_ERR_SYSCALL, text);
}

// --- the library ---

// driverAttach(path, seed, quiet): the text of an error, or 0 or a negative errno.
Napi::Value Machine::DriverAttach(const Napi::CallbackInfo &info)
{
	std::string error;

	if (!Open())
		return Result(-EBADF);
	if (driver_)
		return Result(Refuse(-EBUSY, HMMU_ERR_BUSY, "the machine has a library of drivers already"));
	if (callbacks_ > 0)
		return Result(Refuse(-EBUSY, HMMU_ERR_BUSY, "a callback of the machine is running"));
	auto driver = KernelDriver::Open(Text(info, 0).c_str(), &error);
	if (!driver)
		return Napi::String::New(info.Env(), error);
	int result = driver->Attach(Core(), Uint64(info, 1), Flag(info, 2), Machine::OnIntervalInvalidate, this);
	if (result == -EINVAL)
		return Result(Refuse(result, HMMU_ERR_INVALID_ARGUMENT,
				     "drivers are of Linux 6.12: the machine needs the profile 'linux-6.12'"));
	if (result < 0)
		return Result(Refuse(result, HMMU_ERR_HOST_MEMORY, "the host has no memory for the driver"));
	driver_ = std::move(driver);
	return Result(0);
}

// driverDetach(): the library goes, whatever its drivers have left. Open migrations of JavaScript go on.
Napi::Value Machine::DriverDetach(const Napi::CallbackInfo & /* info */)
{
	if (!Open() || !driver_)
		return Result(-EBADF);
	if (callbacks_ > 0)
		return Result(Refuse(-EBUSY, HMMU_ERR_BUSY, "a callback of the machine is running"));
	driver_.reset();
	hmmu_set_invalidate(Core(), Machine::OnIntervalInvalidate, this);
	return Result(0);
}

// driverParams(): the names of all parameters.
Napi::Value Machine::DriverParams(const Napi::CallbackInfo &info)
{
	auto names = Napi::Array::New(info.Env());

	for (uint32_t i = 0; Open() && driver_ && driver_->Library().param(i); i++)
		names.Set(i, Napi::String::New(info.Env(), driver_->Library().param(i)));
	return names;
}

// driverSetParam(name, value)
Napi::Value Machine::DriverSetParam(const Napi::CallbackInfo &info)
{
	if (!Open() || !driver_)
		return Result(-EBADF);
	Core();
	return Result(driver_->Library().set_param(Text(info, 0).c_str(), Text(info, 1).c_str()));
}

// driverLoad(): module_init() of all modules.
Napi::Value Machine::DriverLoad(const Napi::CallbackInfo & /* info */)
{
	if (!Open() || !driver_)
		return Result(-EBADF);
	Core();
	return Result(DriverResult(driver_->Load(), "module_init()"));
}

// driverUnload(): module_exit() of all modules, in reverse order; then what they have left is reported.
Napi::Value Machine::DriverUnload(const Napi::CallbackInfo & /* info */)
{
	if (!Open() || !driver_)
		return Result(-EBADF);
	Core();
	if (driver_->Dead())
		return Result(RefuseThread(0, KernelDriver::Outcome::kDead));
	if (driver_->HasFiles())
		return Result(Refuse(-EBUSY, HMMU_ERR_BUSY, "files of the driver are open"));
	if (callbacks_ > 0)
		return Result(Refuse(-EBUSY, HMMU_ERR_BUSY, "a callback of the machine is running"));
	return Result(DriverResult(driver_->Unload(), "module_exit()"));
}

// driverFaults(): the names of what can be made to happen, by their numbers.
Napi::Value Machine::DriverFaults(const Napi::CallbackInfo &info)
{
	auto names = Napi::Array::New(info.Env());

	for (uint32_t i = 0; Open() && driver_ && i < KAPI_FAULT_COUNT; i++)
		names.Set(i, driver_->Library().fault_word(static_cast<enum kapi_fault>(i)));
	return names;
}

// driverInject(fault, nth, forever)
Napi::Value Machine::DriverInject(const Napi::CallbackInfo &info)
{
	if (!Open() || !driver_)
		return Result(-EBADF);
	Core();
	if (Uint32(info, 0) >= KAPI_FAULT_COUNT)
		return Result(Refuse(-EINVAL, HMMU_ERR_INVALID_ARGUMENT, "there is no such fault"));
	return Result(driver_->Library().fault(static_cast<enum kapi_fault>(Uint32(info, 0)), Uint64(info, 1),
					       Flag(info, 2)));
}

// driverPasses(fault): how often it could have happened.
Napi::Value Machine::DriverPasses(const Napi::CallbackInfo &info)
{
	if (!Open() || !driver_)
		return Result(-EBADF);
	Core();
	if (Uint32(info, 0) >= KAPI_FAULT_COUNT)
		return Result(Refuse(-EINVAL, HMMU_ERR_INVALID_ARGUMENT, "there is no such fault"));
	return Result(
		static_cast<int64_t>(driver_->Library().fault_passes(static_cast<enum kapi_fault>(Uint32(info, 0)))));
}

// driverRun(): threads of the driver run until all wait.
Napi::Value Machine::DriverRun(const Napi::CallbackInfo & /* info */)
{
	if (!Open() || !driver_)
		return Result(-EBADF);
	Core();
	driver_->Run();
	return Result(driver_->Dead() ? RefuseThread(0, KernelDriver::Outcome::kDead) : 0);
}

// driverReports(first): [check, file, line, text] of each report from this one on.
Napi::Value Machine::DriverReports(const Napi::CallbackInfo &info)
{
	auto out = Napi::Array::New(info.Env());

	if (!Open() || !driver_)
		return out;
	const auto &reports = driver_->Reports();
	for (size_t i = Uint32(info, 0), k = 0; i < reports.size(); i++, k++) {
		auto report = Napi::Array::New(info.Env(), 4);
		report.Set(uint32_t{0}, reports[i].check);
		report.Set(uint32_t{1}, reports[i].file);
		report.Set(uint32_t{2}, reports[i].line);
		report.Set(uint32_t{3}, reports[i].text);
		out.Set(static_cast<uint32_t>(k), report);
	}
	return out;
}

// driverLog(first): lines from this one on.
Napi::Value Machine::DriverLog(const Napi::CallbackInfo &info)
{
	auto out = Napi::Array::New(info.Env());

	if (!Open() || !driver_)
		return out;
	const auto &lines = driver_->Lines();
	for (size_t i = Uint32(info, 0), k = 0; i < lines.size(); i++, k++)
		out.Set(static_cast<uint32_t>(k), Napi::String::New(info.Env(), lines[i]));
	return out;
}

// --- files ---

// driverOpen(tid, name): the number of the file.
Napi::Value Machine::DriverOpen(const Napi::CallbackInfo &info)
{
	if (!Open() || !driver_)
		return Result(-EBADF);
	const std::string name = Text(info, 1);
	const kapi_library &library = driver_->Library();
	auto file = std::make_shared<kapi_file *>(nullptr);
	auto call = std::make_shared<ThreadCall>();
	call->state = file;
	call->body = [name, file, &library](hmmu *) { return int64_t{library.open(name.c_str(), file.get())}; };
	if (!RunOnThread(info, ("open " + name).c_str(), Uint32(info, 0), call))
		return Result(call->result);
	if (call->result < 0)
		return Result(DriverResult(call->result, "open()"));
	return Result(driver_->AddFile(*static_cast<kapi_file **>(call->state.get())));
}

// driverClose(tid, file): the last close(). The file is gone when it has ended, whatever it returns. tid 0: its process has ended.
Napi::Value Machine::DriverClose(const Napi::CallbackInfo &info)
{
	const uint32_t number = Uint32(info, 1);

	if (!Open() || !driver_)
		return Result(-EBADF);
	kapi_file *file = driver_->File(number);
	if (!file)
		return Result(DriverResult(-EBADF, "close()"));
	if (driver_->IsRunning(file))
		return Result(Refuse(-EBUSY, HMMU_ERR_BUSY, "a call of the file has not ended"));
	const kapi_library &library = driver_->Library();
	auto call = std::make_shared<ThreadCall>();
	call->body = [file, &library](hmmu *) { return int64_t{library.close(file)}; };
	if (!RunOnThread(info, "close", Uint32(info, 0), call))
		return Result(call->result);
	driver_->RemoveFile(number);
	return Result(DriverResult(call->result, "close()"));
}

// driverIoctl(tid, file, command, number or typed array): drivers see a copy of the array, which is copied back.
Napi::Value Machine::DriverIoctl(const Napi::CallbackInfo &info)
{
	if (!Open() || !driver_)
		return Result(-EBADF);
	kapi_file *file = driver_->File(Uint32(info, 1));
	if (!file)
		return Result(DriverResult(-EBADF, "ioctl()"));
	const kapi_library &library = driver_->Library();
	const uint32_t command = Uint32(info, 2);
	const Bytes given = TypedBytes(info, 3);
	auto lent = std::make_shared<LentMemory>(given.length);
	if (given.length > 0)
		memcpy(lent->bytes.data(), given.data, given.length);
	const uint64_t argument = given.length > 0 ? reinterpret_cast<uintptr_t>(lent->bytes.data()) : Uint64(info, 3);
	auto call = std::make_shared<ThreadCall>();
	call->state = lent;
	KernelDriver *driver = driver_.get();
	call->body = [file, command, argument, driver, &library](hmmu *) {
		driver->BeginCall(file);
		int64_t result = library.ioctl(file, command, argument);
		driver->EndCall(file);
		return result;
	};
	if (!RunOnThread(info, "ioctl", Uint32(info, 0), call))
		return Result(call->result);
	// JavaScript may have run meanwhile.
	const Bytes back = TypedBytes(info, 3);
	const auto &bytes = static_cast<LentMemory *>(call->state.get())->bytes;
	if (back.length == bytes.size() && back.length > 0)
		memcpy(back.data, bytes.data(), bytes.size());
	return Result(DriverResult(call->result, "ioctl()"));
}

#else

void Machine::DefineDrivers(Methods &) {}

int64_t Machine::OnThread(const Napi::CallbackInfo &, const char *, uint32_t, std::function<int64_t(hmmu *)> body,
			  std::shared_ptr<void> *)
{
	return body(Core());
}

std::shared_ptr<void> Machine::Waiting(const Napi::CallbackInfo &, const char *, uint32_t)
{
	return nullptr;
}

int64_t Machine::ExitOnThread(const Napi::CallbackInfo &, uint32_t pid)
{
	return hmmu_exit(Core(), pid);
}

#endif

} // namespace hmmu_addon
