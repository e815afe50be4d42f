/* SPDX-License-Identifier: ISC */
/* Packets and messages. */

#include "vici_message_fixture.h"

static void
expect_slice(struct vici_slice slice, const char *expected)
{
	ck_assert_msg(vici_is(slice, expected), "got '%.*s' in place of '%s'", (int)slice.len,
		      slice.len > 0 ? (const char *)slice.at : "", expected);
}

/* --- Packets ------------------------------------------------------------- */

START_TEST(a_request_carries_its_name_and_its_values)
{
	static const uint8_t expected[] = "\0\0\0\x18\0\x08list-sas\x03\x07noblock\0\x03yes";
	uint8_t buf[64];
	struct vici_out out = { .buf = buf, .cap = sizeof(buf) };
	vici_out_begin(&out, VICI_CMD_REQUEST, "list-sas");
	vici_out_value(&out, "noblock", "yes");
	ck_assert_int_eq(vici_out_end(&out), 0);
	ck_assert_uint_eq(out.len, sizeof(expected) - 1);
	ck_assert_mem_eq(buf, expected, out.len);
}
END_TEST

START_TEST(packets_are_appended_one_behind_the_other)
{
	uint8_t buf[64];
	struct vici_out out = { .buf = buf, .cap = sizeof(buf) };
	struct vici_packet packet;
	const char *why;
	vici_out_begin(&out, VICI_EVENT_REGISTER, "ike-updown");
	ck_assert_int_eq(vici_out_end(&out), 0);
	vici_out_begin(&out, VICI_EVENT_UNREGISTER, "list-sa");
	ck_assert_int_eq(vici_out_end(&out), 0);

	ssize_t first = vici_frame(buf, out.len, &why);
	ck_assert_int_eq(first, 4 + 1 + 1 + 10);
	ck_assert_int_eq(vici_packet(buf, (size_t)first, &packet, &why), 0);
	ck_assert_int_eq(packet.type, VICI_EVENT_REGISTER);
	expect_slice(packet.name, "ike-updown");
	ck_assert_uint_eq(packet.msg.len, 0);

	ssize_t second = vici_frame(buf + first, out.len - (size_t)first, &why);
	ck_assert_uint_eq((size_t)(first + second), out.len);
	ck_assert_int_eq(vici_packet(buf + first, (size_t)second, &packet, &why), 0);
	ck_assert_int_eq(packet.type, VICI_EVENT_UNREGISTER);
	expect_slice(packet.name, "list-sa");
}
END_TEST

START_TEST(a_packet_that_does_not_fit_is_taken_back_whole)
{
	uint8_t buf[64];
	const size_t needed = 4 + 1 + 1 + 3 + 1 + 1 + 1 + 2 + 1;
	for (size_t room = 0; room <= needed; room++) {
		struct vici_out out = { .buf = buf, .cap = 5 + room, .len = 5 };
		vici_out_begin(&out, VICI_CMD_REQUEST, "abc");
		vici_out_value(&out, "k", "v");
		ck_assert_int_eq(vici_out_end(&out), room == needed ? 0 : -ENOBUFS);
		ck_assert_uint_eq(out.len, room == needed ? 5 + needed : 5);
	}
}
END_TEST

START_TEST(strings_longer_than_their_length_field_do_not_fit_any_buffer)
{
	static uint8_t buf[1u << 18];
	static char name[257], value[65537];
	struct vici_out out = { .buf = buf, .cap = sizeof(buf) };
	memset(name, 'n', sizeof(name) - 1);
	memset(value, 'v', sizeof(value) - 1);
	vici_out_begin(&out, VICI_CMD_REQUEST, name);
	ck_assert_int_eq(vici_out_end(&out), -ENOBUFS);
	vici_out_begin(&out, VICI_CMD_REQUEST, name + 1);
	vici_out_value(&out, "k", value);
	ck_assert_int_eq(vici_out_end(&out), -ENOBUFS);
	vici_out_begin(&out, VICI_CMD_REQUEST, name + 1);
	vici_out_value(&out, name + 1, value + 1);
	ck_assert_int_eq(vici_out_end(&out), 0);
	ck_assert_uint_eq(out.len, 4 + 1 + 1 + 255 + 1 + 1 + 255 + 2 + 65535);
}
END_TEST

