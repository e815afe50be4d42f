/* SPDX-License-Identifier: ISC */
/* Tunnels and IKE SAs that charon terminates on request. */

#include "control_fixture.h"
#include "vici_terminate.h"
#include "vici_wire.h"

static const char *why;

/* --- charon -------------------------------------------------------------- */

static struct vici_terminator *terminator;
static int charon;
static struct {
	unsigned calls;
	bool ok;
	char why[200];
} outcome;

static void
on_terminated(void *arg, bool ok, const char *text)
{
	ck_assert_ptr_eq(arg, &outcome);
	outcome.calls++;
	outcome.ok = ok;
	snprintf(outcome.why, sizeof(outcome.why), "%s", text);
}

static void
given_charon(void)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	given_a_directory();
	memcpy(addr.sun_path, path, strlen(path) + 1);
	charon = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	ck_assert_int_eq(bind(charon, (struct sockaddr *)&addr, sizeof(addr)), 0);
	ck_assert_int_eq(listen(charon, 4), 0);
	terminator = vici_terminator_new(base);
}

static void
clean_up_charon(void)
{
	vici_terminator_free(terminator);
	close(charon);
	clean_up();
}

/* "KEY=VALUE ..." of the next request. */
static void
expect_request(int fd, const char *want)
{
	uint8_t frame[512];
	char got[256];
	struct vici_packet packet;
	struct vici_element e;
	size_t n;
	ck_assert_int_eq(recv(fd, frame, 4, MSG_WAITALL), 4);
	size_t len = frame[3];
	ck_assert_int_eq(recv(fd, frame + 4, len, MSG_WAITALL), (ssize_t)len);
	ck_assert_int_eq(vici_packet(frame, len + 4, &packet, &why), 0);
	n = (size_t)snprintf(got, sizeof(got), "%.*s", (int)packet.name.len, (const char *)packet.name.at);
	for (struct vici_parser p = vici_parse(packet.msg); vici_next(&p, &e) == 0 && e.kind != VICI_END;)
		n += (size_t)snprintf(got + n, sizeof(got) - n, " %.*s=%.*s", (int)e.name.len, (const char *)e.name.at,
				      (int)e.value.len, (const char *)e.value.at);
	ck_assert_str_eq(got, want);
}

static int
ask(bool ike, const uint32_t *uids, size_t count)
{
	outcome.calls = 0;
	ck_assert_int_eq(vici_terminate(terminator, path, ike, uids, count, on_terminated, &outcome), 0);
	pump(10);
	return accept(charon, NULL, NULL);
}

static void
expect_outcome(bool ok, const char *text)
{
	for (int i = 0; i < 300 && !outcome.calls; i++)
		pump(10);
	ck_assert_uint_eq(outcome.calls, 1);
	ck_assert_int_eq(outcome.ok, ok);
	ck_assert_str_eq(outcome.why, text);
}

static const uint32_t two[] = { 7, 4294967295 };

static void
answer(int fd, const char *success, const char *errmsg)
{
	uint8_t buf[256] = { 0 };
	size_t len = 5;
	buf[4] = VICI_CMD_RESPONSE;
	const char *pairs[][2] = { { "success", success }, { "errmsg", errmsg } };
	for (size_t i = 0; i < 2; i++) {
		if (!pairs[i][1])
			continue;
		buf[len++] = 3; /* KEY_VALUE */
		buf[len] = (uint8_t)strlen(pairs[i][0]);
		memcpy(buf + len + 1, pairs[i][0], buf[len]);
		len += 1u + buf[len];
		buf[len++] = 0;
		buf[len] = (uint8_t)strlen(pairs[i][1]);
		memcpy(buf + len + 1, pairs[i][1], buf[len]);
		len += 1u + buf[len];
	}
	buf[3] = (uint8_t)(len - 4);
	ck_assert_int_eq(send(fd, buf, len, 0), (ssize_t)len);
}

START_TEST(charon_is_asked_by_unique_id_and_not_to_wait)
{
	int fd = ask(true, two, 1);
	expect_request(fd, "terminate ike-id=7 timeout=-1");
	answer(fd, "yes", NULL);
	expect_outcome(true, "");
	close(fd);
	fd = ask(false, two, 2);
	expect_request(fd, "terminate child-id=7 timeout=-1");
	expect_request(fd, "terminate child-id=4294967295 timeout=-1");
	answer(fd, "yes", NULL);
	pump(20);
	ck_assert_uint_eq(outcome.calls, 0);
	answer(fd, "yes", NULL);
	expect_outcome(true, "");
	close(fd);
}
END_TEST

START_TEST(what_charon_answers_is_told)
{
	static const char none[] = "no matching SAs to terminate found";
	static const struct {
		const char *success[2], *errmsg[2];
		bool ok;
		const char *why;
	} cases[] = {
		{ { "yes", "no" }, { NULL, none }, true, "" },
		{ { "no", "yes" }, { none, NULL }, true, "" },
		{ { "no", "no" }, { none, none }, false, "charon has no such SA any more" },
		{ { "yes", "no" }, { NULL, "terminating SA failed" }, false, "terminating SA failed" },
		{ { "no", "yes" }, { NULL, NULL }, false, "charon could not" },
		{ { "maybe", NULL }, { "a", "b" }, false, "a" },
	};
	for (size_t i = 0; i < COUNT(cases); i++) {
		int fd = ask(false, two, 2);
		answer(fd, cases[i].success[0], cases[i].errmsg[0]);
		answer(fd, cases[i].success[1], cases[i].errmsg[1]);
		expect_outcome(cases[i].ok, cases[i].why);
		close(fd);
	}
}
END_TEST

START_TEST(charon_does_not_answer)
{
	int fd = ask(true, two, 1);
	expect_outcome(false, "charon does not answer");
	close(fd);
	fd = ask(true, two, 1);
	close(fd);
	expect_outcome(false, "Connection reset by peer"); /* with our request unread */
	fd = ask(true, two, 1);
	expect_request(fd, "terminate ike-id=7 timeout=-1");
	close(fd);
	expect_outcome(false, "charon closed the connection");
	fd = ask(true, two, 1);
	ck_assert_int_eq(send(fd, "\377\377\377\377", 4, 0), 4);
	for (int i = 0; i < 100 && !outcome.calls; i++)
		pump(10);
	ck_assert_uint_eq(outcome.calls, 1);
	ck_assert(!outcome.ok);
	ck_assert_str_ne(outcome.why, "");
	close(fd);
	/* A request that is under way at the end gets no answer. */
	fd = ask(true, two, 1);
	close(fd);
	close(charon);
	ck_assert_int_eq(vici_terminate(terminator, path, true, two, 1, on_terminated, &outcome), -ECONNREFUSED);
	unlink(path);
	ck_assert_int_eq(vici_terminate(terminator, path, true, two, 1, on_terminated, &outcome), -ENOENT);
	ck_assert_int_eq(vici_terminate(terminator, path, true, two, 0, on_terminated, &outcome), -E2BIG);
	charon = -1;
}
END_TEST

int
main(void)
{
	signal(SIGPIPE, SIG_IGN); /* as ipsecmond does */
	Suite *suite = suite_create("vici_terminate");
	TCase *tc = tcase_create("charon");
	tcase_set_timeout(tc, 30);
	tcase_add_checked_fixture(tc, given_charon, clean_up_charon);
	tcase_add_test(tc, charon_is_asked_by_unique_id_and_not_to_wait);
	tcase_add_test(tc, what_charon_answers_is_told);
	tcase_add_test(tc, charon_does_not_answer);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
