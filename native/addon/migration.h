// SPDX-License-Identifier: GPL-2.0-only
//
// A migration under way, and the driver behind it: the built-in one, or a function of JavaScript.
//
// The function is an argument of each call that may run it, and is held for the time of that call only. A migration
// belongs to its machine and is known by a number: one that JavaScript forgot stays open until the machine goes, so that
// what a machine does never depends on the garbage collector.
#ifndef HMMU_ADDON_MIGRATION_H
#define HMMU_ADDON_MIGRATION_H

#include <hmmu/hmmu.h>
#include <napi.h>

#include <cstdint>
#include <memory>
#include <vector>

#include "words.h"

namespace hmmu_addon {

class Machine;

struct Migration {
	Machine *machine;
	hmmu_migration *context = nullptr;
	std::shared_ptr<WordsBlock> words;
	hmmu_migrate_request request = {};     // of a range of addresses
	hmmu_device_range range = {};          // or of device pages
	hmmu_migration_state state = {};       // of a migration in one call, before it ended
	struct hmmu_error failure = {};        // that ended it
	uint32_t last_stage = 0;               // of the run under way
	const hmmu_migrate_ops *ops = nullptr; // NULL: dst is written between the calls

	bool is_builtin = false;
	bool once = false; // JavaScript has no finalize_and_map
	hmmu_builtin builtin = {};
	std::vector<uint64_t> skip, error;

	napi_value callback = nullptr; // of the call under way
	bool running = false;          // a call is under way
	bool abandoned = false;        // callbacks fail from now on, which undoes the migration
};

extern const hmmu_migrate_ops kMigrationOps;

// Memory that migrations in one call use, one after the other. JavaScript has a function for each lane, which may outlive the
// machine.
struct Lane {
	std::shared_ptr<Machine *> machine; // NULL there: it is gone
	std::shared_ptr<WordsBlock> words;
	std::shared_ptr<WordsBlock> numbers;
	bool in_use = false;
};

// Marks a migration as running for the time of a call, and lends it the callback of that call.
class Running
{
public:
	Running(Migration &migration, napi_value callback);
	~Running();
	Running(const Running &) = delete;
	Running &operator=(const Running &) = delete;

private:
	Migration &migration_;
};

// Makes the built-in driver, if it is that of a migration in one call, one that the core knows.
void CallBuiltin(Migration &migration);
// All of a migration. A run that fails is undone without calling the driver again.
int RunWhole(hmmu *m, Migration &migration);

} // namespace hmmu_addon

#endif
