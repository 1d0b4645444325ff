// SPDX-License-Identifier: GPL-2.0-only
#include "kernel_driver.h"

#include <cerrno>
#include <utility>

#if HMMU_HAS_DRIVERS
#include <dlfcn.h>

#include "library/library.h"
#endif

namespace hmmu_addon {

namespace {

// As many reports and lines of the log are kept: a driver may print for ever.
constexpr size_t kMostKept = 10000;

// Blocks of host memory by their first byte. Each thread of JavaScript has its own machines.
thread_local std::map<uintptr_t, size_t> lent;

} // namespace

LentMemory::LentMemory(size_t size) : bytes(size)
{
	if (size > 0)
		lent[reinterpret_cast<uintptr_t>(bytes.data())] = size;
}

LentMemory::~LentMemory()
{
	if (!bytes.empty())
		lent.erase(reinterpret_cast<uintptr_t>(bytes.data()));
}

bool LentMemory::Has(uint64_t address, size_t size)
{
	auto next = lent.upper_bound(static_cast<uintptr_t>(address));

	if (next == lent.begin())
		return false;
	const auto &[first, length] = *--next;
	return address - first <= length && size <= length - (address - first);
}

uint32_t KernelDriver::AddFile(kapi_file *file)
{
	files_[++last_file_] = file;
	return last_file_;
}

kapi_file *KernelDriver::File(uint32_t number) const
{
	auto found = files_.find(number);

	return found == files_.end() ? nullptr : found->second;
}

#if HMMU_HAS_DRIVERS

const char *KernelDriver::Mark()
{
	return KAPI_LIBRARY_MARK;
}

std::unique_ptr<KernelDriver> KernelDriver::Open(const char *path, std::string *error)
{
	void *handle = dlopen(path, RTLD_NOW | RTLD_LOCAL);

	if (!handle) {
		const char *reason = dlerror();
		*error = reason ? reason : "dlopen() fails";
		return nullptr;
	}
	const auto *library = static_cast<const kapi_library *>(dlsym(handle, KAPI_LIBRARY_NAME));
	if (!library || std::string(library->mark) != KAPI_LIBRARY_MARK || library->core_size != sizeof(kapi_core)) {
		*error = "it was built with another version of hmmu";
		dlclose(handle);
		return nullptr;
	}
	return std::unique_ptr<KernelDriver>(new KernelDriver(handle, library));
}

KernelDriver::~KernelDriver()
{
	if (attached_)
		library_->detach();
	dlclose(handle_);
}

int KernelDriver::Attach(hmmu *m, uint64_t seed, bool quiet, hmmu_invalidate_fn others, void *data)
{
	static const kapi_core core = {
#define X(name) hmmu_##name,
		KAPI_CORE_CALLS(X)
#undef X
	};
	kapi_options options = {};

	options.seed = seed;
	options.quiet = quiet;
	library_->set_report(OnReport, this);
	library_->set_print(OnLine, this);
	library_->set_invalidate(others, data);
	library_->set_host_memory(LentMemory::Has);
	int result = library_->attach(&core, m, &options);
	attached_ = result == 0;
	machine_ = m;
	return result;
}

void KernelDriver::OnReport(void *data, const kapi_report *report)
{
	auto *driver = static_cast<KernelDriver *>(data);

	if (driver->reports_.size() < kMostKept)
		driver->reports_.push_back({driver->library_->check_word(report->check),
					    report->file ? report->file : "", report->line, report->text});
}

void KernelDriver::OnLine(void *data, const char *line)
{
	auto *driver = static_cast<KernelDriver *>(data);

	if (driver->lines_.size() < kMostKept)
		driver->lines_.emplace_back(line);
}

// On the thread.
long KernelDriver::RunCall(hmmu *m, uint32_t /* tid */, void *data)
{
	auto *call = static_cast<ThreadCall *>(data);

	call->result = call->body(m);
	if (call->result < 0)
		call->error = *hmmu_error(m);
	call->done = true;
	return 0;
}

// A callback of JavaScript calls the machine: the call is made on the thread that has called JavaScript.
KernelDriver::Outcome KernelDriver::Nested(ThreadCall &call)
{
	struct Context {
		hmmu *machine;
		ThreadCall *call;
	} context = {machine_, &call};

	library_->inside(
		[](void *data) {
			auto *c = static_cast<Context *>(data);
			RunCall(c->machine, 0, c->call);
		},
		&context);
	dead_ = !call.done;
	return call.done ? Outcome::kDone : Outcome::kDead;
}

KernelDriver::Outcome KernelDriver::Ended(uint32_t tid, long result, ThreadCall &call)
{
	if (call.done) {
		parked_.erase(tid);
		return Outcome::kDone;
	}
	switch (result) {
	case -EAGAIN:
		return Outcome::kWaits;
	case -EDEADLK:
		return Outcome::kDeadlock;
	case -ENOTRECOVERABLE:
		dead_ = true;
		return Outcome::kDead;
	default:
		parked_.erase(tid);
		return result == -ESRCH   ? Outcome::kNoTask
		       : result == -EBUSY ? Outcome::kOtherCall
					  : Outcome::kNoMemory;
	}
}

KernelDriver::Outcome KernelDriver::Call(uint32_t tid, std::shared_ptr<ThreadCall> &call)
{
	if (dead_)
		return Outcome::kDead;
	if (library_->is_outside())
		return Nested(*call);
	auto parked = parked_.find(tid);
	if (parked == parked_.end()) {
		parked_[tid] = call;
		return Ended(tid, library_->call(tid, RunCall, call.get()), *call);
	}
	if (parked->second->key != call->key)
		return Outcome::kOtherCall;
	call = parked->second;
	return Ended(tid, library_->resume(tid), *call);
}

bool KernelDriver::Waits(uint32_t tid, const char **what, bool *ready) const
{
	if (parked_.find(tid) == parked_.end())
		return false;
	*what = library_->waits_for(tid, ready);
	return *what != nullptr;
}

long KernelDriver::Load()
{
	long result = library_->load_modules();

	dead_ = dead_ || result == -ENOTRECOVERABLE;
	return result;
}

long KernelDriver::Unload()
{
	long result = dead_ ? -ENOTRECOVERABLE : library_->unload_modules();

	dead_ = dead_ || result == -ENOTRECOVERABLE;
	stuck_ = result != 0;
	return result;
}

void KernelDriver::Run()
{
	if (!library_->is_outside() && !dead_)
		library_->run();
}

void KernelDriver::Outside(const std::function<void()> &function)
{
	library_->outside([](void *data) { (*static_cast<const std::function<void()> *>(data))(); },
			  const_cast<std::function<void()> *>(&function));
}

#else

const char *KernelDriver::Mark()
{
	return nullptr;
}

KernelDriver::~KernelDriver() = default;

bool KernelDriver::Waits(uint32_t, const char **, bool *) const
{
	return false;
}

void KernelDriver::Outside(const std::function<void()> &function)
{
	function();
}

#endif

} // namespace hmmu_addon
