// SPDX-License-Identifier: GPL-2.0-only
//
// The module. It has no state of its own: everything belongs to a machine, so any number of threads can load it.
#include <hmmu/hmmu.h>
#include <napi.h>

#include "machine.h"
#include "words.h"

namespace {

Napi::Object Init(Napi::Env env, Napi::Object exports)
{
	exports.Set("Machine", hmmu_addon::Machine::Define(env));
	exports.Set("Words", hmmu_addon::Words::Define(env));
	exports.Set("version", Napi::String::New(env, hmmu_version()));
	exports.Set("napiVersion", Napi::Number::New(env, NAPI_VERSION));
	if (hmmu_addon::KernelDriver::Mark())
		exports.Set("driverMark", Napi::String::New(env, hmmu_addon::KernelDriver::Mark()));
	return exports;
}

} // namespace

NODE_API_MODULE(hmmu, Init)
