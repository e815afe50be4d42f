/* SPDX-License-Identifier: ISC */
/*
 * The conversation with charon, against a scripted server on a real socket in the same event loop. It always ends
 * once, with a sentence, and the client can be opened again.
 */
#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "vici_client.h"

static char base_dir[64]; /* made and removed by main() */
static char path[100];
static struct event_base *base;
static struct vici_client *client;
static int listening = -1, server = -1;

/* Calls from the client. */
static struct heard {
	unsigned connected, closed, events, replies;
	char why[256];
	char said[4096]; /* "name:message " of events, "+message " or "-message " of answers */
	size_t largest;
} heard;

/* Extra actions of the callbacks. */
static bool free_when_closed, open_when_closed, flood_on_event;

/* --- both ends ---------------------------------------------------------------------------------------------- */

static void
remember(const char *sign, struct vici_slice name, struct vici_slice msg)
{
	size_t at = strlen(heard.said);
	if (msg.len > heard.largest)
		heard.largest = msg.len;
	snprintf(heard.said + at, sizeof(heard.said) - at, "%s%.*s%s%.*s ", sign, (int)name.len, (const char *)name.at,
		 name.len ? ":" : "", (int)(msg.len > 20 ? 20 : msg.len), (const char *)msg.at);
}

static void
on_connected(void *arg)
{
	ck_assert_ptr_eq(arg, &heard);
	heard.connected++;
}

static void
on_closed(void *arg, const char *why)
{
	ck_assert_ptr_eq(arg, &heard);
	heard.closed++;
	snprintf(heard.why, sizeof(heard.why), "%s", why);
	if (free_when_closed) {
		vici_client_free(client);
		client = NULL;
	} else if (open_when_closed) {
		open_when_closed = false;
		vici_client_open(client);
	}
}

static void
on_event(void *arg, struct vici_slice name, struct vici_slice msg)
{
	ck_assert_ptr_eq(arg, &heard);
	heard.events++;
	remember("", name, msg);
	for (int i = 0; flood_on_event && i < 100 && client; i++)
		vici_client_command(client, "stats", NULL, NULL, NULL);
}

static void
on_reply(void *arg, bool ok, struct vici_slice msg)
{
	ck_assert_ptr_eq(arg, &heard);
	heard.replies++;
	remember(ok ? "+" : "-", (struct vici_slice){ NULL, 0 }, msg);
}

static struct vici_client_ops ops = { .connected = on_connected, .closed = on_closed, .event = on_event };

static void
given_a_server(void)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	snprintf(path, sizeof(path), "%s/vici", base_dir);
	unlink(path);
	memcpy(addr.sun_path, path, strlen(path) + 1);
	listening = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	ck_assert_int_ge(listening, 0);
	ck_assert_int_eq(bind(listening, (struct sockaddr *)&addr, sizeof(addr)), 0);
	ck_assert_int_eq(listen(listening, 8), 0);
	base = event_base_new();
	ck_assert_ptr_nonnull(base);
	memset(&heard, 0, sizeof(heard));
	free_when_closed = open_when_closed = flood_on_event = false;
	ops.answer_ms = 0;
	client = vici_client_new(base, path, &ops, &heard);
	ck_assert_ptr_nonnull(client);
}

static void
server_ends(void)
{
	vici_client_free(client);
	client = NULL;
	if (server >= 0)
		close(server);
	if (listening >= 0)
		close(listening);
	server = listening = -1;
	event_base_free(base);
	unlink(path);
}

/* Run the loop until nothing happens any more. */
static void
all_is_read(void)
{
	for (int i = 0; i < 8; i++)
		ck_assert_int_ge(event_base_loop(base, EVLOOP_NONBLOCK), 0);
}

