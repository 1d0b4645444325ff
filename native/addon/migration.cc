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
	if (migration.once && which != kAllocAndCopy)
		return 0;
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

// What lib/api/migration.ts reads of a state, in this order.
constexpr size_t kStateFields = 6;

void WriteState(const hmmu_migration_state &state, double *out)
{
	out[0] = state.stage;
	out[1] = static_cast<double>(state.position);
	out[2] = static_cast<double>(state.npages);
	out[3] = static_cast<double>(state.cpages);
	out[4] = state.callbacks_ran;
	out[5] = state.out_of_bounds;
}

// --- what is done with a migration, on a thread of a driver's library if there is one ---

int BeginAddresses(hmmu *m, Migration &migration)
{
	return hmmu_migrate_begin(m, &migration.request, &migration.context);
}

int BeginDevicePages(hmmu *m, Migration &migration)
{
	return hmmu_migrate_device_begin(m, &migration.range, &migration.context);
}

int EndMigration(hmmu *, Migration &migration)
{
	return hmmu_migrate_end(migration.context);
}

// Undoes what can be undone, without any callback.
int Abandon(hmmu *, Migration &migration)
{
	migration.abandoned = true;
	int result = hmmu_migrate_end(migration.context);
	migration.abandoned = false;
	return result;
}

} // namespace

// The core knows its own driver, which needs no checks, if nothing is between the two. This is for migrations in one call: nobody
// gives them up before the driver was called.
void CallBuiltin(Migration &migration)
{
	if (!migration.is_builtin)
		return;
	migration.request.ops = &hmmu_builtin_ops;
	migration.request.data = &migration.builtin;
}

int RunWhole(hmmu *m, Migration &migration)
{
	int result = BeginAddresses(m, migration);

	if (result < 0)
		return result;
	result = hmmu_migrate_run(migration.context, HMMU_STAGE_DONE);
	hmmu_migrate_state(migration.context, &migration.state);
	if (result >= 0)
		return hmmu_migrate_end(migration.context);
	migration.failure = *hmmu_error(m);
	Abandon(m, migration);
	return result;
}

Running::Running(Migration &migration, napi_value callback) : migration_(migration)
{
	napi_env env = migration.machine->Env();

	migration_.callback = callback && IsFunction(env, callback) ? callback : nullptr;
	migration_.running = true;
}

Running::~Running()
{
	migration_.callback = nullptr;
	migration_.running = false;
}

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
		InstanceMethod<&Machine::MigrateAdopt>("migrateAdopt"),
		InstanceMethod<&Machine::MigrateRequest>("migrateRequest"),
		InstanceMethod<&Machine::RestoredMigrations>("restoredMigrations"),
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

// Reads (tid, start, end, flags, faultPage, owner, words, target, device, skip, error).
int Machine::ReadRequest(const Napi::CallbackInfo &info, Migration &migration)
{
	hmmu_migrate_request &request = migration.request;

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
	return 0;
}

// Reads (first, pages, words, target, device, skip, error).
int Machine::ReadDeviceRange(const Napi::CallbackInfo &info, Migration &migration)
{
	hmmu_device_range &range = migration.range;

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
	return 0;
}

// Does something with a migration; the callback is lent to it meanwhile. A call that waits goes on when it is repeated, and
// then with the migration that it began with.
int64_t Machine::Drive(const Napi::CallbackInfo &info, const char *name, std::shared_ptr<Migration> &migration,
		       napi_value callback, int (*what)(hmmu *, Migration &))
{
	const uint32_t tid = migration->request.tid;

	if (!driver_) {
		Running running(*migration, callback);
		return what(Core(), *migration);
	}
	std::shared_ptr<void> state = Waiting(info, name, tid);
	if (state)
		migration = std::static_pointer_cast<Migration>(state);
	else
		state = migration;
	Running running(*migration, callback);
	auto driven = migration;
	return OnThread(
		info, name, tid, [driven, what](hmmu *m) { return int64_t{what(m, *driven)}; }, &state);
}

