/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * runner.h - what the files of the runner share.
 */
#ifndef RUNNER_H
#define RUNNER_H

#include <stddef.h>
#include <stdint.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include "../module/oracle.h"

#define PAGE 4096UL
#define HUGE (2UL << 20)
#define WINDOW_LO 0x200000000000UL /* regions of drills live here */
#define WINDOW_HI 0x300000000000UL
#define MAX_PAGES 8192 /* of a region */
#define MAX_SWAP 300
#define MAX_MEMCG 65536
#define MAX_PROC 16
#define MAX_REGION 16
#define MAX_INTER 16
#define HELPERS 4
#define THREADS (1 + HELPERS)
#define STACK 32768
#define HANG_SECONDS 40
#define SWAP_DISK "/dev/oracleswap"

enum op {
	OP_MAP,
	OP_UNMAP,
	OP_PROTECT,
	OP_ADVISE,
	OP_LOCK,
	OP_UNLOCK,
	OP_WRITE,
	OP_READ,
	OP_CLEAR,
	OP_UFFD,
	OP_FORK,
	OP_EXIT,
	OP_PIN,
	OP_MIGRATE,
	OP_EVICT,
	OP_MIRROR,
	OP_EXCLUSIVE,
	OP_REMAP,
	OP_RECLAIM,
	OP_TRUNCATE,
};

enum kind { K_ANON, K_SHMEM, K_FILE, K_SHAREDFILE, K_SPECIAL, K_HUGETLB };

struct mailbox {
	uint32_t req, rsp; /* equal: idle */
	int op;
	uint64_t a[6];
	long ret;
	pid_t tid;
	uint8_t status[MAX_PAGES]; /* of an access: 0 or a signal */
	uint8_t value[MAX_PAGES];
	int32_t word[MAX_PAGES]; /* of mirror and exclusive */
};

struct shared {
	struct mailbox box[MAX_PROC][THREADS];
	uint32_t ready[MAX_PROC]; /* threads that run */
	int limited[MAX_PROC];    /* threads that are in the limited group */
	struct or_migrate migrate;
	uint8_t policy[MAX_PAGES];
	uint64_t src0[MAX_PAGES], dst[MAX_PAGES], src1[MAX_PAGES];
	/* for the watchdog */
	volatile uint64_t drill_no, drill_start;
	char drill_name[256];
};

extern struct shared *sh;
extern int oracle_fd, out_fd, kmsg_fd;
extern int limited_fd, free_fd; /* of a drill with memcg */
extern int swapping;            /* a drill with swap */

/* actor.c */
long sys6(long n, long a, long b, long c, long d, long e, long f);
#define SYS(n, ...) SYS_(n, ##__VA_ARGS__, 0, 0, 0, 0, 0, 0)
#define SYS_(n, a, b, c, d, e, f, ...) sys6(n, (long)(a), (long)(b), (long)(c), (long)(d), (long)(e), (long)(f))

void actor_main(int slot, int stack) __attribute__((noreturn));
void on_fault(int sig, siginfo_t *info, void *context);
void wake(uint32_t *word);

/* text.c */
struct text {
	char *s;
	size_t n, max;
};

void put(struct text *t, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void append(struct text *t, struct text *more);
void emit(const char *s, size_t n);
const char *err_name(long e);
void put_range(struct text *t, uint64_t first, uint64_t last);
void put_runs(struct text *t, const char *head, uint64_t base, uint64_t n, const char *(*words)(uint64_t, void *),
	      void *arg);
const char *access_word(uint64_t i, void *arg);
const char *pfn_word(uint64_t i, void *arg);
const char *mirror_word(uint64_t i, void *arg);
const char *exclusive_word(uint64_t i, void *arg);

/* state.c */
struct region {
	char name[32];
	uint64_t addr, pages;
};

struct proc {
	char name[32];
	pid_t pid;
	int alive, watched;
	int busy[THREADS];
	uint64_t cursor;
	int nregions;
	struct region region[MAX_REGION];
};

struct handle {
	char name[32];
	int used;
};

extern struct proc procs[MAX_PROC];
extern int nprocs;
extern struct handle handles[OR_MAX_HANDLE];
extern char failure[512]; /* why this drill is void */
extern int script_line;   /* of the drill, where a failure is now; 0: nowhere */
extern int stopped;       /* a command never ended */
extern int spoilt;        /* no drill can follow on this machine */
/* what the drill's first lines say */
extern uint64_t device_pages, coherent_pages, swap_pages, memcg_pages;

void fail(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
struct proc *find_proc(const char *name);
struct region *find_region(struct proc *p, const char *name);
int find_handle(const char *name);
int free_handle(void);

/* procs.c */
void send_command(struct proc *p, int thread);
int await(struct proc *p, int thread);
int wait_ready(int slot);
int wait_exit(struct proc *p, int ms);
struct proc *new_proc(const char *name, struct proc *parent);
struct proc *start_proc(const char *name);
struct proc *driver(void);

/* parse.c */
enum verb {
	V_DEVMEM,
	V_MAP,
	V_UNMAP,
	V_PROTECT,
	V_ADVISE,
	V_LOCK,
	V_UNLOCK,
	V_WRITE,
	V_READ,
	V_CLEAR,
	V_UFFD,
	V_FORK,
	V_EXIT,
	V_PIN,
	V_HOLD,
	V_ISOLATE,
	V_DROP,
	V_MIGRATE,
	V_DUMP,
	V_COUNT,
	V_WATCH,
	V_EVICT,
	V_MIRROR,
	V_EXCLUSIVE,
	V_REMAP,
	V_RECLAIM,
	V_TRUNCATE,
	V_SWAP,
	V_MEMCG,
};

#define MAX_WORDS 16

struct cmd {
	char line[256]; /* as echoed */
	int number;     /* of the line in the drill */
	char buf[256];
	char *w[MAX_WORDS];
	int n;
	enum verb verb;
	int op;
	struct proc *p; /* whose thread runs it */
	int thread;
	struct proc *child;
	int handle;
	char region[32];
	uint64_t first, pages; /* place, in pages of the region */
	uint64_t addr;
	int when;     /* 0, '@alloc' 1, '@final' 2 */
	int stops;    /* of a migrate: OR_STOP_* */
	int coherent; /* evict: of that device */
	int blocked, ran;
};

void squeeze(char *to, size_t max, const char *from);
int parse(struct cmd *c);
int word_is(struct cmd *c, int i, const char *s);
int has_word(struct cmd *c, int i, const char *s);

/* start.c, finish.c */
void name_handle(struct cmd *c);
void start(struct cmd *c);
int wait_for(struct cmd *c);
void put_error(struct text *t, int indent, long ret);
void finish(struct cmd *c, struct text *t, int indent);

/* look.c */
int run_here(struct cmd *c, struct text *t, int indent);
void put_events(struct text *t);

/* migrate.c */
extern const char *when_names[];

void run_migrate(struct cmd *c, struct cmd *inter, int n, struct text *t);

/* limits.c */
void start_swap(void);
void start_memcg(void);
void end_memcg(void);

/* drill.c */
void run_drill(char *text, struct text *t);

/* main.c, bench.c */
uint64_t now_ms(void);
void set_file(const char *path, const char *value);
void bench(void);

#endif