START_TEST(a_frame_is_whole_with_its_last_octet_and_not_before)
{
	static const uint8_t stream[] = { 0, 0, 0, 3, 1, 2, 3, 0, 0 };
	const char *why;
	for (size_t len = 0; len < 7; len++)
		ck_assert_int_eq(vici_frame(stream, len, &why), 0);
	ck_assert_int_eq(vici_frame(stream, 7, &why), 7);
	ck_assert_int_eq(vici_frame(stream, 9, &why), 7);
}
END_TEST

START_TEST(a_frame_holds_512_kib_and_not_an_octet_more)
{
	const char *why = NULL;
	ck_assert_int_eq(vici_frame((const uint8_t[]){ 0, 8, 0, 0 }, 4, &why), 0);
	ck_assert_int_eq(vici_frame((const uint8_t[]){ 0, 8, 0, 1 }, 4, &why), -EMSGSIZE);
	ck_assert_str_eq(why, "the frame is larger than 512 KiB");
	ck_assert_int_eq(vici_frame((const uint8_t[]){ 255, 255, 255, 255 }, 4, &why), -EMSGSIZE);
}
END_TEST

START_TEST(an_empty_frame_is_malformed)
{
	const char *why = NULL;
	ck_assert_int_eq(vici_frame((const uint8_t[]){ 0, 0, 0, 0 }, 4, &why), -EBADMSG);
	ck_assert_str_eq(why, "the frame is empty");
}
END_TEST

START_TEST(requests_and_events_have_a_name_and_replies_have_none)
{
	static const bool named[] = { true, false, false, true, true, false, false, true };
	uint8_t frame[] = { 0, 0, 0, 5, 0, 2, 'a', 'b', 'c' };
	for (unsigned int type = 0; type < COUNT(named); type++) {
		struct vici_packet packet;
		const char *why;
		frame[4] = (uint8_t)type;
		ck_assert_int_eq(vici_packet(frame, sizeof(frame), &packet, &why), 0);
		ck_assert_int_eq(packet.type, type);
		ck_assert_uint_eq(packet.name.len, named[type] ? 2 : 0);
		ck_assert_uint_eq(packet.msg.len, named[type] ? 1 : 4);
	}
}
END_TEST

START_TEST(a_packet_of_no_known_type_or_with_half_a_name_is_malformed)
{
	static const uint8_t unknown[] = { 0, 0, 0, 1, 8 };
	static const uint8_t no_name[] = { 0, 0, 0, 1, VICI_EVENT };
	static const uint8_t half_a_name[] = { 0, 0, 0, 3, VICI_EVENT, 2, 'a' };
	struct vici_packet packet;
	const char *why = NULL;
	ck_assert_int_eq(vici_packet(unknown, sizeof(unknown), &packet, &why), -EBADMSG);
	ck_assert_str_eq(why, "the packet is of a type that VICI does not have");
	ck_assert_int_eq(vici_packet(no_name, sizeof(no_name), &packet, &why), -EBADMSG);
	ck_assert_str_eq(why, "the packet ends within its name");
	ck_assert_int_eq(vici_packet(half_a_name, sizeof(half_a_name), &packet, &why), -EBADMSG);
	ck_assert_int_eq(vici_packet(unknown, 4, &packet, &why), -EBADMSG);
	ck_assert_str_eq(why, "the packet has no type");
}
END_TEST

/* --- Messages ------------------------------------------------------------ */