// migrate(tid, start, end, flags, faultPage, owner, words, target, device, skip, error, callback, Float64Array state): all
// of a migration in one call.
Napi::Value Machine::Migrate(const Napi::CallbackInfo &info)
{
	if (!Open())
		return Result(-EBADF);
	auto migration = std::make_shared<Migration>();
	int64_t result = ReadRequest(info, *migration);
	if (result < 0)
		return Result(result);
	CallBuiltin(*migration);
	result = Drive(info, "migrate", migration, info[11], RunWhole);
	if (double *state = Records<double>(info, 12, kStateFields))
		WriteState(migration->state, state);
	if (migration->failure.err < 0) {
		refusal_ = migration->failure;
		refused_ = true;
	}
	return Result(result);
}

// The number of a migration that stays open.
Napi::Value Machine::Opened(const Napi::CallbackInfo &info,
			    int (Machine::*read)(const Napi::CallbackInfo &, Migration &),
			    int (*begin)(hmmu *, Migration &))
{
	if (!Open())
		return Result(-EBADF);
	if (int refused = CheckNoOrder())
		return Result(refused);
	auto migration = std::make_shared<Migration>();
	int64_t result = (this->*read)(info, *migration);
	if (result < 0)
		return Result(result);
	result = Drive(info, "migrateBegin", migration, nullptr, begin);
	if (result < 0)
		return Result(result);
	migrations_[++last_migration_] = std::move(migration);
	return Result(last_migration_);
}

// migrateBegin(tid, start, end, flags, faultPage, owner, words, target, device, skip, error): the number of the migration.
Napi::Value Machine::MigrateBegin(const Napi::CallbackInfo &info)
{
	return Opened(info, &Machine::ReadRequest, BeginAddresses);
}

// migrateDeviceBegin(first, pages, words, target, device, skip, error): the number of the migration.
Napi::Value Machine::MigrateDeviceBegin(const Napi::CallbackInfo &info)
{
	return Opened(info, &Machine::ReadDeviceRange, BeginDevicePages);
}

// The migration whose number is the first argument. One whose callback is running can't be driven from within.
int Machine::FindIdle(const Napi::CallbackInfo &info, std::shared_ptr<Migration> *migration)
{
	if (!Open())
		return -EBADF;
	auto found = migrations_.find(Uint32(info, 0));
	if (found == migrations_.end())
		return Refuse(-EINVAL, HMMU_ERR_INVALID_ARGUMENT, "the migration is over");
	if (found->second->running)
		return Refuse(-EBUSY, HMMU_ERR_BUSY, "a callback of the migration is running");
	*migration = found->second;
	return 0;
}

// migrateStep(number, callback): 1 while there is more.
Napi::Value Machine::MigrateStep(const Napi::CallbackInfo &info)
{
	std::shared_ptr<Migration> migration;
	int result = FindIdle(info, &migration);

	if (result < 0)
		return Result(result);
	return Result(Drive(info, "migrateStep", migration, info[1],
			    [](hmmu *, Migration &stepped) { return hmmu_migrate_step(stepped.context); }));
}

// migrateRun(number, callback, stage)
Napi::Value Machine::MigrateRun(const Napi::CallbackInfo &info)
{
	std::shared_ptr<Migration> migration;
	int result = FindIdle(info, &migration);

	if (result < 0)
		return Result(result);
	migration->last_stage = Uint32(info, 2);
	return Result(Drive(info, "migrateRun", migration, info[1],
			    [](hmmu *, Migration &run) { return hmmu_migrate_run(run.context, run.last_stage); }));
}

// migratePages(number)
Napi::Value Machine::MigratePages(const Napi::CallbackInfo &info)
{
	std::shared_ptr<Migration> migration;
	int result = FindIdle(info, &migration);

	if (result < 0)
		return Result(result);
	return Result(Drive(info, "migratePages", migration, nullptr,
			    [](hmmu *, Migration &moved) { return hmmu_migrate_vma_pages(moved.context); }));
}

// migrateFinalize(number): the number is not known any more, unless it was called too early.
Napi::Value Machine::MigrateFinalize(const Napi::CallbackInfo &info)
{
	std::shared_ptr<Migration> migration;
	int64_t result = FindIdle(info, &migration);

	if (result < 0)
		return Result(result);
	result = Drive(info, "migrateFinalize", migration, nullptr,
		       [](hmmu *, Migration &finalized) { return hmmu_migrate_vma_finalize(finalized.context); });
	if (result >= 0 || LastError()->code != HMMU_ERR_ORDER)
		Forget(info, result);
	return Result(result);
}

