// SPDX-License-Identifier: GPL-2.0-only
//
// Programs of tasks: a search through all orders, and one order again.
#include <cerrno>
#include <csignal>
#include <cstddef>

#include "arguments.h"
#include "explore/program_words.h"
#include "machine.h"

namespace hmmu_addon {

static_assert(sizeof(struct hmmu_finding) == 176, "lib/native/layout.ts");
static_assert(offsetof(struct hmmu_finding, times) == 24, "lib/native/layout.ts");
static_assert(offsetof(struct hmmu_finding, text) == 56, "lib/native/layout.ts");
static_assert(sizeof(struct hmmu_search_outcome) == 16, "lib/native/layout.ts");
static_assert(sizeof(struct hmmu_trace_step) == 32, "lib/native/layout.ts");

void Machine::DefineSearch(Methods &methods)
{
	const Methods ours = {
		InstanceMethod<&Machine::Search>("search"),
		InstanceMethod<&Machine::SearchPart>("searchPart"),
		InstanceMethod<&Machine::Replay>("replay"),
	};

	methods.insert(methods.end(), ours.begin(), ours.end());
}

void Machine::ForgetSearch()
{
	hmmu_search_free(search_);
	search_ = nullptr;
}

// The program in the words that an argument has.
bool Machine::ReadProgram(const Napi::CallbackInfo &info, size_t i, program_pids *pids, hmmu_program *program)
{
	Bytes bytes = TypedBytes(info, i);

	if (reinterpret_cast<uintptr_t>(bytes.data) % sizeof(uint64_t) == 0 &&
	    program_of_words(reinterpret_cast<const uint64_t *>(bytes.data), bytes.length / sizeof(uint64_t), pids,
			     program))
		return true;
	Refuse(-EINVAL, HMMU_ERR_INVALID_ARGUMENT, "the words are no program, or one that is too large");
	return false;
}

namespace {

volatile sig_atomic_t interrupted;

void OnInterrupt(int /* signal */)
{
	interrupted = 1;
}

// While it lives, the first SIGINT is noted, and ends the process no more; the second does. JavaScript would not hear of it before
// the search has ended.
class Interrupts
{
public:
	explicit Interrupts(bool on) : on_(on)
	{
		struct sigaction action = {};

		interrupted = 0;
		action.sa_handler = OnInterrupt;
		action.sa_flags = static_cast<int>(SA_RESETHAND) | SA_RESTART;
		if (on_)
			sigaction(SIGINT, &action, &before_);
	}
	~Interrupts()
	{
		if (on_)
			sigaction(SIGINT, &before_, nullptr);
		interrupted = 0;
	}
	Interrupts(const Interrupts &) = delete;
	Interrupts &operator=(const Interrupts &) = delete;

private:
	bool on_;
	struct sigaction before_ = {};
};

} // namespace

// The function in the property "searchProgress" is told, if there is one. It returns a negative number if the search is to end.
bool Machine::OnSearchProgress(void *data, uint64_t states, uint64_t open)
{
	auto *machine = static_cast<Machine *>(data);

	if (interrupted)
		return false;
	return !machine->search_tells_ || machine->CallHandler("searchProgress", {double(states), double(open)}) >= 0;
}

// search(words of the program, Float64Array of options, Float64Array of 7, whether searchProgress is told, whether SIGINT ends
// it): the last result waits for searchPart().
Napi::Value Machine::Search(const Napi::CallbackInfo &info)
{
	hmmu_program program = {};
	program_pids pids;

	if (!Open())
		return Result(-EBADF);
	const auto *numbers = Records<double>(info, 1, SEARCH_OPTIONS);
	auto *out = Records<double>(info, 2, SEARCH_NUMBERS);
	ForgetSearch();
	if (!out || !numbers)
		return Result(Refuse(-EINVAL, HMMU_ERR_INVALID_ARGUMENT, "the array for the numbers is too short"));
	if (!ReadProgram(info, 0, &pids, &program))
		return Result(-EINVAL);
	hmmu_search_options options = search_options_of(numbers);
	search_tells_ = Flag(info, 3);
	options.progress = search_tells_ || Flag(info, 4) ? Machine::OnSearchProgress : nullptr;
	options.progress_data = this;
	const Interrupts interrupts(Flag(info, 4));
	search_actions_ = program.action_count;
	int err = hmmu_search(Core(), &program, &options, &search_);
	if (err == 0)
		search_numbers(search_, out);
	return Result(err);
}

// searchPart(number of the part): a copy of its bytes; undefined if there was no search.
Napi::Value Machine::SearchPart(const Napi::CallbackInfo &info)
{
	uint64_t bytes = 0;
	void *copy = nullptr;
	napi_value array = nullptr;

	if (!search_)
		return info.Env().Undefined();
	const void *part = search_part(search_, Uint32(info, 0), search_actions_, &bytes);
	if (napi_create_arraybuffer(info.Env(), bytes, &copy, &array) != napi_ok)
		return info.Env().Undefined();
	if (bytes)
		memcpy(copy, part, bytes);
	return Napi::Value(info.Env(), array);
}

// replay(words of the program, Float64Array of options, choices, BigUint64Array of 4 words a choice): how many steps were made.
Napi::Value Machine::Replay(const Napi::CallbackInfo &info)
{
	hmmu_program program = {};
	program_pids pids;

	if (!Open())
		return Result(-EBADF);
	const auto *numbers = Records<double>(info, 1, SEARCH_OPTIONS);
	Bytes choices = TypedBytes(info, 2);
	auto *steps = Records<hmmu_trace_step>(info, 3, choices.length);
	if (!numbers || (!steps && choices.length))
		return Result(Refuse(-EINVAL, HMMU_ERR_INVALID_ARGUMENT, "the array for the steps is too short"));
	if (!ReadProgram(info, 0, &pids, &program))
		return Result(-EINVAL);
	const hmmu_search_options options = search_options_of(numbers);
	return Result(
		hmmu_replay(Core(), &program, &options, choices.data, static_cast<uint32_t>(choices.length), steps));
}

} // namespace hmmu_addon
