/* SPDX-License-Identifier: ISC */
/* Key files, plans made from a configuration, and packets of generators. */

#include "engine_fixture.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* --- keys ---------------------------------------------------------------- */

static int
parse(const char *text, struct engine_keys *keys)
{
	err.text[0] = '\0';
	return engine_keys_parse("keys", text, strlen(text), 20, keys, &err);
}

START_TEST(a_key_file_has_sas_of_both_directions_in_their_order)
{
	struct engine_keys keys;
	ck_assert_int_eq(parse("# comment\n\n in 0x1001\t" KEY_20 "  # more\r\nout 4098 " KEY_20
			       "\nin 4294967294 " KEY_20 "\nout 0xFFff " KEY_20,
			       &keys),
			 0);
	ck_assert_uint_eq(keys.ins, 2);
	ck_assert_uint_eq(keys.outs, 2);
	ck_assert_uint_eq(keys.in[0].spi, 0x1001);
	ck_assert_uint_eq(keys.in[0].line, 3);
	ck_assert_uint_eq(keys.in[1].spi, 4294967294);
	ck_assert_uint_eq(keys.out[0].spi, 4098);
	ck_assert_uint_eq(keys.out[1].spi, 0xffff);
	for (int i = 0; i < 20; i++)
		ck_assert_uint_eq(keys.out[1].octets[i], i);
	uint8_t *octets = keys.in[0].octets;
	engine_key_wipe(&keys.in[0]);
	ck_assert_ptr_null(keys.in[0].octets);
	for (int i = 0; i < 20; i++)
		ck_assert_uint_eq(octets[i], 0);
	ck_assert_uint_eq(keys.in[1].octets[19], 19);
	engine_keys_free(&keys);
}
END_TEST

static const struct {
	const char *text, *tail;
} bad_keys[] = {
	{ "", ": there is no line that begins with in" },
	{ "in 300 " KEY_20, ": there is no line that begins with out" },
	{ "# nothing\n\nput 300 " KEY_20, ":3: a line begins with in or out" },
	{ "i 300 " KEY_20, ":1: a line begins with in or out" },
	{ "in", ":1: the second word is an SPI: a number from 256 to 4294967294" },
	{ "in 255 " KEY_20, ":1: the second word is an SPI: a number from 256 to 4294967294" },
	{ "in 4294967295 " KEY_20, ":1: the second word is an SPI: a number from 256 to 4294967294" },
	{ "in 99999999999 " KEY_20, ":1: the second word is an SPI: a number from 256 to 4294967294" },
	{ "in 0x " KEY_20, ":1: the second word is an SPI: a number from 256 to 4294967294" },
	{ "in 1f00 " KEY_20, ":1: the second word is an SPI: a number from 256 to 4294967294" },
	{ "in -300 " KEY_20, ":1: the second word is an SPI: a number from 256 to 4294967294" },
	{ "in 300", ":1: the key has 0 characters; the suite wants 40 hexadecimal digits" },
	{ "in 300 " KEY_20 "00", ":1: the key has 42 characters; the suite wants 40 hexadecimal digits" },
	{ "in 300 0x0102030405060708090a0b0c0d0e0f10111213",
	  ":1: the key has characters that are not hexadecimal digits" },
	{ "in 300 " KEY_20 " again", ":1: text after the key" },
	{ "in 300 " KEY_20 "\nout 300 " KEY_20 "\nin 0x12c " KEY_20, ":3: SPI 0x12c is given twice" },
};

START_TEST(a_bad_key_file_is_refused_with_its_line_and_nothing_of_its_keys)
{
	struct engine_keys keys;
	char want[256];
	ck_assert_int_lt(parse(bad_keys[_i].text, &keys), 0);
	snprintf(want, sizeof(want), "keys%s", bad_keys[_i].tail);
	ck_assert_str_eq(err.text, want);
	ck_assert_ptr_null(keys.octets);
}
END_TEST

