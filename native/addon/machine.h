// SPDX-License-Identifier: GPL-2.0-only
//
// A machine as an object of JavaScript, and how all of its methods report failure.
//
// Methods return what the C function returns: a negative errno, or a result that is not negative. error() then tells
// the rest. A method of a machine that is gone returns -EBADF. Where a JavaScript callback threw during a call, C sees
// an errno and unwinds, and the method returns kThrown; takeException() then gives the exception up.
#ifndef HMMU_ADDON_MACHINE_H
#define HMMU_ADDON_MACHINE_H

#include <hmmu/hmmu.h>
#include <napi.h>

#include <array>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <vector>

#include "arguments.h"
#include "kernel_driver.h"

namespace hmmu_addon {

struct Lane;
struct Migration;
struct OpenOrder;
struct ProgramCopy;

constexpr int64_t kThrown = INT32_MIN;

class Machine : public Napi::ObjectWrap<Machine>
{
public:
	static Napi::Function Define(Napi::Env env);

	// new Machine(ramPages, devicePages, cpus, profile, quirksOn, quirksOff, memcgLimit, swapPages, noContents,
	// hugetlbPages, coherentPages)
	// new Machine(typed array with a snapshot, flags of hmmu_restore_with())
	// new Machine(machine to be copied)
	explicit Machine(const Napi::CallbackInfo &info);
	~Machine() override;

	// Calls a JavaScript function from a callback of the core. False if it threw; the exception is kept then.
	bool CallJs(napi_value function, std::initializer_list<double> arguments, int32_t *result);
	// Runs code that uses JavaScript, on the program's own stack.
	template <typename Function> void Outside(Function function)
	{
		if (driver_)
			driver_->Outside(function);
		else
			function();
	}

private:
	using Methods = std::vector<PropertyDescriptor>;

	static void DefineMachine(Methods &methods);
	static void DefineCopies(Methods &methods);
	static void DefinePlainCalls(Methods &methods);
	static void DefineCalls(Methods &methods);
	static void DefineLooking(Methods &methods);
	static void DefineDriver(Methods &methods);
	static void DefineMigration(Methods &methods);
	static void DefineLanes(Methods &methods);
	static void DefineDrivers(Methods &methods);
	static void DefineSearch(Methods &methods);
	static void DefineOrder(Methods &methods);

	// The machine behind a JavaScript value, NULL if it is anything else.
	static Machine *Of(Napi::Value value);
	void Create(const Napi::CallbackInfo &info);

	// Whether there is a machine to call into.
	bool Open() const { return machine_ != nullptr; }
	Napi::Value Result(int64_t result);
	// What Result() makes a number of: kThrown if a callback has thrown.
	int64_t Thrown(int64_t result);
	// The same of a call that is made often, for one that may have taken so many pages.
	int64_t Quick(int64_t result, uint32_t pages);
	// Calls a function that JavaScript has of this machine, which may be gone.
	template <typename Body> static napi_value OnFunction(napi_env env, napi_callback_info info, Body body);
	// Sets what error() tells of a call that was refused before it reached the core.
	int Refuse(int err, uint32_t code, const char *text);
	// Forgets an earlier refusal: what error() tells is the core's again.
	hmmu *Core();
	// What error() tells.
	const struct hmmu_error *LastError() const;
	void Close();
	void TellMemory();
	void Tell(int64_t change);
	void KeepException(napi_env env);
	bool CallJsHere(napi_value function, std::initializer_list<double> arguments, int32_t *result);

	// machine.cc
	Napi::Value Dispose(const Napi::CallbackInfo &info);
	Napi::Value Error(const Napi::CallbackInfo &info);
	Napi::Value TakeException(const Napi::CallbackInfo &info);
	Napi::Value Verify(const Napi::CallbackInfo &info);
	Napi::Value Counters(const Napi::CallbackInfo &info);

	// copies.cc
	void Restore(Bytes snapshot, uint32_t flags);
	void Clone(Machine &source);
	Napi::Value Snapshot(const Napi::CallbackInfo &info);
	Napi::Value Hash(const Napi::CallbackInfo &info);
	Napi::Value StateHash(const Napi::CallbackInfo &info);
	Napi::Value Options(const Napi::CallbackInfo &info);
	Napi::Value Processes(const Napi::CallbackInfo &info);
	Napi::Value Tasks(const Napi::CallbackInfo &info);

	// plain_calls.cc
	template <typename Call> Napi::Value Plain(const Napi::CallbackInfo &info);

