// SPDX-License-Identifier: GPL-2.0-only
//
// A shared library of drivers (native/kapi/library), loaded and attached to a machine. Linux only.
//
// The library runs drivers on small stacks of its own. JavaScript must not run there: whatever calls it goes through Outside().
#ifndef HMMU_ADDON_KERNEL_DRIVER_H
#define HMMU_ADDON_KERNEL_DRIVER_H

#include <hmmu/hmmu.h>

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#if defined(__linux__) && (defined(__x86_64__) || defined(__aarch64__))
#define HMMU_HAS_DRIVERS 1
#else
#define HMMU_HAS_DRIVERS 0
#endif

struct kapi_file;
struct kapi_library;
struct kapi_report;

namespace hmmu_addon {

// A call on a thread of the library. It owns what it works on: while it waits, nobody else may.
struct ThreadCall {
	std::string key; // the call and its arguments: the same call goes on when it is repeated
	std::function<int64_t(hmmu *)> body;
	std::shared_ptr<void> state; // what the caller has lent to the body
	bool done = false;
	int64_t result = 0;
	struct hmmu_error error = {};
};

struct DriverReport {
	std::string check;
	std::string file;
	int line;
	std::string text;
};

class KernelDriver
{
public:
	// What files of libraries that can be loaded have in them; NULL: this host loads none.
	static const char *Mark();
	// NULL: `error` has the reason.
	static std::unique_ptr<KernelDriver> Open(const char *path, std::string *error);
	~KernelDriver();
	KernelDriver(const KernelDriver &) = delete;
	KernelDriver &operator=(const KernelDriver &) = delete;

	// 0 or a negative errno.
	int Attach(hmmu *m, uint64_t seed, bool quiet, hmmu_invalidate_fn others, void *data);
	const kapi_library &Library() const { return *library_; }

	// How a call goes on that was made, or repeated, on the thread of a task; 0: of the kernel.
	enum class Outcome { kDone, kWaits, kDeadlock, kDead, kOtherCall, kNoTask, kNoMemory };
	Outcome Call(uint32_t tid, std::shared_ptr<ThreadCall> &call);
	// What a call of the task that waits has been lent, if it is this one.
	std::shared_ptr<void> StateOf(uint32_t tid, const std::string &key) const
	{
		auto parked = parked_.find(tid);
		return parked == parked_.end() || parked->second->key != key ? nullptr : parked->second->state;
	}
	// Whether such a call of the task waits in the driver, and for what.
	bool Waits(uint32_t tid, const char **what, bool *ready) const;
	// Whether any does.
	bool AnyWaits() const { return !parked_.empty() || stuck_; }
	// Loads or unloads the modules.
	long Load();
	long Unload();
	void Run();

	// Runs JavaScript on the program's stack.
	void Outside(const std::function<void()> &function);
	// Whether a driver has met a BUG().
	bool Dead() const { return dead_; }

	// Numbers of open files.
	uint32_t AddFile(kapi_file *file);
	kapi_file *File(uint32_t number) const;
	void RemoveFile(uint32_t number) { files_.erase(number); }
	// Calls of a file that have not ended: its driver still uses it.
	void BeginCall(kapi_file *file) { running_[file]++; }
	void EndCall(kapi_file *file)
	{
		if (--running_[file] == 0)
			running_.erase(file);
	}
	bool IsRunning(kapi_file *file) const { return running_.count(file) > 0; }
	bool HasFiles() const { return !files_.empty(); }

	const std::vector<DriverReport> &Reports() const { return reports_; }
	const std::vector<std::string> &Lines() const { return lines_; }

private:
	KernelDriver(void *handle, const kapi_library *library) : handle_(handle), library_(library) {}
	static void OnReport(void *data, const kapi_report *report);
	static void OnLine(void *data, const char *line);
	static long RunCall(hmmu *m, uint32_t tid, void *data);
	Outcome Nested(ThreadCall &call);
	Outcome Ended(uint32_t tid, long result, ThreadCall &call);

	void *handle_;
	const kapi_library *library_;
	hmmu *machine_ = nullptr;
	bool attached_ = false;
	bool dead_ = false;
	bool stuck_ = false; // the modules are being loaded or unloaded, which waits
	std::map<uint32_t, std::shared_ptr<ThreadCall>> parked_;
	std::map<uint32_t, kapi_file *> files_;
	std::map<kapi_file *, unsigned int> running_;
	uint32_t last_file_ = 0;
	std::vector<DriverReport> reports_;
	std::vector<std::string> lines_;
};

// Host memory that drivers may copy from and to, for the time of its existence.
class LentMemory
{
public:
	explicit LentMemory(size_t size);
	~LentMemory();
	LentMemory(const LentMemory &) = delete;
	LentMemory &operator=(const LentMemory &) = delete;

	std::vector<uint8_t> bytes;

	static bool Has(uint64_t address, size_t size);
};

} // namespace hmmu_addon

#endif
