/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * oracle.h - what the runner (user space) and the module (kernel) say to each
 * other through /dev/oracle.
 */
#ifndef ORACLE_H
#define ORACLE_H

#include <linux/ioctl.h>
#include <linux/types.h>

#define OR_MAX_DEV 65536 /* pages the simulated device can own */
#define OR_MAX_COH 4096  /* pages of coherent device memory */
#define OR_MAX_SWAP 300  /* pages of the swap area */
#define OR_MAX_HANDLE 64
#define OR_SPECIAL 64 /* pages of a "special" mapping */

enum { OR_TO_DEV, OR_TO_SYS, OR_TO_COH };
enum { OR_SEL_SYSTEM = 1, OR_SEL_PRIVATE = 2, OR_SEL_COHERENT = 4 };
enum { OR_POL_TAKE, OR_POL_SKIP };
enum { OR_STOP_ALLOC = 1, OR_STOP_FINAL = 2 };
enum { OR_STAGE_RUN, OR_STAGE_ALLOC, OR_STAGE_FINAL, OR_STAGE_DONE };

/* a new drill: forget handles, watches, labels; "leaked": device pages that
 * the last drill had not given back */
struct or_reset {
	__u64 ndev, ncoh;
	__u64 leaked;
};

/* OR_MIGRATE: migrate a range of the caller's address space.
 * OR_EVICT: migrate npages device pages, from number addr, to system memory;
 * coherent ones with OR_SEL_COHERENT */
struct or_migrate {
	__u64 addr, npages;
	__u32 to, stops;
	__u32 select;          /* OR_SEL_*; 0: what suits "to" */
	__u32 stranger;        /* as the owner of no device page */
	__u64 policy;          /* u8[npages], or 0: take all */
	__u64 src0, dst, src1; /* u64[npages] each, or 0 */
	__s32 ret;
	__u32 ran;   /* did the driver go on after the setup */
	__u64 ns[5]; /* setup, copy, pages, at "final", finalize */
};

enum { OR_PIN_WRITE = 1, OR_PIN_DMA = 2, OR_PIN_LONGTERM = 4 };

struct or_pin {
	__u64 addr, npages;
	__u32 handle, flags;
};

struct or_grab { /* hold, isolate */
	__u32 pid, handle;
	__u64 addr;
};

/* hmm_range_fault() over a range of the caller's address space */
enum { OR_MIR_V = 1, OR_MIR_W = 2, OR_MIR_E = 4, OR_MIR_DEV = 8, OR_MIR_COH = 16 };
#define OR_MIR_ORDER 8 /* shift of the mapping order */

struct or_mirror {
	__u64 addr, npages;
	__u32 fault, write;
	__u32 stranger;
	__s32 ret;
	__u64 out; /* u32[npages] */
};

/* make_device_exclusive_range() on each page; out: 1 yes, 0 no, or an error */
struct or_exclusive {
	__u64 addr, npages;
	__u64 out; /* s32[npages] */
};

enum {
	OR_NONE,
	OR_ZERO,
	OR_SYS,
	OR_HUGE,
	OR_HZERO,
	OR_DEV,
	OR_MIG,
	OR_SWAP,
	OR_NOMAP,
	OR_KIND_SPECIAL,
	OR_EXCL,
	OR_MARKER,
	OR_COH,
};
/* bits of the entry: writable, dirty, accessed, soft-dirty; exclusive: an
 * (anonymous) read-only migration entry, or a swap entry; write-protected by
 * userfaultfd */
enum { OR_W = 1, OR_D = 2, OR_A = 4, OR_S = 8, OR_X = 16, OR_P = 32 };

struct or_page {
	__u8 kind, bits;
	__u8 dev;    /* 0, or 1 + the number of the device */
	__u8 page;   /* has a page: the rest says something */
	__s32 label; /* device page number where dev, else P label */
	__s32 ref, map;
	__u32 flags; /* bit n: flag n in the order of flag_names in runner/look.c */
	__u32 users; /* of a swap slot */
};

struct or_dump {
	__u32 pid, pad;
	__u64 addr, npages;
	__u64 out; /* struct or_page[npages] */
};

/* counters of the pages between lo and hi: the mm's own counters less what
 * is mapped elsewhere */
struct or_count {
	__u32 pid, pad;
	__u64 lo, hi;
	__s64 anon, file, shmem, swap;
	__s64 devfree, cohfree, swapfree;
};

/* reclaim, truncate (npages: the new length of the file mapped at addr, or
 * behind it, before end) */
struct or_range {
	__u64 addr, end, npages;
};

struct or_watch {
	__u32 pid, id;
};

struct or_event {
	__u64 start, end;
	__u32 id, pad;
};

struct or_events {
	__u32 max, n;
	__u64 out;
	__u32 lost, pad;
};

struct or_task {
	__u32 tid;
	__u32 gone;
	__u64 state, switches;
};

struct or_wait {
	__u32 ms, stage;
};

#define OR_RESET _IOWR('o', 1, struct or_reset)
#define OR_MIGRATE _IOWR('o', 2, struct or_migrate)
#define OR_PIN _IOWR('o', 3, struct or_pin)
#define OR_HOLD _IOWR('o', 4, struct or_grab)
#define OR_ISOLATE _IOWR('o', 5, struct or_grab)
#define OR_DROP _IO('o', 6)
#define OR_DUMP _IOWR('o', 7, struct or_dump)
#define OR_COUNT _IOWR('o', 8, struct or_count)
#define OR_WATCH _IOWR('o', 9, struct or_watch)
#define OR_EVENTS _IOWR('o', 10, struct or_events)
#define OR_TASK _IOWR('o', 11, struct or_task)
#define OR_ARM _IO('o', 12)
#define OR_WAIT _IOWR('o', 13, struct or_wait)
#define OR_GO _IO('o', 14)
#define OR_DROPALL _IO('o', 15)
#define OR_DRAIN _IO('o', 16) /* the LRU batches */
#define OR_EVICT _IOWR('o', 17, struct or_migrate)
#define OR_MIRROR _IOWR('o', 18, struct or_mirror)
#define OR_EXCLUSIVE _IOWR('o', 19, struct or_exclusive)
#define OR_ATTACH _IO('o', 20) /* the caller opens the device */
#define OR_RECLAIM _IOWR('o', 21, struct or_range)
#define OR_TRUNCATE _IOWR('o', 22, struct or_range)

#endif