START_TEST(a_walk_meets_every_element_in_its_order)
{
	static const struct {
		enum vici_kind kind;
		const char *name, *value;
	} expected[] = {
		{ VICI_KEY_VALUE, "key1", "value1" },
		{ VICI_SECTION_START, "section1", "" },
		{ VICI_SECTION_START, "sub", "" },
		{ VICI_KEY_VALUE, "key2", "" },
		{ VICI_SECTION_END, "", "" },
		{ VICI_LIST_START, "list1", "" },
		{ VICI_LIST_ITEM, "", "item1" },
		{ VICI_LIST_ITEM, "", "item2" },
		{ VICI_LIST_END, "", "" },
		{ VICI_SECTION_END, "", "" },
		{ VICI_END, "", "" },
		{ VICI_END, "", "" },
	};
	struct msg *m = message("key1=value1 section1 { sub { key2='' } list1=<item1 item2> }");
	struct vici_parser parser = vici_parse((struct vici_slice){ m->buf, m->len });
	for (size_t i = 0; i < COUNT(expected); i++) {
		struct vici_element e;
		ck_assert_int_eq(vici_next(&parser, &e), 0);
		ck_assert_int_eq(e.kind, expected[i].kind);
		expect_slice(e.name, expected[i].name);
		expect_slice(e.value, expected[i].value);
	}
}
END_TEST

START_TEST(names_and_values_may_be_empty_or_hold_any_octet)
{
	static const uint8_t bytes[] = { 3, 0, 0, 0, 3, 2, 'a', 0, 0, 3, 0xff, 0, '\n' };
	struct vici_parser parser = vici_parse((struct vici_slice){ bytes, sizeof(bytes) });
	struct vici_element e;
	ck_assert_int_eq(vici_next(&parser, &e), 0);
	ck_assert_uint_eq(e.name.len + e.value.len, 0);
	ck_assert_int_eq(vici_next(&parser, &e), 0);
	ck_assert_uint_eq(e.name.len, 2);
	ck_assert_mem_eq(e.value.at, "\xff\0\n", 3);
}
END_TEST

static const struct {
	const char *bytes;
	size_t len, at;
	const char *why;
} malformed[] = {
	{ "\x02", 1, 0, "a section ends that never started" },
	{ "\x01\x01s\x02\x02", 5, 4, "a section ends that never started" },
	{ "\x01\x01s", 3, 3, "the message ends within a section" },
	{ "\x04\x01l", 3, 3, "the message ends within a list" },
	{ "\x04\x01l\x04\x01m\x06\x06", 8, 3, "something other than an item stands in a list" },
	{ "\x04\x01l\x03\x01k\0\x01v\x06", 10, 3, "something other than an item stands in a list" },
	{ "\x04\x01l\x01\x01s\x02\x06", 8, 3, "something other than an item stands in a list" },
	{ "\x01\x01s\x04\x01l\x02\x06", 8, 6, "something other than an item stands in a list" },
	{ "\x05\0\x01i", 4, 0, "a list item or list end stands outside of a list" },
	{ "\x06", 1, 0, "a list item or list end stands outside of a list" },
	{ "\0", 1, 0, "an element is of a type that VICI does not have" },
	{ "\x03\x01k\0\0\x07", 6, 5, "an element is of a type that VICI does not have" },
	{ "\xff", 1, 0, "an element is of a type that VICI does not have" },
	{ "\x01", 1, 0, "the message ends within a name" },
	{ "\x03\x05key", 5, 0, "the message ends within a name" },
	{ "\x03\x01k", 3, 0, "the message ends within a value" },
	{ "\x03\x01k\0", 4, 0, "the message ends within a value" },
	{ "\x03\x01k\xff\xffv", 6, 0, "the message ends within a value" },
};

START_TEST(what_is_malformed_is_named_with_its_place)
{
	struct vici_slice msg = { (const uint8_t *)malformed[_i].bytes, malformed[_i].len };
	struct vici_parser parser = vici_parse(msg);
	struct vici_element e;
	char expected[IPM_TEXT_MAX];
	int rc;
	while ((rc = vici_next(&parser, &e)) == 0)
		ck_assert_int_ne(e.kind, VICI_END);
	ck_assert_int_eq(rc, -EBADMSG);
	ck_assert_str_eq(parser.why, malformed[_i].why);
	ck_assert_uint_eq(parser.pos, malformed[_i].at);
	ck_assert_int_eq(vici_next(&parser, &e), -EBADMSG); /* and stays so */

	ck_assert_int_eq(decode_bytes(VICI_FORM_SA, msg.at, msg.len), -EBADMSG);
	snprintf(expected, sizeof(expected), "%s, at octet %zu of %zu", malformed[_i].why, malformed[_i].at, msg.len);
	ck_assert_str_eq(seen.error, expected);
	ck_assert_str_eq(seen.calls, "");
}
END_TEST

