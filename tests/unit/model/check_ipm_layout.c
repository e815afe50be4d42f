/* SPDX-License-Identifier: ISC */
/* What a segment says about its layout: the list of fields, and the text. */
#include "ipm_layout.h"
#include "segment_fixture.h"

static struct ipm_layout own;

/* Our layout, as a segment in the test's directory has it. */
static char *
given_text(size_t *octets)
{
	opt.capacity.lanes = 2;
	ipm_writer_close(open_quietly());
	struct ipm_header h = file_header();
	ipm_layout_own(&own, &h);
	return ipm_layout_print(&own, octets);
}

/* Fields that were forgotten here would be lost in the next change of the layout. */
START_TEST(each_octet_of_a_record_is_in_exactly_one_field)
{
	size_t octets;
	free(given_text(&octets));
	for (uint32_t i = 0; i < IPM_SECTIONS; i++) {
		uint8_t seen[4096] = { 0 };
		if (!ipm_kind_is_record(i))
			continue;
		for (uint32_t n = 0; n < own.section[i].fields; n++) {
			const struct ipm_field *field = &own.field[own.section[i].first + n];
			for (uint32_t at = field->offset; at < field->offset + field->size; at++)
				ck_assert_msg(!seen[at]++, "%s: %s: octet %u is in two", ipm_layout_section(i),
					      field->name, at);
		}
		ck_assert_uint_eq(own.section[i].stride, sizeof(struct ipm_record) + ipm_record_size(i));
		for (uint32_t at = 0; at < own.section[i].stride; at++)
			ck_assert_msg(seen[at], "%s: octet %u is in none", ipm_layout_section(i), at);
	}
}
END_TEST

START_TEST(each_field_has_a_name_of_its_own)
{
	size_t octets;
	free(given_text(&octets));
	ck_assert_uint_lt(own.fields, IPM_LAYOUT_FIELDS / 2); /* there is room for more */
	for (uint32_t i = 0; i < IPM_LAYOUT_SECTIONS; i++) {
		for (uint32_t n = 0; n < own.section[i].fields; n++) {
			const struct ipm_field *field = &own.field[own.section[i].first + n];
			ck_assert_ptr_eq(ipm_layout_field(&own, i, field->name), field);
			ck_assert_uint_lt(strlen(field->name), IPM_LAYOUT_NAME - 1); /* it was not cut */
		}
	}
	ck_assert_ptr_null(ipm_layout_field(&own, IPM_TUNNELS, "colour"));
}
END_TEST

START_TEST(what_was_printed_is_parsed)
{
	size_t octets, again;
	unsigned line;
	char *text = given_text(&octets);
	struct ipm_layout *parsed = malloc(sizeof(*parsed));
	ck_assert_int_eq(ipm_layout_parse(parsed, text, octets, file_header().size, &line), 0);
	char *second = ipm_layout_print(parsed, &again);
	ck_assert_str_eq(text, second);
	ck_assert_uint_eq(octets, again);
	ck_assert_ptr_nonnull(ipm_layout_field(parsed, IPM_TUNNEL_HISTORY, "tunnel.out.drops.no_sa"));
	ck_assert_int_eq(ipm_layout_field(parsed, IPM_TUNNELS, "ahead")->type, 'i');
	free(second);
	free(parsed);
	free(text);
}
END_TEST

START_TEST(the_segment_ends_with_its_description)
{
	size_t octets;
	char *text = given_text(&octets);
	struct ipm_layout_end end;
	uint64_t size = file_header().size;
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ck_assert_int_eq(pread(fd, &end, sizeof(end), (off_t)(size - sizeof(end))), sizeof(end));
	ck_assert_mem_eq(end.magic, IPM_LAYOUT_MAGIC, sizeof(end.magic));
	ck_assert_uint_eq(end.octets, octets);
	char *there = malloc(octets);
	ck_assert_int_eq(pread(fd, there, octets, (off_t)(size - sizeof(end) - octets)), (ssize_t)octets);
	ck_assert_mem_eq(there, text, octets);
	close(fd);
	free(there);
	free(text);
}
END_TEST

