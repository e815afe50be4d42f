/* SPDX-License-Identifier: ISC */
/* AgentX messages that are too long for Net-SNMP are removed from the stream and answered. */
#include <check.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "agentx_frame.h"

#define ROOM (4 * AGENTX_MOST)

static uint8_t stream[ROOM], handed_on[ROOM], expected[ROOM];
static size_t stream_len, handed_len, expected_len;
static unsigned refused, expected_refused;
static uint8_t last_refused[AGENTX_HEADER];

static void
given_nothing(void)
{
	stream_len = handed_len = expected_len = 0;
	refused = expected_refused = 0;
}

/* Add a message of this many octets, with its own number. */
static void
given_message(size_t len, uint8_t number, bool network_order)
{
	uint8_t *m = stream + stream_len;
	uint32_t payload = (uint32_t)(len - AGENTX_HEADER);
	ck_assert_uint_le(stream_len + len, ROOM);
	memset(m, number, len);
	m[0] = 1;
	m[1] = 5;
	m[2] = network_order ? 0x10 : 0;
	for (int i = 0; i < 4; i++)
		m[16 + i] = (uint8_t)(payload >> (network_order ? 24 - 8 * i : 8 * i));
	stream_len += len;
	if (len > AGENTX_MOST) {
		expected_refused++;
		return;
	}
	memcpy(expected + expected_len, m, len);
	expected_len += len;
}

static void
too_big(void *arg, const uint8_t header[AGENTX_HEADER])
{
	ck_assert_ptr_eq(arg, stream);
	memcpy(last_refused, header, AGENTX_HEADER);
	refused++;
}

/* Read like the library: a limited number of octets at a time, into a buffer of its own. */
static void
when_read_by(size_t most)
{
	static uint8_t buf[ROOM];
	struct agentx_frames frames = { .held_len = 0 };
	for (size_t at = 0; at < stream_len;) {
		size_t held = agentx_frames_resume(&frames, buf), n = stream_len - at < most ? stream_len - at : most;
		memcpy(buf + held, stream + at, n);
		at += n;
		size_t kept = agentx_frames_keep(&frames, buf, held + n, too_big, stream);
		ck_assert_uint_le(kept, held + n);
		memcpy(handed_on + handed_len, buf, kept);
		handed_len += kept;
	}
}

static void
expect_the_others(void)
{
	ck_assert_uint_eq(refused, expected_refused);
	ck_assert_uint_eq(handed_len, expected_len);
	ck_assert_int_eq(memcmp(handed_on, expected, expected_len), 0);
}

START_TEST(a_message_that_is_too_long_is_taken_out_and_all_others_are_handed_on_however_they_come_in)
{
	static const size_t by[] = { 1, 3, 19, 20, 21, 1000, 65535, 65536, ROOM };
	for (size_t i = 0; i < sizeof(by) / sizeof(by[0]); i++) {
		given_nothing();
		given_message(20, 1, true);
		given_message(AGENTX_MOST, 2, false);
		given_message(AGENTX_MOST + 1, 3, true);
		given_message(28, 4, false);
		given_message(AGENTX_MOST + 4000, 5, false);
		given_message(64, 6, true);
		when_read_by(by[i]);
		expect_the_others();
		ck_assert_uint_eq(expected_refused, 2);
		ck_assert_uint_eq(last_refused[4], 5);
	}
}
END_TEST

START_TEST(what_is_not_whole_yet_is_handed_on_only_once_its_length_is_known)
{
	uint8_t buf[64];
	struct agentx_frames frames = { .held_len = 0 };
	given_nothing();
	given_message(64, 7, true);
	memcpy(buf, stream, 19);
	ck_assert_uint_eq(agentx_frames_keep(&frames, buf, 19, too_big, stream), 0);
	ck_assert_uint_eq(agentx_frames_resume(&frames, buf), 19);
	buf[19] = stream[19];
	ck_assert_uint_eq(agentx_frames_keep(&frames, buf, 20, too_big, stream), 20);
	ck_assert_uint_eq(agentx_frames_resume(&frames, buf), 0);
	memcpy(buf, stream + 20, 44);
	ck_assert_uint_eq(agentx_frames_keep(&frames, buf, 44, too_big, stream), 44);
}
END_TEST

START_TEST(the_answer_is_toobig_to_the_same_request_in_its_byte_order)
{
	static const uint8_t big[AGENTX_TOO_BIG_LEN] = { 1, 18, 0x10, 0, 8, 8, 8, 8, 8, 8, 8, 8, 8, 8,
							 8, 8,  0,    0, 0, 8, 0, 0, 0, 0, 0, 1, 0, 1 };
	static const uint8_t little[AGENTX_TOO_BIG_LEN] = { 1, 18, 0, 0, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9,
							    9, 9,  8, 0, 0, 0, 0, 0, 0, 0, 1, 0, 1, 0 };
	uint8_t out[AGENTX_TOO_BIG_LEN];
	given_nothing();
	given_message(AGENTX_MOST + 1, 8, true);
	when_read_by(ROOM);
	agentx_too_big(last_refused, out);
	ck_assert_mem_eq(out, big, sizeof(big));
	given_nothing();
	given_message(AGENTX_MOST + 1, 9, false);
	when_read_by(ROOM);
	agentx_too_big(last_refused, out);
	ck_assert_mem_eq(out, little, sizeof(little));
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("frame");
	TCase *tc = tcase_create("frame");
	tcase_add_test(tc, a_message_that_is_too_long_is_taken_out_and_all_others_are_handed_on_however_they_come_in);
	tcase_add_test(tc, what_is_not_whole_yet_is_handed_on_only_once_its_length_is_known);
	tcase_add_test(tc, the_answer_is_toobig_to_the_same_request_in_its_byte_order);
	suite_add_tcase(s, tc);
	SRunner *r = srunner_create(s);
	srunner_run_all(r, CK_NORMAL);
	int failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
