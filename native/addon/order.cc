// SPDX-License-Identifier: GPL-2.0-only
//
// One order of a program's steps, made step by step. A machine has at most one at a time.
#include <cerrno>
#include <cstring>
#include <memory>
#include <new>
#include <vector>

#include "arguments.h"
#include "explore/program_words.h"
#include "machine.h"

namespace hmmu_addon {

// The program stays where it is as long as the order is under way.
struct OpenOrder {
	~OpenOrder()
	{
		if (order)
			hmmu_order_end(order);
	}

	std::vector<uint64_t> words;
	program_pids pids = {};
	hmmu_program program = {};
	hmmu_order *order = nullptr;
};

void Machine::DefineOrder(Methods &methods)
{
	const Methods ours = {
		InstanceMethod<&Machine::OrderBegin>("orderBegin"),
		InstanceMethod<&Machine::OrderEnd>("orderEnd"),
		InstanceMethod<&Machine::OrderEnabled>("orderEnabled"),
		InstanceMethod<&Machine::OrderStep>("orderStep"),
		InstanceMethod<&Machine::OrderJudge>("orderJudge"),
		InstanceMethod<&Machine::OrderFindings>("orderFindings"),
		InstanceMethod<&Machine::OrderMigration>("orderMigration"),
	};

	methods.insert(methods.end(), ours.begin(), ours.end());
}

void Machine::ForgetOrder()
{
	order_.reset();
}

// orderBegin(words of the program, Float64Array of options)
Napi::Value Machine::OrderBegin(const Napi::CallbackInfo &info)
{
	if (!Open())
		return Result(-EBADF);
	if (order_)
		return Result(Refuse(-EBUSY, HMMU_ERR_BUSY, "an order of the machine is under way"));
	const auto *numbers = Records<double>(info, 1, SEARCH_OPTIONS);
	Bytes bytes = TypedBytes(info, 0);
	auto open = std::shared_ptr<OpenOrder>(new (std::nothrow) OpenOrder);
	if (!numbers || !open || bytes.length % sizeof(uint64_t))
		return Result(Refuse(-EINVAL, HMMU_ERR_INVALID_ARGUMENT, "the words are no program"));
	open->words.resize(bytes.length / sizeof(uint64_t));
	if (bytes.length)
		memcpy(open->words.data(), bytes.data, bytes.length);
	if (!program_of_words(open->words.data(), open->words.size(), &open->pids, &open->program))
		return Result(Refuse(-EINVAL, HMMU_ERR_INVALID_ARGUMENT,
				     "the words are no program, or one that is too large"));
	const hmmu_search_options options = search_options_of(numbers);
	int err = hmmu_order_begin(Core(), &open->program, &options, &open->order);
	if (err == 0)
		order_ = open;
	return Result(err);
}

// orderEnd(): goes back.
Napi::Value Machine::OrderEnd(const Napi::CallbackInfo &info)
{
	ForgetOrder();
	return info.Env().Undefined();
}

// orderEnabled(): a bit for each task that can make a step.
Napi::Value Machine::OrderEnabled(const Napi::CallbackInfo &info)
{
	return Number(info.Env(), order_ ? hmmu_order_enabled(order_->order) : 0);
}

int Machine::NoOrder()
{
	return Refuse(-EINVAL, HMMU_ERR_INVALID_ARGUMENT, "no order is under way");
}

// orderStep(task, BigUint64Array of 4 words)
Napi::Value Machine::OrderStep(const Napi::CallbackInfo &info)
{
	auto *step = Records<hmmu_trace_step>(info, 1, 1);

	if (!order_ || !step)
		return Result(NoOrder());
	Core();
	return Result(hmmu_order_step(order_->order, Uint32(info, 0), step));
}

// orderJudge(): judges the end.
Napi::Value Machine::OrderJudge(const Napi::CallbackInfo &)
{
	if (!order_)
		return Result(NoOrder());
	Core();
	return Result(hmmu_order_judge(order_->order));
}

// orderFindings(): a copy of the records so far; undefined if no order is under way.
Napi::Value Machine::OrderFindings(const Napi::CallbackInfo &info)
{
	const hmmu_finding *findings = nullptr;
	void *copy = nullptr;
	napi_value array = nullptr;

	if (!order_)
		return info.Env().Undefined();
	const size_t bytes = hmmu_order_findings(order_->order, &findings) * sizeof(hmmu_finding);
	if (napi_create_arraybuffer(info.Env(), bytes, &copy, &array) != napi_ok)
		return info.Env().Undefined();
	if (bytes)
		memcpy(copy, findings, bytes);
	return Napi::Value(info.Env(), array);
}

// orderMigration(task, whether that of its fault handler, BigUint64Array): how many words it has; 0: there is none.
Napi::Value Machine::OrderMigration(const Napi::CallbackInfo &info)
{
	hmmu_open_migration migration = {};
	auto *words = Records<uint64_t>(info, 2, ORDER_MIGRATION_WORDS);

	if (!order_ || !words)
		return Result(NoOrder());
	if (!hmmu_order_migration(order_->order, Uint32(info, 0), Flag(info, 1), &migration))
		return Result(0);
	return Result(order_migration_words(&migration, words));
}

} // namespace hmmu_addon
