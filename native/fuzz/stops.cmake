# SPDX-License-Identifier: GPL-2.0-only
# What the programs about calls that stop are made of, besides a main(): for the fuzzers, and for the C tests.
set(stops_sources fuzz_stops.c stops_machine.c stops_tasks.c stops_calls.c stops_deeds.c stops_say.c balance.c)
list(TRANSFORM stops_sources PREPEND ${CMAKE_CURRENT_LIST_DIR}/)
