// SPDX-License-Identifier: GPL-2.0-only
//
// Functions of the C API that take and return plain numbers: methods made from the list of calls.
#include "host/calls.h"

#include <cerrno>
#include <cstddef>
#include <initializer_list>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>

#include "arguments.h"
#include "machine.h"

namespace hmmu_addon {

namespace {

// Functions that take these arguments after the machine. A function of other types does not compile.
template <typename... Arguments> struct Taking {
	using Tuple = std::tuple<Arguments...>;

	static Tuple Read(const Napi::CallbackInfo &info)
	{
		return Read(info, std::index_sequence_for<Arguments...>());
	}

	// The result of the function is the method's.
	template <typename Result, typename Handle, Result (*function)(Handle *, Arguments...)>
	static int64_t Returned(hmmu *m, const Tuple &tuple)
	{
		auto call = [m](Arguments... arguments) { return function(m, arguments...); };
		if constexpr (std::is_void_v<Result>) {
			std::apply(call, tuple);
			return 0;
		} else {
			return static_cast<int64_t>(std::apply(call, tuple));
		}
	}

	// The function gives a number away, and returns 0 or a negative errno.
	template <typename Number, int (*function)(hmmu *, Arguments..., Number *)>
	static int64_t Given(hmmu *m, const Tuple &tuple)
	{
		Number number = 0;
		auto call = [m, &number](Arguments... arguments) { return function(m, arguments..., &number); };
		int result = std::apply(call, tuple);

		return result < 0 ? result : static_cast<int64_t>(number);
	}

private:
	template <size_t... i>
	static Tuple Read([[maybe_unused]] const Napi::CallbackInfo &info, std::index_sequence<i...>)
	{
		return {Argument<Arguments>(info, i)...};
	}
};

// Where a call is made if there are drivers.
enum class Place {
	kHere,   // it only looks
	kKernel, // a thread of the kernel
	kTask,   // the thread of the task that is its first argument
	kExit,   // exit(): drivers may have the address space, too
};

constexpr Place PlaceOf(std::string_view name, bool acts, std::initializer_list<std::string_view> arguments)
{
	if (!acts)
		return Place::kHere;
	if (name == "exit")
		return Place::kExit;
	return arguments.size() > 0 && *arguments.begin() == "tid" ? Place::kTask : Place::kKernel;
}

// A call of the list.
template <typename Reader, int64_t (*function)(hmmu *, const typename Reader::Tuple &), Place place> struct PlainCall {
	using Taking = Reader;
	static constexpr auto kFunction = function;
	static constexpr Place kPlace = place;
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

#define ACTS_VOID true
#define ACTS_INT true
#define ACTS_BOOL false
#define ACTS_U32 false
#define ACTS_U64 false
#define ACTS_OUT32 true
#define ACTS_OUT64 true
#define NAME(type, name) #name

#define METHOD(result, name, function, count, arguments) \
	InstanceMethod< \
		&Machine::Plain<PlainCall<Taking<HMMU_EACH(TYPE, count, arguments)>, \
					  Taking<HMMU_EACH(TYPE, count, arguments)>::RESULT_##result(function), \
					  PlaceOf(#name, ACTS_##result, {HMMU_EACH(NAME, count, arguments)})>>>( \
		#name),

} // namespace

template <typename Call> Napi::Value Machine::Plain(const Napi::CallbackInfo &info)
{
	if (!Open())
		return Result(-EBADF);
	const auto arguments = Call::Taking::Read(info);
	if (Call::kPlace == Place::kExit && driver_)
		return Result(ExitOnThread(info, Uint32(info, 0)));
	if (Call::kPlace != Place::kHere && driver_) {
		const std::string name = std::to_string(reinterpret_cast<uintptr_t>(Call::kFunction));
		return Result(OnThread(info, name.c_str(), Call::kPlace == Place::kTask ? Uint32(info, 0) : 0,
				       [arguments](hmmu *m) { return Call::kFunction(m, arguments); }));
	}
	return Result(Call::kFunction(Core(), arguments));
}

void Machine::DefinePlainCalls(Methods &methods)
{
	const Methods ours = {HMMU_CALLS(METHOD)};

	methods.insert(methods.end(), ours.begin(), ours.end());
}

} // namespace hmmu_addon
