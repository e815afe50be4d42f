/* SPDX-License-Identifier: ISC */
/*
 * The cost of counting a packet, in our lanes and in other ways. bench/README.md explains the figures.
 *
 *   bench/fastpath [-n ROUNDS] [--json FILE]
 *
 * Every way counts the same packets: a burst of 32 is a loop that takes the next SA from a list and adds to its
 * octets and packets. The rounds of all ways are interleaved, so that other load disturbs all of them.
 */
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "ipm_writer.h"

#define LANES       4
#define SAS         10000
#define MANY_SAS    100000 /* for the time to sum them */
#define LIST        65536  /* the order of SAs that packets belong to */
#define BURST       32
#define PACKETS     (1u << 23) /* per thread and run: long enough for a reader to run at the same time */
#define FEWER       (1u << 20) /* for ways that take ten times as long */
#define MOST_ROUNDS 101
#define CPUS        64 /* the most CPUs with per-CPU counters */

/* 16 octets per SA, side by side as in our lanes: all ways but the mutexes touch as many cache lines and pages. */
struct plain {
	_Alignas(16) uint64_t octets;
	uint64_t pkts;
};
struct shared {
	_Alignas(16) _Atomic uint64_t octets;
	_Atomic uint64_t pkts;
};
struct locked {
	_Alignas(64) pthread_mutex_t mutex;
	uint64_t octets, pkts;
};

static struct plain *private_of[LANES], *vector_of[LANES], *of_cpu[CPUS];
static struct shared *shared;
static struct locked *locked;
static struct ipm_writer *writer;
static uint32_t *list_hot, *list_random;

struct job {
	const struct way *way;
	const uint32_t *list;
	uint32_t number;
	uint64_t octets; /* of a packet */
	double ns;       /* of CPU time per packet */
};

struct way {
	const char *name, *text;
	void (*run)(const struct job *job);
	uint32_t packets;
};

/* The compiler must not keep a counter in a register from one packet to the next. */
#define COUNT_ALL(job, sa, count, between)                                   \
	for (uint32_t done_ = 0; done_ < (job)->way->packets;) {             \
		for (uint32_t end_ = done_ + BURST; done_ < end_; done_++) { \
			uint32_t sa = (job)->list[done_ % LIST];             \
			count;                                               \
			__asm__ volatile("" ::: "memory");                   \
		}                                                            \
		between;                                                     \
	}

static void
run_floor(const struct job *job)
{
	struct plain *mine = private_of[job->number];
	uint64_t octets = job->octets;
	COUNT_ALL(job, sa, (mine[sa].pkts += 1, mine[sa].octets += octets), (void)0)
}

/* The same as +=, but never one instruction on memory. */
static inline void
load_add_store(uint64_t *counter, uint64_t amount)
{
	uint64_t n = *counter;
	__asm__("" : "+r"(n));
	*counter = n + amount;
}

static void
run_floor_three(const struct job *job)
{
	struct plain *mine = private_of[job->number];
	uint64_t octets = job->octets;
	COUNT_ALL(job, sa, (load_add_store(&mine[sa].pkts, 1), load_add_store(&mine[sa].octets, octets)), (void)0)
}

static void
run_lanes(const struct job *job)
{
	struct ipm_worker me;
	uint64_t octets = job->octets;
	if (ipm_worker_join(ipm_writer_fast(writer), &me) < 0)
		abort();
	const struct ipm_worker mine = me; /* nobody else can reach it, so it stays in registers */
	COUNT_ALL(job, sa, ipm_lane_count(ipm_worker_lane(&mine, sa), 1, octets), ipm_worker_quiescent(&mine))
	ipm_worker_leave(&me);
}

static void
run_atomic(const struct job *job)
{
	uint64_t octets = job->octets;
	COUNT_ALL(job, sa,
		  (atomic_fetch_add_explicit(&shared[sa].pkts, 1, memory_order_relaxed),
		   atomic_fetch_add_explicit(&shared[sa].octets, octets, memory_order_relaxed)),
		  (void)0)
}

static void
count_locked(struct locked *counter, uint64_t octets)
{
	pthread_mutex_lock(&counter->mutex);
	counter->pkts += 1;
	counter->octets += octets;
	pthread_mutex_unlock(&counter->mutex);
}

static void
run_mutex(const struct job *job)
{
	uint64_t octets = job->octets;
	COUNT_ALL(job, sa, count_locked(&locked[sa], octets), (void)0)
}