START_TEST(a_key_file_that_others_can_get_at_is_refused)
{
	static const mode_t modes[] = { 0640, 0604, 0620, 0602, 0610, 0666 };
	struct engine_keys keys;
	const char *text = "in 300 " KEY_20 "\nout 300 " KEY_20 "\n";
	ck_assert_int_eq(engine_keys_load(given_file("k", text, 0600), 20, &keys, &err), 0);
	engine_keys_free(&keys);
	ck_assert_int_eq(engine_keys_load(given_file("k", text, 0400), 20, &keys, &err), 0);
	engine_keys_free(&keys);
	ck_assert_int_eq(engine_keys_load(given_file("k", text, modes[_i]), 20, &keys, &err), -EACCES);
	ck_assert_ptr_nonnull(strstr(err.text, "must be 0600 or less"));
	ck_assert_int_eq(engine_keys_load(scratch, 20, &keys, &err), -EINVAL);
	ck_assert_int_eq(engine_keys_load("/proc/nonexistent", 20, &keys, &err), -ENOENT);
}
END_TEST

/* --- plans --------------------------------------------------------------- */

#define KEYS_36 "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f20212223"
#define WAN     "endpoint wan { address = \"127.0.0.1\" }\n"

static struct conf *common;
static struct engine_conf conf;
static struct engine_plan plan;

/* "@" in @p text is the path of a key file. */
static int
planned(const char *text)
{
	char whole[4096], error[512], keys[SCRATCH_PATH];
	size_t used = 0;
	snprintf(keys, sizeof(keys), "%s", given_file("plan.keys", "in 300 " KEYS_36 "\nout 300 " KEYS_36 "\n", 0600));
	for (; *text && used < sizeof(whole) - SCRATCH_PATH; text++)
		if (*text == '@')
			used += (size_t)snprintf(whole + used, sizeof(whole) - used, "%s", keys);
		else
			whole[used++] = *text;
	whole[used] = '\0';
	common = engine_conf_load(given_file("plan.conf", whole, 0600), &conf, error, sizeof(error));
	ck_assert_msg(common != NULL, "%s", error);
	return engine_plan_make(&conf, "FILE", &plan, &err);
}

static const struct {
	const char *text, *error;
} bad_plans[] = {
	{ "", "FILE: there is no endpoint, so the engine has nothing to do" },
	{ "\nendpoint wan { }", "FILE:2: endpoint 'wan': it has no address" },
	{ WAN "tunnel t { }", "FILE:2: tunnel 't': no endpoint is given" },
	{ WAN "tunnel t { endpoint = lan }", "FILE:2: tunnel 't': there is no endpoint 'lan'" },
	{ WAN "tunnel t { endpoint = wan }", "FILE:2: tunnel 't': it has no peer" },
	{ WAN "tunnel t { endpoint = wan peer = \"::1\" }",
	  "FILE:2: tunnel 't': peer and endpoint are not of the same IP version" },
	{ WAN "tunnel t { endpoint = wan peer = \"127.0.0.2\" }", "FILE:2: tunnel 't': it has no keys" },
	{ WAN "tunnel t { endpoint = wan peer = \"127.0.0.2\" replay-window = 0 }",
	  "FILE:2: tunnel 't': extended sequence numbers need a replay-window" },
	{ WAN "tunnel t { endpoint = wan peer = \"127.0.0.2\" soft-packets = 5 hard-packets = 5 }",
	  "FILE:2: tunnel 't': a soft limit must be below the hard one" },
	{ WAN "tunnel t { endpoint = wan peer = \"127.0.0.2\" local-ts = \"10.0.0.1/8\" }",
	  "FILE:2: tunnel 't': in local-ts, '10.0.0.1/8' is no subnet, as in 192.0.2.0/24" },
	{ WAN "tunnel t { endpoint = wan peer = \"127.0.0.2\" remote-ts = \"10.0.0.0/33\" }",
	  "FILE:2: tunnel 't': in remote-ts, '10.0.0.0/33' is no subnet, as in 192.0.2.0/24" },
	{ WAN "tunnel t { endpoint = wan peer = \"127.0.0.2\" remote-ts = \"10.0.0.0/8,\" }",
	  "FILE:2: tunnel 't': in remote-ts, '' is no subnet, as in 192.0.2.0/24" },
	{ WAN "tunnel t { endpoint = wan peer = \"127.0.0.2\" remote-ts = \"10.0.0.0/8 10.0.0.0/8\" }",
	  "FILE:2: tunnel 't': in remote-ts, subnets have commas between them" },
	{ WAN "tunnel t { endpoint = wan peer = \"127.0.0.2\" mode = transport local-ts = \"10.0.0.0/8\" }",
	  "FILE:2: tunnel 't': transport mode has no subnets" },
	{ WAN "tunnel t { endpoint = wan peer = \"127.0.0.2\" keys = \"@\" }\n"
	      "tunnel u { endpoint = wan peer = \"127.0.0.3\" keys = \"@\" }",
	  "FILE: two tunnels have the inbound SPI 0x12c" },
	{ WAN "generator g { }", "FILE:2: generator 'g': no tunnel is given" },
	{ WAN "generator g { tunnel = t }", "FILE:2: generator 'g': there is no tunnel 't'" },
	{ WAN "tunnel t { endpoint = wan peer = \"127.0.0.2\" keys = \"@\" local-ts = \"2001:db8::/32\" }\n"
	      "generator g { tunnel = t }",
	  "FILE:3: generator 'g': the first subnets of tunnel 't' are not of the same IP version" },
};

