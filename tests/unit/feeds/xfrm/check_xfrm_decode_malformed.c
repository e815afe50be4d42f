/* SPDX-License-Identifier: ISC */
/* Malformed messages, and recorded messages of a real kernel. */

#include "xfrm_message_fixture.h"

/* --- Messages that are not what they should be --------------------------- */

START_TEST(messages_of_other_types_are_not_ours)
{
	for (unsigned int type = 0; type < 0x10000; type++) {
		static const uint16_t ours[] = { XFRM_MSG_NEWSA,       XFRM_MSG_UPDSA,     XFRM_MSG_DELSA,
						 XFRM_MSG_EXPIRE,      XFRM_MSG_FLUSHSA,   XFRM_MSG_NEWPOLICY,
						 XFRM_MSG_UPDPOLICY,   XFRM_MSG_DELPOLICY, XFRM_MSG_POLEXPIRE,
						 XFRM_MSG_FLUSHPOLICY, XFRM_MSG_ACQUIRE,   XFRM_MSG_NEWAE,
						 XFRM_MSG_MAPPING,     XFRM_MSG_REPORT };
		bool is_ours = false;
		for (size_t i = 0; i < COUNT(ours); i++)
			is_ours |= ours[i] == type;
		message((uint16_t)type, NULL, 0);
		ck_assert_int_eq(decode(), !is_ours ? -ENOMSG : type == XFRM_MSG_FLUSHPOLICY ? 0 : -EBADMSG);
	}
}
END_TEST

/* One message of each kind, with all its attributes. */
static void
one_of_each(unsigned int kind)
{
	struct xfrm_usersa_info sa = an_sa();
	struct xfrm_userpolicy_info policy = a_policy();
	struct xfrm_user_tmpl tmpl[XFRM_TMPL_MAX] = { a_tmpl(), a_tmpl(), a_tmpl(), a_tmpl(), a_tmpl(), a_tmpl() };
	struct xfrm_usersa_id id = { .daddr = addr("192.0.2.2"), .spi = 1, .family = AF_INET, .proto = IPPROTO_AH };
	static const char *const names[] = { "NEWSA",     "DELSA",       "EXPIRE",  "FLUSHSA", "NEWPOLICY", "DELPOLICY",
					     "POLEXPIRE", "FLUSHPOLICY", "ACQUIRE", "NEWAE",   "MAPPING",   "REPORT" };
	switch (kind) {
	case 0:
		message(XFRM_MSG_NEWSA, &sa, sizeof(sa));
		break;
	case 1:
		message(XFRM_MSG_DELSA, &id, sizeof(id));
		attr(XFRMA_SA, &sa, sizeof(sa));
		break;
	case 2:
		message(XFRM_MSG_EXPIRE, &(struct xfrm_user_expire){ .state = sa }, sizeof(struct xfrm_user_expire));
		break;
	case 3:
		message(XFRM_MSG_FLUSHSA, &(struct xfrm_usersa_flush){ 0 }, sizeof(struct xfrm_usersa_flush));
		break;
	case 4:
		message(XFRM_MSG_NEWPOLICY, &policy, sizeof(policy));
		break;
	case 5:
		message(XFRM_MSG_DELPOLICY, &(struct xfrm_userpolicy_id){ 0 }, sizeof(struct xfrm_userpolicy_id));
		attr(XFRMA_POLICY, &policy, sizeof(policy));
		break;
	case 6:
		message(XFRM_MSG_POLEXPIRE, &(struct xfrm_user_polexpire){ .pol = policy, .hard = 1 },
			sizeof(struct xfrm_user_polexpire));
		break;
	case 7:
		message(XFRM_MSG_FLUSHPOLICY, NULL, 0);
		break;
	case 8:
		message(XFRM_MSG_ACQUIRE,
			&(struct xfrm_user_acquire){ .id.proto = IPPROTO_ESP, .sel = policy.sel, .policy = policy },
			sizeof(struct xfrm_user_acquire));
		break;
	case 9:
		message(XFRM_MSG_NEWAE, &(struct xfrm_aevent_id){ .sa_id = id }, sizeof(struct xfrm_aevent_id));
		break;
	case 10:
		message(XFRM_MSG_MAPPING, &(struct xfrm_user_mapping){ .id = id }, sizeof(struct xfrm_user_mapping));
		break;
	default:
		ck_assert_uint_eq(kind, COUNT(names) - 1);
		message(XFRM_MSG_REPORT, &(struct xfrm_user_report){ .proto = IPPROTO_ESP, .sel = policy.sel },
			sizeof(struct xfrm_user_report));
	}
	mnl_attr_put_u8(&box.header, SA_DIR, 1);
	algo_aead("rfc4106(gcm(aes))", 288, 128);
	algo(XFRMA_ALG_CRYPT, "cbc(aes)", 250);
	algo(XFRMA_ALG_AUTH, "hmac(sha1)", 160);
	algo_trunc("hmac(sha1)", 160, 96);
	algo(XFRMA_ALG_COMP, "deflate", 0);
	attr(XFRMA_ENCAP, &(struct xfrm_encap_tmpl){ .encap_type = 2 }, sizeof(struct xfrm_encap_tmpl));
	attr(XFRMA_TMPL, tmpl, sizeof(tmpl));
	attr(XFRMA_LTIME_VAL, &(struct xfrm_lifetime_cur){ 0 }, sizeof(struct xfrm_lifetime_cur));
	attr(XFRMA_REPLAY_VAL, &(struct xfrm_replay_state){ 0 }, sizeof(struct xfrm_replay_state));
	esn_state(&(struct xfrm_replay_state_esn){ .bmp_len = 4 });
	attr(XFRMA_POLICY_TYPE, &(struct xfrm_userpolicy_type){ 0 }, sizeof(struct xfrm_userpolicy_type));
	attr(XFRMA_MARK, &(struct xfrm_mark){ 0 }, sizeof(struct xfrm_mark));
	attr(XFRMA_OFFLOAD_DEV, &(struct xfrm_user_offload){ 0 }, sizeof(struct xfrm_user_offload));
	mnl_attr_put_u32(&box.header, XFRMA_IF_ID, 1);
}
#define KINDS 12