static void
server_accepts(void)
{
	if (server >= 0)
		close(server);
	server = accept4(listening, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
	ck_assert_msg(server >= 0, "nobody has connected");
}

static void
given_a_conversation(void)
{
	unsigned before = heard.connected;
	vici_client_open(client);
	all_is_read();
	server_accepts();
	ck_assert_uint_eq(heard.connected, before + 1);
}

static void
server_sends(const void *octets, size_t len)
{
	for (size_t at = 0; at < len;) {
		ssize_t n = send(server, (const char *)octets + at, len - at, MSG_NOSIGNAL);
		if (n < 0 && errno == EAGAIN) {
			all_is_read();
			continue;
		}
		if (n < 0) /* the client has already closed, as it should */
			return;
		at += (size_t)n;
	}
}

/* One packet in @p buf; its length. */
static size_t
packet(uint8_t *buf, enum vici_type type, const char *name, const char *msg)
{
	size_t len = 0, name_len = name ? strlen(name) : 0, body = 1 + (name ? 1 + name_len : 0) + strlen(msg);
	for (int shift = 24; shift >= 0; shift -= 8)
		buf[len++] = (uint8_t)(body >> shift);
	buf[len++] = (uint8_t)type;
	if (name)
		buf[len++] = (uint8_t)name_len;
	memcpy(buf + len, name ? name : "", name_len);
	memcpy(buf + len + name_len, msg, strlen(msg));
	return len + name_len + strlen(msg);
}

static void
server_says(enum vici_type type, const char *name, const char *msg)
{
	uint8_t buf[512];
	server_sends(buf, packet(buf, type, name, msg));
	all_is_read();
}

/* All messages from the client, as "type name[message length] ...". */
static void
expect_server_heard(const char *expected)
{
	uint8_t buf[8192];
	char text[1024] = "";
	ssize_t len = recv(server, buf, sizeof(buf), 0);
	for (ssize_t at = 0, frame; at < len; at += frame) {
		struct vici_packet p;
		const char *why = "";
		frame = vici_frame(buf + at, (size_t)(len - at), &why);
		ck_assert_msg(frame > 0 && vici_packet(buf + at, (size_t)frame, &p, &why) == 0, "%s", why);
		size_t end = strlen(text);
		snprintf(text + end, sizeof(text) - end, "%d %.*s[%zu] ", (int)p.type, (int)p.name.len,
			 (const char *)p.name.at, p.msg.len);
	}
	ck_assert_str_eq(text, expected);
}

/* The conversation ended once, for this reason, and a second one works. */
static void
expect_closed(const char *why)
{
	all_is_read();
	ck_assert_uint_eq(heard.closed, 1);
	ck_assert_msg(strstr(heard.why, why) != NULL, "\"%s\" does not say \"%s\"", heard.why, why);
	ck_assert_uint_eq(vici_client_pending(client), 0);
	heard.said[0] = '\0';
	vici_client_command(client, "lost", NULL, NULL, on_reply); /* nobody is there to hear it */
	ck_assert_uint_eq(vici_client_pending(client), 0);
	given_a_conversation();
	vici_client_command(client, "version", NULL, NULL, on_reply);
	all_is_read();
	expect_server_heard("0 version[0] ");
	server_says(VICI_CMD_RESPONSE, NULL, "again");
	ck_assert_str_eq(heard.said, "+again ");
	ck_assert_uint_eq(heard.closed, 1);
}

/* --- a good conversation ------------------------------------------------------------------------------------- */

START_TEST(requests_are_sent_and_answers_come_back_in_order)
{
	given_a_conversation();
	vici_client_register(client, "ike-updown", NULL);
	vici_client_command(client, "list-sas", NULL, NULL, on_reply);
	vici_client_command(client, "terminate", "ike-id", "7", on_reply);
	vici_client_command(client, "nonsense", NULL, NULL, on_reply);
	ck_assert_uint_eq(vici_client_pending(client), 4);
	all_is_read();
	expect_server_heard("3 ike-updown[0] 0 list-sas[0] 0 terminate[11] 0 nonsense[0] ");
	server_says(VICI_EVENT_CONFIRM, NULL, "");
	server_says(VICI_EVENT, "list-sa", "one");
	server_says(VICI_EVENT, "list-sa", "two");
	server_says(VICI_CMD_RESPONSE, NULL, "listed");
	server_says(VICI_EVENT, "ike-updown", "up");
	server_says(VICI_CMD_RESPONSE, NULL, "gone");
	server_says(VICI_CMD_UNKNOWN, NULL, "");
	ck_assert_str_eq(heard.said, "list-sa:one list-sa:two +listed ike-updown:up +gone - ");
	ck_assert_uint_eq(vici_client_pending(client), 0);
	ck_assert_uint_eq(heard.closed, 0);
}
END_TEST

START_TEST(an_event_that_charon_does_not_know_does_no_harm)
{
	given_a_conversation();
	vici_client_register(client, "alert", NULL);
	server_says(VICI_EVENT_UNKNOWN, NULL, "");
	ck_assert_uint_eq(vici_client_pending(client), 0);
	ck_assert_uint_eq(heard.closed, 0);
}
END_TEST

START_TEST(packets_may_come_one_octet_at_a_time)
{
	uint8_t buf[256];
	size_t len;
	given_a_conversation();
	vici_client_command(client, "version", NULL, NULL, on_reply);
	len = packet(buf, VICI_EVENT, "ike-updown", "up");
	len += packet(buf + len, VICI_CMD_RESPONSE, NULL, "5.9.8");
	for (size_t i = 0; i < len; i++) {
		ck_assert_uint_eq(heard.replies, 0);
		server_sends(&buf[i], 1);
		all_is_read();
	}
	ck_assert_str_eq(heard.said, "ike-updown:up +5.9.8 ");
}
END_TEST

START_TEST(many_packets_may_come_at_once)
{
	uint8_t buf[4096];
	size_t len = 0;
	given_a_conversation();
	vici_client_command(client, "list-sas", NULL, NULL, on_reply);
	for (int i = 0; i < 100; i++)
		len += packet(buf + len, VICI_EVENT, "list-sa", "x");
	len += packet(buf + len, VICI_CMD_RESPONSE, NULL, "");
	size_t part = packet(buf + len, VICI_EVENT, "late", "y") / 2;
	server_sends(buf, len + part); /* and a part of one more */
	all_is_read();
	ck_assert_uint_eq(heard.events, 100);
	ck_assert_uint_eq(heard.replies, 1);
	server_sends(buf + len + part, part + 3);
	all_is_read();
	ck_assert_uint_eq(heard.events, 101);
}
END_TEST

START_TEST(a_packet_may_be_as_large_as_vici_allows)
{
	static char msg[VICI_FRAME_MAX];
	static uint8_t buf[VICI_FRAME_MAX + 4];
	given_a_conversation();
	memset(msg, 'x', sizeof(msg) - 1);
	msg[VICI_FRAME_MAX - 1 - 1 - strlen("list-sa")] = '\0';
	server_sends(buf, packet(buf, VICI_EVENT, "list-sa", msg));
	all_is_read();
	ck_assert_uint_eq(heard.events, 1);
	ck_assert_uint_eq(heard.largest, VICI_FRAME_MAX - 2 - strlen("list-sa"));
	ck_assert_uint_eq(heard.closed, 0);
}
END_TEST

/* --- ends ------------------------------------------------------------------------------------------------------- */

START_TEST(an_oversized_frame_ends_it)
{
	given_a_conversation();
	server_sends("\x00\x08\x00\x01", 4); /* known from its head alone */
	expect_closed("larger than 512 KiB");
}
END_TEST

START_TEST(an_empty_frame_ends_it)
{
	given_a_conversation();
	server_sends("\x00\x00\x00\x00", 4);
	expect_closed("the frame is empty");
}
END_TEST

START_TEST(a_packet_of_no_known_type_ends_it)
{
	given_a_conversation();
	server_sends("\x00\x00\x00\x01\x09", 5);
	expect_closed("a type that VICI does not have");
}
END_TEST

START_TEST(a_packet_that_ends_within_its_name_ends_it)
{
	given_a_conversation();
	server_sends("\x00\x00\x00\x03\x07\x05x", 7);
	expect_closed("ends within its name");
}
END_TEST

START_TEST(an_answer_that_nobody_asked_for_ends_it)
{
	given_a_conversation();
	server_says(VICI_CMD_RESPONSE, NULL, "hello");
	ck_assert_uint_eq(heard.replies, 0);
	expect_closed("an answer without a request");
}
END_TEST

START_TEST(one_answer_too_many_ends_it)
{
	uint8_t buf[128];
	size_t len = packet(buf, VICI_CMD_RESPONSE, NULL, "one");
	given_a_conversation();
	vici_client_command(client, "version", NULL, NULL, on_reply);
	len += packet(buf + len, VICI_CMD_RESPONSE, NULL, "two");
	len += packet(buf + len, VICI_EVENT, "list-sa", "not to be heard");
	server_sends(buf, len);
	all_is_read();
	ck_assert_str_eq(heard.said, "+one ");
	expect_closed("an answer without a request");
}
END_TEST

START_TEST(a_server_that_sends_a_request_ends_it)
{
	static const enum vici_type requests[] = { VICI_CMD_REQUEST, VICI_EVENT_REGISTER, VICI_EVENT_UNREGISTER };
	given_a_conversation();
	server_says(requests[_i], "version", "");
	expect_closed("sent a request");
}
END_TEST

START_TEST(a_server_that_hangs_up_ends_it)
{
	given_a_conversation();
	shutdown(server, SHUT_RDWR);
	expect_closed("charon closed the connection");
}
END_TEST

START_TEST(a_server_that_hangs_up_within_a_frame_ends_it)
{
	uint8_t buf[128];
	size_t len = packet(buf, VICI_EVENT, "list-sa", "one");
	given_a_conversation();
	vici_client_command(client, "list-sas", NULL, NULL, on_reply);
	all_is_read();
	len += packet(buf + len, VICI_EVENT, "list-sa", "two");
	server_sends(buf, len - 1);
	shutdown(server, SHUT_RDWR);
	all_is_read();
	ck_assert_str_eq(heard.said, "list-sa:one "); /* what was whole is not lost */
	expect_closed("charon closed the connection");
	ck_assert_uint_eq(heard.replies, 1); /* that of the second conversation */
}
END_TEST

START_TEST(a_server_that_is_silent_when_asked_ends_it)
{
	given_a_conversation();
	vici_client_free(client);
	ops.answer_ms = 300; /* enough for a busy machine to begin the conversation */
	client = vici_client_new(base, path, &ops, &heard);
	given_a_conversation();
	vici_client_command(client, "list-sas", NULL, NULL, on_reply);
	for (int i = 0; i < 15000 && heard.closed == 0; i++) {
		usleep(2000);
		all_is_read();
	}
	expect_closed("charon does not answer");
}
END_TEST

START_TEST(a_server_may_be_silent_when_nothing_was_asked)
{
	vici_client_free(client);
	ops.answer_ms = 300;
	client = vici_client_new(base, path, &ops, &heard);
	given_a_conversation();
	vici_client_command(client, "version", NULL, NULL, on_reply);
	server_says(VICI_CMD_RESPONSE, NULL, "5.9.8");
	for (int i = 0; i < 250; i++) {
		usleep(2000);
		all_is_read();
	}
	ck_assert_uint_eq(heard.closed, 0);
	server_says(VICI_EVENT, "ike-updown", "up");
	ck_assert_uint_eq(heard.events, 1);
}
END_TEST

START_TEST(a_socket_that_is_not_there_is_told_with_its_path)
{
	char elsewhere[120];
	snprintf(elsewhere, sizeof(elsewhere), "%s.moved", path);
	ck_assert_int_eq(rename(path, elsewhere), 0);
	vici_client_open(client);
	all_is_read();
	ck_assert_uint_eq(heard.connected, 0);
	ck_assert_msg(strstr(heard.why, path) != NULL, "\"%s\" does not name the socket", heard.why);
	ck_assert_int_eq(rename(elsewhere, path), 0);
	expect_closed("No such file or directory");
}
END_TEST

START_TEST(a_socket_that_nobody_listens_on_is_told_with_its_path)
{
	close(listening);
	listening = -1;
	vici_client_open(client);
	all_is_read();
	server_ends(); /* and another charon */
	struct heard before = heard;
	given_a_server();
	heard = before;
	ck_assert_uint_eq(heard.connected, 0);
	ck_assert_msg(strstr(heard.why, path) != NULL, "\"%s\" does not name the socket", heard.why);
	expect_closed("Connection refused");
}
END_TEST

START_TEST(a_path_that_is_too_long_for_a_socket_is_told)
{
	char longer[200];
	memset(longer, 'x', sizeof(longer) - 1);
	longer[0] = '/';
	longer[sizeof(longer) - 1] = '\0';
	struct vici_client *other = vici_client_new(base, longer, &ops, &heard);
	for (unsigned i = 1; i <= 3; i++) {
		vici_client_open(other);
		all_is_read();
		ck_assert_uint_eq(heard.closed, i);
		ck_assert_msg(strstr(heard.why, "path is longer") != NULL, "%s", heard.why);
	}
	vici_client_free(other);
}
END_TEST

START_TEST(more_requests_than_charon_can_owe_answers_end_it)
{
	given_a_conversation();
	for (int i = 0; i < 64; i++)
		vici_client_command(client, "version", NULL, NULL, on_reply);
	ck_assert_uint_eq(vici_client_pending(client), 64);
	ck_assert_uint_eq(heard.closed, 0);
	vici_client_command(client, "version", NULL, NULL, on_reply);
	expect_closed("could not be sent");
	ck_assert_uint_eq(heard.replies, 1);
}
END_TEST

START_TEST(a_request_that_does_not_fit_ends_it)
{
	static char value[1000];
	memset(value, 'x', sizeof(value) - 1);
	given_a_conversation();
	vici_client_command(client, "terminate", "ike", value, on_reply);
	expect_closed("could not be sent");
}
END_TEST

START_TEST(the_answers_of_one_conversation_do_not_reach_the_next)
{
	given_a_conversation();
	for (int i = 0; i < 10; i++)
		vici_client_command(client, "version", NULL, NULL, on_reply);
	all_is_read();
	shutdown(server, SHUT_RDWR);
	expect_closed("charon closed the connection");
	ck_assert_uint_eq(heard.replies, 1);
}
END_TEST

START_TEST(a_request_that_meets_a_server_which_is_gone_ends_it)
{
	given_a_conversation();
	shutdown(server, SHUT_RDWR);
	vici_client_command(client, "version", NULL, NULL, on_reply);
	all_is_read();
	expect_closed(heard.why); /* either the end or the broken pipe is noticed first */
	ck_assert_str_ne(heard.why, "");
}
END_TEST

/* --- what callbacks may do ------------------------------------------------------------------------------------------
 */

START_TEST(the_client_may_be_opened_again_while_it_is_told_of_the_end)
{
	open_when_closed = true;
	given_a_conversation();
	server_sends("\x00\x00\x00\x00\x00\x00\x00\x00", 8);
	all_is_read();
	ck_assert_uint_eq(heard.closed, 1);
	ck_assert_uint_eq(heard.connected, 2);
	server_accepts();
	server_says(VICI_EVENT, "list-sa", "fresh");
	ck_assert_str_eq(heard.said, "list-sa:fresh ");
	ck_assert_uint_eq(heard.closed, 1);
}
END_TEST

START_TEST(the_client_may_be_freed_while_it_is_told_of_the_end)
{
	uint8_t buf[64];
	size_t len = packet(buf, VICI_CMD_RESPONSE, NULL, "not asked");
	free_when_closed = true;
	given_a_conversation();
	switch (_i) {
	case 0: /* in the middle of reading */
		len += packet(buf + len, VICI_EVENT, "list-sa", "one");
		server_sends(buf, len);
		break;
	case 1:
		server_sends("\x00\x00\x00\x00\x00", 5);
		break;
	case 2:
		shutdown(server, SHUT_RDWR);
		break;
	case 3: /* by another callback */
		flood_on_event = true;
		server_says(VICI_EVENT, "list-sa", "one");
		break;
	case 4: /* before there was a conversation */
		vici_client_free(client);
		unlink(path);
		client = vici_client_new(base, path, &ops, &heard);
		vici_client_open(client);
		break;
	}
	all_is_read();
	ck_assert_uint_eq(heard.closed, 1);
	ck_assert_ptr_null(client);
}
END_TEST

START_TEST(a_client_may_be_freed_at_any_time)
{
	if (_i > 0)
		vici_client_open(client);
	if (_i > 1)
		all_is_read();
	if (_i > 2)
		vici_client_command(client, "version", NULL, NULL, on_reply);
	vici_client_free(client);
	client = NULL;
	all_is_read();
	ck_assert_uint_eq(heard.closed, 0); /* the one who frees knows */
}
END_TEST

static Suite *
vici_client_suite(void)
{
	Suite *suite = suite_create("vici_client");
	TCase *tests = tcase_create("behaviour");

	tcase_add_checked_fixture(tests, given_a_server, server_ends);
	tcase_add_test(tests, requests_are_sent_and_answers_come_back_in_order);
	tcase_add_test(tests, an_event_that_charon_does_not_know_does_no_harm);
	tcase_add_test(tests, packets_may_come_one_octet_at_a_time);
	tcase_add_test(tests, many_packets_may_come_at_once);
	tcase_add_test(tests, a_packet_may_be_as_large_as_vici_allows);
	tcase_add_test(tests, an_oversized_frame_ends_it);
	tcase_add_test(tests, an_empty_frame_ends_it);
	tcase_add_test(tests, a_packet_of_no_known_type_ends_it);
	tcase_add_test(tests, a_packet_that_ends_within_its_name_ends_it);
	tcase_add_test(tests, an_answer_that_nobody_asked_for_ends_it);
	tcase_add_test(tests, one_answer_too_many_ends_it);
	tcase_add_loop_test(tests, a_server_that_sends_a_request_ends_it, 0, 3);
	tcase_add_test(tests, a_server_that_hangs_up_ends_it);
	tcase_add_test(tests, a_server_that_hangs_up_within_a_frame_ends_it);
	tcase_add_test(tests, a_server_that_is_silent_when_asked_ends_it);
	tcase_add_test(tests, a_server_may_be_silent_when_nothing_was_asked);
	tcase_add_test(tests, a_socket_that_is_not_there_is_told_with_its_path);
	tcase_add_test(tests, a_socket_that_nobody_listens_on_is_told_with_its_path);
	tcase_add_test(tests, a_path_that_is_too_long_for_a_socket_is_told);
	tcase_add_test(tests, more_requests_than_charon_can_owe_answers_end_it);
	tcase_add_test(tests, a_request_that_does_not_fit_ends_it);
	tcase_add_test(tests, the_answers_of_one_conversation_do_not_reach_the_next);
	tcase_add_test(tests, a_request_that_meets_a_server_which_is_gone_ends_it);
	tcase_add_test(tests, the_client_may_be_opened_again_while_it_is_told_of_the_end);
	tcase_add_loop_test(tests, the_client_may_be_freed_while_it_is_told_of_the_end, 0, 5);
	tcase_add_loop_test(tests, a_client_may_be_freed_at_any_time, 0, 4);
	suite_add_tcase(suite, tests);
	return suite;
}

int
main(void)
{
	const char *tmp = getenv("TMPDIR");
	snprintf(base_dir, sizeof(base_dir), "%s/check_vici_client.XXXXXX", tmp && strlen(tmp) < 32 ? tmp : "/tmp");
	if (!mkdtemp(base_dir)) {
		perror(base_dir);
		return EXIT_FAILURE;
	}
	signal(SIGPIPE, SIG_IGN); /* as ipsecmond does */
	SRunner *sr = srunner_create(vici_client_suite());
	srunner_run_all(sr, CK_ENV);
	int failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	snprintf(path, sizeof(path), "%s/vici", base_dir);
	unlink(path);
	rmdir(base_dir);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