START_TEST(what_does_not_fit_together_is_refused_with_its_line)
{
	ck_assert_int_lt(planned(bad_plans[_i].text), 0);
	ck_assert_str_eq(err.text, bad_plans[_i].error);
	engine_conf_clear(&conf);
	conf_free(common);
}
END_TEST

/* --- traffic ------------------------------------------------------------- */

static struct engine_generator generator;

/* A tunnel with these subnets and a generator with these keys. */
static void
given_generator(const char *tunnel, const char *keys)
{
	char text[1024];
	snprintf(text, sizeof(text),
		 WAN "tunnel t { endpoint = wan peer = \"127.0.0.2\" keys = \"@\" %s }\n"
		     "generator g { tunnel = t %s }\n",
		 tunnel, keys);
	ck_assert_msg(planned(text) == 0, "%s", err.text);
	engine_generator_init(&generator, &plan.generator[0], &plan.tunnel[0]);
}

static void
generator_ends(void)
{
	engine_plan_free(&plan);
	engine_conf_clear(&conf);
	conf_free(common);
}

START_TEST(packets_are_due_at_their_rate_however_seldom_it_is_asked)
{
	const uint64_t second = 1000000000, begin = 77 * second;
	given_generator("", "rate = 1000 packets = 2500 delay = 1");
	ck_assert_uint_eq(engine_generator_due(&generator, begin, 9999), 0);
	ck_assert_uint_eq(engine_generator_wait(&generator, begin), second);
	ck_assert_uint_eq(engine_generator_due(&generator, begin + second, 9999), 1);
	uint64_t made = 0;
	for (uint64_t now = begin + second; made < 2500; now += 333333333) {
		uint32_t due = engine_generator_due(&generator, now, 9999);
		for (uint32_t i = 0; i < due; i++)
			engine_generator_next(&generator);
		made += due;
		uint64_t want = (now - begin - second) / 1000000 + 1;
		ck_assert_uint_eq(made, want < 2500 ? want : 2500);
	}
	ck_assert_uint_eq(engine_generator_wait(&generator, begin), UINT64_MAX);
	generator_ends();
}
END_TEST

START_TEST(a_generator_waits_no_longer_than_to_its_next_packet)
{
	given_generator("", "rate = 3 delay = 0");
	uint64_t now = 5;
	for (int i = 0; i < 100; i++) {
		ck_assert_uint_eq(engine_generator_due(&generator, now, 9999), 1);
		engine_generator_next(&generator);
		uint64_t wait = engine_generator_wait(&generator, now);
		ck_assert_uint_gt(wait, 0);
		ck_assert_uint_eq(engine_generator_due(&generator, now + wait - 1, 9999), 0);
		now += wait;
	}
	generator_ends();
}
END_TEST

START_TEST(each_harm_has_its_turn_and_a_packet_has_one)
{
	uint32_t count[HARM_COUNT + 1] = { 0 };
	given_generator("", "packets = 100000 tamper = 10 replay = 10 drop = 100 wrong-spi = 1000 truncate = 7");
	for (int i = 0; i < 100000; i++)
		count[engine_generator_next(&generator)]++;
	ck_assert_uint_eq(count[HARM_TAMPER], 10000);
	ck_assert_uint_eq(count[HARM_REPLAY], 9999); /* the last one has no more packets */
	ck_assert_uint_eq(count[HARM_DROP], 999);
	ck_assert_uint_eq(count[HARM_WRONG_SPI], 99);
	ck_assert_uint_eq(count[HARM_LATE], 0);
	ck_assert_uint_ge(count[HARM_TRUNCATE], 14283);
	generator_ends();
}
END_TEST

