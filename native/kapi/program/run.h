/* SPDX-License-Identifier: GPL-2.0-only */
/** @file run.h Runs a script on the emulated machine. */
#ifndef KAPI_PROGRAM_RUN_H
#define KAPI_PROGRAM_RUN_H

#include "kapi.h"
#include "program/script.h"

/** How a script is run. */
struct run_options {
	bool prints; /**< each command, and what comes of it */
	bool checks; /**< expectations; those that are not met are printed */
};

/**
 * Run all commands; then end all processes, and close all files. The modules are loaded. Returns how many expectations are not
 * met, and how many commands never end.
 */
unsigned int script_run(const struct script *script, struct hmmu *m, const struct run_options *options);

#endif