static void
run_vectors(const struct job *job)
{
	uint64_t octets = job->octets;
	/* Look up the vector for each packet, as ipm_fast.h does. */
	COUNT_ALL(job, sa, (vector_of[job->number][sa].pkts += 1, vector_of[job->number][sa].octets += octets), (void)0)
}

/*
 * Counters per CPU, with restartable sequences. The kernel restarts a sequence if its thread leaves the CPU before
 * the commit, which is one store. That one store writes both counters from a vector register. One sequence per
 * counter would double the cost, and two stores in one sequence could lose a count or count twice.
 */
#if defined(__x86_64__) && __has_include(<sys/rseq.h>)
#include <emmintrin.h>
#include <sys/rseq.h>

static bool
have_rseq(void)
{
	return __rseq_size > 0 && sysconf(_SC_NPROCESSORS_CONF) <= CPUS;
}

static inline void
count_on_cpu(uint32_t sa, __m128i amount)
{
	struct rseq *rseq = (struct rseq *)((char *)__builtin_thread_pointer() + __rseq_offset);
	for (;;) {
		uint32_t cpu = *(volatile uint32_t *)&rseq->cpu_id_start;
		/* 3: what the kernel looks at: begin, length, and where to go on after an interruption, which is 4. */
		__asm__ goto(".pushsection __rseq_cs, \"aw\"\n"
			     ".balign 32\n"
			     "3: .long 0, 0\n"
			     ".quad 1f, 2f - 1f, 4f\n"
			     ".popsection\n"
			     ".pushsection __rseq_failure, \"ax\"\n"
			     ".byte 0x0f, 0xb9, 0x3d\n" /* makes the signature part of an instruction: ud1 */
			     ".long %c[signature]\n"
			     "4: jmp %l[again]\n"
			     ".popsection\n"
			     "leaq 3b(%%rip), %%rax\n"
			     "movq %%rax, %[rseq_cs]\n"
			     "1: cmpl %[cpu], %[cpu_id]\n"
			     "jne %l[again]\n"
			     "movdqa %[counter], %%xmm0\n"
			     "paddq %[amount], %%xmm0\n"
			     "movdqa %%xmm0, %[counter]\n"
			     "2:\n"
			     :
			     : [rseq_cs] "m"(rseq->rseq_cs), [cpu_id] "m"(rseq->cpu_id), [cpu] "r"(cpu),
			       [counter] "m"(of_cpu[cpu][sa]), [amount] "x"(amount), [signature] "i"(RSEQ_SIG)
			     : "memory", "cc", "rax", "xmm0"
			     : again);
		return;
	again:;
	}
}

static void
run_rseq(const struct job *job)
{
	__m128i amount = _mm_set_epi64x(1, (long long)job->octets);
	COUNT_ALL(job, sa, count_on_cpu(sa, amount), (void)0)
}
#else
static bool
have_rseq(void)
{
	return false;
}

static void
run_rseq(const struct job *job)
{
	(void)job;
}
#endif

enum { FLOOR, FLOOR_THREE, OURS, ATOMIC, MUTEX, VECTORS, RSEQ, WAYS };
static const struct way ways[WAYS] = {
	[FLOOR] = { "floor", "plain adds to the thread's own vector, as the compiler makes +=", run_floor, PACKETS },
	[FLOOR_THREE] = { "floor-3", "the same as load, add and store, if that is faster the floor is this",
			  run_floor_three, PACKETS },
	[OURS] = { "lanes", "ours, with a pass for each burst of 32", run_lanes, PACKETS },
	[ATOMIC] = { "atomic", "relaxed fetch_add on a shared counter", run_atomic, FEWER },
	[MUTEX] = { "mutex", "a mutex for each SA", run_mutex, FEWER },
	[VECTORS] = { "vectors", "plain adds to a vector of each thread, looked up for each packet", run_vectors,
		      PACKETS },
	[RSEQ] = { "rseq", "plain adds to the CPU's own vector, in a restartable sequence", run_rseq, PACKETS },
};

static bool
can_run(int way)
{
	return way != RSEQ || have_rseq();
}

/* --- running --------------------------------------------------------------------------------------------------- */

