// SPDX-License-Identifier: GPL-2.0-only
//
// Migrations in one call whose memory JavaScript uses again: lib/api/lanes.ts.
#include <cerrno>

#include "arguments.h"
#include "machine.h"
#include "migration.h"

namespace hmmu_addon {

void Machine::DefineLanes(Methods &methods)
{
	methods.push_back(InstanceMethod<&Machine::MakeLane>("lane"));
}

// The numbers of a lane, in the order of LANE in lib/native/layout.ts.
enum {
	kLaneTid,
	kLaneStart,
	kLaneEnd,
	kLaneFlags,
	kLaneFaultPage,
	kLaneOwner,
	kLaneTarget,
	kLaneDevice,
	kLaneOnce,
	kLaneCollected,
	kLaneCallbacksRan,
	kLaneOutOfBounds,
	kLaneMoved,
	kLaneNumbers
};

static double *NumbersOf(const Lane &lane)
{
	return reinterpret_cast<double *>(lane.numbers->src());
}

// lane(Words words, Words numbers): a function that migrates as migrate() does, with the numbers and the arrays in this memory. Its
// arguments are a callback, and other memory for the arrays from now on.
Napi::Value Machine::MakeLane(const Napi::CallbackInfo &info)
{
	auto lane = std::make_shared<Lane>();
	napi_value function = nullptr;

	if (!Open())
		return Result(-EBADF);
	lane->machine = self_;
	lane->words = Words::BlockOf(info[0]);
	lane->numbers = Words::BlockOf(info[1]);
	if (!lane->words || !lane->numbers || lane->numbers->bytes() < kLaneNumbers * sizeof(double))
		return Result(Refuse(-EINVAL, HMMU_ERR_INVALID_ARGUMENT, "the memory of the lane is missing"));
	// Finding out whose method it is would take as long as the migration of a page. So the function has the lane.
	auto *held = new std::shared_ptr<Lane>(lane);
	const napi_finalize forget = [](napi_env, void *data, void *) {
		delete static_cast<std::shared_ptr<Lane> *>(data);
	};
	if (napi_create_function(Env(), "lane", NAPI_AUTO_LENGTH, OnLane, held, &function) != napi_ok ||
	    napi_add_finalizer(Env(), function, held, forget, nullptr, nullptr) != napi_ok) {
		delete held;
		return Result(Refuse(-ENOMEM, HMMU_ERR_HOST_MEMORY, "there is no memory for the lane"));
	}
	return Napi::Value(Env(), function);
}

napi_value Machine::OnLane(napi_env env, napi_callback_info info)
{
	size_t count = 2;
	napi_value arguments[2] = {}, number = nullptr;
	void *data = nullptr;

	napi_get_cb_info(env, info, &count, arguments, nullptr, &data);
	// The function may go in a callback.
	const std::shared_ptr<Lane> lane = *static_cast<std::shared_ptr<Lane> *>(data);
	Machine *machine = *lane->machine;
	int64_t result = -EBADF;
	if (machine && machine->Open()) {
		// One that is in use keeps its memory.
		if (count == 2 && !lane->in_use)
			lane->words = Words::BlockOf(Napi::Value(env, arguments[1]));
		result = machine->MigrateIn(*lane, count > 0 ? arguments[0] : nullptr);
		result = machine->Quick(result, 8 + static_cast<uint32_t>(NumbersOf(*lane)[kLaneCollected]));
	}
	napi_create_double(env, static_cast<double>(result), &number);
	return number;
}

static uint64_t CountMigrate(const uint64_t *src, uint64_t pages)
{
	uint64_t count = 0;

	for (uint64_t i = 0; i < pages; i++)
		count += (src[i] & HMMU_PFN_MIGRATE) != 0;
	return count;
}

// Runs all of a migration, to which the callback is lent.
static int64_t RunLent(hmmu *m, Migration &migration, napi_value callback)
{
	Running running(migration, callback);

	return RunWhole(m, migration);
}

// What the numbers say, of addresses and the driver. Returns how many pages there are.
static uint64_t ReadNumbers(const double *numbers, Migration &migration)
{
	hmmu_migrate_request &request = migration.request;

	request.tid = Uint32Of(numbers[kLaneTid]);
	request.start = Uint64Of(numbers[kLaneStart]);
	request.end = Uint64Of(numbers[kLaneEnd]);
	request.flags = Uint32Of(numbers[kLaneFlags]);
	request.fault_page = Uint32Of(numbers[kLaneFaultPage]);
	request.owner = Uint64Of(numbers[kLaneOwner]);
	migration.is_builtin = numbers[kLaneTarget] >= 0;
	migration.builtin.to = Uint32Of(numbers[kLaneTarget]);
	migration.builtin.device = Uint32Of(numbers[kLaneDevice]);
	migration.once = numbers[kLaneOnce] != 0;
	const uint64_t start = request.start / HMMU_PAGE_SIZE, end = request.end / HMMU_PAGE_SIZE;
	return end > start ? end - start : 0;
}

static void TellNumbers(const Migration &migration, uint64_t pages, double *numbers)
{
	numbers[kLaneCollected] = static_cast<double>(migration.state.npages);
	numbers[kLaneCallbacksRan] = migration.state.callbacks_ran;
	numbers[kLaneOutOfBounds] = migration.state.out_of_bounds;
	numbers[kLaneMoved] = static_cast<double>(CountMigrate(migration.request.src, pages));
}

int64_t Machine::MigrateIn(Lane &lane, napi_value callback)
{
	Migration migration;
	hmmu_migrate_request &request = migration.request;

	if (lane.in_use)
		return Refuse(-EBUSY, HMMU_ERR_BUSY, "the lane is in use");
	if (!lane.words)
		return Refuse(-EINVAL, HMMU_ERR_INVALID_ARGUMENT, "the memory of the lane is missing");
	// A call that waits in a driver goes on later, and the lane is another migration's by then.
	if (driver_)
		return Refuse(-EBUSY, HMMU_ERR_BUSY, "the machine has drivers: their calls have no lanes");
	const uint64_t pages = ReadNumbers(NumbersOf(lane), migration);
	if (pages > lane.words->pages())
		return Refuse(-EINVAL, HMMU_ERR_INVALID_ARGUMENT, "the arrays of the migration are too short");
	request.src = lane.words->src();
	request.dst = request.src + pages;
	request.why = reinterpret_cast<uint8_t *>(request.dst + pages);
	request.ops = &kMigrationOps;
	request.data = &migration;
	migration.machine = this;
	CallBuiltin(migration);
	lane.in_use = true;
	const int64_t result = RunLent(Core(), migration, callback);
	lane.in_use = false;
	TellNumbers(migration, pages, NumbersOf(lane));
	if (migration.failure.err < 0) {
		refusal_ = migration.failure;
		refused_ = true;
	}
	return result;
}

} // namespace hmmu_addon