	// calls.cc
	Napi::Value TaskState(const Napi::CallbackInfo &info);
	Napi::Value Map(const Napi::CallbackInfo &info);
	Napi::Value Load(const Napi::CallbackInfo &info);
	Napi::Value Store(const Napi::CallbackInfo &info);
	Napi::Value TryLoad(const Napi::CallbackInfo &info);
	Napi::Value Quick(const Napi::CallbackInfo &info);
	static napi_value QuickTryLoad(napi_env env, napi_callback_info info);
	static napi_value QuickTryStore(napi_env env, napi_callback_info info);
	Napi::Value TryStore(const Napi::CallbackInfo &info);
	Napi::Value Mirror(const Napi::CallbackInfo &info);
	Napi::Value RangeFault(const Napi::CallbackInfo &info);
	Napi::Value Outcome(int64_t result, int64_t value);
	int64_t LoadOnThread(const Napi::CallbackInfo &info, std::vector<uint8_t> &loaded);
	int64_t StoreOnThread(const Napi::CallbackInfo &info, std::vector<uint8_t> bytes);
	int64_t WordsOnThread(const Napi::CallbackInfo &info, const char *name, size_t array,
			      const std::function<int(hmmu *, uint64_t *)> &body);

	// looking.cc
	Napi::Value Dump(const Napi::CallbackInfo &info);
	Napi::Value Mappings(const Napi::CallbackInfo &info);
	Napi::Value Walk(const Napi::CallbackInfo &info);
	Napi::Value MmCounters(const Napi::CallbackInfo &info);
	Napi::Value PageInfo(const Napi::CallbackInfo &info);
	Napi::Value DeviceInfo(const Napi::CallbackInfo &info);
	Napi::Value Leaks(const Napi::CallbackInfo &info);
	Napi::Value PageRead(const Napi::CallbackInfo &info);
	Napi::Value PageWrite(const Napi::CallbackInfo &info);
	Napi::Value TakeEvents(const Napi::CallbackInfo &info);
	Napi::Value Stats(const Napi::CallbackInfo &info);
	Napi::Value StatsTree(const Napi::CallbackInfo &info);
	Napi::Value Holders(const Napi::CallbackInfo &info);
	Napi::Value Tlb(const Napi::CallbackInfo &info);
	Napi::Value Tables(const Napi::CallbackInfo &info);
	Napi::Value Pages(const Napi::CallbackInfo &info);
	Napi::Value Lru(const Napi::CallbackInfo &info);
	template <typename Record, typename Function> Napi::Value Listed(const Napi::CallbackInfo &info, Function list);

	// driver.cc
	Napi::Value SetDeviceHandlers(const Napi::CallbackInfo &info);
	Napi::Value Notify(const Napi::CallbackInfo &info);
	Napi::Value NotifyIntervals(const Napi::CallbackInfo &info);
	Napi::Value Destinations(const Napi::CallbackInfo &info);
	Napi::Value MoveAll(const Napi::CallbackInfo &info);
	// Calls the function in a property of this object: 0, or a negative errno.
	int CallHandler(const char *name, std::initializer_list<double> arguments);
	int CallHandlerHere(const char *name, std::initializer_list<double> arguments);
	static int OnPageFault(hmmu *m, uint32_t tid, uint64_t address, uint32_t pfn, void *data);
	static void OnPageFree(hmmu *m, uint32_t pfn, void *data);
	static void OnInvalidate(hmmu *m, const hmmu_event *event, void *data);
	static bool OnIntervalInvalidate(hmmu *m, const hmmu_invalidation *told, void *data);

	// migration.cc
	Napi::Value Migrate(const Napi::CallbackInfo &info);
	Napi::Value MigrateBegin(const Napi::CallbackInfo &info);
	Napi::Value MigrateDeviceBegin(const Napi::CallbackInfo &info);
	Napi::Value MigrateStep(const Napi::CallbackInfo &info);
	Napi::Value MigrateRun(const Napi::CallbackInfo &info);
	Napi::Value MigratePages(const Napi::CallbackInfo &info);
	Napi::Value MigrateFinalize(const Napi::CallbackInfo &info);
	Napi::Value MigrateEnd(const Napi::CallbackInfo &info);
	Napi::Value MigrateAbandon(const Napi::CallbackInfo &info);
	Napi::Value MigrateAdopt(const Napi::CallbackInfo &info);
	Napi::Value MigrateRequest(const Napi::CallbackInfo &info);
	Napi::Value RestoredMigrations(const Napi::CallbackInfo &info);
	void MeetMigrations();
	Napi::Value MigrateState(const Napi::CallbackInfo &info);
	int Prepare(const Napi::CallbackInfo &info, size_t i, uint64_t pages, Migration &migration);
	int ReadRequest(const Napi::CallbackInfo &info, Migration &migration);
	int ReadDeviceRange(const Napi::CallbackInfo &info, Migration &migration);
	int64_t Drive(const Napi::CallbackInfo &info, const char *name, std::shared_ptr<Migration> &migration,
		      napi_value callback, int (*what)(hmmu *, Migration &));
	Napi::Value Opened(const Napi::CallbackInfo &info,
			   int (Machine::*read)(const Napi::CallbackInfo &, Migration &),
			   int (*begin)(hmmu *, Migration &));
	int FindIdle(const Napi::CallbackInfo &info, std::shared_ptr<Migration> *migration);
	void Forget(const Napi::CallbackInfo &info, int64_t result);
	void AbandonAll();