static double
now_ns(clockid_t clock)
{
	struct timespec t;
	clock_gettime(clock, &t);
	return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static pthread_barrier_t start;
/* The reader sums all SAs, without a pause or a hundred times a second. */
enum { NO_READER, BUSY, PACED };
static _Atomic int reading;
static uint64_t sums; /* that the reader made */

static void
pin(uint32_t cpu)
{
	cpu_set_t set;
	CPU_ZERO(&set);
	CPU_SET(cpu % (uint32_t)sysconf(_SC_NPROCESSORS_ONLN), &set);
	sched_setaffinity(0, sizeof(set), &set); /* if it is not allowed, run on any CPU */
}

static void *
run_job(void *arg)
{
	struct job *job = arg;
	pin(job->number);
	pthread_barrier_wait(&start);
	double began = now_ns(CLOCK_THREAD_CPUTIME_ID);
	job->way->run(job);
	job->ns = (now_ns(CLOCK_THREAD_CPUTIME_ID) - began) / job->way->packets;
	return NULL;
}

static void *
sum_in_a_loop(void *arg)
{
	struct ipm_totals totals;
	pin(*(const uint32_t *)arg);
	while (reading) {
		sums += ipm_totals_read(ipm_writer_segment(writer), &totals) == 0;
		if (reading == PACED)
			usleep(10000);
	}
	return NULL;
}

/* Nanoseconds of CPU per packet, the mean of all threads. */
static double
run(const struct way *way, const uint32_t *list, uint32_t threads, int with_reader)
{
	struct job job[LANES];
	pthread_t thread[LANES], reader;
	double ns = 0;

	reading = with_reader;
	if (with_reader)
		pthread_create(&reader, NULL, sum_in_a_loop, &threads);
	pthread_barrier_init(&start, NULL, threads);
	for (uint32_t i = 0; i < threads; i++) {
		job[i] = (struct job){ .way = way, .list = list, .number = i, .octets = 1400 };
		pthread_create(&thread[i], NULL, run_job, &job[i]);
	}
	for (uint32_t i = 0; i < threads; i++) {
		pthread_join(thread[i], NULL);
		ns += job[i].ns / threads;
	}
	reading = 0;
	if (with_reader)
		pthread_join(reader, NULL);
	pthread_barrier_destroy(&start);
	return ns;
}

static int
compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;
	return (x > y) - (x < y);
}

static double
median(const double *all, int n)
{
	double copy[MOST_ROUNDS];
	memcpy(copy, all, (size_t)n * sizeof(*all));
	qsort(copy, (size_t)n, sizeof(*copy), compare);
	return n % 2 ? copy[n / 2] : (copy[n / 2 - 1] + copy[n / 2]) / 2;
}

/* Ticks of the time stamp counter per nanosecond; 0 if this CPU has none that we can read. */
static double
ticks_per_ns(void)
{
#if defined(__x86_64__)
	double began = now_ns(CLOCK_MONOTONIC), now;
	uint64_t ticks = __builtin_ia32_rdtsc();
	while ((now = now_ns(CLOCK_MONOTONIC)) < began + 5e7)
		;
	return (double)(__builtin_ia32_rdtsc() - ticks) / (now - began);
#else
	return 0;
#endif
}

/* --- the segment, and memory like it ----------------------------------------------------------------------------- */

static char path[96];

static void
open_segment(uint32_t sas)
{
	struct ipm_writer_options opt = { .path = path, .name = "bench", .mode = 0600 };
	struct ipm_tunnel tunnel = { .state = IPM_TUNNEL_UP, .protocol = 50 };
	struct ipm_sa sa = { .direction = IPM_OUT, .protocol = 50, .proposal = { .encr = IPM_ENCR_AES_GCM_16 } };
	struct ipm_error err;

	opt.capacity = (struct ipm_capacity){ .tunnels = 1, .sas = sas, .lanes = LANES };
	if (ipm_writer_open(&writer, &opt, &err) < 0) {
		fprintf(stderr, "%s\n", err.text);
		exit(1);
	}
	int slot = ipm_tunnel_start(writer, &tunnel);
	for (uint32_t i = 0; i < sas; i++)
		if (ipm_sa_start(writer, (uint32_t)slot, &sa) != (int)i)
			abort();
	ipm_writer_commit(writer);
}

static void
close_segment(void)
{
	ipm_writer_close(writer);
	unlink(path);
}

/* Use small pages, as a file on a tmpfs has. */
static void *
memory(size_t size)
{
	void *at = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (at == MAP_FAILED) {
		perror("mmap");
		exit(1);
	}
	madvise(at, size, MADV_NOHUGEPAGE);
	return memset(at, 0, size);
}

