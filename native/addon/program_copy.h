// SPDX-License-Identifier: GPL-2.0-only
//
// A program of tasks that belongs to native code, whatever becomes of the array that had its words.
#ifndef HMMU_ADDON_PROGRAM_COPY_H
#define HMMU_ADDON_PROGRAM_COPY_H

#include <cstdint>
#include <cstring>
#include <vector>

#include "arguments.h"
#include "explore/program_words.h"

namespace hmmu_addon {

struct ProgramCopy {
	ProgramCopy() = default;
	ProgramCopy(const ProgramCopy &) = delete;
	ProgramCopy &operator=(const ProgramCopy &) = delete;

	// False: the bytes are no program.
	bool Read(Bytes bytes)
	{
		if (bytes.length % sizeof(uint64_t))
			return false;
		words_.resize(bytes.length / sizeof(uint64_t));
		if (bytes.length)
			memcpy(words_.data(), bytes.data, bytes.length);
		return program_of_words(words_.data(), words_.size(), &pids_, &program);
	}

	hmmu_program program = {}; // points to the words

private:
	std::vector<uint64_t> words_;
	program_pids pids_ = {};
};

} // namespace hmmu_addon

#endif