#define BEGIN "ipsecmon-layout 1\n"
static const struct {
	const char *text;
	unsigned line; /* the one that is wrong; 0: none */
} texts[] = {
	{ BEGIN "end\n", 0 },
	{ BEGIN "section tunnels 8 16 2\nindex 8 4 u\nend\n", 0 },
	{ BEGIN "section spaceships 8 16 2\nindex 8 4 u\nend\n", 0 },            /* of a later version */
	{ BEGIN "section tunnels 8 16 2\ncolour 8 4 u\nwings 8 4 z\nend\n", 0 }, /* likewise */
	{ BEGIN "section tunnels 8 16 6\nindex 12 4 u\nend\n", 0 },              /* just within a file of 104 octets */
	{ "", 1 },
	{ "end\n", 1 },
	{ "ipsecmon-layout 2\nend\n", 1 },
	{ BEGIN, 2 }, /* cut */
	{ BEGIN "end", 2 },
	{ BEGIN "end\nend\n", 2 },
	{ BEGIN "section tunnels 8 16 2\nindex 8 4 u\n", 4 },
	{ BEGIN "section tunnels 8 16 7\nend\n", 2 }, /* beyond the file */
	{ BEGIN "section tunnels 105 16 0\nend\n", 2 },
	{ BEGIN "section tunnels 8 0 2\nend\n", 2 },
	{ BEGIN "section tunnels 8 4294967296 2\nend\n", 2 },
	{ BEGIN "section tunnels 8 4294967295 4294967295\nend\n", 2 },
	{ BEGIN "section tunnels 18446744073709551615 16 2\nend\n", 2 },
	{ BEGIN "section tunnels 8 16\nend\n", 2 },
	{ BEGIN "section tunnels 8 16 2 2\nend\n", 2 },
	{ BEGIN "section tunnels -8 16 2\nend\n", 2 },
	{ BEGIN "section tunnels 8 16 2\nsection tunnels 8 16 2\nend\n", 3 },
	{ BEGIN "section tunnels 8 16 2\nindex 13 4 u\nend\n", 3 }, /* beyond its slot */
	{ BEGIN "section tunnels 8 16 2\nindex 0 3 u\nend\n", 3 },
	{ BEGIN "section tunnels 8 16 2\nindex 0 0 t\nend\n", 3 },
	{ BEGIN "section tunnels 8 16 2\nindex 0 4\nend\n", 3 },
	{ BEGIN "section tunnels 8 16 2\nindex 0 4 uu\nend\n", 3 },
	{ BEGIN "section tunnels 8 16 2\nindex 0 4 u u\nend\n", 3 },
	{ BEGIN "section tunnels 8 16 2\nindex  0 4 u\nend\n", 3 },
	{ BEGIN "section tunnels 8 16 2\n\nend\n", 3 },
	{ BEGIN "section tunnels 8 16 2\nanamethatislongerthananynamethatwehavegiventoafieldsofar 0 4 u\nend\n", 3 },
	{ BEGIN "section lanes 8 32 1\nsection counts 16 16 1\nend\n", 0 },
	{ BEGIN "section lanes 8 32 1\nsection counts 16 16 2\nend\n", 4 }, /* beyond its lane */
	{ BEGIN "section lanes 8 32 1\nsection drops 33 16 1\nend\n", 4 },
	{ BEGIN "section counts 16 16 1\nend\n", 3 }, /* there are no lanes */
};

START_TEST(a_text_is_good_or_the_line_that_is_wrong_is_told)
{
	struct ipm_layout *l = malloc(sizeof(*l));
	unsigned line;
	const char *text = texts[_i].text;
	int rc = ipm_layout_parse(l, text, strlen(text), 104, &line);
	ck_assert_msg(rc == (texts[_i].line ? -EPROTO : 0), "%s: %d", text, rc);
	if (rc < 0)
		ck_assert_msg(line == texts[_i].line, "%s: line %u", text, line);
	free(l);
}
END_TEST

START_TEST(a_text_with_a_nul_is_refused)
{
	static const char text[] = BEGIN "section tunnels 8 16 2\nin\0ex 8 4 u\nend\n";
	struct ipm_layout *l = malloc(sizeof(*l));
	unsigned line;
	ck_assert_int_eq(ipm_layout_parse(l, text, sizeof(text) - 1, 104, &line), -EPROTO);
	ck_assert_uint_eq(line, 3);
	free(l);
}
END_TEST

START_TEST(a_text_with_too_many_fields_is_refused)
{
	struct ipm_layout *l = malloc(sizeof(*l));
	size_t size = 64 + (IPM_LAYOUT_FIELDS + 1) * 16, n;
	char *text = malloc(size);
	unsigned line;
	for (uint32_t fields = IPM_LAYOUT_FIELDS; fields <= IPM_LAYOUT_FIELDS + 1; fields++) {
		n = (size_t)sprintf(text, BEGIN "section tunnels 8 16 2\n");
		for (uint32_t i = 0; i < fields; i++)
			n += (size_t)sprintf(text + n, "f%u 0 4 u\n", i);
		n += (size_t)sprintf(text + n, "end\n");
		ck_assert_uint_lt(n, size);
		ck_assert_int_eq(ipm_layout_parse(l, text, n, 104, &line), fields > IPM_LAYOUT_FIELDS ? -EPROTO : 0);
	}
	free(text);
	free(l);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("ipm_layout");
	TCase *tc = tests_of(suite, "fields");
	tcase_add_test(tc, each_octet_of_a_record_is_in_exactly_one_field);
	tcase_add_test(tc, each_field_has_a_name_of_its_own);
	tc = tests_of(suite, "text");
	tcase_add_test(tc, what_was_printed_is_parsed);
	tcase_add_test(tc, the_segment_ends_with_its_description);
	tcase_add_loop_test(tc, a_text_is_good_or_the_line_that_is_wrong_is_told, 0, COUNT(texts));
	tcase_add_test(tc, a_text_with_a_nul_is_refused);
	tcase_add_test(tc, a_text_with_too_many_fields_is_refused);
	return run_in_scratch("check_ipm_layout", suite);
}