static void
prepare(void)
{
	uint64_t seed = 0x9e3779b97f4a7c15u;
	for (int i = 0; i < LANES; i++) {
		private_of[i] = memory(SAS * sizeof(struct plain));
		vector_of[i] = memory(SAS * sizeof(struct plain));
	}
	for (int i = 0; have_rseq() && i < CPUS; i++)
		of_cpu[i] = memory(SAS * sizeof(struct plain));
	shared = memory(SAS * sizeof(*shared));
	locked = memory(SAS * sizeof(*locked));
	for (int i = 0; i < SAS; i++)
		pthread_mutex_init(&locked[i].mutex, NULL);
	list_hot = memory(LIST * sizeof(*list_hot));
	list_random = memory(LIST * sizeof(*list_random));
	for (int i = 0; i < LIST; i++) {
		seed ^= seed << 13;
		seed ^= seed >> 7;
		seed ^= seed << 17;
		list_random[i] = (uint32_t)(seed >> 33) % SAS;
	}
}

/* --- what comes of it -------------------------------------------------------------------------------------------- */

static FILE *json;
static double ticks;
static int rounds = 21;

/* Print one line per way, with @p threads and with or without a reader. */
static void
measure(const char *sas, const uint32_t *list, uint32_t threads, int with_reader)
{
	double ns[WAYS][MOST_ROUNDS] = { 0 }, ratio[MOST_ROUNDS] = { 0 };
	for (int round = 0; round < rounds; round++)
		for (int way = 0; way < WAYS; way++)
			if (can_run(way))
				ns[way][round] = run(&ways[way], list, threads, with_reader);
	for (int way = 0; way < WAYS; way++) {
		if (!can_run(way)) {
			printf("%-7s %7u  %-6s  %-8s %8s %8s %9s\n", sas, threads, with_reader ? "yes" : "no",
			       ways[way].name, "n/a", "n/a", "n/a");
			continue;
		}
		for (int round = 0; round < rounds; round++) {
			double floor = ns[FLOOR][round], other = ns[FLOOR_THREE][round];
			ratio[round] = ns[way][round] / (other < floor ? other : floor);
		}
		double each = median(ns[way], rounds), to_floor = median(ratio, rounds);
		printf("%-7s %7u  %-6s  %-8s %8.2f %8.1f %9.2f\n", sas, threads, with_reader ? "yes" : "no",
		       ways[way].name, each, each * ticks, to_floor);
		if (json)
			fprintf(json,
				"    {\"sas\": \"%s\", \"threads\": %u, \"reader\": %s, \"way\": \"%s\", \"ns\": %.3f, "
				"\"tsc\": %.2f, \"to_floor\": %.3f},\n",
				sas, threads, with_reader ? "true" : "false", ways[way].name, each, each * ticks,
				to_floor);
	}
	fflush(stdout);
}

/*
 * The cost of a reader for one worker: how much longer a packet takes, and how much of the worker's time each sum
 * costs. Each round runs with and without a reader, so that the machine's drift cancels.
 */
static void
measure_reader(const char *sas, const uint32_t *list)
{
	static const char *const text[] = { [BUSY] = "without a pause", [PACED] = "100 times a second" };
	double slower[PACED + 1][MOST_ROUNDS] = { 0 }, lost_us[PACED + 1][MOST_ROUNDS] = { 0 };
	for (int round = 0; round < rounds; round++) {
		double without = run(&ways[OURS], list, 1, NO_READER);
		for (int how = BUSY; how <= PACED; how++) {
			sums = 0;
			double with = run(&ways[OURS], list, 1, how);
			slower[how][round] = with / without;
			lost_us[how][round] = sums ? (with - without) * PACKETS / (double)sums / 1e3 : 0;
		}
	}
	for (int how = BUSY; how <= PACED; how++) {
		double ratio = median(slower[how], rounds), lost = median(lost_us[how], rounds);
		printf("%-7s SAs, a reader sums %-18s: a packet takes %.3f of the time without it; a sum costs the "
		       "worker %.0f us\n",
		       sas, text[how], ratio, lost);
		if (json)
			fprintf(json,
				"    {\"sas\": \"%s\", \"sums\": \"%s\", \"reader_to_none\": %.4f, \"sum_costs_us\": "
				"%.1f},\n",
				sas, text[how], ratio, lost);
	}
	fflush(stdout);
}