static size_t
head_size(void)
{
	static const size_t sizes[] = {
		[XFRM_MSG_NEWSA] = sizeof(struct xfrm_usersa_info),
		[XFRM_MSG_DELSA] = sizeof(struct xfrm_usersa_id),
		[XFRM_MSG_EXPIRE] = sizeof(struct xfrm_user_expire),
		[XFRM_MSG_FLUSHSA] = sizeof(struct xfrm_usersa_flush),
		[XFRM_MSG_NEWPOLICY] = sizeof(struct xfrm_userpolicy_info),
		[XFRM_MSG_DELPOLICY] = sizeof(struct xfrm_userpolicy_id),
		[XFRM_MSG_POLEXPIRE] = sizeof(struct xfrm_user_polexpire),
		[XFRM_MSG_FLUSHPOLICY] = 0,
		[XFRM_MSG_ACQUIRE] = sizeof(struct xfrm_user_acquire),
		[XFRM_MSG_NEWAE] = sizeof(struct xfrm_aevent_id),
		[XFRM_MSG_MAPPING] = sizeof(struct xfrm_user_mapping),
		[XFRM_MSG_REPORT] = sizeof(struct xfrm_user_report),
	};
	return sizes[box.header.nlmsg_type];
}

/* Do the first @p len octets end with the header or an attribute, or in the padding after it? */
static bool
ends_well(size_t len)
{
	size_t end = MNL_NLMSG_HDRLEN + head_size();
	const struct nlattr *a;
	bool ok = len >= end && len <= MNL_ALIGN(end);
	mnl_attr_for_each(a, &box.header, head_size())
	{
		end = (size_t)((const char *)a - box.octets) + mnl_attr_get_len(a);
		ok |= len >= end && len <= MNL_ALIGN(end);
	}
	return ok;
}

START_TEST(a_message_cut_within_its_head_or_an_attribute_is_malformed)
{
	one_of_each((unsigned int)_i);
	uint32_t whole = box.header.nlmsg_len;
	ck_assert_int_eq(decode(), 0);
	for (uint32_t len = MNL_NLMSG_HDRLEN; len < whole; len++) {
		bool gone = box.header.nlmsg_type == XFRM_MSG_DELPOLICY; /* its first attribute is required */
		box.header.nlmsg_len = whole;
		bool well = ends_well(len) &&
			    (!gone || len > MNL_NLMSG_HDRLEN + MNL_ALIGN(sizeof(struct xfrm_userpolicy_id)));
		box.header.nlmsg_len = len;
		ck_assert_msg(decode() == (well ? 0 : -EBADMSG), "at %u of %u", len, whole);
	}
}
END_TEST

