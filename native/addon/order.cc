// SPDX-License-Identifier: GPL-2.0-only
//
// One order of a program's steps, made step by step. A machine has at most one at a time.
#include <cerrno>
#include <cstring>
#include <memory>
#include <new>

#include "arguments.h"
#include "machine.h"
#include "program_copy.h"

namespace hmmu_addon {

// The program stays where it is as long as the order is under way.
struct OpenOrder {
	~OpenOrder()
	{
		if (order)
			hmmu_order_end(order);
	}

	ProgramCopy copy;
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
	hmmu_search_options options = {};

	if (!Open())
		return Result(-EBADF);
	if (int refused = CheckNoOrder())
		return Result(refused);
	auto open = std::shared_ptr<OpenOrder>(new (std::nothrow) OpenOrder);
	if (!open)
		return Result(Refuse(-ENOMEM, HMMU_ERR_HOST_MEMORY, "the host has no memory for an order"));
	if (int refused = ReadProgram(info, &open->copy, &options))
		return Result(refused);
	int err = hmmu_order_begin(Core(), &open->copy.program, &options, &open->order);
	if (err == 0)
		order_ = open;
	return Result(err);
}

// An order may be gone on with, or ended.
int Machine::CheckOrder()
{
	if (!order_)
		return Refuse(-EINVAL, HMMU_ERR_INVALID_ARGUMENT, "no order is under way");
	if (callbacks_ > 0)
		return Refuse(-EBUSY, HMMU_ERR_BUSY, "a callback of the machine is running");
	return 0;
}

// What begins amid an order would be gone at its end, and somebody would have it still.
int Machine::CheckNoOrder()
{
	return order_ ? Refuse(-EBUSY, HMMU_ERR_BUSY, "an order of the machine is under way") : 0;
}

// orderEnd(): goes back.
Napi::Value Machine::OrderEnd(const Napi::CallbackInfo &info)
{
	if (CheckOrder() == 0)
		ForgetOrder();
	return info.Env().Undefined();
}

// orderEnabled(): a bit for each task that can make a step.
Napi::Value Machine::OrderEnabled(const Napi::CallbackInfo &info)
{
	return Number(info.Env(), order_ ? hmmu_order_enabled(order_->order) : 0);
}

// orderStep(task, BigUint64Array of 4 words)
Napi::Value Machine::OrderStep(const Napi::CallbackInfo &info)
{
	hmmu_trace_step step = {};

	if (int refused = CheckOrder())
		return Result(refused);
	Core();
	int err = hmmu_order_step(order_->order, Uint32(info, 0), &step);
	auto *out = Records<hmmu_trace_step>(info, 1, 1);
	if (err == 0 && !out)
		err = Refuse(-EINVAL, HMMU_ERR_INVALID_ARGUMENT, "the array for the step is too short");
	if (err == 0)
		*out = step;
	return Result(err);
}

// orderJudge(): judges the end.
Napi::Value Machine::OrderJudge(const Napi::CallbackInfo &)
{
	if (int refused = CheckOrder())
		return Result(refused);
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

	if (int refused = CheckOrder())
		return Result(refused);
	if (!words)
		return Result(Refuse(-EINVAL, HMMU_ERR_INVALID_ARGUMENT, "the array for the words is too short"));
	if (!hmmu_order_migration(order_->order, Uint32(info, 0), Flag(info, 1), &migration))
		return Result(0);
	return Result(order_migration_words(&migration, words));
}

} // namespace hmmu_addon
