// SPDX-License-Identifier: GPL-2.0-only
#include "migration.h"

#include <cerrno>
#include <utility>

#include "arguments.h"
#include "machine.h"

namespace hmmu_addon {

namespace {

// Which callback a function of JavaScript is called for.
enum { kAllocAndCopy = 0, kFinalizeAndMap = 1 };

// Who is the driver, where it is not the built-in one: the callback, or nobody. Then dst is written between the calls.
enum { kCallback = -1, kNobody = -2 };

int RunCallback(Migration &migration, hmmu_migration *context, int which)
{
	int32_t result = 0;

	if (migration.abandoned)
		return -ECANCELED;
	if (migration.is_builtin)
		return which == kAllocAndCopy ? hmmu_builtin_ops.alloc_and_copy(context, &migration.builtin) : 0;
	if (!migration.callback || !migration.machine->CallJs(migration.callback, {double(which)}, &result))
		return -ECANCELED;
	return result < 0 ? result : 0;
}

int AllocAndCopy(hmmu_migration *context, void *data)
{
	return RunCallback(*static_cast<Migration *>(data), context, kAllocAndCopy);
}

int FinalizeAndMap(hmmu_migration *context, void *data)
{
	return RunCallback(*static_cast<Migration *>(data), context, kFinalizeAndMap);
}

// Indexes of entries, from a Float64Array.
std::vector<uint64_t> Indexes(const Napi::CallbackInfo &info, size_t i)
{
	size_t count = TypedBytes(info, i).length / sizeof(double);
	const double *values = Records<double>(info, i, count);
	std::vector<uint64_t> indexes;

	for (size_t k = 0; values && k < count; k++)
		indexes.push_back(values[k] >= 0 ? static_cast<uint64_t>(values[k]) : UINT64_MAX);
	return indexes;
}

// Marks a migration as running for the time of a call, and lends it the callback of that call.
class Running
{
public:
	Running(Migration &migration, napi_value callback) : migration_(migration)
	{
		napi_env env = migration.machine->Env();
		migration_.callback = callback && IsFunction(env, callback) ? callback : nullptr;
		migration_.running = true;
	}
	~Running()
	{
		migration_.callback = nullptr;
		migration_.running = false;
	}
	Running(const Running &) = delete;
	Running &operator=(const Running &) = delete;

private:
	Migration &migration_;
};

// What lib/api/migration.ts reads of a state, in this order.
constexpr size_t kStateFields = 6;

void WriteState(const hmmu_migration *context, double *out)
{
	hmmu_migration_state state;

	hmmu_migrate_state(context, &state);
	out[0] = state.stage;
	out[1] = static_cast<double>(state.position);
	out[2] = static_cast<double>(state.npages);
	out[3] = static_cast<double>(state.cpages);
	out[4] = state.callbacks_ran;
	out[5] = state.out_of_bounds;
}

} // namespace

const hmmu_migrate_ops kMigrationOps = {AllocAndCopy, FinalizeAndMap};

void Machine::DefineMigration(Methods &methods)
{
	const Methods ours = {
		InstanceMethod<&Machine::Migrate>("migrate"),
		InstanceMethod<&Machine::MigrateBegin>("migrateBegin"),
		InstanceMethod<&Machine::MigrateDeviceBegin>("migrateDeviceBegin"),
		InstanceMethod<&Machine::MigrateStep>("migrateStep"),
		InstanceMethod<&Machine::MigrateRun>("migrateRun"),
		InstanceMethod<&Machine::MigratePages>("migratePages"),
		InstanceMethod<&Machine::MigrateFinalize>("migrateFinalize"),
		InstanceMethod<&Machine::MigrateEnd>("migrateEnd"),
		InstanceMethod<&Machine::MigrateAbandon>("migrateAbandon"),
		InstanceMethod<&Machine::MigrateState>("migrateState"),
	};

	methods.insert(methods.end(), ours.begin(), ours.end());
}

// Reads (words, target, device, skip, error) from argument i on: the arrays for so many pages, and who is the driver.
int Machine::Prepare(const Napi::CallbackInfo &info, size_t i, uint64_t pages, Migration &migration)
{
	int32_t target = kCallback;

	migration.machine = this;
	migration.words = Words::BlockOf(info[i]);
	if (!migration.words)
		return Refuse(-EINVAL, HMMU_ERR_INVALID_ARGUMENT, "the arrays of the migration are missing");
	if (pages > migration.words->pages())
		return Refuse(-EINVAL, HMMU_ERR_INVALID_ARGUMENT, "the arrays of the migration are too short");
	napi_get_value_int32(info.Env(), info[i + 1], &target);
	migration.ops = target == kNobody ? nullptr : &kMigrationOps;
	migration.is_builtin = target >= 0;
	if (!migration.is_builtin)
		return 0;
	migration.skip = Indexes(info, i + 3);
	migration.error = Indexes(info, i + 4);
	migration.builtin.to = static_cast<uint32_t>(target);
	migration.builtin.device = Uint32(info, i + 2);
	migration.builtin.skip_count = static_cast<uint32_t>(migration.skip.size());
	migration.builtin.skip = migration.skip.data();
	migration.builtin.error_count = static_cast<uint32_t>(migration.error.size());
	migration.builtin.error = migration.error.data();
	return 0;
}

// Begins a migration of (tid, start, end, flags, faultPage, owner, words, target, device, skip, error).
int Machine::Begin(const Napi::CallbackInfo &info, Migration &migration)
{
	hmmu_migrate_request request = {};

	request.tid = Uint32(info, 0);
	request.start = Uint64(info, 1);
	request.end = Uint64(info, 2);
	request.flags = Uint32(info, 3);
	request.fault_page = Uint32(info, 4);
	request.owner = Uint64(info, 5);
	const uint64_t start = request.start / HMMU_PAGE_SIZE, end = request.end / HMMU_PAGE_SIZE;
	int result = Prepare(info, 6, end > start ? end - start : 0, migration);
	if (result < 0)
		return result;
	request.src = migration.words->src();
	request.dst = migration.words->dst();
	request.why = migration.words->why();
	request.ops = migration.ops;
	request.data = &migration;
	return hmmu_migrate_begin(Core(), &request, &migration.context);
}

// Begins a migration of (first, pages, words, target, device, skip, error).
int Machine::BeginOfDevice(const Napi::CallbackInfo &info, Migration &migration)
{
	hmmu_device_range range = {};

	range.first = Uint32(info, 0);
	range.pages = Uint32(info, 1);
	int result = Prepare(info, 2, range.pages, migration);
	if (result < 0)
		return result;
	range.src = migration.words->src();
	range.dst = migration.words->dst();
	range.why = migration.words->why();
	range.ops = migration.ops;
	range.data = &migration;
	return hmmu_migrate_device_begin(Core(), &range, &migration.context);
}

// migrate(tid, start, end, flags, faultPage, owner, words, target, device, skip, error, callback, Float64Array state): all
// of a migration in one call.
Napi::Value Machine::Migrate(const Napi::CallbackInfo &info)
{
	Migration migration;
	double ignored[kStateFields];

	if (!Open())
		return Result(-EBADF);
	int result = Begin(info, migration);
	if (result < 0)
		return Result(result);
	{
		Running running(migration, info[11]);
		result = hmmu_migrate_run(migration.context, HMMU_STAGE_DONE);
	}
	double *state = Records<double>(info, 12, kStateFields);
	WriteState(migration.context, state ? state : ignored);
	return Finished(migration, result);
}

// The number of a migration that stays open, begun by one of the functions above.
Napi::Value Machine::Opened(const Napi::CallbackInfo &info,
			    int (Machine::*begin)(const Napi::CallbackInfo &, Migration &))
{
	if (!Open())
		return Result(-EBADF);
	auto migration = std::make_unique<Migration>();
	int result = (this->*begin)(info, *migration);
	if (result < 0)
		return Result(result);
	migrations_[++last_migration_] = std::move(migration);
	return Result(last_migration_);
}

// migrateBegin(tid, start, end, flags, faultPage, owner, words, target, device, skip, error): the number of the migration.
Napi::Value Machine::MigrateBegin(const Napi::CallbackInfo &info)
{
	return Opened(info, &Machine::Begin);
}

// migrateDeviceBegin(first, pages, words, target, device, skip, error): the number of the migration.
Napi::Value Machine::MigrateDeviceBegin(const Napi::CallbackInfo &info)
{
	return Opened(info, &Machine::BeginOfDevice);
}

// The migration whose number is the first argument. One whose callback is running can't be driven from within.
int Machine::FindIdle(const Napi::CallbackInfo &info, Migration **migration)
{
	if (!Open())
		return -EBADF;
	auto found = migrations_.find(Uint32(info, 0));
	if (found == migrations_.end())
		return Refuse(-EINVAL, HMMU_ERR_INVALID_ARGUMENT, "the migration is over");
	if (found->second->running)
		return Refuse(-EBUSY, HMMU_ERR_BUSY, "a callback of the migration is running");
	*migration = found->second.get();
	return 0;
}

// migrateStep(number, callback): 1 while there is more.
Napi::Value Machine::MigrateStep(const Napi::CallbackInfo &info)
{
	Migration *migration;
	int result = FindIdle(info, &migration);

	if (result < 0)
		return Result(result);
	Running running(*migration, info[1]);
	Core();
	return Result(hmmu_migrate_step(migration->context));
}

// migrateRun(number, callback, stage)
Napi::Value Machine::MigrateRun(const Napi::CallbackInfo &info)
{
	Migration *migration;
	int result = FindIdle(info, &migration);

	if (result < 0)
		return Result(result);
	Running running(*migration, info[1]);
	Core();
	return Result(hmmu_migrate_run(migration->context, Uint32(info, 2)));
}

// migratePages(number)
Napi::Value Machine::MigratePages(const Napi::CallbackInfo &info)
{
	Migration *migration;
	int result = FindIdle(info, &migration);

	if (result < 0)
		return Result(result);
	Running running(*migration, nullptr);
	Core();
	return Result(hmmu_migrate_vma_pages(migration->context));
}

// migrateFinalize(number): the number is not known any more, unless it was called too early.
Napi::Value Machine::MigrateFinalize(const Napi::CallbackInfo &info)
{
	Migration *migration;
	int result = FindIdle(info, &migration);

	if (result < 0)
		return Result(result);
	{
		Running running(*migration, nullptr);
		result = hmmu_migrate_vma_finalize(migration->context);
	}
	if (result >= 0 || hmmu_error(Core())->code != HMMU_ERR_ORDER)
		Forget(info, result);
	return Result(result);
}

// migrateEnd(number, callback): finishes the migration; its number is not known any more.
Napi::Value Machine::MigrateEnd(const Napi::CallbackInfo &info)
{
	Migration *migration;
	int result = FindIdle(info, &migration);

	if (result < 0)
		return Result(result);
	{
		Running running(*migration, info[1]);
		Core();
		result = hmmu_migrate_end(migration->context);
	}
	Forget(info, result);
	return Result(result);
}

// The migration is over, and so its number is not known any more. -EBUSY, in a handler: the core has refused to end it.
void Machine::Forget(const Napi::CallbackInfo &info, int result)
{
	if (result != -EBUSY)
		migrations_.erase(Uint32(info, 0));
}

// migrateAbandon(number): undoes what can be undone, without any callback.
Napi::Value Machine::MigrateAbandon(const Napi::CallbackInfo &info)
{
	Migration *migration;
	int result = FindIdle(info, &migration);

	if (result < 0)
		return Result(result);
	{
		Running running(*migration, nullptr);
		migration->abandoned = true;
		Core();
		result = hmmu_migrate_end(migration->context);
		migration->abandoned = false;
	}
	Forget(info, result);
	return Result(result == -EBUSY ? result : 0);
}

// Ends a migration that ran in one call. A run that failed is undone without calling the driver again.
Napi::Value Machine::Finished(Migration &migration, int result)
{
	if (result >= 0)
		return Result(hmmu_migrate_end(migration.context));
	const struct hmmu_error error = *hmmu_error(machine_);
	migration.abandoned = true;
	hmmu_migrate_end(migration.context);
	refusal_ = error;
	refused_ = true;
	return Result(result);
}

void Machine::AbandonAll()
{
	// A handler that runs meanwhile finds no migration.
	const auto migrations = std::move(migrations_);

	migrations_.clear();
	for (auto &[number, migration] : migrations) {
		migration->abandoned = true;
		hmmu_migrate_end(migration->context);
	}
}

// migrateState(number, Float64Array): stage, position, npages, cpages, callbacks_ran, out_of_bounds.
Napi::Value Machine::MigrateState(const Napi::CallbackInfo &info)
{
	if (!Open())
		return Result(-EBADF);
	auto found = migrations_.find(Uint32(info, 0));
	if (found == migrations_.end())
		return Result(Refuse(-EINVAL, HMMU_ERR_INVALID_ARGUMENT, "the migration is over"));
	double *out = Records<double>(info, 1, kStateFields);
	if (!out)
		return Result(Refuse(-EINVAL, HMMU_ERR_INVALID_ARGUMENT, "the array for the state is too short"));
	WriteState(found->second->context, out);
	return Result(0);
}

} // namespace hmmu_addon
