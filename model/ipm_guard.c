/* SPDX-License-Identifier: ISC */
/*
 * A list of mappings for the SIGBUS handler. If somebody truncates a file while readers map it, the handler replaces
 * the whole mapping with pages of zeros. Zeros mean that there are no records.
 */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>

#include "ipm_int.h"

/*
 * The list only grows, because the handler may read it at any time. A free entry serves the next mapping. An entry's
 * number is odd while the entry changes, and different afterwards.
 */
struct mapping {
	struct mapping *next;
	_Atomic uint32_t number;
	_Atomic bool taken;
	_Atomic uintptr_t base;
	_Atomic size_t size;
	_Atomic int prot;
	struct ipm_findings *_Atomic found;
};

static struct mapping *_Atomic mappings;

static void
mapping_set(struct mapping *m, void *base, size_t size, int prot, struct ipm_findings *found)
{
	atomic_fetch_add(&m->number, 1);
	atomic_store(&m->base, (uintptr_t)base);
	atomic_store(&m->size, size);
	atomic_store(&m->prot, prot);
	atomic_store(&m->found, found);
	atomic_fetch_add(&m->number, 1);
}

int
ipm_mapping_add(void *base, size_t size, int prot, struct ipm_findings *found)
{
	struct mapping *m = atomic_load(&mappings);
	while (m && atomic_exchange(&m->taken, true))
		m = m->next;
	if (!m) {
		m = calloc(1, sizeof(*m));
		if (!m)
			return -ENOMEM;
		atomic_store(&m->taken, true);
		m->next = atomic_load(&mappings);
		while (!atomic_compare_exchange_weak(&mappings, &m->next, m))
			;
	}
	mapping_set(m, base, size, prot, found);
	return 0;
}

void
ipm_mapping_remove(const void *base)
{
	for (struct mapping *m = atomic_load(&mappings); m; m = m->next)
		if (atomic_load(&m->base) == (uintptr_t)base) {
			mapping_set(m, NULL, 0, 0, NULL);
			atomic_store(&m->taken, false);
			return;
		}
}

bool
ipm_segment_mend(const void *addr)
{
	uintptr_t at = (uintptr_t)addr;
	for (struct mapping *m = atomic_load(&mappings); m; m = m->next) {
		uint32_t number = atomic_load(&m->number);
		uintptr_t base = atomic_load(&m->base);
		size_t size = atomic_load(&m->size);
		int prot = atomic_load(&m->prot);
		struct ipm_findings *found = atomic_load(&m->found);
		if ((number & 1) || number != atomic_load(&m->number) || at < base || at - base >= size)
			continue;
		if (mmap((void *)base, size, prot, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED | MAP_NORESERVE, -1, 0) ==
		    MAP_FAILED)
			return false;
		atomic_store(&found->state, -ESTALE);
		return true;
	}
	return false;
}

static struct sigaction before;

static void
on_bus_error(int number, siginfo_t *info, void *context)
{
	int saved = errno;
	bool mended = info->si_code == BUS_ADRERR && ipm_segment_mend(info->si_addr);
	errno = saved;
	if (mended)
		return;
	if (before.sa_flags & SA_SIGINFO) {
		before.sa_sigaction(number, info, context);
	} else if (before.sa_handler != SIG_DFL && before.sa_handler != SIG_IGN) {
		before.sa_handler(number);
	} else {
		signal(number, SIG_DFL); /* not our mapping: end the process after we return */
		raise(number);
	}
}

int
ipm_segment_guard(void)
{
	static atomic_flag installed = ATOMIC_FLAG_INIT;
	const struct sigaction action = { .sa_sigaction = on_bus_error, .sa_flags = SA_SIGINFO | SA_ONSTACK };
	if (atomic_flag_test_and_set(&installed))
		return 0;
	if (sigaction(SIGBUS, NULL, &before) < 0 || sigaction(SIGBUS, &action, NULL) < 0) {
		atomic_flag_clear(&installed);
		return -errno;
	}
	return 0;
}
