/* SPDX-License-Identifier: ISC */
/* Laws of IKE traffic, for any messages at any time. */
#include <check.h>

#include "ike_machine.h"
#include "scratch.h"

#define SEEDS 100
#define STEPS 500

static uint64_t state;

static uint32_t
at_random(void *arg, uint32_t below)
{
	(void)arg;
	state = state * 6364136223846793005ull + 1442695040888963407ull;
	return (uint32_t)(state >> 33) % below;
}

static void
given_a_machine(struct machine *m, int seed)
{
	char path[SCRATCH_PATH];
	path_in_scratch(path);
	state = (uint64_t)seed;
	machine_begins(m, path, at_random, NULL);
}

static void
expect_laws(const struct machine *m, int step)
{
	if (m->broken)
		ck_abort_msg("step %d: %s", step, m->broken);
}

START_TEST(the_laws_hold_whatever_comes_by_and_whenever)
{
	static struct machine m;
	given_a_machine(&m, _i);
	for (int step = 0; step < STEPS; step++) {
		machine_step(&m);
		expect_laws(&m, step);
	}
	machine_settles(&m);
	expect_laws(&m, STEPS);
	machine_ends(&m);
}
END_TEST

/* Let up to this many seconds pass: with a tick each second, one at the end, or none. */
static void
waits(struct machine *m, uint32_t seconds)
{
	uint32_t some = at_random(NULL, seconds + 1);
	switch (at_random(NULL, 3)) {
	case 0:
		machine_waits(m, some);
		break;
	case 1:
		m->now_ns += some * MACHINE_SECOND;
		ike_track_tick(m->track, m->now_ns);
		break;
	default:
		m->now_ns += some * MACHINE_SECOND;
	}
	machine_checks(m);
}

static void
negotiates(struct machine *m, unsigned who, uint8_t version, unsigned mode, bool ours)
{
	machine_meets(m, who, version, (uint8_t)mode, ours, 1);
	while (m->peer[who].next) {
		machine_negotiates(m, who);
		waits(m, 8);
	}
}

START_TEST(every_message_of_ike_sas_that_come_up_is_in_a_row_or_the_history)
{
	static struct machine m;
	bool ours = _i % 2;

	given_a_machine(&m, _i);
	for (unsigned mode = IPM_MODE_MAIN; mode <= IPM_MODE_AGGRESSIVE; mode++) {
		negotiates(&m, mode, 1, mode, ours);
		machine_quick(&m, mode, ours);
		for (int round = 0; round < 4; round++) {
			waits(&m, 100);
			if (at_random(NULL, 2))
				machine_quick(&m, mode, at_random(NULL, 2));
			waits(&m, 100);
			/* Once more, without a Quick Mode, and with messages of the old IKE SA in between. */
			struct machine_ike old = m.peer[mode];
			negotiates(&m, mode, 1, mode, at_random(NULL, 2));
			waits(&m, 5);
			struct machine_ike new = m.peer[mode];
			m.peer[mode] = old;
			machine_informs(&m, mode, at_random(NULL, 2));
			m.peer[mode] = new;
			machine_waits(&m, 12); /* this long it is silent */
		}
	}
	negotiates(&m, 3, 2, 0, ours);
	machine_waits(&m, 2);
	for (int round = 0; round < 10; round++) {
		machine_asks(&m, 3, at_random(NULL, 2), IKE_V2_CREATE_CHILD_SA, true);
		waits(&m, 100);
		machine_asks(&m, 3, at_random(NULL, 2), IKE_V2_INFORMATIONAL, true);
		waits(&m, 100);
	}
	machine_settles(&m);
	expect_laws(&m, 0);
	const struct ipm_totals *t = ipm_writer_totals(m.writer);
	ck_assert_uint_eq(t->ike_in.pkts, m.in);
	ck_assert_uint_eq(t->ike_out.pkts, m.out);
	ck_assert_uint_eq(t->ike_rest_in.pkts, 0);
	ck_assert_uint_eq(t->ike_rest_out.pkts, 0);
	ck_assert_uint_eq(t->ike_active, 3);
	machine_ends(&m);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("ike_laws");
	TCase *tc = tcase_create("laws");
	tcase_set_timeout(tc, 300);
	tcase_add_loop_test(tc, the_laws_hold_whatever_comes_by_and_whenever, 0, SEEDS);
	tcase_add_loop_test(tc, every_message_of_ike_sas_that_come_up_is_in_a_row_or_the_history, 0, SEEDS);
	suite_add_tcase(s, tc);
	return run_in_scratch("check_ike_laws", s);
}
