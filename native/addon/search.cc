// SPDX-License-Identifier: GPL-2.0-only
//
// Programs of tasks: a search through all orders, and one order again.
#include <cerrno>
#include <csignal>
#include <cstddef>
#include <cstring>
#include <vector>

#include "arguments.h"
#include "machine.h"
#include "program_copy.h"

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

// Reads the program whose words argument 0 has, and the options whose numbers argument 1 has. Callbacks can take the arrays away or
// write to them, so the words are copied.
int Machine::ReadProgram(const Napi::CallbackInfo &info, ProgramCopy *program, hmmu_search_options *options)
{
	Bytes bytes = TypedBytes(info, 0);
	const auto *numbers = Records<double>(info, 1, SEARCH_OPTIONS);

	if (callbacks_ > 0)
		return Refuse(-EBUSY, HMMU_ERR_BUSY, "a callback of the machine is running");
	if (!numbers || !search_options_of(numbers, options))
		return Refuse(-EINVAL, HMMU_ERR_INVALID_ARGUMENT, "the numbers are no options of a search");
	if (program->Read(bytes))
		return 0;
	return Refuse(-EINVAL, HMMU_ERR_INVALID_ARGUMENT, "the words are no program, or one that is too large");
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
	ProgramCopy program;
	hmmu_search_options options = {};

	if (!Open())
		return Result(-EBADF);
	if (int refused = ReadProgram(info, &program, &options))
		return Result(refused);
	ForgetSearch();
	search_tells_ = Flag(info, 3);
	options.progress = search_tells_ || Flag(info, 4) ? Machine::OnSearchProgress : nullptr;
	options.progress_data = this;
	const Interrupts interrupts(Flag(info, 4));
	search_actions_ = program.program.action_count;
	int err = hmmu_search(Core(), &program.program, &options, &search_);
	if (err)
		return Result(err);
	auto *out = Records<double>(info, 2, SEARCH_NUMBERS);
	if (!out)
		return Result(Refuse(-EINVAL, HMMU_ERR_INVALID_ARGUMENT, "the array for the numbers is too short"));
	search_numbers(search_, out);
	return Result(0);
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
	ProgramCopy program;
	hmmu_search_options options = {};

	if (!Open())
		return Result(-EBADF);
	if (int refused = ReadProgram(info, &program, &options))
		return Result(refused);
	const Bytes bytes = TypedBytes(info, 2);
	const std::vector<uint8_t> choices(bytes.data, bytes.data + bytes.length);
	std::vector<hmmu_trace_step> steps(choices.size());
	int made = hmmu_replay(Core(), &program.program, &options, choices.data(),
			       static_cast<uint32_t>(choices.size()), steps.data());
	if (made <= 0)
		return Result(made);
	auto *out = Records<hmmu_trace_step>(info, 3, steps.size());
	if (!out)
		return Result(Refuse(-EINVAL, HMMU_ERR_INVALID_ARGUMENT, "the array for the steps is too short"));
	memcpy(out, steps.data(), static_cast<size_t>(made) * sizeof(*out));
	return Result(made);
}

} // namespace hmmu_addon
