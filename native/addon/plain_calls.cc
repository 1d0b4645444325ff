// SPDX-License-Identifier: GPL-2.0-only
//
// Functions of the C API that take and return plain numbers: methods made from the list of calls.
#include "host/calls.h"

#include <cerrno>
#include <cstddef>
#include <type_traits>
#include <utility>

#include "arguments.h"
#include "machine.h"

namespace hmmu_addon {

namespace {

// Calls functions that take these arguments after the machine. A function of other types does not compile.
template <typename... Arguments> struct Taking {
	// The result of the function is the method's.
	template <typename Result, typename Handle, Result (*function)(Handle *, Arguments...)>
	static int64_t Returned(hmmu *m, const Napi::CallbackInfo &info)
	{
		if constexpr (std::is_void_v<Result>) {
			Apply(function, m, info, kIndexes);
			return 0;
		} else {
			return static_cast<int64_t>(Apply(function, m, info, kIndexes));
		}
	}

	// The function gives a number away, and returns 0 or a negative errno.
	template <typename Number, int (*function)(hmmu *, Arguments..., Number *)>
	static int64_t Given(hmmu *m, const Napi::CallbackInfo &info)
	{
		Number number = 0;
		int result = Apply(function, m, info, kIndexes, &number);

		return result < 0 ? result : static_cast<int64_t>(number);
	}

private:
	static constexpr std::index_sequence_for<Arguments...> kIndexes = {};

	template <typename Function, size_t... i, typename... Last>
	static auto Apply(Function *function, hmmu *m, [[maybe_unused]] const Napi::CallbackInfo &info,
			  std::index_sequence<i...>, Last *...last)
	{
		return function(m, Argument<Arguments>(info, i)..., last...);
	}
};

#define TYPE_U32 uint32_t
#define TYPE_U64 uint64_t
#define TYPE_BOOL bool
#define TYPE(type, name) TYPE_##type

#define RESULT_VOID(function) Returned<void, hmmu, hmmu_##function>
#define RESULT_INT(function) Returned<int, hmmu, hmmu_##function>
#define RESULT_BOOL(function) Returned<bool, const hmmu, hmmu_##function>
#define RESULT_U32(function) Returned<uint32_t, const hmmu, hmmu_##function>
#define RESULT_U64(function) Returned<uint64_t, const hmmu, hmmu_##function>
#define RESULT_OUT32(function) Given<uint32_t, hmmu_##function>
#define RESULT_OUT64(function) Given<uint64_t, hmmu_##function>

#define METHOD(result, name, function, count, arguments) \
	InstanceMethod<&Machine::Plain<Taking<HMMU_EACH(TYPE, count, arguments)>::RESULT_##result(function)>>(#name),

} // namespace

template <int64_t (*call)(hmmu *, const Napi::CallbackInfo &)>
Napi::Value Machine::Plain(const Napi::CallbackInfo &info)
{
	return Result(Open() ? call(Core(), info) : -EBADF);
}

void Machine::DefinePlainCalls(Methods &methods)
{
	const Methods ours = {HMMU_CALLS(METHOD)};

	methods.insert(methods.end(), ours.begin(), ours.end());
}

} // namespace hmmu_addon