START_TEST(a_message_with_any_octet_changed_does_no_harm)
{
	one_of_each((unsigned int)_i);
	for (uint32_t at = MNL_NLMSG_HDRLEN; at < box.header.nlmsg_len; at++) {
		static const uint8_t changes[] = { 0x01, 0x80, 0xff };
		for (size_t i = 0; i < COUNT(changes); i++) {
			box.octets[at] = (char)(box.octets[at] ^ changes[i]);
			int rc = decode();
			ck_assert(rc == 0 || rc == -EBADMSG || rc == -ENOMSG);
			box.octets[at] = (char)(box.octets[at] ^ changes[i]);
		}
	}
}
END_TEST

static const struct {
	uint16_t type;
	size_t size;
} attr_sizes[] = {
	{ XFRMA_ALG_AUTH, sizeof(struct xfrm_algo) },
	{ XFRMA_ALG_CRYPT, sizeof(struct xfrm_algo) },
	{ XFRMA_ALG_COMP, sizeof(struct xfrm_algo) },
	{ XFRMA_ALG_AEAD, sizeof(struct xfrm_algo_aead) },
	{ XFRMA_ALG_AUTH_TRUNC, sizeof(struct xfrm_algo_auth) },
	{ XFRMA_ENCAP, sizeof(struct xfrm_encap_tmpl) },
	{ XFRMA_LTIME_VAL, sizeof(struct xfrm_lifetime_cur) },
	{ XFRMA_REPLAY_VAL, sizeof(struct xfrm_replay_state) },
	{ XFRMA_REPLAY_ESN_VAL, sizeof(struct xfrm_replay_state_esn) },
	{ XFRMA_POLICY_TYPE, sizeof(struct xfrm_userpolicy_type) },
	{ XFRMA_MARK, sizeof(struct xfrm_mark) },
	{ XFRMA_OFFLOAD_DEV, sizeof(struct xfrm_user_offload) },
	{ XFRMA_IF_ID, sizeof(uint32_t) },
	{ SA_DIR, sizeof(uint8_t) },
};

START_TEST(an_attribute_may_be_longer_than_we_know_it_but_not_shorter)
{
	static const char zeros[512];
	struct xfrm_usersa_info info = an_sa();
	for (size_t len = 0; len <= sizeof(zeros); len++) {
		message(XFRM_MSG_NEWSA, &info, sizeof(info));
		attr(attr_sizes[_i].type, zeros, len);
		ck_assert_int_eq(decode(), len < attr_sizes[_i].size ? -EBADMSG : 0);
	}
}
END_TEST

START_TEST(an_sa_or_policy_in_an_attribute_may_be_longer_but_not_shorter)
{
	struct xfrm_usersa_id id = { .daddr = addr("192.0.2.2"), .family = AF_INET, .proto = IPPROTO_ESP };
	struct xfrm_userpolicy_id policy_id = { .index = 9 };
	union {
		struct xfrm_usersa_info sa;
		struct xfrm_userpolicy_info policy;
		char octets[512];
	} value = { .octets = { 0 } };
	for (size_t len = 0; len <= sizeof(value); len++) {
		value.sa = an_sa();
		message(XFRM_MSG_DELSA, &id, sizeof(id));
		attr(XFRMA_SA, &value, len);
		ck_assert_int_eq(decode(), len < sizeof(value.sa) ? -EBADMSG : 0);
		value.policy = a_policy();
		message(XFRM_MSG_DELPOLICY, &policy_id, sizeof(policy_id));
		attr(XFRMA_POLICY, &value, len);
		ck_assert_int_eq(decode(), len < sizeof(value.policy) ? -EBADMSG : 0);
	}
}
END_TEST