START_TEST(sections_nest_16_deep_and_no_deeper)
{
	static struct msg m;
	for (unsigned int depth = 16; depth <= 17; depth++) {
		m.len = 0;
		for (unsigned int i = 0; i < depth; i++)
			put_text(&m, "s {");
		for (unsigned int i = 0; i < depth; i++)
			put_text(&m, "}");
		ck_assert_int_eq(decode_bytes(VICI_FORM_SA, m.buf, m.len), depth == 16 ? 0 : -EBADMSG);
	}
	ck_assert_str_eq(seen.error, "sections are nested too deep, at octet 48 of 68");
}
END_TEST

START_TEST(leaving_a_section_skips_all_that_is_in_it)
{
	struct msg *m = message("a { b { x=1 } l=<1 2> } after=1");
	struct vici_parser parser = vici_parse((struct vici_slice){ m->buf, m->len });
	struct vici_element e;
	ck_assert_int_eq(vici_next(&parser, &e), 0);
	ck_assert_int_eq(vici_leave(&parser), 0);
	ck_assert_int_eq(vici_next(&parser, &e), 0);
	expect_slice(e.name, "after");
	ck_assert_int_eq(vici_leave(&parser), 0); /* there is none: we stay */
	ck_assert_int_eq(vici_next(&parser, &e), 0);
	ck_assert_int_eq(e.kind, VICI_END);
}
END_TEST

START_TEST(a_reply_is_asked_for_a_key_outside_of_its_sections)
{
	struct msg *m = message("s { errmsg=no } success=no errmsg='no such thing'");
	struct vici_slice msg = { m->buf, m->len }, value;
	ck_assert_int_eq(vici_find(msg, "errmsg", &value), 0);
	expect_slice(value, "no such thing");
	ck_assert_int_eq(vici_find(msg, "matches", &value), -ENOENT);
	msg.len--;
	ck_assert_int_eq(vici_find(msg, "success", &value), 0);
	ck_assert_int_eq(vici_find(msg, "matches", &value), -EBADMSG);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("vici_wire");
	TCase *tc = tcase_create("packets");
	tcase_add_test(tc, a_request_carries_its_name_and_its_values);
	tcase_add_test(tc, packets_are_appended_one_behind_the_other);
	tcase_add_test(tc, a_packet_that_does_not_fit_is_taken_back_whole);
	tcase_add_test(tc, strings_longer_than_their_length_field_do_not_fit_any_buffer);
	tcase_add_test(tc, a_frame_is_whole_with_its_last_octet_and_not_before);
	tcase_add_test(tc, a_frame_holds_512_kib_and_not_an_octet_more);
	tcase_add_test(tc, an_empty_frame_is_malformed);
	tcase_add_test(tc, requests_and_events_have_a_name_and_replies_have_none);
	tcase_add_test(tc, a_packet_of_no_known_type_or_with_half_a_name_is_malformed);
	suite_add_tcase(suite, tc);
	tc = tcase_create("messages");
	tcase_add_test(tc, a_walk_meets_every_element_in_its_order);
	tcase_add_test(tc, names_and_values_may_be_empty_or_hold_any_octet);
	tcase_add_loop_test(tc, what_is_malformed_is_named_with_its_place, 0, COUNT(malformed));
	tcase_add_test(tc, sections_nest_16_deep_and_no_deeper);
	tcase_add_test(tc, leaving_a_section_skips_all_that_is_in_it);
	tcase_add_test(tc, a_reply_is_asked_for_a_key_outside_of_its_sections);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