// migrateEnd(number, callback): finishes the migration; its number is not known any more.
Napi::Value Machine::MigrateEnd(const Napi::CallbackInfo &info)
{
	std::shared_ptr<Migration> migration;
	int64_t result = FindIdle(info, &migration);

	if (result < 0)
		return Result(result);
	result = Drive(info, "migrateEnd", migration, info[1], EndMigration);
	Forget(info, result);
	return Result(result);
}

// The migration is over, and so its number is not known any more. -EBUSY, in a handler: the core has refused to end it. Others
// have not ended: they wait in a driver.
void Machine::Forget(const Napi::CallbackInfo &info, int64_t result)
{
	if (result != -EBUSY && result != -EAGAIN && result != -EDEADLK)
		migrations_.erase(Uint32(info, 0));
}

// migrateAbandon(number): undoes what can be undone, without any callback.
Napi::Value Machine::MigrateAbandon(const Napi::CallbackInfo &info)
{
	std::shared_ptr<Migration> migration;
	int64_t result = FindIdle(info, &migration);

	if (result < 0)
		return Result(result);
	result = Drive(info, "migrateAbandon", migration, nullptr, Abandon);
	Forget(info, result);
	return Result(result == -EBUSY ? result : 0);
}

// Those that were under way in the machine of which this one is a copy. Each has a number before it is adopted.
void Machine::MeetMigrations()
{
	std::vector<hmmu_migration *> found(static_cast<size_t>(hmmu_migrations(machine_, nullptr, 0)));

	hmmu_migrations(machine_, found.data(), static_cast<uint32_t>(found.size()));
	for (hmmu_migration *context : found) {
		auto migration = std::make_shared<Migration>();
		migration->machine = this;
		migration->context = context;
		hmmu_migration_request(context, &migration->request);
		migrations_[++last_migration_] = std::move(migration);
	}
	restored_migrations_ = last_migration_;
}

// restoredMigrations(): how many there were; their numbers are 1 and those behind.
Napi::Value Machine::RestoredMigrations(const Napi::CallbackInfo &)
{
	return Result(restored_migrations_);
}

// migrateRequest(number, Float64Array): tid, start, end, whether there are operations.
Napi::Value Machine::MigrateRequest(const Napi::CallbackInfo &info)
{
	std::shared_ptr<Migration> migration;
	hmmu_migrate_request request;
	int result = FindIdle(info, &migration);

	if (result < 0)
		return Result(result);
	double *out = Records<double>(info, 1, 4);
	if (!out)
		return Result(Refuse(-EINVAL, HMMU_ERR_INVALID_ARGUMENT, "the array for the request is too short"));
	hmmu_migration_request(migration->context, &request);
	out[0] = request.tid;
	out[1] = static_cast<double>(request.start);
	out[2] = static_cast<double>(request.end);
	out[3] = request.ops != nullptr;
	return Result(0);
}

// migrateAdopt(number, words, target, device, skip, error): the number. A migration that is refused keeps the arrays and the driver that it
// has.
Napi::Value Machine::MigrateAdopt(const Napi::CallbackInfo &info)
{
	std::shared_ptr<Migration> migration;
	int result = FindIdle(info, &migration);

	if (result < 0)
		return Result(result);
	auto adopted = std::make_shared<Migration>();
	adopted->context = migration->context;
	adopted->request = migration->request;
	hmmu_migrate_request &request = adopted->request;
	result = Prepare(info, 1, (request.end - request.start) / HMMU_PAGE_SIZE, *adopted);
	if (result < 0)
		return Result(result);
	request.src = adopted->words->src();
	request.dst = adopted->words->dst();
	request.why = request.why ? adopted->words->why() : nullptr;
	request.ops = adopted->ops;
	request.data = adopted.get();
	result = hmmu_migrate_adopt(adopted->context, &request);
	if (result < 0)
		return Result(result);
	migrations_[Uint32(info, 0)] = std::move(adopted);
	return Result(static_cast<int64_t>(Uint32(info, 0)));
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
	hmmu_migrate_state(found->second->context, &found->second->state);
	WriteState(found->second->state, out);
	return Result(0);
}

} // namespace hmmu_addon