START_TEST(attributes_that_are_not_known_are_skipped)
{
	static const uint16_t types[] = {
		0, XFRMA_SEC_CTX, XFRMA_COADDR, XFRMA_TFCPAD, XFRMA_PAD, 34, 40, 200, 0x3fff
	};
	struct xfrm_usersa_info info = an_sa();
	sa_message(XFRM_MSG_NEWSA, &info);
	for (size_t i = 0; i < COUNT(types); i++)
		attr(types[i], "12345", i % 6);
	mnl_attr_put_u32(&box.header, XFRMA_IF_ID, 44);
	expect(XFRM_SA_THERE);
	ck_assert_uint_eq(out.sa.if_id, 44);
}
END_TEST

START_TEST(an_attribute_of_no_length_or_beyond_the_message_is_malformed)
{
	static const uint16_t lengths[] = { 0, 1, 3, 9, 12, 0x7fff, 0xffff };
	struct xfrm_usersa_info info = an_sa();
	for (size_t i = 0; i < COUNT(lengths); i++) {
		sa_message(XFRM_MSG_NEWSA, &info);
		mnl_attr_put_u32(&box.header, XFRMA_IF_ID, 44);
		struct nlattr *last = (void *)(box.octets + box.header.nlmsg_len - 8);
		ck_assert_int_eq(decode(), 0);
		last->nla_len = lengths[i];
		ck_assert_int_eq(decode(), -EBADMSG);
	}
}
END_TEST

static const uint16_t algo_attrs[] = { XFRMA_ALG_AUTH, XFRMA_ALG_CRYPT, XFRMA_ALG_COMP, XFRMA_ALG_AEAD,
				       XFRMA_ALG_AUTH_TRUNC };

static size_t
algo_size(uint16_t type)
{
	return type == XFRMA_ALG_AEAD || type == XFRMA_ALG_AUTH_TRUNC ? sizeof(struct xfrm_algo_aead)
								      : sizeof(struct xfrm_algo);
}

START_TEST(the_name_of_an_algorithm_ends_within_its_64_octets)
{
	struct xfrm_usersa_info info = an_sa();
	struct xfrm_algo_aead algorithm = { .alg_key_len = 0 };
	memset(algorithm.alg_name, 'n', sizeof(algorithm.alg_name));
	message(XFRM_MSG_NEWSA, &info, sizeof(info));
	attr(algo_attrs[_i], &algorithm, algo_size(algo_attrs[_i]));
	ck_assert_int_eq(decode(), -EBADMSG);
	algorithm.alg_name[63] = '\0';
	message(XFRM_MSG_NEWSA, &info, sizeof(info));
	attr(algo_attrs[_i], &algorithm, algo_size(algo_attrs[_i]));
	ck_assert_int_eq(decode(), 0);
}
END_TEST

START_TEST(a_key_is_no_longer_than_its_attribute)
{
	static const struct {
		uint32_t bits, octets;
		bool fits;
	} cases[] = {
		{ 0, 0, true },
		{ 1, 0, false },
		{ 8, 1, true },
		{ 9, 1, false },
		{ 9, 2, true },
		{ 256, 31, false },
		{ 256, 32, true },
		{ 256, 40, true },
		{ UINT32_MAX, 32, false },
		{ UINT32_MAX - 7, 32, false },
		{ 0x80000000, 32, false },
	};
	uint16_t type = algo_attrs[_i];
	for (size_t i = 0; i < COUNT(cases); i++) {
		char value[256] = "cbc(aes)";
		struct xfrm_usersa_info info = an_sa();
		memcpy(value + 64, &cases[i].bits, sizeof(cases[i].bits));
		message(XFRM_MSG_NEWSA, &info, sizeof(info));
		attr(type, value, algo_size(type) + cases[i].octets);
		ck_assert_int_eq(decode(), cases[i].fits || type == XFRMA_ALG_COMP ? 0 : -EBADMSG);
	}
}
END_TEST

START_TEST(a_replay_bitmap_is_no_longer_than_its_attribute)
{
	static const struct {
		uint32_t words, octets;
		bool fits;
	} cases[] = {
		{ 0, 0, true },           { 1, 0, false },    { 1, 3, false },          { 1, 4, true },
		{ 128, 511, false },      { 128, 512, true }, { 0x40000000, 4, false }, { UINT32_MAX, 512, false },
		{ 0x40000001, 4, false },
	};
	for (size_t i = 0; i < COUNT(cases); i++) {
		char value[sizeof(struct xfrm_replay_state_esn) + 512] = "";
		struct xfrm_usersa_info info = an_sa();
		memcpy(value, &cases[i].words, sizeof(cases[i].words));
		sa_message(XFRM_MSG_NEWSA, &info);
		attr(XFRMA_REPLAY_ESN_VAL, value, sizeof(struct xfrm_replay_state_esn) + cases[i].octets);
		ck_assert_int_eq(decode(), cases[i].fits ? 0 : -EBADMSG);
	}
}
END_TEST