	// lanes.cc
	Napi::Value MakeLane(const Napi::CallbackInfo &info);
	static napi_value OnLane(napi_env env, napi_callback_info info);
	int64_t MigrateIn(Lane &lane, napi_value callback);

	// search.cc
	static bool OnSearchProgress(void *data, uint64_t states, uint64_t open);
	Napi::Value Search(const Napi::CallbackInfo &info);
	Napi::Value SearchPart(const Napi::CallbackInfo &info);
	Napi::Value Replay(const Napi::CallbackInfo &info);
	int ReadProgram(const Napi::CallbackInfo &info, ProgramCopy *program, hmmu_search_options *options);
	void ForgetSearch();

	// order.cc
	Napi::Value OrderBegin(const Napi::CallbackInfo &info);
	Napi::Value OrderEnd(const Napi::CallbackInfo &info);
	Napi::Value OrderEnabled(const Napi::CallbackInfo &info);
	Napi::Value OrderStep(const Napi::CallbackInfo &info);
	Napi::Value OrderJudge(const Napi::CallbackInfo &info);
	Napi::Value OrderFindings(const Napi::CallbackInfo &info);
	Napi::Value OrderMigration(const Napi::CallbackInfo &info);
	int CheckOrder();
	int CheckNoOrder();
	void ForgetOrder();

	// drivers.cc
	Napi::Value DriverAttach(const Napi::CallbackInfo &info);
	Napi::Value DriverDetach(const Napi::CallbackInfo &info);
	Napi::Value DriverParams(const Napi::CallbackInfo &info);
	Napi::Value DriverSetParam(const Napi::CallbackInfo &info);
	Napi::Value DriverLoad(const Napi::CallbackInfo &info);
	Napi::Value DriverUnload(const Napi::CallbackInfo &info);
	Napi::Value DriverOpen(const Napi::CallbackInfo &info);
	Napi::Value DriverClose(const Napi::CallbackInfo &info);
	Napi::Value DriverIoctl(const Napi::CallbackInfo &info);
	Napi::Value DriverFaults(const Napi::CallbackInfo &info);
	Napi::Value DriverInject(const Napi::CallbackInfo &info);
	Napi::Value DriverPasses(const Napi::CallbackInfo &info);
	Napi::Value DriverRun(const Napi::CallbackInfo &info);
	Napi::Value DriverReports(const Napi::CallbackInfo &info);
	Napi::Value DriverLog(const Napi::CallbackInfo &info);
	// Makes a call that may reach a driver on a thread of the library, where the driver can wait. The body owns all that it
	// works on, or it is in `state`: a call that waits goes on when it is repeated, and then with what it began with.
	int64_t OnThread(const Napi::CallbackInfo &info, const char *name, uint32_t tid,
			 std::function<int64_t(hmmu *)> body, std::shared_ptr<void> *state = nullptr);
	int64_t ExitOnThread(const Napi::CallbackInfo &info, uint32_t pid);
	// What a call that waits has begun with, if it is this one.
	std::shared_ptr<void> Waiting(const Napi::CallbackInfo &info, const char *name, uint32_t tid);
	bool RunOnThread(const Napi::CallbackInfo &info, const char *name, uint32_t tid,
			 std::shared_ptr<ThreadCall> &call);
	int RefuseThread(uint32_t tid, KernelDriver::Outcome outcome);
	int64_t DriverResult(int64_t result, const char *call);

	// What the handlers of a device are given.
	struct DeviceOf {
		Machine *machine;
		uint32_t number;
	};

	hmmu *machine_ = nullptr;
	std::array<DeviceOf, HMMU_MAX_DEVICES> devices_ = {};
	struct hmmu_error refusal_ = {};
	bool refused_ = false;
	size_t done_ = 0;                 // bytes that the last load or store moved
	uint32_t callbacks_ = 0;          // JavaScript callbacks that have not returned
	Napi::ObjectReference exception_; // { error } while an exception waits to be taken
	uint32_t untold_ = 0;             // pages that quick calls may have taken since it was told
	int64_t told_ = 0;                // bytes that the garbage collector knows about
	std::map<uint32_t, std::shared_ptr<Migration>> migrations_;
	uint32_t last_migration_ = 0;
	std::shared_ptr<Machine *> self_ = std::make_shared<Machine *>(this); // for those who may outlive this object
	uint32_t restored_migrations_ = 0;                                    // their numbers are the first ones
	hmmu_search_result *search_ = nullptr;                                // the last one
	uint64_t search_actions_ = 0;                                         // of its program
	bool search_tells_ = false;                                           // JavaScript, how far it is
	std::shared_ptr<OpenOrder> order_;                                    // the order under way
	std::unique_ptr<KernelDriver> driver_;                                // its library is attached to the machine
};

} // namespace hmmu_addon

#endif