static void
measure_sum(void)
{
	double totals_ms[MOST_ROUNDS] = { 0 }, rows_ms[MOST_ROUNDS] = { 0 };
	struct ipm_totals totals;
	struct ipm_sa sa;

	open_segment(MANY_SAS);
	for (uint32_t i = 0; i < MANY_SAS; i++)
		for (uint32_t lane = 0; lane < LANES; lane++)
			ipm_lane_count(ipm_sa_lane(writer, i, lane), 1, 1400);
	for (int round = 0; round < rounds; round++) {
		double began = now_ns(CLOCK_THREAD_CPUTIME_ID);
		if (ipm_totals_read(ipm_writer_segment(writer), &totals) < 0 ||
		    totals.out.pkts != (uint64_t)MANY_SAS * LANES)
			abort();
		double then = now_ns(CLOCK_THREAD_CPUTIME_ID);
		for (uint32_t i = 0; i < MANY_SAS; i++)
			if (ipm_sa_read(ipm_writer_segment(writer), i, &sa) < 0 || sa.count.pkts != LANES)
				abort();
		totals_ms[round] = (then - began) / 1e6;
		rows_ms[round] = (now_ns(CLOCK_THREAD_CPUTIME_ID) - then) / 1e6;
	}
	close_segment();
	printf("%d SAs x %d lanes: %.1f ms to sum them all, %.1f ms to read them one by one\n", MANY_SAS, LANES,
	       median(totals_ms, rounds), median(rows_ms, rounds));
	if (json)
		fprintf(json, "    {\"sum_sas\": %d, \"lanes\": %d, \"totals_ms\": %.2f, \"rows_ms\": %.2f}\n",
			MANY_SAS, LANES, median(totals_ms, rounds), median(rows_ms, rounds));
}

/* Returns 0 or the exit status. */
static int
options(int argc, char **argv)
{
	for (int i = 1; i < argc; i++) {
		if (strcmp(argv[i], "-n") == 0 && i + 1 < argc) {
			rounds = atoi(argv[++i]);
		} else if (strcmp(argv[i], "--json") == 0 && i + 1 < argc) {
			if (!(json = fopen(argv[++i], "w"))) {
				perror(argv[i]);
				return 1;
			}
		} else {
			fprintf(stderr, "usage: fastpath [-n ROUNDS] [--json FILE]\n");
			return 2;
		}
	}
	if (rounds < 1 || rounds > MOST_ROUNDS) {
		fprintf(stderr, "fastpath: 1 to %d rounds\n", MOST_ROUNDS);
		return 2;
	}
	return 0;
}

static void
print_heading(void)
{
	printf("compiler %s, %ld CPUs, %d rounds of %u packets a thread (%u with atomic and mutex), medians; CPU time; "
	       "tsc: %.2f ticks a ns\n",
	       __VERSION__, sysconf(_SC_NPROCESSORS_ONLN), rounds, PACKETS, FEWER, ticks);
	for (int way = 0; way < WAYS; way++)
		printf("  %-8s %s\n", ways[way].name, ways[way].text);
	printf("\n%-7s %7s  %-6s  %-8s %8s %8s %9s\n", "SAs", "threads", "reader", "way", "ns/pkt", "tsc/pkt",
	       "to floor");
	if (json)
		fprintf(json, "{\n  \"compiler\": \"%s\",\n  \"cpus\": %ld,\n  \"rounds\": %d,\n  \"figures\": [\n",
			__VERSION__, sysconf(_SC_NPROCESSORS_ONLN), rounds);
}

int
main(int argc, char **argv)
{
	int status = options(argc, argv);
	if (status != 0)
		return status;
	snprintf(path, sizeof(path), "%s/fastpath.%d.model", access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp",
		 (int)getpid());
	prepare();
	open_segment(SAS);
	ticks = ticks_per_ns();
	print_heading();
	for (int with_reader = 0; with_reader <= 1; with_reader++) {
		for (uint32_t threads = 1; threads <= LANES; threads *= 2) {
			measure("1", list_hot, threads, with_reader);
			measure("10000", list_random, threads, with_reader);
		}
	}
	printf("\n");
	measure_reader("1", list_hot);
	measure_reader("10000", list_random);
	close_segment();
	measure_sum();
	if (json) {
		fprintf(json, "  ]\n}\n");
		if (fclose(json) != 0) {
			perror("fastpath: JSON");
			return 1;
		}
	}
	return 0;
}