/* --- What a real kernel sent --------------------------------------------- */

static DIR *
open_corpus(char *path, size_t size)
{
	static const char *const places[] = { "tests/fuzz/corpus-xfrm", "fuzz/corpus-xfrm" };
	const char *srcdir = getenv("srcdir");
	DIR *dir = NULL;
	for (size_t i = 0; i < COUNT(places) && dir == NULL; i++) {
		snprintf(path, size, "%s/%s", srcdir != NULL ? srcdir : ".", places[i]);
		dir = opendir(path);
	}
	return dir;
}

/* Files found by fuzzing ("fuzz-...") may contain anything. */
static void
decode_file(const char *path)
{
	FILE *file = fopen(path, "rb");
	ck_assert_ptr_nonnull(file);
	int len = (int)fread(box.octets, 1, sizeof(box.octets), file);
	fclose(file);
	/* Convert twice: if the octets differ, the layouts for other byte orders are wrong. */
	static uint8_t turned[sizeof(box.octets)];
	memcpy(turned, box.octets, (size_t)len);
	corpus_turn_messages(turned, (size_t)len, __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__);
	ck_assert_mem_ne(turned, box.octets, (size_t)len);
	corpus_turn_messages(turned, (size_t)len, __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__);
	ck_assert_mem_eq(turned, box.octets, (size_t)len);
	corpus_to_host((uint8_t *)box.octets, (size_t)len);
	const struct nlmsghdr *h = &box.header;
	for (; mnl_nlmsg_ok(h, len) && h->nlmsg_len <= (uint32_t)len; h = mnl_nlmsg_next(h, &len))
		ck_assert_msg(decode_octets(h, h->nlmsg_len) != -EBADMSG, "%s: a message of type %u", path,
			      h->nlmsg_type);
	ck_assert_msg(len <= 0, "%s: %d octets are left", path, len);
}

START_TEST(messages_of_a_real_kernel_are_understood)
{
	char folder[256], path[600];
	DIR *dir = open_corpus(folder, sizeof(folder));
	const struct dirent *entry;
	while (dir != NULL && (entry = readdir(dir)) != NULL) {
		if (entry->d_name[0] == '.' || strncmp(entry->d_name, "fuzz-", 5) == 0)
			continue;
		snprintf(path, sizeof(path), "%s/%s", folder, entry->d_name);
		decode_file(path);
	}
	if (dir != NULL)
		closedir(dir);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("xfrm_decode_malformed");
	TCase *tc = tcase_create("malformed");
	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, messages_of_other_types_are_not_ours);
	tcase_add_loop_test(tc, a_message_cut_within_its_head_or_an_attribute_is_malformed, 0, KINDS);
	tcase_add_loop_test(tc, a_message_with_any_octet_changed_does_no_harm, 0, KINDS);
	tcase_add_loop_test(tc, an_attribute_may_be_longer_than_we_know_it_but_not_shorter, 0, COUNT(attr_sizes));
	tcase_add_test(tc, an_sa_or_policy_in_an_attribute_may_be_longer_but_not_shorter);
	tcase_add_test(tc, attributes_that_are_not_known_are_skipped);
	tcase_add_test(tc, an_attribute_of_no_length_or_beyond_the_message_is_malformed);
	tcase_add_loop_test(tc, the_name_of_an_algorithm_ends_within_its_64_octets, 0, COUNT(algo_attrs));
	tcase_add_loop_test(tc, a_key_is_no_longer_than_its_attribute, 0, COUNT(algo_attrs));
	tcase_add_test(tc, a_replay_bitmap_is_no_longer_than_its_attribute);
	suite_add_tcase(suite, tc);
	tc = tcase_create("kernel");
	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, messages_of_a_real_kernel_are_understood);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