static const struct {
	const char *tunnel;
	uint8_t next;
	size_t src, dst, address_len; /* where the addresses are */
} shapes[] = {
	{ "local-ts = \"10.1.0.0/16\" remote-ts = \"10.2.0.0/16\"", 4, 12, 16, 4 },
	{ "local-ts = \"2001:db8:1::/48\" remote-ts = \"2001:db8:2::/48\"", 41, 8, 24, 16 },
	{ "", 4, 12, 16, 4 },
	{ "local-ts = \"192.0.2.255/32\" remote-ts = \"0.0.0.0/0\"", 4, 12, 16, 4 },
};

START_TEST(an_inner_packet_is_of_its_tunnel_and_allowed_at_the_other_end)
{
	uint8_t packet[1000], next;
	given_generator(shapes[_i].tunnel, "size = 999");
	engine_generator_next(&generator);
	ck_assert_uint_eq(engine_packet_make(&generator, packet, &next), 999);
	ck_assert_uint_eq(next, shapes[_i].next);
	const struct plan_tunnel *t = &plan.tunnel[0];
	ck_assert(plan_side_has(t->local, t->locals, packet + shapes[_i].src, (uint8_t)shapes[_i].address_len));
	ck_assert(plan_side_has(t->remote, t->remotes, packet + shapes[_i].dst, (uint8_t)shapes[_i].address_len));
	struct plan_tunnel other = *t;
	memcpy(other.local, t->remote, sizeof(other.local));
	memcpy(other.remote, t->local, sizeof(other.remote));
	other.locals = t->remotes;
	other.remotes = t->locals;
	ck_assert(engine_packet_allowed(&other, packet, 999, next));
	for (size_t len = 0; len < (next == 4 ? 20 : 40); len++)
		ck_assert(!engine_packet_allowed(&other, packet, len, next));
	ck_assert(!engine_packet_allowed(&other, packet, 999, next == 4 ? 41 : 4));
	if (_i < 2)
		ck_assert(!engine_packet_allowed(t, packet, 999, next));
	generator_ends();
}
END_TEST

START_TEST(harm_is_done_where_it_says)
{
	uint8_t esp[100], was[100];
	size_t len = 100;
	for (size_t i = 0; i < len; i++)
		esp[i] = was[i] = (uint8_t)i;
	engine_packet_harm(HARM_REPLAY, esp, &len);
	engine_packet_harm(HARM_LATE, esp, &len);
	engine_packet_harm(HARM_NONE, esp, &len);
	ck_assert(memcmp(esp, was, len) == 0 && len == 100);
	engine_packet_harm(HARM_TAMPER, esp, &len);
	ck_assert_int_eq(memcmp(esp, was, 99), 0);
	ck_assert_uint_eq(esp[99], was[99] ^ 1);
	engine_packet_harm(HARM_WRONG_SPI, esp, &len);
	ck_assert_uint_eq(esp[0] & esp[1] & esp[2] & esp[3], 0xff);
	engine_packet_harm(HARM_TRUNCATE, esp, &len);
	ck_assert_uint_eq(len, ENGINE_CUT_TO);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("engine_plan");
	TCase *tc = tcase_create("engine");
	tcase_set_timeout(tc, 120);
	tcase_add_test(tc, a_key_file_has_sas_of_both_directions_in_their_order);
	tcase_add_loop_test(tc, a_bad_key_file_is_refused_with_its_line_and_nothing_of_its_keys, 0, COUNT(bad_keys));
	tcase_add_loop_test(tc, a_key_file_that_others_can_get_at_is_refused, 0, 6);
	tcase_add_loop_test(tc, what_does_not_fit_together_is_refused_with_its_line, 0, COUNT(bad_plans));
	tcase_add_test(tc, packets_are_due_at_their_rate_however_seldom_it_is_asked);
	tcase_add_test(tc, a_generator_waits_no_longer_than_to_its_next_packet);
	tcase_add_test(tc, each_harm_has_its_turn_and_a_packet_has_one);
	tcase_add_loop_test(tc, an_inner_packet_is_of_its_tunnel_and_allowed_at_the_other_end, 0, COUNT(shapes));
	tcase_add_test(tc, harm_is_done_where_it_says);
	suite_add_tcase(suite, tc);
	return run_in_scratch("check_engine_plan", suite);
}
